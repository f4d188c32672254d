// The Intake object's own SQLite: what was acknowledged and is not in D1 yet. Synchronous; the caller decides when to
// sync.
import type { Event } from "../types.ts";

/** What is kept of one accepted event until it is in D1. */
export interface Entry {
  /** The event as JSON, made once at the edge and never parsed again on the way to D1. */
  readonly row: string;
  /** What its first bells need: id, body size, destinations. */
  readonly bells: BellSeed;
}

/**
 * `[event id, bytes of the body, destinations, what to tell]`; a repeat, and a row of an earlier release, have nothing
 * to tell.
 */
export type BellSeed = readonly [id: string, size: number, destinations: readonly string[], told?: Told];

/** What those who watch hear of an event. */
export type Told = Pick<Event, "source" | "type" | "receivedAt">;

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

/** @param sql the object's storage; its tables are made on the first use */
export function openJournal(sql: SqlStorage) {
  sql.exec(
    "CREATE TABLE IF NOT EXISTS journal (seq INTEGER PRIMARY KEY AUTOINCREMENT, rows TEXT NOT NULL, bells TEXT NOT NULL)",
  );
  sql.exec(
    "CREATE TABLE IF NOT EXISTS stuck (seq INTEGER PRIMARY KEY, row TEXT NOT NULL, bells TEXT NOT NULL, error TEXT NOT NULL)",
  );

  return {
    /** Packs a group into one row: a row per event halves the throughput. Returns its key. */
    append(entries: readonly Entry[]): number {
      const rows = entries.map((entry) => entry.row).join(",");
      const bells = JSON.stringify(entries.map((entry) => entry.bells));
      return sql
        .exec<{ seq: number }>("INSERT INTO journal (rows, bells) VALUES (?, ?) RETURNING seq", rows, bells)
        .one().seq;
    },

    /** The oldest rows, up to `limit` characters together but at least one; `null` when everything is in D1. */
    oldest(limit: number): Group | null {
      const seqs: number[] = [];
      const rows: string[] = [];
      const bells: BellSeed[] = [];
      let size = 0;
      for (const row of sql.exec<{ seq: number; rows: string; bells: string }>(
        "SELECT seq, rows, bells FROM journal ORDER BY seq",
      )) {
        size += row.rows.length;
        if (seqs.length > 0 && size > limit) break;
        seqs.push(row.seq);
        rows.push(row.rows);
        bells.push(...parseSeeds(row.bells));
      }
      return seqs.length === 0 ? null : { seqs, rows: rows.join(","), bells };
    },

    /**
     * Forgets exactly these rows, now that D1 has them, and sets aside what D1 refuses. One transaction with whatever
     * else this turn writes.
     */
    remove(seqs: readonly number[], refused: readonly Stuck[] = []): void {
      for (const { row, bells, error } of refused)
        sql.exec("INSERT INTO stuck (row, bells, error) VALUES (?, ?, ?)", row, JSON.stringify(bells), error);
      for (const seq of seqs) sql.exec("DELETE FROM journal WHERE seq = ?", seq);
    },

    /**
     * Puts what D1 refused back into the journal, to be tried again: of the `limit` events that have waited longest
     * those that have `most` characters together, but at least one. Returns how many are left.
     */
    retryStuck(limit: number, most: number): number {
      const oldest = "SELECT seq, length(row) AS size FROM stuck ORDER BY seq LIMIT ?";
      let characters = 0;
      for (const { seq, size } of sql.exec<{ seq: number; size: number }>(oldest, limit).toArray()) {
        characters += size;
        if (characters > most && characters > size) break;
        sql.exec("INSERT INTO journal (rows, bells) SELECT row, '[' || bells || ']' FROM stuck WHERE seq = ?", seq);
        sql.exec("DELETE FROM stuck WHERE seq = ?", seq);
      }
      return sql.exec<{ n: number }>("SELECT count(*) AS n FROM stuck").one().n;
    },

    /** Whether D1 has refused this event. */
    isStuck(id: string): boolean {
      return sql.exec("SELECT 1 FROM stuck WHERE json_extract(bells, '$[0]') = ? LIMIT 1", id).toArray().length > 0;
    },

    /** For /health: rows that wait for D1, events that D1 refuses, bytes in use. */
    status(): { waiting: number; stuck: number; bytes: number } {
      const count = (table: "journal" | "stuck") =>
        sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n;
      return { waiting: count("journal"), stuck: count("stuck"), bytes: sql.databaseSize };
    },

    /** Bytes in use, of the 10 GB that an object may have. */
    bytes: (): number => sql.databaseSize,
  };
}

function parseSeeds(text: string): BellSeed[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this file wrote it
  return JSON.parse(text) as BellSeed[];
}
