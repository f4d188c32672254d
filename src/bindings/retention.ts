// D1: what may not be kept any longer, found a few rows at a time.
import { rowsOf, type Run } from "./database.ts";

// received_at has no index, and every index costs a row per event. So the oldest rows are looked at, a few at a time, and the
// place is kept: what has to stay, because a delivery is open or held, must not hide what is behind it.
const AGED = `
SELECT seq, receipt, parts, received_at < ?1 AS old, EXISTS (
  SELECT 1 FROM deliveries d WHERE d.event = e.seq AND d.state IN ('pending', 'delivering', 'held')
) AS open
FROM (SELECT seq, receipt, received_at, parts FROM events WHERE seq > ?3 ORDER BY seq LIMIT ?2) e`;
const MARK_AGED = `
INSERT INTO marks (name, value, at) VALUES ('expiry', ?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at`;

// The oldest is asked first: ordinarily none is old enough, and no more is read.
const FORGET_INSPECTIONS = `
DELETE FROM inspections WHERE at < ?1 AND seq IN (
  SELECT seq FROM inspections WHERE (SELECT at FROM inspections ORDER BY seq LIMIT 1) < ?1 ORDER BY seq LIMIT ?2
)`;

const ORPHANS = `
SELECT receipt FROM event_parts p
WHERE receipt > ?1 AND receipt < ?2 AND n = 0
  AND NOT EXISTS (SELECT 1 FROM events e WHERE e.id = p.event AND e.receipt = p.receipt)
ORDER BY receipt LIMIT ?3`;

const MARK = `
INSERT INTO marks (name, value, at) VALUES ('orphans', ?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at
WHERE value < excluded.value`;

/** An event that may have to go. */
interface Aged {
  readonly seq: number;
  readonly receipt: string;
  readonly parts: number;
  readonly old: number;
  readonly open: number;
}

/** @param run D1 with the schema in place */
export function openRetention(run: Run) {
  const all = rowsOf(run);

  return {
    /**
     * Deletes events that were received before `before` and have ended, with all that hangs on them. Looks at `limit` events, from
     * the place on where the last look ended; what inspectors have kept and answers to idempotency keys go as they grow as old.
     */
    async expire(before: number, now: number, limit: number): Promise<number> {
      await all(FORGET_INSPECTIONS, before, limit);
      const [mark] = await all<{ value: string }>("SELECT value FROM marks WHERE name = 'expiry'");
      const from = Number(mark?.value ?? 0);
      const looked = await all<Aged>(AGED, before, limit, from);
      await all("DELETE FROM marks WHERE name > 'asked:' AND name < 'asked;' AND at < ?1", before);
      // Behind the first that is young there is next to nothing that is old: the next look begins at the oldest again.
      const further = looked.length === limit && looked.every(({ old }) => old === 1);
      const place = further ? (looked.at(-1)?.seq ?? 0) : 0;
      const rows = looked.filter(({ old, open }) => old === 1 && open === 0);
      if (rows.length === 0 && place === from) return 0;
      const seqs = JSON.stringify(rows.map((row) => row.seq));
      const receipts = JSON.stringify(rows.filter((row) => row.parts > 0).map((row) => row.receipt));
      await run((db) =>
        db.batch([
          db.prepare("DELETE FROM attempts WHERE event IN (SELECT value FROM json_each(?1))").bind(seqs),
          db.prepare("DELETE FROM deliveries WHERE event IN (SELECT value FROM json_each(?1))").bind(seqs),
          db.prepare("DELETE FROM event_parts WHERE receipt IN (SELECT value FROM json_each(?1))").bind(receipts),
          db.prepare("DELETE FROM events WHERE seq IN (SELECT value FROM json_each(?1))").bind(seqs),
          ...(place === from ? [] : [db.prepare(MARK_AGED).bind(String(place), now)]),
        ]),
      );
      return rows.length;
    },

    /**
     * Deletes body parts whose event was never accepted, given receipts below `floor`. How far it has looked is kept, so that
     * the parts of living events are not looked at again and again.
     */
    async dropOrphans(floor: string, now: number, limit: number): Promise<number> {
      const [mark] = await all<{ value: string }>("SELECT value FROM marks WHERE name = 'orphans'");
      const rows = await all<{ receipt: string }>(ORPHANS, mark?.value ?? "", floor, limit);
      const reached = rows.length < limit ? floor : (rows.at(-1)?.receipt ?? floor);
      const receipts = JSON.stringify(rows.map((row) => row.receipt));
      await run((db) =>
        db.batch([
          db.prepare("DELETE FROM event_parts WHERE receipt IN (SELECT value FROM json_each(?1))").bind(receipts),
          db.prepare(MARK).bind(reached, now),
        ]),
      );
      return rows.length;
    },
  };
}
