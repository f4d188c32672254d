// What one event, one attempt and one replayed delivery use of each meter, as measured on workerd
// (test/worker/feed/unit-costs.test.ts). Data, for estimates: what was used in all is counted by the relay itself.
import type { Meter } from "./prices.ts";

export type UnitCosts = Readonly<Partial<Record<Meter, number>>>;

/** A line of the log of some 350 bytes, and what the platform stores with it. */
const LINE = { log_lines: 1, log_bytes: 1_350 };

/**
 * By what the Feed object counts of sources and destinations. Events that come at a steady rate share requests and rows
 * of objects, so these are the most that one takes.
 */
export const UNIT_COSTS = {
  /** A body of 1 KB; with its first attempt, which the same isolate makes. */
  accepted: {
    worker_requests: 1,
    // The whole runtime with its objects and D1 (`npm run bench`): the Worker's own part is less.
    worker_cpu_ms: 5,
    d1_rows_written: 2,
    d1_rows_read: 6,
    object_requests: 2,
    object_rows_written: 2,
    object_rows_read: 10,
    object_gb_s: 0.02,
    ...LINE,
  },
  /** Rows and requests to objects are bounded, however many there are: only what each one takes is here. */
  refused: { worker_requests: 1, worker_cpu_ms: 1, ...LINE },
  delivered: {
    d1_rows_written: 1,
    d1_rows_read: 4,
    object_requests: 1,
    object_rows_written: 1,
    object_rows_read: 6,
    object_gb_s: 0.01,
  },
  failed: {
    d1_rows_written: 4,
    d1_rows_read: 8,
    object_requests: 1,
    object_rows_written: 1,
    object_rows_read: 6,
    object_gb_s: 0.01,
    ...LINE,
  },
  /** An attempt after which another is planned, and the way of that one through the queue. */
  retried: {
    worker_requests: 1,
    worker_cpu_ms: 4,
    d1_rows_written: 6,
    d1_rows_read: 26,
    object_requests: 1,
    object_rows_written: 1,
    object_rows_read: 3,
    object_gb_s: 0.01,
    queue_operations: 3,
    ...LINE,
  },
} as const satisfies Record<string, UnitCosts>;

/**
 * A delivery that a bulk replay opens, and that is taken at its first attempt.
 * Many at once share requests, so these are the most that one takes.
 */
export const REPLAYED = {
  worker_requests: 1,
  worker_cpu_ms: 4,
  d1_rows_written: 5,
  d1_rows_read: 40,
  object_requests: 1,
  object_rows_written: 1,
  object_rows_read: 5,
  object_gb_s: 0.01,
  queue_operations: 3,
  ...LINE,
} as const satisfies UnitCosts;
/** What was delivered at its first attempt keeps that on record, in a row more. */
export const KEPT: UnitCosts = { d1_rows_written: 1 };
/** The job itself, which is written down, audited and ended; and each of its steps, one in ten seconds. */
export const REPLAY_JOB: UnitCosts = { d1_rows_written: 5, d1_rows_read: 50 };
export const REPLAY_STEP: UnitCosts = {
  d1_rows_written: 1,
  d1_rows_read: 1_000,
  object_requests: 1,
  object_rows_written: 1,
};
export const REPLAY_STEP_S = 10;

/** A request of the cron, the pages or the API. Nobody has measured it: it is taken to be an event. */
export const OTHER_REQUEST_CPU_MS = 5;
