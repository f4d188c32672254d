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

/** What one isolate has to tell to one object. */
export class Tellings {
  readonly #call: (all: readonly Ended[]) => Promise<void>;
  readonly #now: () => number;
  #waiting: Ended[] = [];
  #calledAt = -Infinity;
  /** A call is planned until then. A time, not a flag: the invocation that planned it may have died. */
  #plannedUntil = -Infinity;

  /** @param call tells the object, and repeats it until the object has it; never rejects */
  constructor(call: (all: readonly Ended[]) => Promise<void>, now: () => number) {
    this.#call = call;
    this.#now = now;
  }

  /**
   * Resolves once the object has it, or at once where another invocation makes the call that will take it along: what
   * one invocation waits for, another cannot fulfil.
   */
  async tell(one: Ended): Promise<void> {
    this.#waiting.push(one);
    const now = this.#now();
    if (this.#waiting.length < MOST && now < this.#plannedUntil) return;
    const wait = this.#waiting.length < MOST ? Math.max(0, this.#calledAt + PAUSE_MS - now) : 0;
    this.#plannedUntil = now + wait + PAUSE_MS;
    if (wait > 0) await sleep(wait);
    const all = this.#waiting;
    this.#waiting = [];
    this.#plannedUntil = -Infinity;
    if (all.length === 0) return;
    this.#calledAt = this.#now();
    await this.#call(all);
  }
}
