// What is taken, and until when: counted by timers, which no jump of a clock moves, and after a restart by the clock.
// Touches nothing.

/**
 * A timer for longer than this would keep an object awake that has nothing else to do: past it the clock decides, in
 * ms.
 */
const LONGEST_TIMER_MS = 60_000;

interface Hold {
  readonly by: string;
  n: number;
  readonly ms: number;
  /** By the clock, in ms since 1970. */
  until: number;
  /** Ends its timer: an object with a timer stays awake. */
  stop(): void;
}

/** The clock and the timers of whoever counts. */
export interface Times {
  now(): number;
  /** Returns what stops it. */
  after(ms: number, run: () => void): () => void;
}

/** Units of something, each held by somebody for a time. */
export class Holds {
  readonly #times: Times;
  readonly #gone: (by: string) => void;
  /** In the order in which they were taken, which is about that in which they end. */
  readonly #all = new Set<Hold>();
  readonly #of = new Map<string, Hold[]>();
  /** Those whose timer has ended, and which the clock has to end. */
  #long: Hold[] = [];
  #taken = 0;

  /** @param gone told when somebody holds nothing any more */
  constructor(times: Times, gone: (by: string) => void) {
    this.#times = times;
    this.#gone = gone;
  }

  /**
   * @param by whoever takes `n` units
   * @param ms for how long at most
   * @param left of it, where an earlier life of the object has taken them
   */
  take(by: string, n: number, ms: number, left = ms): void {
    if (n <= 0 || left <= 0) return;
    const hold: Hold = { by, n, ms, until: this.#times.now() + left, stop: () => {} };
    this.#all.add(hold);
    this.#taken += n;
    const own = this.#of.get(by);
    if (own === undefined) this.#of.set(by, [hold]);
    else own.push(hold);
    hold.stop = this.#times.after(Math.min(left, LONGEST_TIMER_MS), () => {
      if (left <= LONGEST_TIMER_MS) this.#drop(hold, hold.n);
      else if (hold.n > 0) this.#long.push(hold);
    });
  }

  /** Of what `by` took first, `n` units end `ms` from now, and not sooner. */
  end(by: string, n: number, ms: number): void {
    const [first] = this.#of.get(by) ?? [];
    if (first === undefined) return;
    const ended = Math.min(n, first.n);
    this.take(by, ended, ms);
    this.#drop(first, ended);
  }

  /** Units that are held. */
  taken(): number {
    const now = this.#times.now();
    if (this.#long.length > 0) {
      for (const hold of this.#long) {
        // A clock that was set back holds nothing for longer than it was taken for.
        hold.until = Math.min(hold.until, now + hold.ms);
        if (hold.until <= now) this.#drop(hold, hold.n);
      }
      this.#long = this.#long.filter(({ n }) => n > 0);
    }
    return this.#taken;
  }

  has(by: string): boolean {
    return this.#of.has(by);
  }

  /** How many end in how many ms at the latest, and for how long they are held already: about the earliest first. */
  *ends(): Generator<{ readonly n: number; readonly inMs: number; readonly forMs: number }> {
    const now = this.#times.now();
    for (const { n, ms, until } of this.#all) {
      const inMs = Math.min(ms, Math.max(0, until - now));
      yield { n, inMs, forMs: ms - inMs };
    }
  }

  #drop(hold: Hold, n: number): void {
    this.#taken -= n;
    hold.n -= n;
    if (hold.n > 0) return;
    hold.stop();
    this.#all.delete(hold);
    const own = (this.#of.get(hold.by) ?? []).filter((one) => one !== hold);
    if (own.length > 0) this.#of.set(hold.by, own);
    else if (this.#of.delete(hold.by)) this.#gone(hold.by);
  }
}
