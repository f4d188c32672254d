// D1: the statements of the sweep. They find deliveries that nothing else will move, and rows past their retention.
import { RETURNING_BELL, type BellRow, toBell } from "./bell.ts";
import type { Bell } from "../types.ts";
import { BLOCKED } from "./breakers.ts";
import { behind, BEHIND_MS } from "./order.ts";
import { rowsOf, type Run } from "./database.ts";
import { GRACE_MS } from "../deadlines.ts";
import { BEGAN_AT } from "./moment.ts";
import { openExpiry } from "./expiry.ts";
import { openWholes } from "./wholes.ts";
import { openRetention } from "./retention.ts";

/**
 * The longest pause between two rings for one delivery that stays overdue, in ms: whatever was rung before a crash
 * rings again within two minutes of it.
 */
const LONGEST_PAUSE_MS = 90_000;

// An attempt whose lease ended was begun, and nobody noted its answer: it may have arrived (I-5).
const NOTE_LOST = `
INSERT INTO attempts (event, destination, n, started_at, fault, outcome)
SELECT d.event, d.destination, d.attempt, ${BEGAN_AT}, 'lost', 'lost'
FROM deliveries d CROSS JOIN events e ON e.seq = d.event
WHERE d.look_at <= ?1 AND d.state = 'delivering' AND d.lease_until <= ?1
ON CONFLICT (event, destination, n) DO NOTHING`;

/** What would only ring in vain, while another has to come first. */
const BEHIND = `state = 'pending' AND due_at <= ?1 AND ${behind("?3")}`;
/** The same, while its destination's breaker is open. */
const WAITS = `state = 'pending' AND due_at <= ?1 AND ${BLOCKED}`;

// Selects and moves on in one statement, so that two sweeps at once ring different deliveries, and the longer one has
// been overdue the longer it is left alone: a backlog is not rung twice a minute.
const TAKE_OVERDUE = `
UPDATE deliveries
SET state = CASE WHEN state = 'delivering' AND lease_until <= ?1 THEN 'pending' WHEN ${BEHIND} THEN state WHEN ${WAITS} THEN 'held' ELSE state END,
    waits = CASE WHEN ${BEHIND} THEN 'order' WHEN ${WAITS} THEN 'breaker' WHEN state = 'pending' THEN nullif(waits, 'order') END,
    due_at = CASE WHEN state = 'delivering' AND lease_until <= ?1 THEN ?1 ELSE due_at END,
    lease_until = CASE WHEN lease_until <= ?1 THEN NULL ELSE lease_until END,
    look_at = CASE
      WHEN ${BEHIND} THEN ?1 + ${BEHIND_MS}
      WHEN ${WAITS} THEN NULL
      WHEN state = 'delivering' AND lease_until > ?1 THEN lease_until
      WHEN state = 'delivering' THEN ?1 + ${GRACE_MS}
      WHEN due_at > ?1 THEN due_at
      ELSE ?1 + min(max(?1 - due_at, ${GRACE_MS}), ${LONGEST_PAUSE_MS})
    END
WHERE (event, destination) IN (SELECT event, destination FROM deliveries WHERE look_at <= ?1 ORDER BY look_at LIMIT ?2)
${RETURNING_BELL}, state`;

// Every destination for which something is held, one step of the index each: the held rows themselves are not read.
const lettingGo = (but = "") => `
UPDATE deliveries SET state = 'pending', waits = NULL, due_at = ?1, look_at = ?1 + ${GRACE_MS}
WHERE (event, destination) IN (
  WITH RECURSIVE held (destination) AS (
    SELECT min(destination) FROM deliveries WHERE state = 'held'
    UNION ALL
    SELECT (SELECT min(destination) FROM deliveries WHERE state = 'held' AND destination > held.destination) FROM held
    WHERE held.destination IS NOT NULL
  )
  SELECT d.event, d.destination
  FROM held CROSS JOIN deliveries d INDEXED BY deliveries_held ON d.destination = held.destination AND d.state = 'held'
  WHERE held.destination NOT IN (SELECT destination FROM pauses) ${but}
    AND NOT EXISTS (
      SELECT 1 FROM breakers b WHERE b.destination = held.destination AND (b.opened_at IS NOT NULL OR b.closed_at IS NOT NULL)
    )
  LIMIT ?2
)
${RETURNING_BELL}`;

const LET_GO = lettingGo();
const LET_GO_BUT_TUNNELS = lettingGo("AND held.destination NOT IN (SELECT value FROM json_each(?3))");

/**
 * How long a pause lasts at least, in ms. In a gradual deployment two versions are at work, and the older one does not
 * know what the newer one has: a pause that either may have set is ended by neither.
 */
const PAUSE_MS = 24 * 60 * 60_000;

// ?1 the destinations that are configured, ?2 now.
const FORGOTTEN = `destination NOT IN (SELECT value FROM json_each(?1)) AND at <= ?2 - ${PAUSE_MS}`;
const AUDIT_END = `
INSERT INTO audit (at, actor, action, target, detail)
SELECT ?2, 'hookline', 'resume', destination, 'not configured' FROM pauses WHERE ${FORGOTTEN}`;

const NEXT_LOOK = `
SELECT min(look_at) AS at, EXISTS (SELECT 1 FROM breakers) AS troubled FROM deliveries WHERE look_at IS NOT NULL`;

/** What the sweep asks of D1. */
export type Upkeep = ReturnType<typeof openUpkeep>;

export function openUpkeep(run: Run) {
  const all = rowsOf(run);

  return {
    /**
     * Frees ended leases and takes up to `limit` deliveries that are overdue;
     * `taken` also counts those that only needed another date.
     *
     * @param stopping destinations where what has failed stops what comes behind it
     */
    async takeOverdue(
      now: number,
      limit: number,
      stopping: readonly string[] = [],
    ): Promise<{ taken: number; bells: Bell[] }> {
      const [, overdue] = await run((db) =>
        db.batch<BellRow & { state: string }>([
          db.prepare(NOTE_LOST).bind(now),
          db.prepare(TAKE_OVERDUE).bind(now, limit, JSON.stringify(stopping)),
        ]),
      );
      const rows = overdue?.results ?? [];
      return {
        taken: rows.length,
        bells: rows.filter((row) => row.state === "pending" && row.due_at <= now && row.waits !== "order").map(toBell),
      };
    },

    /**
     * When the sweep must look again, or `null` while nothing is open; `troubled`: whether any destination has failed
     * lately.
     */
    async nextLook(): Promise<{ at: number | null; troubled: boolean }> {
      const [row] = await all<{ at: number | null; troubled: number }>(NEXT_LOOK);
      return { at: row?.at ?? null, troubled: row?.troubled === 1 };
    },

    /**
     * Ends pauses of a day or more, of destinations that are no longer configured:
     * what is held for them then ends as their other deliveries do.
     */
    async endPauses(configured: readonly string[], now: number): Promise<void> {
      const names = JSON.stringify(configured);
      const forgotten = await all(`SELECT destination FROM pauses WHERE ${FORGOTTEN}`, names, now);
      if (forgotten.length === 0) return;
      await run((db) =>
        db.batch([
          db.prepare(AUDIT_END).bind(names, now),
          db.prepare(`DELETE FROM pauses WHERE ${FORGOTTEN}`).bind(names, now),
        ]),
      );
    },

    /**
     * Makes up to `limit` held deliveries due whose destination is not paused any more.
     *
     * @param tunnels whose deliveries are released by their objects, one after another
     */
    async letGo(now: number, limit: number, tunnels: readonly string[] = []): Promise<Bell[]> {
      const rows =
        tunnels.length === 0
          ? await all<BellRow>(LET_GO, now, limit)
          : await all<BellRow>(LET_GO_BUT_TUNNELS, now, limit, JSON.stringify(tunnels));
      return rows.map(toBell);
    },

    ...openExpiry(run),
    ...openRetention(run),
    ...openWholes(run),
  };
}
