// How isolates spread events over the objects: the leader's list, told to every object before an event is accepted by a
// new way.
import { within } from "../patience.ts";
import type { Log } from "../log.ts";
import type { Spreads } from "./moved.ts";
import { shardsOf } from "./spread.ts";

/** An object has so long to hear of a new way of spreading, in ms: an acceptance waits for all of them. */
const HEED_MS = 700;
/** How often it is asked whether a way of spreading has ended, in ms. */
const REVIEW_MS = 30_000;
/**
 * How long after its end events of a way get a first attempt only if D1 does not have them: whoever remembers them is
 * another object.
 */
const PAST_MS = 24 * 60 * 60_000;

export interface RosterDeps {
  /** Tells one object how events are spread. The leader is one of them. */
  heed(shard: number, spreads: Spreads): Promise<void>;
  /** Whether D1 has what came to this object by a way of spreading: see `Moved.release`. */
  release(shard: number, spread: string): Promise<boolean>;
  sync(): Promise<void>;
  /** Has `review` called at `at` at the latest. */
  arm(at: number): Promise<void>;
  now(): number;
  readonly log: Log;
}

interface Kept extends Omit<Spreads, "past"> {
  readonly past: readonly { readonly spread: string; readonly endedAt: number }[];
}

/** Kept by `intake-0`, in one row of its storage that is written when a way of spreading begins or ends. */
export class Roster {
  readonly #sql: SqlStorage;
  readonly #deps: RosterDeps;
  #kept: Kept;
  /** Those that were told of the latest version. */
  #heard = new Set<number>();
  /** Ways that were used while it was asked whether they have ended. */
  readonly #claimed = new Set<string>();
  #telling: Promise<void> = Promise.resolve();

  constructor(sql: SqlStorage, deps: RosterDeps) {
    this.#sql = sql;
    this.#deps = deps;
    sql.exec("CREATE TABLE IF NOT EXISTS spreads (one INTEGER PRIMARY KEY CHECK (one = 1), kept TEXT NOT NULL)");
    const [row] = sql.exec<{ kept: string }>("SELECT kept FROM spreads").toArray();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this file wrote it
    this.#kept = row === undefined ? { version: 0, live: [], past: [] } : (JSON.parse(row.kept) as Kept);
  }

  /** As every object is told. */
  get spreads(): Spreads {
    const { version, live, past } = this.#kept;
    return { version, live, past: past.map(({ spread }) => spread) };
  }

  /** How many objects may hold events, or grant first attempts. */
  get shards(): number {
    return Math.max(0, ...this.#kept.live.map(shardsOf));
  }

  /**
   * An isolate spreads events this way. Resolves once it is durable, and every object that can be reached has been
   * told.
   */
  async enlist(spread: string): Promise<Spreads> {
    this.#claimed.add(spread);
    const { live, past } = this.#kept;
    if (!live.includes(spread)) {
      this.#keep(
        [...live, spread],
        past.filter((one) => one.spread !== spread),
      );
      this.#telling = this.#tell();
    }
    await this.#telling;
    return this.spreads;
  }

  /**
   * Ends ways of spreading whose events are in D1, one or more of which must remain. Returns when it must be called
   * again.
   */
  async review(): Promise<number | null> {
    const now = this.#deps.now();
    const past = this.#kept.past.filter(({ endedAt }) => now - endedAt < PAST_MS);
    if (past.length < this.#kept.past.length) {
      this.#keep(this.#kept.live, past);
      await this.#tell();
    } else if (this.#kept.live.length > 1) await this.#push();
    for (const spread of this.#kept.live) if (this.#kept.live.length > 1) await this.#end(spread);
    if (this.#kept.live.length > 1) return now + REVIEW_MS;
    const [next] = this.#kept.past;
    return next === undefined ? null : next.endedAt + PAST_MS;
  }

  async #end(spread: string): Promise<void> {
    this.#claimed.delete(spread);
    // An earlier release does not say over how many it spreads.
    const shards = Array.from({ length: shardsOf(spread) || this.shards }, (_, shard) => shard);
    const released = await Promise.allSettled(
      shards.map((shard) => within(HEED_MS, `intake-${shard}`, this.#deps.release(shard, spread))),
    );
    const all = released.every((one) => one.status === "fulfilled" && one.value);
    if (!all || this.#claimed.has(spread)) return;
    const { live, past } = this.#kept;
    const count = this.shards;
    this.#keep(
      live.filter((one) => one !== spread),
      [...past, { spread, endedAt: this.#deps.now() }],
    );
    await this.#tell(count);
    this.#deps.log.info("intake.spread_ended", { spread, live: this.#kept.live });
  }

  #keep(live: readonly string[], past: Kept["past"]): void {
    this.#kept = { version: this.#kept.version + 1, live, past };
    this.#heard = new Set();
    this.#sql.exec("INSERT OR REPLACE INTO spreads VALUES (1, ?)", JSON.stringify(this.#kept));
  }

  async #tell(count = this.shards): Promise<void> {
    await this.#deps.sync();
    await this.#push(count);
    if (this.#kept.live.length > 1) await this.#deps.arm(this.#deps.now() + REVIEW_MS);
  }

  /** Tells those that have not heard of the latest version. The first way that there ever is contradicts nobody. */
  async #push(count = this.shards): Promise<void> {
    const { spreads } = this;
    if (spreads.version === 1) return;
    const shards = Array.from({ length: count }, (_, shard) => shard).filter((shard) => !this.#heard.has(shard));
    await Promise.all(
      shards.map(async (shard) => {
        try {
          await within(HEED_MS, `intake-${shard}`, this.#deps.heed(shard, spreads));
          if (spreads.version === this.#kept.version) this.#heard.add(shard);
        } catch (error) {
          this.#deps.log.warn("intake.spread_untold", { shard, error: String(error) });
        }
      }),
    );
  }
}
