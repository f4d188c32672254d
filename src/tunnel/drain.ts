// What was held while nobody listened goes out one after another, in the order of the events, and what comes meanwhile
// waits behind it.
import type { Log } from "../log.ts";
import type { Bell } from "../types.ts";

/** How many go in one invocation: the free plan has 50 queries in each. */
const STEPS = 6;
/** When it goes on after a fault, in ms. */
const AGAIN_MS = 5_000;

export interface DrainDeps {
  /** Makes the next one due, and gives its bell. */
  readonly release: () => Promise<Bell[]>;
  /** Delivers it; ends when that is settled. */
  readonly deliver: (bells: readonly Bell[]) => Promise<void>;
  readonly isListening: () => boolean;
  /** Has an alarm call `wake` in so many ms. */
  readonly later: (ms: number) => Promise<void>;
  readonly log: Log;
}

export class Drain {
  readonly #deps: DrainDeps;
  #isBehind = false;
  #isAsked = false;
  #isRunning = false;

  constructor(deps: DrainDeps) {
    this.#deps = deps;
  }

  /** Whether something may be held that comes before whatever comes now. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** Something may be held. Never rejects; ends when there is nothing more to do, or an alarm goes on with it. */
  async wake(): Promise<void> {
    this.#isBehind = true;
    this.#isAsked = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    const { later, log } = this.#deps;
    try {
      if (await this.#run()) await later(0);
    } catch (error) {
      log.warn("tunnel.drain_failed", { error: String(error) });
      await later(AGAIN_MS).catch(() => {});
    } finally {
      this.#isRunning = false;
    }
  }

  /** Whether there is more. */
  async #run(): Promise<boolean> {
    const { release, deliver, isListening } = this.#deps;
    for (let step = 0; step < STEPS; step += 1) {
      if (!isListening()) return false;
      this.#isAsked = false;
      const bells = await release();
      if (bells.length > 0) await deliver(bells);
      else if (!this.#isAsked) {
        this.#isBehind = false;
        return false;
      }
    }
    return true;
  }
}
