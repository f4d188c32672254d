// What was held while nobody listened goes out one after another, in the order of the events, and what comes meanwhile
// waits behind it.
import type { Log } from "../log.ts";
import type { Bell } from "../types.ts";

/** How many go in one invocation: the free plan has 50 queries in each. */
const STEPS = 6;
/** When it goes on after a fault, in ms. */
const AGAIN_MS = 5_000;
/**
 * For how long it is known that nothing is held after something was sent at once, in ms. Nothing is sent at once during
 * a pause or an open breaker, so that what they have held is looked for after them; an object sleeps after as long.
 */
const CLEAR_MS = 10_000;

/** What was made due, and whether more is held: behind it, or because a pause or a breaker stops it. */
export interface Released {
  readonly bells: readonly Bell[];
  readonly more: boolean;
}

export interface DrainDeps {
  /** Makes the next one due, and gives its bell. */
  readonly release: () => Promise<Released>;
  /** Delivers it; ends when that is settled. */
  readonly deliver: (bells: readonly Bell[]) => Promise<void>;
  readonly isListening: () => boolean;
  /** Has an alarm call `wake` in so many ms. */
  readonly later: (ms: number) => Promise<void>;
  readonly now: () => number;
  readonly log: Log;
}

export class Drain {
  readonly #deps: DrainDeps;
  /** An object that was away, or has just got a listener, knows nothing. */
  #state: "unknown" | "behind" | "clear" = "unknown";
  #clearUntil = 0;
  #looked = Promise.withResolvers<void>();
  #isAsked = false;
  #isRunning = false;

  constructor(deps: DrainDeps) {
    this.#deps = deps;
  }

  /** Whether it is known that there is nothing to do. */
  get isIdle(): boolean {
    return this.#state === "clear";
  }

  /** Something may be held by now. */
  doubt(): void {
    if (this.#state === "clear") this.#state = "unknown";
  }

  /** Whether nothing is held that comes before whatever comes now. Looks where that is not known. */
  async isClear(): Promise<boolean> {
    const { now } = this.#deps;
    if (this.#state === "clear" && now() >= this.#clearUntil) this.#state = "unknown";
    if (this.#state === "unknown") {
      const { promise } = this.#looked;
      void this.wake();
      await promise;
    }
    if (this.#state !== "clear") return false;
    this.#clearUntil = now() + CLEAR_MS;
    return true;
  }

  /** Something may be held. Never rejects; ends when there is nothing more to do, or an alarm goes on with it. */
  async wake(): Promise<void> {
    this.doubt();
    this.#isAsked = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    const { later, log } = this.#deps;
    try {
      if (await this.#run()) await later(0);
    } catch (error) {
      log.warn("tunnel.drain_failed", { error: String(error) });
      this.#finds("unknown");
      await later(AGAIN_MS).catch(() => {});
    } finally {
      this.#isRunning = false;
      this.#finds(this.#state);
    }
  }

  /** Whether there is more. */
  async #run(): Promise<boolean> {
    const { release, deliver, isListening } = this.#deps;
    for (let step = 0; step < STEPS; step += 1) {
      if (!isListening()) return false;
      this.#isAsked = false;
      const { bells, more } = await release();
      if (bells.length > 0) {
        this.#finds("behind");
        await deliver(bells);
      } else if (!this.#isAsked) {
        this.#clearUntil = this.#deps.now() + CLEAR_MS;
        this.#finds(more ? "unknown" : "clear");
        return false;
      }
    }
    return true;
  }

  /** Whoever waits for a look hears of it. */
  #finds(state: "unknown" | "behind" | "clear"): void {
    this.#state = state;
    this.#looked.resolve();
    this.#looked = Promise.withResolvers();
  }
}
