// Events, deliveries and attempts as rows for people, and pages of them. Types only.
import type { Place } from "../contract/filter.ts";
import type { Encoding, Fault, Reason, State } from "../types.ts";

/** A page of a walk from the newest to the oldest. */
export interface Walk<Row> {
  readonly rows: readonly Row[];
  /** `null` at the end of the history. */
  readonly next: Place | null;
  /** Set where the page ended because enough rows were looked at, and when the last of them was received. */
  readonly stopped: { readonly scanned: number; readonly receivedAt: number } | null;
  /** Of a search: events whose bodies are not text, and were not looked into. */
  readonly binary?: number;
  /** Of a search: events that are kept sealed, and were not looked into. */
  readonly sealed?: number;
  /** The same of those whose bodies are in a bucket. */
  readonly away?: number;
}

export interface EventRow {
  readonly event: number;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly receivedAt: number;
  readonly verifiedBy: string | null;
  readonly size: number;
}

/** An event with what its request carried. A body that is kept in parts is `null` here. */
export interface WholeEventRow extends EventRow {
  readonly receipt: string;
  readonly headers: string;
  readonly encoding: Encoding;
  readonly body: string | null;
  readonly parts: number;
  /** The object that it names, once that was fetched: JSON. */
  readonly object?: string | null;
  /** Why it has no body any more: JSON. */
  readonly gone?: string | null;
  /** JSON, `null` where every route has decided. */
  readonly undecided: string | null;
  /** Set where it is kept sealed. */
  readonly sealed?: true;
}

/** An event that was made from another. */
export interface EditionRow {
  readonly event: string;
  readonly destination: string;
  readonly at: number;
}

export interface DeliveryRow {
  readonly event: number;
  readonly id: string;
  readonly destination: string;
  readonly route: string;
  readonly source: string;
  readonly type: string;
  readonly receivedAt: number;
  readonly state: State;
  readonly reason: Reason | null;
  /** Of a held one; `null` for a pause too. */
  readonly waits: "pause" | "breaker" | "rate" | "concurrency" | "order" | null;
  /** The id of the event whose end it waits for. */
  readonly behind: string | null;
  readonly attempt: number;
  readonly dueAt: number;
  /**
   * Of the last attempt; of the one that is under way, if there is one,
   * and what follows is then still of the one before.
   */
  readonly startedAt: number | null;
  readonly latencyMs: number | null;
  readonly status: number | null;
  readonly fault: Fault | null;
  readonly excerpt: string | null;
  readonly endedAt: number | null;
  /** Of one whose answer the sender waited for: `Replied` as JSON. */
  readonly replied: string | null;
}

export type StateRow = Pick<DeliveryRow, "event" | "destination" | "state">;

export interface AttemptRow {
  readonly destination: string;
  readonly n: number;
  readonly startedAt: number;
  readonly latencyMs: number | null;
  readonly status: number | null;
  readonly fault: Fault | null;
  readonly outcome: "delivered" | "retry" | "failed" | "lost";
  readonly excerpt: string | null;
  readonly nextDue: number | null;
}
