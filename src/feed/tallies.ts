// The Feed object's own SQLite: counts by the minute for a day, by the hour for a month.
// A few rows, whatever the traffic.
import {
  addTally,
  inMap,
  MINUTE_MS,
  newTally,
  packTally,
  type Spent,
  type Sums,
  sums,
  type Tally,
  type ToldTally,
  type Totals,
  totalsOf,
  unpackTally,
} from "./tally.ts";
import { type Lifetime, lifetimeOf } from "./lifetime.ts";
import { sleep } from "../patience.ts";
import { type Silence, silencesOf } from "./silence.ts";
import { addUse, refusalsIn, type SizeKey, type Told } from "./use.ts";

const HOUR_MS = 60 * MINUTE_MS;
/**
 * Longest time that counts are in memory only, in ms: what a crash may lose. A timer keeps the object awake, and a
 * second of that is billed like one and a half rows: counts of events wait for one second only. Strangers decide
 * how often something is refused, and must not use up the rows of a day.
 */
const WRITE_MS = { events: 1_000, refusals: 5_000 };
/**
 * How long minutes are kept before they become hours, and hours, in ms: charts of a day and of a week, and some room.
 */
const MINUTES_KEPT_MS = 26 * HOUR_MS;
const HOURS_KEPT_MS = 31 * 24 * HOUR_MS;
/** The growth of the database is that of so long, in ms: a week has each of its days once. */
const GROWTH_MS = 7 * 24 * HOUR_MS;
/** What happened longer ago than this is counted now, in ms: its minutes may be hours already. */
const LATEST_MS = 24 * HOUR_MS;

export class Tallies {
  readonly #sql: SqlStorage;
  readonly #now: () => number;
  #unwritten = new Map<number, Tally>();
  #writtenAt = -Infinity;
  #writing = false;
  #rolledTo = 0;
  /** Of everything that is written; read from the tables when it is first asked for, and kept up from then on. */
  #lifetime: Tally | null = null;

  /**
   * @param sql the object's storage; its tables are made on the first use. `past` has one row: the sum of the hours
   * that were dropped
   */
  constructor(sql: SqlStorage, now: () => number) {
    this.#sql = sql;
    this.#now = now;
    for (const table of ["minutes", "hours", "past"])
      sql.exec(`CREATE TABLE IF NOT EXISTS ${table} (at INTEGER PRIMARY KEY, counts TEXT NOT NULL)`);
  }

  /**
   * Counts by the minute, given as the time at which it begins. They are written within five seconds.
   *
   * @param use of the object itself
   * @returns when they are written by a timer, which keeps the object awake; otherwise `null`
   */
  add(counts: ReadonlyMap<number, ToldTally>, use: Told = new Map()): Promise<void> | null {
    const now = this.#now();
    addUse(inMap(this.#unwritten, now - (now % MINUTE_MS), newTally).use, use);
    for (const [minute, tally] of counts) {
      const at = minute > now || minute < now - LATEST_MS ? now - (now % MINUTE_MS) : minute;
      addTally(inMap(this.#unwritten, at, newTally), tally);
    }
    if (counts.size === 0 || this.#writing) return null;
    const kind = [...counts.values()].some(isOfEvents) ? "events" : "refusals";
    const wait = this.#writtenAt + WRITE_MS[kind] - now;
    if (wait <= 0) {
      this.write();
      return null;
    }
    // A timer, not an alarm: setting one would be another row.
    this.#writing = true;
    return (
      sleep(wait)
        .then(() => this.write())
        // What could not be written is written with what comes next.
        .catch(() => {})
    );
  }

  /** Writes what is in memory, and rolls up what has come of age. */
  write(): void {
    this.#writing = false;
    this.#writtenAt = this.#now();
    for (const [minute, tally] of this.#unwritten) {
      this.#addTo("minutes", minute, tally);
      if (this.#lifetime !== null) addTally(this.#lifetime, tally);
      this.#unwritten.delete(minute);
    }
    this.#rollUp(this.#writtenAt);
  }

  /**
   * The sums of each of `count` steps from `since` on:
   * whole minutes, and whole hours where it is longer ago than 26 hours.
   */
  steps(since: number, stepMs: number, count: number): Sums[] {
    return this.#stepped(since, stepMs, count).map((tally, n) =>
      Object.assign(sums(tally), { at: since + n * stepMs }),
    );
  }

  /** The totals by name since then. */
  totals(since: number): Totals {
    const total = newTally();
    const [heard, streaks] = [new Map<string, number>(), new Map<string, number>()];
    for (const [at, tally] of this.#from(since)) {
      addTally(total, tally);
      for (const [name, { accepted }] of tally.sources)
        if (accepted > 0) heard.set(name, Math.max(at, heard.get(name) ?? 0));
      for (const [name, { delivered, streak }] of tally.destinations)
        if (streak > 0 && (delivered > 0 || !streaks.has(name))) streaks.set(name, at);
        else if (delivered > 0) streaks.delete(name);
    }
    return totalsOf(total, heard, streaks);
  }

  /** What was used in each of `count` steps from since on, and for whom. */
  spent(since: number, stepMs: number, count: number): Spent[] {
    return this.#stepped(since, stepMs, count).map(({ sources, destinations, use }, n) => ({
      at: since + n * stepMs,
      use,
      sources,
      destinations: new Map(
        [...destinations].map(([name, { delivered, retried, failed }]) => [name, { delivered, retried, failed }]),
      ),
    }));
  }

  /**
   * What was used since then, as far as it was told. Sizes are those that were told last, and the size of the database
   * a week ago, or as far back as it is known, is noted with them.
   */
  use(since: number): Map<string, number> {
    const total = new Map<string, number>();
    for (const [, { use = new Map() }] of this.#from(since)) addUse(total, use);
    // Read one by one until a row tells a size: mostly the first.
    for (const { at, counts } of this.#sql.exec<Row>(WRITTEN, this.#now() - GROWTH_MS)) {
      const bytes = unpackTally(counts).use?.get("d1_bytes");
      if (bytes === undefined) continue;
      total.set(`was:${at}` satisfies SizeKey, bytes);
      break;
    }
    return total;
  }

  /** What each source did since then, and why it refused what it did. A source that did nothing is not there. */
  lately(since: number): Recent[] {
    const total = newTally();
    const refusedAt = new Map<string, number>();
    for (const [at, tally] of this.#from(since)) {
      addTally(total, tally);
      for (const [name, { refused }] of tally.sources) if (refused > 0 && !refusedAt.has(name)) refusedAt.set(name, at);
    }
    const refusals = Map.groupBy(refusalsIn(total.use), ({ source }) => source);
    return [...total.sources].map(([source, { accepted, refused }]) => {
      const reasons = (refusals.get(source) ?? []).map(({ reason, n }) => ({ reason, n }));
      return { source, accepted, refused, since: refusedAt.get(source) ?? since, reasons };
    });
  }

  /** How long each source is silent at other times. */
  silences(): Silence[] {
    const heard = new Map<string, number[]>();
    for (const [at, { sources }] of this.#from(this.#now() - HOURS_KEPT_MS))
      for (const [name, { accepted }] of sources) if (accepted > 0) inMap(heard, name, () => []).push(at);
    return silencesOf(heard);
  }

  /**
   * What was counted since the first event. What is not written yet is left out: it may be lost with the object, and
   * whoever watches these numbers would take one that falls for a relay that began anew.
   */
  lifetime(): Lifetime {
    const [since, total] = this.counted();
    return lifetimeOf(since, total);
  }

  /** The same as a tally, with the time at which counting began. */
  counted(): readonly [since: number, total: Tally] {
    if (this.#lifetime === null) {
      this.#lifetime = newTally();
      for (const { counts } of this.#sql.exec<Row>(`SELECT at, counts FROM past UNION ALL ${WRITTEN}`, 0))
        addTally(this.#lifetime, unpackTally(counts));
    }
    const [first] = this.#sql.exec<{ at: number | null }>(BEGINNING);
    return [first?.at ?? this.#now(), this.#lifetime];
  }

  #stepped(since: number, stepMs: number, count: number): Tally[] {
    const steps = Array.from({ length: count }, newTally);
    for (const [at, tally] of this.#from(since)) {
      const step = steps[Math.floor((at - since) / stepMs)];
      if (step !== undefined) addTally(step, tally);
    }
    return steps;
  }

  /** In the order of time; what is not written yet is of the last seconds, or of a minute that is there already. */
  *#from(since: number): Generator<[number, ToldTally], void> {
    for (const { at, counts } of this.#sql.exec<Row>(WRITTEN, since)) yield [at, unpackTally(counts)];
    for (const [at, tally] of this.#unwritten) if (at >= since) yield [at, tally];
  }

  #addTo(table: "minutes" | "hours" | "past", at: number, tally: Tally): void {
    const total = newTally();
    for (const { counts } of this.#sql.exec<Row>(`SELECT at, counts FROM ${table} WHERE at = ?1`, at))
      addTally(total, unpackTally(counts));
    addTally(total, tally);
    this.#sql.exec(
      `INSERT INTO ${table} (at, counts) VALUES (?1, ?2) ON CONFLICT (at) DO UPDATE SET counts = excluded.counts`,
      at,
      packTally(total),
    );
  }

  /** Hours before this leave; their sum stays, under the time of the first of them. */
  #drop(before: number): void {
    const dropped = newTally();
    const rows = [...this.#sql.exec<Row>("SELECT at, counts FROM hours WHERE at < ?1 ORDER BY at", before)];
    const [first] = rows;
    if (first === undefined) return;
    for (const { counts } of rows) addTally(dropped, unpackTally(counts));
    const [past] = this.#sql.exec<{ at: number }>("SELECT at FROM past");
    this.#addTo("past", past?.at ?? first.at, dropped);
    this.#sql.exec("DELETE FROM hours WHERE at < ?1", before);
  }

  /** Whole hours only, so that no hour is half in one table and half in the other. */
  #rollUp(now: number): void {
    const end = Math.floor((now - MINUTES_KEPT_MS) / HOUR_MS) * HOUR_MS;
    if (end <= this.#rolledTo) return;
    this.#rolledTo = end;
    const hours = new Map<number, Tally>();
    for (const { at, counts } of this.#sql.exec<Row>("SELECT at, counts FROM minutes WHERE at < ?1 ORDER BY at", end))
      addTally(inMap(hours, at - (at % HOUR_MS), newTally), unpackTally(counts));
    for (const [at, tally] of hours) this.#addTo("hours", at, tally);
    this.#sql.exec("DELETE FROM minutes WHERE at < ?1", end);
    this.#drop(now - HOURS_KEPT_MS);
  }
}

/** What one source did of late. Times are in ms. */
export interface Recent {
  readonly source: string;
  readonly accepted: number;
  readonly refused: number;
  /** The first minute in which it refused something. */
  readonly since: number;
  readonly reasons: readonly { readonly reason: string; readonly n: number }[];
}

const WRITTEN =
  "SELECT at, counts FROM hours WHERE at >= ?1 UNION ALL SELECT at, counts FROM minutes WHERE at >= ?1 ORDER BY at";
const BEGINNING =
  "SELECT coalesce((SELECT at FROM past), (SELECT min(at) FROM hours), (SELECT min(at) FROM minutes)) AS at";

function isOfEvents({ sources, destinations }: ToldTally): boolean {
  return destinations.size > 0 || [...sources.values()].some(({ accepted }) => accepted > 0);
}

type Row = { at: number; counts: string };
