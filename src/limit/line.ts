// Who waits for a place, and when may they come back? Kept in memory alone: what is forgotten only asks in vain once
// more.
import type { Rate } from "../types.ts";

/** Places whose owners have not come back so long after their time are anybody's, in ms: their bells are lost. */
const PATIENCE_MS = 5_000;
/** A busy lane is expected to be busy for as long as it has been, within these bounds, in ms. */
const LANE_MS = 2_000;
const LONGEST_LANE_MS = 16_000;
/** How many deliveries one lane may have before it, of one question: others wait for it too. */
export const SENDS_TO_A_LANE = 10;

/** What is free, and what will be. */
export interface Outlook {
  readonly rate?: Rate;
  readonly concurrency?: number;
  /** Places that are taken, and in how many ms they end: the earliest first. */
  readonly taken: number;
  /** For how long the lane that was taken first has been busy, in ms. */
  readonly busyMs: number;
  readonly ends: () => Iterable<{ readonly n: number; readonly inMs: number }>;
}

export class Line {
  #waiting = 0;
  /** When the last of them is to come back, and how long that was when it was said. */
  #until = 0;
  #longest = 0;

  /** How many are promised a place and have not come back. */
  waiting(now: number): number {
    // A clock that was set back must not make those wait for ever who come after them.
    this.#until = Math.min(this.#until, now + this.#longest);
    if (now > this.#until + PATIENCE_MS) this.#waiting = 0;
    return this.#waiting;
  }

  /** So many have come back. */
  back(n: number): void {
    this.#waiting = Math.max(0, this.#waiting - n);
  }

  /**
   * Tells in how many ms each of those who come back in vain may expect its place, and then each of those who are new:
   * these come behind all others.
   */
  join(late: number, fresh: number, outlook: Outlook, now: number): number[] {
    const before = this.waiting(now);
    const places = [
      ...Array.from({ length: late }, (_, k) => k),
      ...Array.from({ length: fresh }, (_, k) => before + late + k),
    ];
    const waits = waitsOf(places, outlook);
    this.#waiting = before + late + fresh;
    this.#longest = Math.max(before === 0 ? 0 : this.#longest, ...waits);
    this.#until = Math.max(before === 0 ? now : this.#until, now + Math.max(0, ...waits));
    return waits;
  }
}

/** How long each of them waits, in ms, by how many there are before it. */
function waitsOf(places: readonly number[], { rate, concurrency, busyMs, taken, ends }: Outlook): number[] {
  const laneMs = Math.min(Math.max(busyMs, LANE_MS), LONGEST_LANE_MS);
  const ofLane = (before: number) =>
    concurrency === undefined ? 0 : laneMs * (1 + Math.floor(before / (concurrency * SENDS_TO_A_LANE)));
  if (rate === undefined) return places.map(ofLane);
  const { burst, periodMs } = rate;
  const free = Math.max(0, burst - taken);
  return places.map((before) => {
    // The places of a period, those that are free first, and then the same ones a period later.
    let left = (before % burst) - free;
    let inMs = 0;
    for (const end of left < 0 ? [] : ends()) {
      inMs = end.inMs;
      left -= end.n;
      if (left < 0) break;
    }
    return Math.ceil(Math.max(ofLane(before), inMs + periodMs * Math.floor(before / burst)));
  });
}
