// What the API answers about the relay as a whole: its counts over time, its backlog, its sources. Schemas only.
import * as z from "zod/mini";
import { instant } from "./history.ts";
import { destination } from "./operations.ts";
import { use } from "./use.ts";

const text = z.nullable(z.string());
const count = z.number();

/** Deliveries that are counted as waiting at the most: one more is told as "more". */
export const MOST_COUNTED = 5_000;
/** Events that went nowhere, or were not decided, that are counted at the most. */
export const MOST_UNROUTED = 1_000;
/** Failed deliveries that are looked at for those that wait for a replay. */
export const MOST_FAILED = 1_000;

/**
 * Counts of one step of time. `at` is its beginning.
 * They are counters: a crash may lose the last seconds of them, never an event.
 */
export const point = z.object({
  at: instant,
  accepted: count,
  delivered: count,
  retried: count,
  failed: count,
  refused: count,
});
export type Point = z.output<typeof point>;

export const refusal = z.object({
  at: instant,
  status: count,
  reason: z.string(),
  code: z.string(),
  advice: z.string(),
  address: z.string(),
  evidence: z.unknown(),
});
export type RefusalAnswer = z.output<typeof refusal>;

const secretState = z.object({
  name: z.string(),
  set: z.boolean(),
  /** Only where the configuration gives it an end: from then on it proves and signs nothing. */
  until: z.optional(instant),
  ended: z.optional(z.boolean()),
});
export type SecretState = z.output<typeof secretState>;

/** How the secrets of a source are used: which one verified the events of the last 24 hours. */
export const secretUse = z.object({
  source: z.string(),
  secrets: z.array(z.extend(secretState, { events: count, last_event_at: z.nullable(instant) })),
  /** Where so many events have come since that not the whole day was looked at: how far back it was. */
  looked_back_to: z.nullable(instant),
});
export type SecretUse = z.output<typeof secretUse>;

export const source = z.object({
  name: z.string(),
  path: z.string(),
  url: z.string(),
  state: z.enum(["ready", "secret_missing", "disabled"]),
  why: text,
  provider: text,
  provider_name: text,
  proven_by: text,
  secrets: z.array(secretState),
  addresses: z.nullable(
    z.object({
      networks: z.array(z.string()),
      refreshed_at: z.nullable(instant),
      next_refresh_at: z.nullable(instant),
      fault: text,
    }),
  ),
  /** From where the objects of its thin events are fetched; only where that is configured. */
  hydrate: z.optional(
    z.object({
      from: z.string(),
      /** Where in the body the object's path stands. */
      path: z.string(),
      /** Names of the headers that it is asked with. */
      headers: z.array(z.string()),
      /** Nothing is fetched while one of them is not set, or cannot be sent. */
      secrets: z.array(z.object({ name: z.string(), set: z.boolean() })),
    }),
  ),
  /** How its sender is asked for what never came, and what the last look has found; only where that is configured. */
  gaps: z.optional(
    z.object({
      at: z.string(),
      every_ms: z.number(),
      secrets: z.array(z.object({ name: z.string(), set: z.boolean() })),
      looked_at: z.nullable(instant),
      next_look_at: z.nullable(instant),
      /** Why the last look came to no end. */
      fault: z.nullable(z.string()),
      /** The last look that found anything: how much had never come, and how much was sent again or fetched. */
      last: z.nullable(
        z.object({ at: z.nullable(instant), missed: z.number(), recovered: z.number(), since: z.nullable(instant) }),
      ),
    }),
  ),
  last_event_at: z.nullable(instant),
  last_refusal: z.nullable(refusal),
  /** Of the last 24 hours. */
  window: z.object({ accepted: count, refused: count }),
});
export type SourceAnswer = z.output<typeof source>;

export const backlog = z.object({
  /** Open deliveries that are due or will be. This count and `held` stop at 5,000, and `more` says so. */
  open: count,
  more: z.boolean(),
  /**
   * When the event of the oldest open delivery was received; with `more`, the oldest of those that are looked at next.
   */
  oldest_received_at: z.nullable(instant),
  /** Accepted and not in D1 yet; `null` where Intake cannot be reached. */
  journal: z.nullable(z.object({ waiting: count, stuck: count, bytes: count })),
  held: count,
  /** Open deliveries that come behind another, in an order; only where there are any, and up to 5,000. */
  behind: z.optional(count),
  /**
   * What waits for an operator: failed deliveries to destinations that are configured, without those that somebody has
   * cancelled. Counts the last thousand that failed; `replayable_more` says that there are more.
   */
  replayable: count,
  replayable_more: z.boolean(),
  /** Events that go nowhere, and events of which a route could not decide; each count stops at 1,000. */
  unrouted: count,
  undecided: count,
  /** Alerts that are open. */
  alerts: count,
});
export type Backlog = z.output<typeof backlog>;

export const overview = z.object({
  now: instant,
  since: instant,
  step_s: count,
  points: z.array(point),
  totals: z.object({ accepted: count, delivered: count, retried: count, failed: count, refused: count }),
  backlog,
  sources: z.array(source),
  destinations: z.array(destination),
  use,
  /** What is still to be set up, as `/health` says it. */
  missing: z.array(z.string()),
  findings: z.array(z.object({ key: z.string(), level: z.enum(["error", "warning"]), says: z.string() })),
});
export type Overview = z.output<typeof overview>;

/** One message of `/api/live`. Several of them travel in one JSON array. */
export const news = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("event"),
    id: z.string(),
    source: z.string(),
    type: z.string(),
    received_at: instant,
    size: count,
  }),
  z.object({
    kind: z.literal("delivery"),
    id: z.string(),
    event: z.string(),
    destination: z.string(),
    state: z.enum(["pending", "delivered", "failed"]),
    attempt: count,
    status: z.nullable(count),
    fault: text,
    latency_ms: count,
  }),
  z.object({ kind: z.literal("refusal"), source: z.string(), at: instant, reason: z.string(), status: count }),
  /** So many more were too many to be told one by one. */
  z.object({ kind: z.literal("skipped"), count }),
]);
export type News = z.output<typeof news>;
