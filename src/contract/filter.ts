// Which events or deliveries a question is about, and where a list goes on. Types only.
import type { State } from "../types.ts";

/** What routes have come to where it is not deliveries alone. */
export type Routing = "unrouted" | "undecided";

/** Which events; `null` admits all. Times are in ms: `since` is included, `until` is not. */
export interface OfEvents {
  readonly source: string | null;
  readonly type: string | null;
  readonly since: number | null;
  readonly until: number | null;
}

export interface EventFilter extends OfEvents {
  /** Looked for in bodies. */
  readonly text: string | null;
  /** Those that go nowhere, or those of which a route could not decide. */
  readonly routing: Routing | null;
}

export interface DeliveryFilter extends OfEvents {
  readonly destination: string | null;
  readonly state: State | null;
}

/** Where a walk goes on: behind this delivery, or behind this event (whose `destination` is empty). */
export interface Place {
  readonly event: number;
  readonly destination: string;
}
