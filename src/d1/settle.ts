// D1: how attempts ended. One pair of statements for deliveries that were claimed, and the same for first attempts that
// were not.
import { BELL_REACH_MS, FIRST_LEASE_MS, GRACE_MS, GRANT_MS, GRANT_WAIT_MS } from "../deadlines.ts";
import type { Run } from "./database.ts";
import { NEXT_OF_THIS, nextBell } from "./order.ts";
import type { Opened, Settlement } from "./settlement.ts";
import type { Bell } from "../types.ts";

/** Of which deliveries: those of claims are named by the event's row. */
const CLAIMED = { event: "s.value->>'event'", attempt: "s.value->>'attempt'", from: "json_each(?1) s" };
/** First attempts are made before the event has a row, and belong to the acceptance that made it. */
const FIRST = {
  event: "e.seq",
  attempt: "1",
  from: "json_each(?1) s JOIN events e ON e.id = s.value->>'id' AND e.receipt = s.value->>'receipt'",
};

const noteAttempts = ({ event, attempt, from }: typeof CLAIMED) => `
INSERT INTO attempts (event, destination, n, started_at, latency_ms, status, fault, outcome, excerpt, next_due)
SELECT ${event}, value->>'destination', ${attempt}, value->>'startedAt', value->>'latencyMs', value->>'status',
       value->>'fault', CASE value->>'state' WHEN 'pending' THEN 'retry' ELSE value->>'state' END, value->>'excerpt',
       CASE value->>'state' WHEN 'pending' THEN value->>'dueAt' END
FROM ${from} WHERE true
ON CONFLICT (event, destination, n) DO UPDATE SET
  latency_ms = excluded.latency_ms, status = excluded.status, fault = excluded.fault, outcome = excluded.outcome,
  excerpt = excluded.excerpt, next_due = excluded.next_due
WHERE attempts.outcome = 'lost'`;

const REPEATED = `OR (deliveries.state = s.state AND deliveries.attempt = s.attempt
      AND deliveries.started_at = s.started_at AND deliveries.due_at = s.due_at)`;

// The second condition: a 2xx that comes after the lease still ends a delivery that has not ended (I-4 knows it
// arrived), but not one that was opened once more after this attempt. The third: a repeat, after an answer that was
// lost, finds its own work done and still counts, or nobody would ring or log.
const settle = ({ event, attempt, from }: typeof CLAIMED, repeats = true) => `
UPDATE deliveries
SET state = s.state, reason = s.reason, due_at = s.due_at, lease_until = NULL, started_at = s.started_at, latency_ms = s.latency_ms,
    status = s.status, fault = s.fault, excerpt = s.excerpt, replied = coalesce(deliveries.replied, s.replied),
    look_at = CASE WHEN s.state <> 'pending' THEN NULL WHEN s.due_at - ?2 > ${BELL_REACH_MS} THEN s.due_at ELSE s.due_at + ${GRACE_MS} END,
    ended_at = CASE WHEN s.state <> 'pending' THEN ?2 END
FROM (
  SELECT ${event} AS event, value->>'destination' AS destination, ${attempt} AS attempt, value->>'state' AS state,
         value->>'reason' AS reason, value->>'dueAt' AS due_at, value->>'startedAt' AS started_at, value->>'latencyMs' AS latency_ms,
         value->>'status' AS status, value->>'fault' AS fault, value->>'excerpt' AS excerpt,
         value->>'replied' AS replied
  FROM ${from}
) s
WHERE deliveries.event = s.event AND deliveries.destination = s.destination
  AND ((deliveries.state = 'delivering' AND deliveries.attempt = s.attempt)
    OR (s.state = 'delivered' AND deliveries.state NOT IN ('delivered', 'failed') AND s.attempt > deliveries.round)
    ${repeats ? REPEATED : ""})
RETURNING event, destination, (SELECT failures FROM breakers WHERE destination = deliveries.destination) AS failures,
  ${NEXT_OF_THIS} AS next`;

// Where the event has a delivery to that destination already, it stays as it is.
const deadLetters = ({ event, attempt, from }: typeof CLAIMED, grace: number) => `
INSERT INTO deliveries (event, destination, route, receipt, state, due_at, look_at, story)
SELECT d.event, s.value->>'onFailed', '(failed at ' || d.destination || ')', d.receipt, 'pending', ?2, ?2 + ${grace},
       json_object('destination', d.destination, 'reason', d.reason, 'attempts', d.attempt, 'status', d.status, 'fault', d.fault)
FROM ${from} JOIN deliveries d ON d.event = ${event} AND d.destination = s.value->>'destination'
WHERE s.value->>'onFailed' IS NOT NULL AND d.state = 'failed' AND d.attempt = ${attempt} AND d.reason <> 'cancelled'
ON CONFLICT (event, destination) DO NOTHING`;

/** Whoever settles a claim rings for it at once; of first attempts the sweep does. */
const DEAD_LETTERS = deadLetters(CLAIMED, GRACE_MS);
const DEAD_FIRSTS = deadLetters(FIRST, 0);

const NOTE_ATTEMPTS = noteAttempts(CLAIMED);
const SETTLE = settle(CLAIMED);
const NOTE_FIRSTS = noteAttempts(FIRST);
/**
 * Beside a commit nobody asks which of them counted, and what an earlier try has inserted need not be written again.
 */
const SETTLE_OPENED = settle(FIRST, false);
const SETTLE_FIRSTS = `${settle(FIRST)}, (SELECT id FROM events WHERE seq = deliveries.event) AS id`;

/**
 * A first attempt is on record as lost no sooner than this after it began, in ms: its lease is counted from the
 * acceptance.
 */
const FIRST_LOST_MS = FIRST_LEASE_MS - GRANT_WAIT_MS - GRANT_MS - 5_000;

/** A settlement that counted. */
export interface Counted {
  readonly event: number;
  readonly destination: string;
  /** Attempts at its destination that had failed in a row before it; `null` for none. */
  readonly failures: number | null;
  /** The bell of whoever comes next in its order, now that it has ended. */
  readonly next?: Bell | null;
}

/** First attempts that have ended. */
export type EndedFirst = Exclude<Opened, { state: "delivering" }>;

/**
 * Statements for the commit of events whose first attempts have ended: what has a story gets its row, and what an
 * earlier try of the same commit may have opened as under way is settled.
 */
export function firstsSettled(
  db: D1Database,
  opened: readonly Opened[],
  again: boolean,
  now: number,
): D1PreparedStatement[] {
  const ended = opened.filter((one) => one.state !== "delivering");
  // A try whose answer was lost may have opened one as under way, whose lease has ended since.
  const late = (startedAt: number) => again && now - startedAt > FIRST_LOST_MS;
  const told = ended.filter(({ state, startedAt }) => state !== "delivered" || late(startedAt));
  return [
    ...(told.length === 0 ? [] : [db.prepare(NOTE_FIRSTS).bind(JSON.stringify(told))]),
    ...(again && ended.length > 0 ? [db.prepare(SETTLE_OPENED).bind(JSON.stringify(ended), now)] : []),
    ...deadFirsts(db, ended, now),
  ];
}

/** What first attempts that have failed leave to other destinations; behind the statement that ends them. */
function deadFirsts(db: D1Database, ended: readonly EndedFirst[], now: number): D1PreparedStatement[] {
  const dead = ended.filter(({ onFailed }) => onFailed !== undefined);
  return dead.length === 0 ? [] : [db.prepare(DEAD_FIRSTS).bind(JSON.stringify(dead), now)];
}

/** @param run D1 with the schema in place */
export function openSettling(run: Run) {
  return {
    /** Notes how attempts ended. Returns those that counted: another may have settled a delivery in the meantime. */
    async settle(settlements: readonly Settlement[], now: number): Promise<Counted[]> {
      // A late one may stand in the attempts as lost.
      const told = settlements.filter(
        ({ state, attempt, startedAt }) => state !== "delivered" || attempt > 1 || now - startedAt > GRACE_MS,
      );
      return await run(async (db) => {
        const update = db.prepare(SETTLE).bind(JSON.stringify(settlements), now);
        const before = told.length === 0 ? [] : [db.prepare(NOTE_ATTEMPTS).bind(JSON.stringify(told))];
        const dead = settlements.filter(({ onFailed }) => onFailed !== undefined);
        const behind = dead.length === 0 ? [] : [db.prepare(DEAD_LETTERS).bind(JSON.stringify(dead), now)];
        const results = await db.batch<Counted & { next: string | null }>([...before, update, ...behind]);
        const rows = results[before.length]?.results ?? [];
        return rows.map(({ next, ...counted }) => Object.assign(counted, { next: nextBell(next) }));
      });
    },

    /** The same for first attempts whose events were committed before they had ended. Returns those that counted. */
    async settleFirsts(ended: readonly EndedFirst[], now: number): Promise<{ id: string; destination: string }[]> {
      const told = ended.filter(({ state, startedAt }) => state !== "delivered" || now - startedAt > FIRST_LOST_MS);
      return await run(async (db) => {
        const update = db.prepare(SETTLE_FIRSTS).bind(JSON.stringify(ended), now);
        const before = told.length === 0 ? [] : [db.prepare(NOTE_FIRSTS).bind(JSON.stringify(told))];
        const results = await db.batch<{ id: string; destination: string }>([
          ...before,
          update,
          ...deadFirsts(db, ended, now),
        ]);
        return results[before.length]?.results ?? [];
      });
    },
  };
}
