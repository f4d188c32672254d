// How long may a group wait for company before it is written? A row of the journal is billed, however many events it
// has.
import { sleep } from "../patience.ts";

/** The longest that an event waits, in ms: no sender's patience is shorter than some seconds. */
const LONGEST_MS = 120;
/** Events for which a group is worth its row. */
const ENOUGH = 12;
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
/** Over how long arrivals are counted, in ms: a night does not keep the morning's traffic alone. */
const WINDOW_MS = 250;
/** How often a group that waits looks around, in ms. */
const LOOK_MS = 10;

/** The arrivals at one object. */
export class Company {
  readonly #now: () => number;
  #cameAt = -Infinity;
  /** Arrivals in the present window, which began then, and in the one before it. */
  #count = 0;
  #countBefore = 0;
  #windowAt = -Infinity;
  #inVain = 0;
  #restsUntil = -Infinity;
  #enough: (() => void) | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * An event has come.
   *
   * @param size how many its group has by now
   */
  came(size: number): void {
    const now = this.#now();
    const passed = now - this.#windowAt;
    if (passed >= WINDOW_MS || passed < 0) {
      this.#countBefore = passed < 2 * WINDOW_MS ? this.#count : 0;
      this.#count = 0;
      this.#windowAt = now;
    }
    this.#count += 1;
    this.#cameAt = now;
    if (size >= ENOUGH) this.#enough?.();
  }

  /** Whether the next event is likely to come soon enough, and not by itself. */
  get isExpected(): boolean {
    const isNear = this.#gapMs >= CLOSE_MS && this.#gapMs * QUIET_GAPS <= LONGEST_MS;
    return isNear && this.#now() >= this.#restsUntil;
  }

  /** Between two arrivals, as the last window and the present one have them: they come in clusters. */
  get #gapMs(): number {
    const share = Math.max(0, 1 - (this.#now() - this.#windowAt) / WINDOW_MS);
    return WINDOW_MS / (this.#countBefore * share + this.#count);
  }

  /**
   * Resolves once a group is large enough, or no other event is likely to come in time.
   *
   * @param size how many events it has by now; `Infinity` once it is closed
   */
  async wait(size: () => number): Promise<void> {
    const enough = new Promise<void>((resolve) => {
      this.#enough = resolve;
    });
    // Counted and not read from the clock, which may be set back.
    for (let waited = 0; size() < ENOUGH && this.isExpected; waited += LOOK_MS) {
      const quietFor = this.#now() - this.#cameAt;
      if (waited >= LONGEST_MS || quietFor >= QUIET_GAPS * this.#gapMs) {
        this.#ended(quietFor);
        break;
      }
      await Promise.race([sleep(LOOK_MS), enough]);
    }
    this.#enough = null;
    if (size() >= ENOUGH) this.#inVain = 0;
  }

  /** A wait was not ended by the size of its group. */
  #ended(quietFor: number): void {
    this.#inVain = quietFor >= VAIN_GAPS * this.#gapMs ? this.#inVain + 1 : 0;
    if (this.#inVain >= IN_VAIN) this.#restsUntil = this.#now() + REST_MS;
  }
}
