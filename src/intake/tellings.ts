// How first attempts ended, on the way from one isolate to the objects: what ends within a few milliseconds goes in one
// call, because each call is billed and costs both sides more than what it carries.
import type { FirstOutcome } from "../d1/settlement.ts";
import { sleep } from "../patience.ts";

/** How first attempts of one event ended. */
export interface Ended {
  readonly id: string;
  readonly receipt: string;
  /** Bytes of the event's body. */
  readonly size: number;
  readonly outcomes: readonly FirstOutcome[];
}

/** Between two calls of one isolate to one object, in ms: the first attempt of a lone event is told at once. */
const PAUSE_MS = 10;
/** Events in one call. */
const MOST = 200;

interface Waiting {
  readonly one: Ended;
  readonly told: PromiseWithResolvers<void>;
}

/** What one isolate has to tell to one object. */
export class Tellings {
  readonly #call: (all: readonly Ended[]) => Promise<void>;
  readonly #now: () => number;
  #waiting: Waiting[] = [];
  #calledAt = -Infinity;
  /** A call is planned until then. A time, not a flag: the invocation that planned it may have died. */
  #plannedUntil = -Infinity;

  /**
   * @param call resolves once the object has what it is told; what it rejects with, everybody hears whose ends were in
   *   it
   */
  constructor(call: (all: readonly Ended[]) => Promise<void>, now: () => number) {
    this.#call = call;
    this.#now = now;
  }

  /** Resolves once the object has it. */
  async tell(one: Ended): Promise<void> {
    const told = Promise.withResolvers<void>();
    told.promise.catch(() => {});
    this.#waiting.push({ one, told });
    const now = this.#now();
    const isFull = this.#waiting.length >= MOST;
    if (isFull || now >= this.#plannedUntil) {
      const wait = isFull ? 0 : Math.max(0, this.#calledAt + PAUSE_MS - now);
      this.#plannedUntil = now + wait + PAUSE_MS;
      void this.#callAfter(wait);
    }
    await told.promise;
  }

  async #callAfter(wait: number): Promise<void> {
    if (wait > 0) await sleep(wait);
    const all = this.#waiting;
    this.#waiting = [];
    this.#plannedUntil = -Infinity;
    if (all.length === 0) return;
    this.#calledAt = this.#now();
    try {
      await this.#call(all.map(({ one }) => one));
      for (const { told } of all) told.resolve();
    } catch (error) {
      for (const { told } of all) told.reject(error);
    }
  }
}
