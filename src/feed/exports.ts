// What of the counters has been pushed to a collector, and what is to be pushed next: kept in the Feed object, because
// each push is made by another isolate.
import type { Temporality } from "../contract/otlp.ts";
import { type Lifetime, lifetimeOf } from "./lifetime.ts";
import { MINUTE_MS, packTally, type Tally, tallyBetween, unpackTally } from "./tally.ts";

/** What a collector is told next: what was counted from `from` until `at`, in ms since 1970. */
export interface Export {
  readonly from: number;
  readonly at: number;
  readonly lifetime: Lifetime;
}

/**
 * How a push ended. `took`: the collector has it. `refused`: it does not have it, and says so. `unsure`: it may have
 * it, because no answer came, or one that does not say.
 */
export interface Pushed {
  readonly end: "took" | "refused" | "unsure";
  readonly status: number | null;
  readonly fault: string | null;
  /** Points that it did not want, of a push that it took. */
  readonly rejected: number;
  /** It wants nothing before that, in ms since 1970. */
  readonly notBefore: number | null;
}

/** How pushing stands, for an operator. Times are in ms since 1970; `null` before the first. */
export interface PushState {
  readonly tookAt: number | null;
  /** When the first push failed since the last that was taken. */
  readonly failingSince: number | null;
  readonly last: Pick<Pushed, "status" | "fault" | "rejected"> | null;
}

interface Mark {
  readonly at: number;
  readonly counts: string;
}

/** The one row. Times are in ms since 1970. */
interface Row extends PushState {
  /** Up to where the collector has been told; `null` where each push tells everything. */
  readonly told: Mark | null;
  /**
   * What it is being told, since when, and how many times by now. It stays the same while the collector may have it, so
   * that a repeat has the same times and the same numbers.
   */
  readonly telling: (Mark & { readonly since: number; readonly tries: number }) | null;
  /** From when on everything is counted, as the first push said it: a start that moves would be a relay begun anew. */
  readonly start: number | null;
  readonly notBefore: number | null;
}

const NONE: Row = {
  tookAt: null,
  failingSince: null,
  last: null,
  told: null,
  telling: null,
  start: null,
  notBefore: null,
};
/** Longer than a push may take, in ms: until then nobody else begins one. */
const UNDER_WAY_MS = 30_000;
/** A collector may put the next push off for so long at most, in ms. */
const LONGEST_WAIT_MS = 60 * MINUTE_MS;
/**
 * What it may have and yet refuses is told as it was for so long, in ms. Then it is told together with what comes next:
 * it may be counted twice, where it would otherwise stop all that follows.
 */
const INSISTING_MS = 60 * MINUTE_MS;

export class Exports {
  readonly #sql: SqlStorage;
  readonly #now: () => number;
  readonly #counted: () => readonly [since: number, total: Tally];

  /** @param sql the object's storage; its table is made on the first use */
  constructor(sql: SqlStorage, now: () => number, counted: () => readonly [since: number, total: Tally]) {
    this.#sql = sql;
    this.#now = now;
    this.#counted = counted;
  }

  /**
   * Begins a push. What it tells stays the same until it has ended as `took` or `refused`.
   *
   * @returns `null` where there is nothing to be told now: another push is under way, the collector wants to be left
   * alone, or this is where telling begins
   */
  begin(temporality: Temporality): Export | null {
    const row = this.#read();
    const now = this.#now();
    if (row.notBefore !== null && now < row.notBefore) return null;
    const [since, total] = this.#counted();
    if (temporality === "cumulative") {
      if (row.start === null) this.#write({ ...row, start: since });
      return { from: row.start ?? since, at: now, lifetime: lifetimeOf(since, total) };
    }
    if (row.told === null) {
      this.#write({ ...row, told: { at: now, counts: packTally(total) } });
      return null;
    }
    if (row.telling !== null && now >= row.telling.since && now - row.telling.since < UNDER_WAY_MS) return null;
    // A clock that was put back must not make an interval that ends before it begins.
    if (row.telling === null && now <= row.told.at) return null;
    const { at, counts, tries } = row.telling ?? { at: now, counts: packTally(total), tries: 0 };
    const telling = { at, counts, since: now, tries: tries + 1 };
    this.#write({ ...row, telling });
    const counted = tallyBetween(unpackTally(row.told.counts), tallyOf(telling));
    return { from: row.told.at, at: telling.at, lifetime: lifetimeOf(since, counted) };
  }

  /** Notes how the push of what was counted until `at` has ended. One that ended before is not ended again. */
  end(at: number, { end, notBefore, ...last }: Pushed): void {
    const row = this.#read();
    const now = this.#now();
    const { telling } = row;
    const isThis = telling?.at === at;
    // One that was told before may have arrived then, whatever is said of it now.
    const isAbsent = isThis && end === "refused" && (telling.tries === 1 || now - at > INSISTING_MS);
    this.#write({
      ...row,
      tookAt: end === "took" ? now : row.tookAt,
      failingSince: end === "took" ? null : (row.failingSince ?? now),
      last,
      told: isThis && end === "took" ? { at, counts: telling.counts } : row.told,
      telling: !isThis ? telling : end === "took" || isAbsent ? null : { ...telling, since: 0 },
      notBefore: notBefore === null ? null : Math.min(notBefore, now + LONGEST_WAIT_MS),
    });
  }

  /** How pushing stands. */
  state(): PushState {
    const { tookAt, failingSince, last } = this.#read();
    return { tookAt, failingSince, last };
  }

  #read(): Row {
    this.#sql.exec("CREATE TABLE IF NOT EXISTS exports (one INTEGER PRIMARY KEY, row TEXT NOT NULL)");
    const [kept] = this.#sql.exec<{ row: string }>("SELECT row FROM exports");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `#write` wrote it
    return kept === undefined ? NONE : { ...NONE, ...(JSON.parse(kept.row) as Partial<Row>) };
  }

  #write(row: Row): void {
    this.#sql.exec(
      "INSERT INTO exports (one, row) VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET row = excluded.row",
      JSON.stringify(row),
    );
  }
}

function tallyOf({ counts }: Mark): Tally {
  const { sources, destinations, use = new Map() } = unpackTally(counts);
  return {
    sources: new Map(sources),
    destinations: new Map(
      [...destinations].map(([name, one]) => [name, { ...one, latencies: one.latencies ?? new Map() }]),
    ),
    use: new Map(use),
  };
}
