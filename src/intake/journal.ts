// The Intake object's own SQLite: what was acknowledged and is not in D1 yet. Synchronous; the caller decides when to
// sync.
import type { Event } from "../types.ts";
import type { Waiting } from "./moved.ts";

/** What is kept of one accepted event until it is in D1. */
export interface Entry {
  /** The event as JSON, made once at the edge and never parsed again on the way to D1. */
  readonly row: string;
  /** What its first bells need: id, body size, destinations. */
  readonly bells: BellSeed;
}

/**
 * `[event id, bytes of the body, destinations, what to tell, which acceptance]`. A repeat has nothing to tell; a row
 * of an earlier release may end early.
 */
export type BellSeed = readonly [
  id: string,
  size: number,
  destinations: readonly string[],
  told?: Told | null,
  opening?: Opening,
];

/** What is known of an acceptance without a look at its event. */
interface Opening {
  readonly receipt: string;
  /**
   * Destinations whose first attempt may be granted, and until when it may be under way: more than are, never fewer.
   */
  readonly first?: { readonly to: readonly string[]; readonly until: number };
}

/** What those who watch hear of an event. */
export type Told = Pick<Event, "source" | "type" | "receivedAt">;

/** What a journal row holds, without its events. */
export interface Found {
  readonly seq: number;
  readonly seeds: readonly BellSeed[];
}

/** Journal rows that go to D1 together. */
export interface Group {
  readonly seqs: readonly number[];
  /** The inside of a JSON array of events. */
  readonly rows: string;
  readonly bells: readonly BellSeed[];
}

/**
 * An event that D1 refuses for what it is, with D1's reason. It stays here, is counted in /health, and is tried again.
 */
export interface Stuck {
  readonly row: string;
  readonly bells: BellSeed;
  readonly error: string;
}

export type Journal = ReturnType<typeof openJournal>;

/** Bytes of storage that may wait for D1: an object may have 10 GB. */
const MOST_BYTES = 8_000_000_000;
/** How often the storage is measured, in ms. */
const MEASURE_MS = 1_000;

/** @param sql the object's storage; its tables are made on the first use */
export function openJournal(sql: SqlStorage) {
  const keys = openJournalTable(sql);
  return {
    /** Packs a group into one row: a row per event halves the throughput. Returns its key. */
    append(entries: readonly Entry[]): number {
      const rows = entries.map((entry) => entry.row).join(",");
      const bells = JSON.stringify(entries.map((entry) => entry.bells));
      const seq = keys.next();
      sql.exec("INSERT INTO journal (seq, rows, bells) VALUES (?, ?, ?)", seq, rows, bells);
      return seq;
    },

    /**
     * The oldest rows, up to `limit` characters together but at least one; `null` when everything is in D1.
     *
     * @param ready whether a row may go by now; none behind one that may not does
     */
    oldest(limit: number, ready: (seeds: readonly BellSeed[]) => boolean = () => true): Group | null {
      const seqs: number[] = [];
      const rows: string[] = [];
      const bells: BellSeed[] = [];
      let size = 0;
      for (const row of sql.exec<{ seq: number; rows: string; bells: string }>(
        "SELECT seq, rows, bells FROM journal ORDER BY seq",
      )) {
        size += row.rows.length;
        if (seqs.length > 0 && size > limit) break;
        const seeds = parseSeeds(row.bells);
        if (!ready(seeds)) break;
        seqs.push(row.seq);
        rows.push(row.rows);
        bells.push(...seeds);
      }
      return seqs.length === 0 ? null : { seqs, rows: rows.join(","), bells };
    },

    /** Forgets the rows of a group, now that D1 has them: it holds every row between its first and its last. */
    remove(seqs: readonly number[]): void {
      sql.exec("DELETE FROM journal WHERE seq BETWEEN ? AND ?", Math.min(...seqs), Math.max(...seqs));
    },

    /** For /health: rows that wait for D1, events that D1 refuses, bytes in use. */
    status(): { waiting: number; stuck: number; bytes: number } {
      const count = (table: "journal" | "stuck") =>
        sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n;
      return { waiting: count("journal"), stuck: count("stuck"), bytes: sql.databaseSize };
    },

    isFull: openMeasure(sql),

    isEmpty: (): boolean => sql.exec("SELECT 1 FROM journal LIMIT 1").toArray().length === 0,

    /** The seeds of the oldest row. */
    first(): readonly BellSeed[] {
      const [row] = sql.exec<{ bells: string }>("SELECT bells FROM journal ORDER BY seq LIMIT 1").toArray();
      return row === undefined ? [] : parseSeeds(row.bells);
    },

    /** The key of the youngest row since this object was started, or that it found then. */
    last: (): number => keys.last,

    /** All rows, for an object that has just been started; `null` where there are more than `most`. */
    seeds(most: number): Found[] | null {
      const rows = sql
        .exec<{ seq: number; bells: string }>("SELECT seq, bells FROM journal ORDER BY seq LIMIT ?", most + 1)
        .toArray();
      return rows.length > most ? null : rows.map(({ seq, bells }) => ({ seq, seeds: parseSeeds(bells) }));
    },

    ...openStuck(sql, () => keys.next()),
  };
}

/**
 * Whether as much waits for D1 as may, at a time in ms since 1970. Measured once a second until it is so, and then each
 * time: the size is asked for by a statement.
 */
function openMeasure(sql: SqlStorage): (now: number) => boolean {
  let isFull = false;
  let measuredAt = -Infinity;
  return (now) => {
    if (!isFull && now - measuredAt < MEASURE_MS) return false;
    measuredAt = now;
    isFull = sql.databaseSize > MOST_BYTES;
    return isFull;
  };
}

/**
 * Keys rise from the highest that was found: they name rows only within one life of the object. SQLite's own counter
 * (`AUTOINCREMENT`) would write, and be billed as, a second row for each.
 */
function openJournalTable(sql: SqlStorage): { readonly last: number; next(): number } {
  sql.exec("CREATE TABLE IF NOT EXISTS journal (seq INTEGER PRIMARY KEY, rows TEXT NOT NULL, bells TEXT NOT NULL)");
  let { last } = sql.exec<{ last: number }>("SELECT coalesce(max(seq), 0) AS last FROM journal").one();
  const { counts } = sql
    .exec<{ counts: number }>(
      "SELECT count(*) AS counts FROM sqlite_master WHERE name = 'journal' AND sql LIKE '%AUTOINCREMENT%'",
    )
    .one();
  if (counts > 0 && last === 0) {
    // A table of an earlier release.
    sql.exec("DROP TABLE journal");
    sql.exec("CREATE TABLE journal (seq INTEGER PRIMARY KEY, rows TEXT NOT NULL, bells TEXT NOT NULL)");
  }
  return {
    get last() {
      return last;
    },
    next: () => (last += 1),
  };
}

/** What D1 has refused, in the same storage. */
function openStuck(sql: SqlStorage, nextSeq: () => number) {
  sql.exec(
    "CREATE TABLE IF NOT EXISTS stuck (seq INTEGER PRIMARY KEY, row TEXT NOT NULL, bells TEXT NOT NULL, error TEXT NOT NULL)",
  );
  const count = () => sql.exec<{ n: number }>("SELECT count(*) AS n FROM stuck").one().n;
  /** Asked for each event, and nearly always 0. */
  let stuck = count();

  return {
    /** Sets aside what D1 refuses. One transaction with whatever else this turn writes. */
    setAside(refused: readonly Stuck[]): void {
      for (const { row, bells, error } of refused)
        sql.exec("INSERT INTO stuck (row, bells, error) VALUES (?, ?, ?)", row, JSON.stringify(bells), error);
      stuck += refused.length;
    },

    /**
     * Puts what D1 refused back into the journal, to be tried again: of the `limit` events that have waited longest
     * those that have `most` characters together, but at least one. Returns their new rows, and how many are left.
     */
    retryStuck(limit: number, most: number): { moved: Found[]; left: number } {
      const oldest = "SELECT seq, length(row) AS size FROM stuck ORDER BY seq LIMIT ?";
      const move =
        "INSERT INTO journal (seq, rows, bells) SELECT ?, row, '[' || bells || ']' FROM stuck WHERE seq = ? RETURNING seq, bells";
      const moved: Found[] = [];
      let characters = 0;
      for (const { seq, size } of sql.exec<{ seq: number; size: number }>(oldest, limit).toArray()) {
        characters += size;
        if (characters > most && characters > size) break;
        const row = sql.exec<{ seq: number; bells: string }>(move, nextSeq(), seq).one();
        moved.push({ seq: row.seq, seeds: parseSeeds(row.bells) });
        sql.exec("DELETE FROM stuck WHERE seq = ?", seq);
      }
      stuck = count();
      return { moved, left: stuck };
    },

    /** Whether D1 has refused this event. */
    isStuck(id: string): boolean {
      if (stuck === 0) return false;
      return sql.exec("SELECT 1 FROM stuck WHERE json_extract(bells, '$[0]') = ? LIMIT 1", id).toArray().length > 0;
    },
  };
}

/** Which rows wait for D1, by the keys of the oldest and the newest, and how many events D1 has refused. */
export function waitingIn(sql: SqlStorage): Waiting {
  const waiting = "SELECT min(seq) AS oldest, max(seq) AS newest, (SELECT count(*) FROM stuck) AS stuck FROM journal";
  return sql.exec<{ oldest: number | null; newest: number | null; stuck: number }>(waiting).one();
}

/** Of which acceptance a seed is; empty where a row of an earlier release does not say. */
const receiptOf = (seed: string) => `coalesce(json_extract(${seed}, '$[4].receipt'), '')`;

/** Whether an event waits for D1, or D1 has refused it, whose receipt is below this one. */
export function holdsBelow(sql: SqlStorage, receipt: string): boolean {
  const found = sql.exec(
    `SELECT 1 FROM journal, json_each(journal.bells) one WHERE ${receiptOf("one.value")} < ?1
     UNION ALL SELECT 1 FROM stuck WHERE ${receiptOf("bells")} < ?1 LIMIT 1`,
    receipt,
  );
  return found.toArray().length > 0;
}

function parseSeeds(text: string): BellSeed[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this file wrote it
  return JSON.parse(text) as BellSeed[];
}
