// Who may make a first attempt now? Counts what is under way, to each destination and in all, and lets a burst wait its
// turn.
import { ATTEMPT_MS, GRANT_MS, GRANT_WAIT_MS } from "../deadlines.ts";
import { sleep } from "../patience.ts";

/**
 * First attempts under way to one destination and in all, over all shards. A Worker's invocation has six connections of
 * its own.
 */
const MOST_TO_ONE = 64;
const MOST_IN_ALL = 512;
/**
 * After a timeout a destination's first attempts take the queue's way for so long, in ms, or until one that it makes
 * ends in time.
 */
const SLOW_FOR_MS = 60_000;
/** A full destination that has ended nothing for so long hangs: whoever waits for it takes the queue's way, in ms. */
const STALLED_MS = 2_000;
/** A grant whose end nobody has told is forgotten, in ms. */
const FORGOTTEN_MS = GRANT_MS + ATTEMPT_MS + 5_000;
/** How often those who wait are looked at, in ms. */
const TICK_MS = 250;

/** Told once: granted, or not. */
export type Decide = (granted: boolean) => void;

interface Waiter {
  readonly key: string;
  readonly since: number;
  readonly decide: Decide;
}

interface Window {
  /** When each grant was given, oldest first. */
  readonly taken: Map<string, number>;
  waiting: Waiter[];
  /** When the last one was given, or ended. */
  progressAt: number;
  slowUntil: number;
}

/** The grants of one Intake object. */
export class Grants {
  readonly #mostToOne: number;
  readonly #mostInAll: number;
  readonly #now: () => number;
  readonly #windows = new Map<string, Window>();
  #inAll = 0;
  #ticking = false;

  constructor(shards: number, now: () => number) {
    this.#mostToOne = Math.ceil(MOST_TO_ONE / shards);
    this.#mostInAll = Math.ceil(MOST_IN_ALL / shards);
    this.#now = now;
  }

  /** Whether a first attempt to this destination makes sense at all. */
  offers(destination: string): boolean {
    const window = this.#windows.get(destination);
    return window === undefined || window.slowUntil <= this.#now();
  }

  /** Decides at once where there is room, and otherwise within `GRANT_WAIT_MS`. */
  ask(destination: string, key: string, decide: Decide): void {
    const window = this.#window(destination);
    const now = this.#now();
    if (window.slowUntil > now) decide(false);
    else if (window.waiting.length === 0 && this.#hasRoom(window, now)) this.#give(window, key, decide);
    else {
      window.waiting.push({ key, since: now, decide });
      void this.#tick();
    }
  }

  /** The end of a granted attempt; one that was forgotten, or never granted, counts for nothing but its slowness. */
  leave(destination: string, key: string, timedOut: boolean | null): void {
    const window = this.#window(destination);
    const now = this.#now();
    if (window.taken.delete(key)) this.#inAll -= 1;
    window.progressAt = now;
    if (timedOut !== null) window.slowUntil = timedOut ? now + SLOW_FOR_MS : 0;
    this.#admit(now);
  }

  /** Nobody is granted anything for this destination any more, of those who wait. */
  refuse(destination: string): void {
    const window = this.#window(destination);
    for (const { decide } of window.waiting.splice(0)) decide(false);
  }

  #window(destination: string): Window {
    let window = this.#windows.get(destination);
    if (window === undefined) {
      window = { taken: new Map(), waiting: [], progressAt: this.#now(), slowUntil: 0 };
      this.#windows.set(destination, window);
    }
    return window;
  }

  #hasRoom(window: Window, now: number): boolean {
    this.#forget(window, now);
    // Of destinations that nobody asks for any more, too.
    if (this.#inAll >= this.#mostInAll) for (const other of this.#windows.values()) this.#forget(other, now);
    return window.taken.size < this.#mostToOne && this.#inAll < this.#mostInAll;
  }

  #forget({ taken }: Window, now: number): void {
    for (const [key, since] of taken) {
      if (now - since < FORGOTTEN_MS) break;
      taken.delete(key);
      this.#inAll -= 1;
    }
  }

  #give(window: Window, key: string, decide: Decide): void {
    const now = this.#now();
    window.progressAt = now;
    window.taken.set(key, now);
    this.#inAll += 1;
    decide(true);
  }

  /** Gives what is free to those who wait, each destination in turn. */
  #admit(now: number): void {
    for (const window of this.#windows.values()) {
      let next = window.waiting[0];
      while (next !== undefined && window.slowUntil <= now && this.#hasRoom(window, now)) {
        window.waiting.shift();
        this.#give(window, next.key, next.decide);
        next = window.waiting[0];
      }
    }
  }

  /** One timer for all who wait. */
  async #tick(): Promise<void> {
    if (this.#ticking) return;
    this.#ticking = true;
    for (;;) {
      await sleep(TICK_MS);
      const now = this.#now();
      this.#admit(now);
      let left = 0;
      for (const window of this.#windows.values()) {
        const stalled = window.taken.size >= this.#mostToOne && now - window.progressAt >= STALLED_MS;
        const hopeless = window.slowUntil > now || stalled;
        const late = window.waiting.filter(({ since }) => hopeless || now - since >= GRANT_WAIT_MS);
        window.waiting = window.waiting.filter((one) => !late.includes(one));
        for (const { decide } of late) decide(false);
        left += window.waiting.length;
      }
      if (left === 0) break;
    }
    this.#ticking = false;
  }
}
