// Has this event another object by another count of shards? What one object knows of how isolates spread events.
import { backoff, within } from "../patience.ts";
import type { Log } from "../log.ts";
import { isElsewhere, type Spreadable } from "./spread.ts";

/** How isolates spread events, as the leader tells it: see docs/adr/0029. */
export interface Spreads {
  /** Counts up: what is older than what is known is not listened to. */
  readonly version: number;
  /** Ways in which events are spread now, or whose events may still wait for D1 somewhere. */
  readonly live: readonly string[];
  /** Ways that ended lately: D1 has their events. */
  readonly past: readonly string[];
}

/** Which journal rows wait for D1; `null` while none does. And how many events D1 has refused. */
export interface Waiting {
  readonly oldest: number | null;
  readonly newest: number | null;
  readonly stuck: number;
}

/**
 * Whether a first attempt may be granted as far as other objects are concerned. `moved`: not now. `asked`: only if D1
 * says that it does not have the event.
 */
export type May = "granted" | "asked" | "moved";

/** An acceptance waits so long to have its way of spreading known, in ms: the edge waits 2.5 s. */
const ENLIST_MS = 1_000;
/**
 * A way of spreading that nobody has used for so long may end, in ms: longer than an acceptance takes to reach the
 * journal.
 */
const UNUSED_MS = 120_000;

/** One way of spreading, as this object has met it. */
interface Way {
  /** Whether every object has heard of it, as far as the leader could reach it. */
  isKnown: boolean;
  usedAt: number;
  /** The last journal row that may hold events that came by it, once it is not used any more. */
  last: number | null;
}

export class Moved {
  readonly #enlist: (spread: string) => Promise<Spreads>;
  readonly #now: () => number;
  readonly #log: Log;
  #spreads: Spreads | null = null;
  readonly #ways = new Map<string, Way>();
  readonly #asking = new Map<string, Promise<void>>();
  #failures = 0;
  #retryAt = -Infinity;

  /** @param enlist tells the leader of a way of spreading, which tells it to every object */
  constructor(enlist: (spread: string) => Promise<Spreads>, now: () => number, log: Log) {
    this.#enlist = enlist;
    this.#now = now;
    this.#log = log;
  }

  /**
   * To be called before an acceptance, and awaited if it is not `null`: then every object knows that events are spread
   * this way before one is accepted by it. Never rejects, and never takes long: if the leader cannot be reached, events
   * are accepted and nothing is granted.
   */
  know(spread: string): Promise<void> | null {
    const now = this.#now();
    const way = this.#wayOf(spread);
    way.usedAt = now;
    way.last = null;
    if (way.isKnown || now < this.#retryAt) return null;
    const asking = this.#asking.get(spread) ?? this.#ask(spread, way);
    this.#asking.set(spread, asking);
    return asking;
  }

  #wayOf(spread: string): Way {
    const way = this.#ways.get(spread) ?? { isKnown: false, usedAt: -Infinity, last: null };
    this.#ways.set(spread, way);
    return way;
  }

  async #ask(spread: string, way: Way): Promise<void> {
    try {
      this.heed(await within(ENLIST_MS, "intake-0", this.#enlist(spread)));
      way.isKnown = true;
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      this.#retryAt = this.#now() + backoff(this.#failures);
      this.#log.warn("intake.spread_unknown", { spread, error: String(error) });
    } finally {
      this.#asking.delete(spread);
    }
  }

  /** The leader tells how events are spread. */
  heed(spreads: Spreads): void {
    if (spreads.version >= (this.#spreads?.version ?? 0)) this.#spreads = spreads;
  }

  /** @param spread how the isolate that asks for the acceptance spreads events */
  may(event: Spreadable & { readonly keyed?: boolean }, spread: string): May {
    const spreads = this.#spreads;
    if (spreads === null || this.#ways.get(spread)?.isKnown !== true) return "moved";
    // An id that was made up does not come again.
    if (event.keyed === false) return "granted";
    if (spreads.live.some((other) => isElsewhere(event, spread, other))) return "moved";
    return spreads.past.some((other) => isElsewhere(event, spread, other)) ? "asked" : "granted";
  }

  /**
   * Whether D1 has every event that came to this object by this way of spreading. If so the next one that does is told
   * to the leader first, as if it had never come.
   */
  release(spread: string, { oldest, newest, stuck }: Waiting): boolean {
    const way = this.#wayOf(spread);
    // What D1 refuses gets another row whenever it is tried again.
    if (this.#now() - way.usedAt < UNUSED_MS || stuck > 0) {
      way.last = null;
      return false;
    }
    way.last ??= newest ?? 0;
    if (oldest !== null && oldest <= way.last) return false;
    way.isKnown = false;
    return true;
  }
}
