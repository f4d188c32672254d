// How many sends may run at once, how many of them to one destination, and how much they hold.
// Counts in one isolate; touches nothing.

/** Sends in one isolate beyond which the queue's handler waits. */
const MOST_IN_FLIGHT = 50;
/**
 * Bytes of all their bodies: an isolate has 128 MB, and a body exists twice while it is put together.
 * One may always go.
 */
const MOST_BYTES = 32 * 1024 * 1024;
/**
 * After a timeout, until an answer comes again or this long has passed, a destination gets one send at a time, in ms.
 */
const SLOW_FOR_MS = 60_000;
/**
 * No send lasts this long, in ms: one that has not left by then died with its invocation,
 * which the platform ends without a word.
 */
export const ABANDONED_MS = 60_000;

/** A send that is under way. */
export interface Place {
  readonly destination: string;
  readonly bytes: number;
  readonly since: number;
}

/** Sends that have been admitted and not begun. */
export interface Planned {
  readonly toOne: number;
  readonly bytes: number;
}

/**
 * A destination that hangs takes half of the places for 15 s once,
 * a second one half of the rest, and each one place from then on.
 */
export class Pace {
  readonly #taken = new Set<Place>();
  readonly #slowUntil = new Map<string, number>();

  /**
   * Whether another send may begin; `planned` are those that will begin before it, to this destination and altogether.
   */
  admits(destination: string, bytes: number, planned: Planned, now: number): boolean {
    this.#forget(now);
    const taken = [...this.#taken];
    const held = planned.bytes + taken.reduce((sum, place) => sum + place.bytes, 0);
    if (held > 0 && held + bytes > MOST_BYTES) return false;
    // Never more than there are places free: however many destinations hang, together they cannot fill the isolate.
    const limit = this.isSlow(destination, now) ? 1 : Math.max(1, MOST_IN_FLIGHT - taken.length);
    return planned.toOne + taken.filter((place) => place.destination === destination).length < limit;
  }

  /** Whether this destination timed out lately and has not answered since. */
  isSlow(destination: string, now: number): boolean {
    return (this.#slowUntil.get(destination) ?? 0) > now;
  }

  /** Whether the isolate has as many sends as it should. */
  full(now: number): boolean {
    this.#forget(now);
    return this.#taken.size >= MOST_IN_FLIGHT;
  }

  enter(destination: string, bytes: number, now: number): Place {
    const place = { destination, bytes, since: now };
    this.#taken.add(place);
    return place;
  }

  leave(place: Place, timedOut: boolean, now: number): void {
    this.#taken.delete(place);
    this.heard(place.destination, timedOut, now);
  }

  /** How a send ended that took no place here. */
  heard(destination: string, timedOut: boolean, now: number): void {
    if (timedOut) this.#slowUntil.set(destination, now + SLOW_FOR_MS);
    else this.#slowUntil.delete(destination);
  }

  #forget(now: number): void {
    for (const place of this.#taken) if (now - place.since > ABANDONED_MS) this.#taken.delete(place);
  }
}
