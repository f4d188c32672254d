// Notes how attempts ended, a group at a time: the first at once, the rest in groups that grow.
import type { Counted } from "../d1/settle.ts";
import type { Store } from "../d1/store.ts";
import type { Log } from "../log.ts";
import { deliveryId } from "../ids.ts";
import { sleep } from "../patience.ts";
import type { Settled } from "../d1/settlement.ts";
import type { Bell } from "../types.ts";

/**
 * Pauses between two writes, in ms. They double, so that an invocation whose attempts end one by one over 30 s still
 * writes at most ten times (50 D1 queries per invocation on the free plan),
 * and a crash makes at most half of its time ambiguous.
 */
const FIRST_PAUSE_MS = 50;
/** Tries to write before the sweep is left to find the leases ended, and the pause before the second, in ms. */
const TRIES = 4;
const RETRY_MS = 500;

/**
 * Told of settlements that D1 has, how often in a row their destinations had failed before, and the bells of what has
 * waited for them.
 */
export type Done = (
  settled: readonly Settled[],
  failures: ReadonlyMap<string, Counted["failures"]>,
  next: readonly Bell[],
) => Promise<void>;

/**
 * Collects settlements and writes them in groups;
 * `done` gets each group that D1 has, without those that no longer counted.
 */
export class Settler {
  readonly #store: Pick<Store, "settle">;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #done: Done;
  #waiting: Settled[] = [];
  #closed = false;
  #wake: (() => void) | null = null;

  constructor(store: Pick<Store, "settle">, log: Log, now: () => number, done: Done) {
    this.#store = store;
    this.#log = log;
    this.#now = now;
    this.#done = done;
  }

  add(settled: Settled): void {
    this.#waiting.push(settled);
    this.#wake?.();
  }

  /** No more will come: what waits is written without a further pause. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /** Runs until closed and empty. */
  async run(): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
      while (this.#waiting.length === 0 && !this.#closed) await this.#nudge();
      if (this.#waiting.length === 0) return;
      // What ends in the same moment goes along.
      await Promise.resolve();
      await this.#write(this.#waiting.splice(0));
      if (!this.#closed) await Promise.race([sleep(pause), this.#closing()]);
    }
  }

  #nudge(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #closing(): Promise<void> {
    while (!this.#closed) await this.#nudge();
  }

  async #write(group: readonly Settled[]): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        const counted = await this.#store.settle(group, this.#now());
        const keys = new Set(counted.map(({ event, destination }) => `${event}:${destination}`));
        const failures = new Map<string, number | null>();
        // The rows of one statement see the ones before them: the last has the most.
        for (const { destination, failures: before } of counted)
          failures.set(destination, Math.max(before ?? 0, failures.get(destination) ?? 0));
        await this.#done(
          group.filter(({ event, destination }) => keys.has(`${event}:${destination}`)),
          failures,
          counted.flatMap(({ next }) => next ?? []),
        );
        return;
      } catch (error) {
        const deliveries = group.map(({ id, destination }) => deliveryId(id, destination));
        if (tries === TRIES) {
          this.#log.error("delivery.unsettled", { deliveries, error: String(error) });
          return;
        }
        this.#log.warn("delivery.settle_retried", { deliveries, error: String(error) });
        await sleep(RETRY_MS * tries);
      }
    }
  }
}
