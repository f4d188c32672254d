// What a checker is: a promise of the design, and the moments at which it is looked at. Every checker returns what broke, or null.
import type { Ledger, Moved, Try } from "../ledger.ts";
import type { Arrival } from "../network.ts";
import type { Fetched } from "../things.ts";

export interface Invariant {
  /** As in the design: I-1 … I-16; `limits` and `bells` are rules of the design that have no number. */
  readonly id: string;
  /** What it proves. */
  readonly says: string;
  /** The relay has answered a request; the try is not in the ledger yet. */
  readonly answered?: (one: Try, ledger: Ledger) => string | null;
  /** A request has reached a destination; it is in the ledger already. */
  readonly arrived?: (arrival: Arrival, ledger: Ledger) => string | null;
  /** What a thin event names is asked for. */
  readonly fetched?: (fetched: Fetched, ledger: Ledger) => string | null;
  /** A delivery's row has changed; the move is not in the ledger yet. */
  readonly moved?: (move: Moved, ledger: Ledger) => string | null;
  /** A bell was acknowledged by a consumer that began at `began`. */
  readonly acked?: (bell: { delivery: string; attempt: number }, began: number, ledger: Ledger) => string | null;
  readonly logged?: (line: string, ledger: Ledger) => string | null;
  /** Everything has come to its end. */
  readonly ended?: (ledger: Ledger) => string | null;
  /** A while after everything has come to its end: whatever the sweep does by itself is done. */
  readonly rested?: (ledger: Ledger) => string | null;
  /** Retention has passed. */
  readonly expired?: (ledger: Ledger) => string | null;
}

/** The first thing that broke, if any. */
export function first<T>(things: Iterable<T>, check: (thing: T) => string | null): string | null {
  for (const thing of things) {
    const broken = check(thing);
    if (broken !== null) return broken;
  }
  return null;
}

/** Whether the relay said yes, in whatever words. */
export function yes({ answer }: { answer: { status: number } }): boolean {
  return answer.status >= 200 && answer.status < 300;
}
