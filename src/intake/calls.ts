// Candidates of one isolate on their way to one object: what comes while a call is under way goes along with the next,
// because a call costs both sides more than what it carries.
import { sleep } from "../patience.ts";
import type { Acceptance } from "../types.ts";
import type { Candidate } from "./gathering.ts";

/** A call that takes longer than this, in ms, holds up no other: an object may be on another continent. */
const TURN_MS = 10;
/**
 * Candidates in one call, and characters of their events together, unless one alone has more: a call may carry 32 MiB
 * (https://developers.cloudflare.com/workers/runtime-apis/rpc/).
 */
const MOST = 100;
const MOST_CHARACTERS = 4_000_000;

/** What an object says of one of several candidates: `later` where it has no answer yet, to be asked for once more. */
export type Told = Acceptance | { readonly kind: "later" } | { readonly kind: "failed"; readonly error: string };

/** @see Told */
export const LATER: Told = { kind: "later" };

interface Waiting {
  readonly candidate: Candidate;
  readonly answered: PromiseWithResolvers<Told>;
  /** Resolves when whoever waits should make the next call. */
  readonly turn: PromiseWithResolvers<void>;
}

/** What one isolate asks of one object. */
export class Calls {
  readonly #call: (candidates: readonly Candidate[]) => Promise<readonly Told[]>;
  readonly #keep: (work: Promise<void>) => void;
  readonly #now: () => number;
  #waiting: Waiting[] = [];
  /** Nobody else calls before. A time, not a flag: the invocation that makes the call may die. */
  #busyUntil = -Infinity;

  /**
   * @param call asks the object, and gives an answer for each candidate
   * @param keep keeps an invocation alive, whose sender may hang up while others depend on its call
   */
  constructor(
    call: (candidates: readonly Candidate[]) => Promise<readonly Told[]>,
    keep: (work: Promise<void>) => void,
    now: () => number,
  ) {
    this.#call = call;
    this.#keep = keep;
    this.#now = now;
  }

  /**
   * The object's answer. Another invocation may make the call and settle the promise: the platform lets whatever awaits
   * it go on in its own invocation (https://github.com/cloudflare/workerd/pull/2719), as long as nothing that belongs
   * to an invocation is handed over. So an answer is plain data. Whoever awaits it needs a timer of its own, for a call
   * that is lost with its invocation.
   */
  async accept(candidate: Candidate): Promise<Told> {
    const one = { candidate, answered: Promise.withResolvers<Told>(), turn: Promise.withResolvers<void>() };
    // Nobody may be waiting for it any more when it fails.
    one.answered.promise.catch(() => {});
    this.#waiting.push(one);
    // A call that is full may leave it to the next.
    while (this.#waiting.includes(one)) {
      const wait = this.#busyUntil - this.#now();
      if (wait <= 0) this.#lead();
      else {
        const isFirst = this.#waiting[0] === one;
        const turn = isFirst ? Promise.race([one.turn.promise, sleep(wait)]) : one.turn.promise;
        await Promise.race([one.answered.promise, turn]);
      }
    }
    return await one.answered.promise;
  }

  #lead(): void {
    const all = this.#waiting.splice(0, this.#fitting());
    this.#busyUntil = this.#now() + TURN_MS;
    this.#keep(this.#make(all).then(() => this.#next()));
  }

  /** How many of those that wait go along. */
  #fitting(): number {
    let characters = 0;
    const tooMany = this.#waiting.findIndex(({ candidate }, n) => {
      characters += candidate.row.length;
      return n > 0 && characters > MOST_CHARACTERS;
    });
    return tooMany === -1 ? MOST : Math.min(MOST, tooMany);
  }

  async #make(all: readonly Waiting[]): Promise<void> {
    try {
      const answers = await this.#call(all.map(({ candidate }) => candidate));
      for (const [n, { answered }] of all.entries()) answered.resolve(answers[n] ?? LATER);
    } catch (error) {
      for (const { answered } of all) answered.reject(error);
    }
  }

  #next(): void {
    this.#busyUntil = -Infinity;
    // Whoever comes before it has woken takes it along.
    this.#waiting[0]?.turn.resolve();
  }
}
