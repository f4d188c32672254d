// How long may a group wait for company before it is written? A row of the journal is billed, however many events it
// has.
import { sleep } from "../patience.ts";

/** The longest that an event waits, in ms: no sender's patience is shorter than some seconds. */
const LONGEST_MS = 100;
/** Events for which a group is worth its row. */
const ENOUGH = 10;
/** Once nothing has come for so many gaps, nobody else is likely to. */
const QUIET_GAPS = 5;
/**
 * Senders that send one event after another wait for the answer, and nobody comes while theirs is held. So where, at
 * their ends, nobody had come for so many gaps, and in so many waits in a row, no group waits for a while, in ms.
 */
const VAIN_GAPS = 3;
const IN_VAIN = 2;
const REST_MS = 1_000;
/** Events that come closer to each other than this, in ms, meet while the group before them is written. */
const CLOSE_MS = 2;
/** Weight of the latest gap in the mean. */
const LATEST = 1 / 4;
/** The longest gap that counts, in ms: a night does not keep the morning's traffic alone. */
const LONGEST_GAP_MS = 200;

/** The arrivals at one object. */
export class Company {
  readonly #now: () => number;
  #gapMs = LONGEST_GAP_MS;
  #cameAt = -Infinity;
  #inVain = 0;
  #restsUntil = -Infinity;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** An event has come. */
  came(): void {
    const now = this.#now();
    this.#gapMs += (Math.min(now - this.#cameAt, LONGEST_GAP_MS) - this.#gapMs) * LATEST;
    this.#cameAt = now;
  }

  /** Whether the next event is likely to come soon enough, and not by itself. */
  get isExpected(): boolean {
    const isNear = this.#gapMs >= CLOSE_MS && this.#gapMs * QUIET_GAPS <= LONGEST_MS;
    return isNear && this.#now() >= this.#restsUntil;
  }

  /**
   * Resolves once a group is large enough, or no other event is likely to come in time.
   *
   * @param size how many events it has by now; `Infinity` once it is closed
   */
  async wait(size: () => number): Promise<void> {
    // Counted and not read from the clock, which may be set back.
    let waited = 0;
    while (size() < ENOUGH && this.isExpected) {
      const quietFor = this.#cameAt + QUIET_GAPS * this.#gapMs - this.#now();
      const pause = Math.min(quietFor, LONGEST_MS - waited);
      if (pause <= 0) return this.#ended(this.#now());
      await sleep(Math.max(1, pause));
      waited += Math.max(1, pause);
    }
    if (size() >= ENOUGH) this.#inVain = 0;
  }

  /** A wait was not ended by the size of its group. */
  #ended(now: number): void {
    this.#inVain = now - this.#cameAt >= VAIN_GAPS * this.#gapMs ? this.#inVain + 1 : 0;
    if (this.#inVain >= IN_VAIN) this.#restsUntil = now + REST_MS;
  }
}
