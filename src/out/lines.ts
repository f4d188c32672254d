// What the log says of attempts: a line each.
// First attempts that succeed soon are told in the line of their acceptance.
import type { FirstEnd, Settled } from "../d1/settlement.ts";
import { deliveryId } from "../ids.ts";
import type { Log } from "../log.ts";

/**
 * How long the line of an acceptance waits for the ends of first attempts, in ms. Most receivers have answered by then;
 * waiting longer would hide an acceptance from whoever watches, and lose its line with an isolate that dies.
 */
const TOGETHER_MS = 2_000;

/** How an attempt ended, as far as the log tells it. */
export type Attempted = Omit<Settled, "event" | "startedAt" | "excerpt" | "size">;

/** One line per attempt, with all that was decided. */
export function writeAttempt(
  { id, destination, attempt: n, state, reason, status, fault, latencyMs, dueAt, span }: Attempted,
  log: Log,
): void {
  const traced = span === undefined ? {} : { trace_id: span.trace, span_id: span.span };
  const fields = { delivery: deliveryId(id, destination), attempt: n, state, status, fault, latencyMs, ...traced };
  if (state === "delivered") log.info("delivery.attempted", fields);
  else if (state === "failed") log.error("delivery.failed", { ...fields, reason });
  else log.warn("delivery.attempted", { ...fields, dueAt });
}

/** The line of an acceptance whose first attempts are under way. */
export interface AcceptanceLine {
  /** Takes the end of one of them. Once the line is written, each end is a line of its own. */
  ended(one: Attempted): void;
  /** No more will come. */
  close(): void;
}

/**
 * Collects the ends of an event's first attempts, because log lines are billed: a success is told in the line of the
 * acceptance alone. Any other end is told there, and right after it in the line that an attempt of the queue would
 * have: alerts look for those.
 *
 * @param write writes the line of the acceptance; called once, at the latest after `TOGETHER_MS`
 */
export function openAcceptance(write: (first: readonly FirstEnd[]) => void, log: Log): AcceptanceLine {
  const ends: Attempted[] = [];
  let isWritten = false;
  const close = () => {
    if (isWritten) return;
    isWritten = true;
    clearTimeout(timer);
    write(
      ends.map(({ destination, state, status, latencyMs, span }) => {
        const traced = span === undefined ? {} : { span_id: span.span };
        return { destination, state, status, latencyMs, ...traced };
      }),
    );
    for (const one of ends) if (one.state !== "delivered") writeAttempt(one, log);
  };
  const timer = setTimeout(close, TOGETHER_MS);
  return {
    ended(one) {
      if (isWritten) writeAttempt(one, log);
      else ends.push(one);
    },
    close,
  };
}
