// D1: the statements of the sweep. They find what nobody else will move, and what nobody may keep any longer.
import type { Bell } from "../types.ts";
import { rowsOf, type Run } from "./database.ts";
import { GRACE_MS, LEASE_MS } from "../deadlines.ts";
import { type BellRow, toBell } from "./store.ts";

/** The longest pause between two rings for one delivery that stays overdue, in ms: whatever was rung before a crash rings again within two minutes of it. */
const LONGEST_PAUSE_MS = 90_000;

// An attempt whose lease ended was begun, and nobody noted its answer: it may have arrived (I-5).
const NOTE_LOST = `
INSERT INTO attempts (event, destination, n, started_at, fault, outcome)
SELECT event, destination, attempt, lease_until - ${LEASE_MS}, 'lost', 'lost'
FROM deliveries WHERE look_at <= ?1 AND state = 'delivering' AND lease_until <= ?1
ON CONFLICT (event, destination, n) DO NOTHING`;

// Selects and moves on in one statement, so that two sweeps at once ring different deliveries, and the longer one has been
// overdue the longer it is left alone: a backlog is not rung twice a minute.
const TAKE_OVERDUE = `
UPDATE deliveries
SET state = CASE WHEN state = 'delivering' AND lease_until <= ?1 THEN 'pending' ELSE state END,
    due_at = CASE WHEN state = 'delivering' AND lease_until <= ?1 THEN ?1 ELSE due_at END,
    lease_until = CASE WHEN lease_until <= ?1 THEN NULL ELSE lease_until END,
    look_at = CASE
      WHEN state = 'delivering' AND lease_until > ?1 THEN lease_until
      WHEN state = 'delivering' THEN ?1 + ${GRACE_MS}
      WHEN due_at > ?1 THEN due_at
      ELSE ?1 + min(max(?1 - due_at, ${GRACE_MS}), ${LONGEST_PAUSE_MS})
    END
WHERE (event, destination) IN (SELECT event, destination FROM deliveries WHERE look_at <= ?1 ORDER BY look_at LIMIT ?2)
RETURNING (SELECT id FROM events WHERE seq = deliveries.event) AS id, destination, attempt, due_at,
          (SELECT size FROM events WHERE seq = deliveries.event) AS size, state`;

// Only the oldest rows are looked at: received_at has no index, and every index costs a row per event.
const EXPIRED = `
SELECT seq, receipt, parts FROM (SELECT seq, receipt, received_at, parts FROM events ORDER BY seq LIMIT ?2) e
WHERE received_at < ?1 AND NOT EXISTS (
  SELECT 1 FROM deliveries d WHERE d.event = e.seq AND d.state IN ('pending', 'delivering', 'held')
)`;

const ORPHANS = `
SELECT receipt FROM event_parts p
WHERE receipt > ?1 AND receipt < ?2 AND n = 0
  AND NOT EXISTS (SELECT 1 FROM events e WHERE e.id = p.event AND e.receipt = p.receipt)
ORDER BY receipt LIMIT ?3`;

const MARK = `
INSERT INTO marks (name, value, at) VALUES ('orphans', ?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at
WHERE value < excluded.value`;

/** What the sweep asks of D1. */
export type Upkeep = ReturnType<typeof openUpkeep>;

export function openUpkeep(run: Run) {
  const all = rowsOf(run);

  return {
    /** Frees ended leases and takes up to `limit` deliveries that are overdue; `taken` also counts those that only needed another date. */
    async takeOverdue(now: number, limit: number): Promise<{ taken: number; bells: Bell[] }> {
      const [, overdue] = await run((db) =>
        db.batch<BellRow & { state: string }>([
          db.prepare(NOTE_LOST).bind(now),
          db.prepare(TAKE_OVERDUE).bind(now, limit),
        ]),
      );
      const rows = overdue?.results ?? [];
      return {
        taken: rows.length,
        bells: rows.filter((row) => row.state === "pending" && row.due_at <= now).map(toBell),
      };
    },

    /** When the sweep must look again, or `null` while nothing is open. */
    async nextLook(): Promise<number | null> {
      const [row] = await all<{ at: number | null }>(
        "SELECT min(look_at) AS at FROM deliveries WHERE look_at IS NOT NULL",
      );
      return row?.at ?? null;
    },

    /** Deletes events that were received before `before` and have ended, with all that hangs on them, out of the `limit` oldest; answers to idempotency keys go with them. */
    async expire(before: number, limit: number): Promise<number> {
      const rows = await all<{ seq: number; receipt: string; parts: number }>(EXPIRED, before, limit);
      await all("DELETE FROM marks WHERE name > 'replay:' AND name < 'replay;' AND at < ?1", before);
      if (rows.length === 0) return 0;
      const seqs = JSON.stringify(rows.map((row) => row.seq));
      const receipts = JSON.stringify(rows.filter((row) => row.parts > 0).map((row) => row.receipt));
      await run((db) =>
        db.batch([
          db.prepare("DELETE FROM attempts WHERE event IN (SELECT value FROM json_each(?1))").bind(seqs),
          db.prepare("DELETE FROM deliveries WHERE event IN (SELECT value FROM json_each(?1))").bind(seqs),
          db.prepare("DELETE FROM event_parts WHERE receipt IN (SELECT value FROM json_each(?1))").bind(receipts),
          db.prepare("DELETE FROM events WHERE seq IN (SELECT value FROM json_each(?1))").bind(seqs),
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
