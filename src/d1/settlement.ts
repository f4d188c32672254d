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
}

/** A settlement with the ids that people and bells use. */
export interface Settled extends Settlement {
  readonly id: string;
  readonly size: number;
}
