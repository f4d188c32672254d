// What waits to be written to the journal together, and the first bells of what was written.
import type { Bell } from "../types.ts";
import { deliveryId } from "../ids.ts";
import type { BellSeed, Entry } from "./journal.ts";

/** What is remembered of an id: under which receipt it came, and whether that was a repeat. */
export interface Came {
  readonly receipt: string;
  readonly repeat: boolean;
}

/** What came lately, and in which journal row it is. */
export interface Recent extends Came {
  readonly seq: number;
}

/**
 * Ids that are remembered: what repeats them is asked for in D1, and spends nothing. The answer's id is right without
 * it.
 */
const REMEMBERED = 10_000;

/** What was accepted last, oldest first. */
export class Recents extends Map<string, Recent> {
  /** Called once the group is durable: a repeat of what was not is new. */
  remember(group: Gathering, seq: number): void {
    for (const [id, came] of group.ids) {
      this.delete(id);
      this.set(id, { ...came, seq });
    }
    for (const id of this.keys()) {
      if (this.size <= REMEMBERED) break;
      this.delete(id);
    }
  }
}

/** One group on its way into the journal. */
export interface Gathering {
  readonly entries: Entry[];
  readonly ids: Map<string, Came>;
  size: number;
  readonly written: Promise<number>;
  readonly settle: { resolve(seq: number): void; reject(error: unknown): void };
}

/** An empty group. */
export function newGathering(): Gathering {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  // Every acceptance of the group awaits this promise; one that nobody awaits any more must not end the object.
  promise.catch(() => {});
  return { entries: [], ids: new Map(), size: 0, written: promise, settle: { resolve, reject } };
}

/** The bells for the first attempts of these events. */
export function firstBells(seeds: readonly BellSeed[], due: number): Bell[] {
  return seeds.flatMap(([id, size, destinations]) =>
    destinations.map((destination) => ({
      v: 1 as const,
      delivery: deliveryId(id, destination),
      attempt: 1,
      due,
      size,
    })),
  );
}
