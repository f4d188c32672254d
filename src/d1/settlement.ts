// How an attempt ended: what D1 is told, and what watchers hear of it afterwards. Types only.
import type { Fault, Reason, State } from "../types.ts";

/** How an attempt ended, and what becomes of the delivery. */
export interface Settlement {
  readonly event: number;
  readonly destination: string;
  readonly attempt: number;
  readonly state: Extract<State, "pending" | "delivered" | "failed">;
  readonly reason: Reason | null;
  /** When the next attempt is due; unused once ended. */
  readonly dueAt: number;
  readonly startedAt: number;
  readonly latencyMs: number;
  readonly status: number | null;
  readonly fault: Fault | null;
  readonly excerpt: string;
  /** The trace of its sender that it goes on with, and its own span: for the log. */
  readonly span?: { readonly trace: string; readonly span: string };
  /** Of one that has failed: the destination that gets the event now, with its story. */
  readonly onFailed?: string;
}

/**
 * What a sender got that waited for the answer of a destination: that answer, so many ms after its request came, or
 * the plain acknowledgement, and why.
 */
export type Replied = { readonly ms: number } | { readonly why: Unreplied };

/**
 * Why an answer was not passed on.
 * - `unsent`  the first attempt was not made at once
 * - `late`    it came after the bound of the route
 * - `silent`  there was none
 * - `status`  it was no 2xx
 * - `empty`   it had no body
 * - `type`, `encoding`, `large`  its body is none that may be passed on
 * - `secret`  it says back a secret that it was asked with
 */
export type Unreplied = "unsent" | "late" | "silent" | "status" | "empty" | "type" | "encoding" | "large" | "secret";

/**
 * What a first attempt came to that was made where the event was accepted;
 * `unsent` where it was not made after all.
 */
export type FirstOutcome =
  | ({ readonly destination: string; readonly replied?: Replied } & Omit<
      Settlement,
      "event" | "destination" | "attempt"
    >)
  | { readonly destination: string; readonly state: "unsent" };

/** The same in the line of the event's acceptance. */
export type FirstEnd = Pick<Settlement, "destination" | "state" | "status" | "latencyMs"> & {
  readonly span_id?: string;
};

/**
 * A delivery as it is when its event is committed, where its first attempt was granted.
 * It belongs to one acceptance.
 */
export type Opened = { readonly id: string; readonly receipt: string } & (
  | Exclude<FirstOutcome, { state: "unsent" }>
  | { readonly destination: string; readonly state: "delivering"; readonly leaseUntil: number }
);

/** A settlement with the ids that people and bells use. */
export interface Settled extends Settlement {
  readonly id: string;
  readonly size: number;
}
