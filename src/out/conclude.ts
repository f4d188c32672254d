// What becomes of a delivery after an attempt? The answer and the schedule in, what is settled out; touches nothing.
import type { Settlement } from "../d1/settlement.ts";
import type { Answer, Destination, Fault, Reason } from "../types.ts";
import { classify } from "./classify.ts";
import { nextDue } from "./retry.ts";

/** What an attempt came to, whichever delivery it was of. */
export type Conclusion = Omit<Settlement, "event" | "destination" | "attempt">;

/** How far a delivery had come when the attempt began. */
export interface Progress {
  /** Waits between attempts, in milliseconds. */
  readonly schedule: readonly number[];
  /** Attempts that were begun in this round, this one included: at least 1. */
  readonly attemptsMade: number;
  /** When this one was begun, in ms since 1970. */
  readonly startedAt: number;
  /** After which no attempt may begin; `null` for no such time. */
  readonly until?: number | null;
  /** The destination's own rules for statuses. */
  readonly rules?: Destination["statuses"];
}

/**
 * @param now when the answer had come, in ms since 1970
 * @param dice a number of [0, 1), asked for where another attempt is planned
 */
export function conclude(
  answer: Answer,
  { schedule, attemptsMade, startedAt, until = null, rules }: Progress,
  now: number,
  dice: () => number,
): Conclusion {
  const { status, fault, latencyMs, excerpt } = answer;
  const seen = { ...notSent(null, startedAt), status, fault, latencyMs, excerpt };
  const outcome = classify(answer, now, rules);
  switch (outcome.kind) {
    case "delivered":
      return { ...seen, state: "delivered" };
    case "failed":
      return { ...seen, reason: outcome.reason };
    case "retry": {
      const dueAt = nextDue({ schedule, attemptsMade, now, dice, retryAfterMs: outcome.retryAfterMs });
      if (dueAt === null) return { ...seen, reason: "exhausted" };
      // It would only wait to end then.
      if (until !== null && dueAt > until) return { ...seen, reason: "expired" };
      return { ...seen, state: "pending", dueAt };
    }
  }
}

/** A delivery that ended before anything could be sent. */
export function notSent(reason: Reason | null, startedAt: number): Conclusion {
  return {
    state: "failed",
    reason,
    dueAt: startedAt,
    startedAt,
    latencyMs: 0,
    status: null,
    fault: null,
    excerpt: "",
  };
}

/** The answer that stands for a fault of ours or of the configuration: the attempt counts, and the schedule goes on. */
export function withoutAnswer(fault: Fault): Answer {
  return { status: null, fault, latencyMs: 0, excerpt: "", retryAfter: null };
}
