// D1: removes what nobody needs any more beside events: copies, answers, and parts of bodies without an event.
import { rowsOf, type Run } from "./database.ts";

/** Parts of large bodies, some 700 KB each, that are deleted at once, though one event may have more. */
const PARTS = 100;

// The oldest is asked first: ordinarily none is old enough, and no more is read.
const FORGET_INSPECTIONS = `
DELETE FROM inspections WHERE at < ?1 AND seq IN (
  SELECT seq FROM inspections WHERE (SELECT at FROM inspections ORDER BY seq LIMIT 1) < ?1 ORDER BY seq LIMIT ?2
)`;

// Asked for first: a statement that looks elsewhere too reads a row more, each minute, where there is none.
const OLD_EDITIONS = "SELECT name FROM marks WHERE name > 'edited:' AND name < 'edited;' AND at < ?1";
const FORGET_EDITIONS = `
DELETE FROM marks WHERE name IN (SELECT value FROM json_each(?1))
  AND NOT EXISTS (SELECT 1 FROM events WHERE id = substr(name, 8, instr(substr(name, 8), ':') - 1))`;

/** How far has been looked for parts of a kind. */
const partsPlaceOf = (mark: string) => `coalesce((SELECT value FROM marks WHERE name = '${mark}'), '')`;
const nobodysParts = (mark: string, floor: string, nobodys: string) => `
SELECT * FROM (
  SELECT '${mark}' AS mark, receipt, (SELECT count(*) FROM event_parts q WHERE q.receipt = p.receipt) AS parts FROM event_parts p
  WHERE receipt > ${partsPlaceOf(mark)} AND receipt < ${floor} AND n = 0 AND ${nobodys}
  ORDER BY receipt LIMIT ?3
)`;
// Parts without an event, and those of a repeat: another acceptance has made the event, so nobody will ever need them.
const ORPHANS = `${nobodysParts("orphans", "?1", "NOT EXISTS (SELECT 1 FROM events e WHERE e.id = p.event AND e.receipt = p.receipt)")}
UNION ALL ${nobodysParts("repeated", "?2", "EXISTS (SELECT 1 FROM events e WHERE e.id = p.event AND e.receipt <> p.receipt)")}`;

// A receipt begins with its time in ms, to the base of 36: the first five of nine digits are half an hour. A mark that
// were moved each minute would be rows written on a day without events.
const MARK = `
INSERT INTO marks (name, value, at) VALUES ('orphans', ?1, ?3), ('repeated', ?2, ?3)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at WHERE substr(value, 1, 5) < substr(excluded.value, 1, 5)`;

// Their names are the keys of the objects.
const LEAVING = "SELECT name FROM marks WHERE name > 'bodies/' AND name < 'bodies0' ORDER BY name LIMIT ?1";

/** What was deleted, and whether there is more that had no room beside it. */
export interface Removed {
  readonly count: number;
  readonly cut: boolean;
}

/** @param run D1 with the schema in place */
export function openRetention(run: Run) {
  const all = rowsOf(run);

  return {
    /** Objects of pieces that are gone, at most so many. */
    async leaving(limit: number): Promise<string[]> {
      return (await all<{ name: string }>(LEAVING, limit)).map(({ name }) => name);
    },

    /** Nothing of these is left in the bucket. */
    async left(keys: readonly string[]): Promise<void> {
      await all("DELETE FROM marks WHERE name IN (SELECT value FROM json_each(?1))", JSON.stringify(keys));
    },

    /** Forgets what inspectors have kept since before `before`, whatever event it belongs to. */
    async expireInspections(before: number, limit: number): Promise<void> {
      await all(FORGET_INSPECTIONS, before, limit);
    },

    /**
     * Forgets answers to idempotency keys that were given before `before`, and which events were edited before
     * `edited`, if they are here no more: a deletion of one finds what was made of it by this, wherever that is. Reads
     * all of them: they stand in no order of time.
     */
    async expireAnswers(before: number, edited: number): Promise<void> {
      await all("DELETE FROM marks WHERE name > 'asked:' AND name < 'asked;' AND at < ?1", before);
      const old = await all<{ name: string }>(OLD_EDITIONS, edited);
      if (old.length > 0) await all(FORGET_EDITIONS, JSON.stringify(old.map(({ name }) => name)));
    },

    /**
     * Deletes body parts that are nobody's: given receipts below `floor` where they have no event, and below `repeated`
     * where their event is of another acceptance. How far it has looked is kept, so that the parts of living events are
     * not looked at again and again.
     */
    async dropOrphans(floor: string, repeated: string, now: number, limit: number): Promise<Removed> {
      const looked = await all<{ mark: string; receipt: string; parts: number }>(ORPHANS, floor, repeated, limit);
      const { kept: rows, cut } = fitting(looked, ({ parts }) => parts);
      const reached = (kind: string, end: string) => {
        const seen = looked.filter(({ mark }) => mark === kind).length;
        const gone = rows.filter(({ mark }) => mark === kind);
        return seen < limit && gone.length === seen ? end : (gone.at(-1)?.receipt ?? "");
      };
      const receipts = JSON.stringify(rows.map((row) => row.receipt));
      await run((db) =>
        db.batch([
          db.prepare("DELETE FROM event_parts WHERE receipt IN (SELECT value FROM json_each(?1))").bind(receipts),
          db.prepare(MARK).bind(reached("orphans", floor), reached("repeated", repeated), now),
        ]),
      );
      return { count: rows.length, cut };
    },
  };
}

/** The first rows that have `PARTS` parts together; one, if it alone has more. */
export function fitting<Row>(
  rows: readonly Row[],
  partsOf: (row: Row) => number,
): { kept: readonly Row[]; cut: boolean } {
  let parts = 0;
  const end = rows.findIndex((row) => {
    const before = parts;
    parts += partsOf(row);
    return before > 0 && parts > PARTS;
  });
  return end === -1 ? { kept: rows, cut: false } : { kept: rows.slice(0, end), cut: true };
}
