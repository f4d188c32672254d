// D1: finds what is past its retention, a few rows at a time.
import { rowsOf, type Run } from "./database.ts";

/** Parts of large bodies, some 700 KB each, that are deleted at once, though one event may have more. */
const PARTS = 100;

const OPEN =
  "EXISTS (SELECT 1 FROM deliveries d WHERE d.event = e.seq AND d.state IN ('pending', 'delivering', 'held'))";
// received_at has no index, and every index costs a row per event. So the oldest rows are looked at, a few at a time,
// and the place is kept: what has to stay, because a delivery is open or held, must not hide what is behind it.
// Where the first of them is young, so are those behind it, and none is read: that is each minute of an ordinary day.
const PLACE = "coalesce((SELECT CAST(value AS INTEGER) FROM marks WHERE name = 'expiry'), 0)";
const AGED = `
SELECT seq, parts, received_at < ?1 AS old, ${OPEN} AS open
FROM (
  SELECT seq, received_at, parts FROM events WHERE seq > ${PLACE} ORDER BY seq
  LIMIT iif((SELECT received_at FROM events WHERE seq > ${PLACE} ORDER BY seq LIMIT 1) < ?1, ?2, 0)
) e`;
const MARK_AGED = `
INSERT INTO marks (name, value, at) VALUES ('expiry', ?1, ?2)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at WHERE value <> excluded.value`;

// Asked once more, in the transaction that deletes: since it was looked, somebody may have opened a delivery again.
const GOING = `SELECT seq FROM events e WHERE seq IN (SELECT value FROM json_each(?1)) AND NOT ${OPEN}`;
// The events go last: what hangs on them is found through them.
const FORGET = [
  `DELETE FROM attempts WHERE event IN (${GOING})`,
  `DELETE FROM inspections WHERE event IN (SELECT id FROM events WHERE seq IN (${GOING}))`,
  `DELETE FROM event_parts WHERE receipt IN (SELECT receipt FROM events WHERE parts > 0 AND seq IN (${GOING}))`,
  `DELETE FROM deliveries WHERE event IN (${GOING})`,
  `DELETE FROM events WHERE seq IN (${GOING})`,
];

// The oldest is asked first: ordinarily none is old enough, and no more is read.
const FORGET_INSPECTIONS = `
DELETE FROM inspections WHERE at < ?1 AND seq IN (
  SELECT seq FROM inspections WHERE (SELECT at FROM inspections ORDER BY seq LIMIT 1) < ?1 ORDER BY seq LIMIT ?2
)`;

/** How far has been looked for parts of a kind. */
const placeOf = (mark: string) => `coalesce((SELECT value FROM marks WHERE name = '${mark}'), '')`;
const nobodysParts = (mark: string, floor: string, nobodys: string) => `
SELECT * FROM (
  SELECT '${mark}' AS mark, receipt, (SELECT count(*) FROM event_parts q WHERE q.receipt = p.receipt) AS parts FROM event_parts p
  WHERE receipt > ${placeOf(mark)} AND receipt < ${floor} AND n = 0 AND ${nobodys}
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

/** An event that may have to go. */
interface Aged {
  readonly seq: number;
  readonly parts: number;
  readonly old: number;
  readonly open: number;
}

/** What was deleted, and whether there is more that had no room beside it. */
export interface Removed {
  readonly count: number;
  readonly cut: boolean;
}

/** @param run D1 with the schema in place */
export function openRetention(run: Run) {
  const all = rowsOf(run);

  return {
    /**
     * Deletes events that were received before `before` and have ended, with all that hangs on them. Looks at `limit`
     * events, from the place on where the last look ended.
     */
    async expire(before: number, now: number, limit: number): Promise<Removed> {
      const looked = await all<Aged>(AGED, before, limit);
      const goes = ({ old, open }: Aged) => old === 1 && open === 0;
      const { kept: rows, cut } = fitting(looked, (row) => (goes(row) ? row.parts : 0));
      // Behind the first that is young there is next to nothing that is old: the next look begins at the oldest again.
      const further = cut || (looked.length === limit && looked.every(({ old }) => old === 1));
      const place = further ? (rows.at(-1)?.seq ?? 0) : 0;
      const going = rows.filter(goes).map(({ seq }) => seq);
      if (going.length === 0) await all(MARK_AGED, String(place), now);
      else {
        const seqs = JSON.stringify(going);
        const forget = (db: D1Database) => FORGET.map((sql) => db.prepare(sql).bind(seqs));
        await run((db) => db.batch([...forget(db), db.prepare(MARK_AGED).bind(String(place), now)]));
      }
      return { count: going.length, cut };
    },

    /** Forgets what inspectors have kept since before `before`, whatever event it belongs to. */
    async expireInspections(before: number, limit: number): Promise<void> {
      await all(FORGET_INSPECTIONS, before, limit);
    },

    /**
     * Forgets answers to idempotency keys that were given before `before`, and which events were edited before it,
     * which are gone by then. Reads all of them: they stand in no order of time.
     */
    async expireAnswers(before: number): Promise<void> {
      await all("DELETE FROM marks WHERE name > 'asked:' AND name < 'asked;' AND at < ?1", before);
      await all("DELETE FROM marks WHERE name > 'edited:' AND name < 'edited;' AND at < ?1", before);
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
function fitting<Row>(rows: readonly Row[], partsOf: (row: Row) => number): { kept: readonly Row[]; cut: boolean } {
  let parts = 0;
  const end = rows.findIndex((row) => {
    const before = parts;
    parts += partsOf(row);
    return before > 0 && parts > PARTS;
  });
  return end === -1 ? { kept: rows, cut: false } : { kept: rows.slice(0, end), cut: true };
}
