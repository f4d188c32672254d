// D1: every statement that writes an event or moves a delivery. Reading for people is in records.ts.
import { type BellRow, toBell } from "./bell.ts";
import type { Settlement } from "./settlement.ts";
import type { Bell, Event } from "../types.ts";
import { BELL_REACH_MS, GRACE_MS, LEASE_MS } from "../deadlines.ts";
import { rowsOf, type Run } from "./database.ts";
import { AUDIT_REPEATS, REOPEN_EXHAUSTED } from "./repeats.ts";

/** What a bell asks for: this attempt of this delivery. */
export interface Wanted {
  readonly event: string;
  readonly destination: string;
  readonly attempt: number;
}

/** A delivery that is ours until the lease ends. */
export interface Claim {
  readonly event: number;
  readonly id: string;
  readonly destination: string;
  /** Number of this attempt, from 1, over all rounds. */
  readonly attempt: number;
  /** Attempts made before this round: a replay begins the schedule anew. */
  readonly round: number;
  readonly leaseUntil: number;
}

/** An event as it is sent: without what only the relay needs. */
export type StoredEvent = Pick<
  Event,
  "id" | "receipt" | "source" | "type" | "headers" | "encoding" | "size" | "body" | "parts"
> & {
  readonly seq: number;
};

// Each event is parsed once (`jsonb`), not once for each of its columns.
// A repeat without its body is no event (`repeatOf` in src/intake).
const INSERT_EVENTS = `
WITH j AS MATERIALIZED (SELECT jsonb(value) AS event FROM json_each(?1))
INSERT INTO events (id, receipt, source, type, received_at, verified_by, headers, encoding, size, body, parts)
SELECT event->>'id', event->>'receipt', event->>'source', event->>'type', event->>'receivedAt', event->>'verifiedBy',
       event->>'headers', event->>'encoding', event->>'size', event->>'body', event->>'parts'
FROM j WHERE event->>'repeat' IS NULL
ON CONFLICT (id) DO NOTHING`;

// Only for events of this very acceptance: a repeat finds the first one's receipt and opens nothing.
const INSERT_DELIVERIES = `
INSERT INTO deliveries (event, destination, route, receipt, state, due_at, look_at)
SELECT e.seq, m.value->>'destination', m.value->>'route', e.receipt, 'pending', ?2, ?2 + ${GRACE_MS}
FROM json_each(?1) j
JOIN events e ON e.id = j.value->>'id' AND e.receipt = j.value->>'receipt'
JOIN json_each(j.value, '$.matched') m
WHERE true
ON CONFLICT (event, destination) DO NOTHING`;

// Those that wait for just the attempts that these bells ask for, and are due.
const RUNG = `
FROM (
  SELECT e.seq, b.value->>'destination' AS destination, b.value->>'attempt' AS n
  FROM json_each(?1) b JOIN events e ON e.id = b.value->>'event'
) b
WHERE deliveries.event = b.seq AND deliveries.destination = b.destination
  AND deliveries.state = 'pending' AND deliveries.attempt = b.n - 1 AND deliveries.due_at <= ?2`;

// Whether the destination is paused is asked by the very statement that claims:
// nothing is claimed after a pause was committed.
const CLAIM = `
UPDATE deliveries
SET state = 'delivering', attempt = attempt + 1, lease_until = ?2 + ${LEASE_MS}
${RUNG} AND NOT EXISTS (SELECT 1 FROM pauses WHERE destination = deliveries.destination)
RETURNING event, (SELECT id FROM events WHERE seq = deliveries.event) AS id, destination, attempt, round, lease_until AS leaseUntil`;

const HOLD = `
UPDATE deliveries SET state = 'held', look_at = NULL
${RUNG} AND EXISTS (SELECT 1 FROM pauses WHERE destination = deliveries.destination)`;

// An attempt that was never started does not count.
const GIVE_BACK = `
UPDATE deliveries
SET state = 'pending', attempt = deliveries.attempt - 1, lease_until = NULL, due_at = ?2, look_at = ?2 + ${GRACE_MS}
FROM (SELECT value->>'event' AS event, value->>'destination' AS destination, value->>'attempt' AS attempt FROM json_each(?1)) c
WHERE deliveries.event = c.event AND deliveries.destination = c.destination
  AND deliveries.state = 'delivering' AND deliveries.attempt = c.attempt`;

const LOAD = `
SELECT seq, id, receipt, source, type, headers, encoding, size, body, parts
FROM events WHERE seq IN (SELECT value FROM json_each(?1))`;

const NOTE_ATTEMPTS = `
INSERT INTO attempts (event, destination, n, started_at, latency_ms, status, fault, outcome, excerpt, next_due)
SELECT value->>'event', value->>'destination', value->>'attempt', value->>'startedAt', value->>'latencyMs', value->>'status',
       value->>'fault', CASE value->>'state' WHEN 'pending' THEN 'retry' ELSE value->>'state' END, value->>'excerpt',
       CASE value->>'state' WHEN 'pending' THEN value->>'dueAt' END
FROM json_each(?1) WHERE true
ON CONFLICT (event, destination, n) DO UPDATE SET
  latency_ms = excluded.latency_ms, status = excluded.status, fault = excluded.fault, outcome = excluded.outcome,
  excerpt = excluded.excerpt, next_due = excluded.next_due
WHERE attempts.outcome = 'lost'`;

// The second condition: a 2xx that comes after the lease still ends a delivery that has not ended (I-4 knows it
// arrived). The third: a repeat, after an answer that was lost, finds its own work
// done and still counts, or nobody would ring or log.
const SETTLE = `
UPDATE deliveries
SET state = s.state, reason = s.reason, due_at = s.due_at, lease_until = NULL, started_at = s.started_at, latency_ms = s.latency_ms,
    status = s.status, fault = s.fault, excerpt = s.excerpt,
    look_at = CASE WHEN s.state <> 'pending' THEN NULL WHEN s.due_at - ?2 > ${BELL_REACH_MS} THEN s.due_at ELSE s.due_at + ${GRACE_MS} END,
    ended_at = CASE WHEN s.state <> 'pending' THEN ?2 END
FROM (
  SELECT value->>'event' AS event, value->>'destination' AS destination, value->>'attempt' AS attempt, value->>'state' AS state,
         value->>'reason' AS reason, value->>'dueAt' AS due_at, value->>'startedAt' AS started_at, value->>'latencyMs' AS latency_ms,
         value->>'status' AS status, value->>'fault' AS fault, value->>'excerpt' AS excerpt
  FROM json_each(?1)
) s
WHERE deliveries.event = s.event AND deliveries.destination = s.destination
  AND ((deliveries.state = 'delivering' AND deliveries.attempt = s.attempt)
    OR (s.state = 'delivered' AND deliveries.state NOT IN ('delivered', 'failed'))
    OR (deliveries.state = s.state AND deliveries.attempt = s.attempt
      AND deliveries.started_at = s.started_at AND deliveries.due_at = s.due_at))
RETURNING event, destination`;

/**
 * The relay's writes. Every method is safe to repeat:
 * what an ambiguous failure may have done, a second call finds done.
 */
export type Store = ReturnType<typeof openStore>;

export function openStore(run: Run) {
  const all = rowsOf(run);

  return {
    /**
     * Commits a group of events and opens their deliveries, in one transaction.
     *
     * @param rows a JSON array of `Event`
     * @param due when the first attempts are due
     * @returns bells of deliveries that a repeat has opened again; those of new events the caller knows
     */
    async commit(rows: string, due: number): Promise<Bell[]> {
      const openings = openingsOf(rows);
      const results = await run((db) =>
        db.batch<BellRow>([
          db.prepare(INSERT_EVENTS).bind(rows),
          db.prepare(INSERT_DELIVERIES).bind(openings, due),
          db.prepare(AUDIT_REPEATS).bind(openings, due),
          db.prepare(REOPEN_EXHAUSTED).bind(openings, due),
        ]),
      );
      return (results.at(-1)?.results ?? []).map(toBell);
    },

    /**
     * Takes the deliveries that these bells are for,
     * as far as they are still waiting for just this attempt and not paused.
     */
    async claim(wanted: readonly Wanted[], now: number): Promise<Claim[]> {
      return await all<Claim>(CLAIM, JSON.stringify(wanted), now);
    },

    /**
     * Holds those of them whose destination is paused.
     * Until then they are pending, and the sweep rings for them in vain.
     */
    async hold(wanted: readonly Wanted[], now: number): Promise<void> {
      await all(HOLD, JSON.stringify(wanted), now);
    },

    /** Gives back claims whose attempt was not started, due again at `dueAt`. */
    async giveBack(claims: readonly Claim[], dueAt: number): Promise<void> {
      await all(GIVE_BACK, JSON.stringify(claims), dueAt);
    },

    /** Events by `seq`, with their bodies unless those are kept in parts. */
    async load(seqs: readonly number[]): Promise<StoredEvent[]> {
      const rows = await all<Omit<StoredEvent, "headers"> & { headers: string }>(LOAD, JSON.stringify(seqs));
      return rows.map(({ headers, ...row }) => Object.assign(row, { headers: parseHeaders(headers) }));
    },

    /** Notes how attempts ended. Returns those that counted: another may have settled a delivery in the meantime. */
    async settle(settlements: readonly Settlement[], now: number): Promise<{ event: number; destination: string }[]> {
      // A late one may stand in the attempts as lost.
      const told = settlements.filter(
        ({ state, attempt, startedAt }) => state !== "delivered" || attempt > 1 || now - startedAt > GRACE_MS,
      );
      return await run(async (db) => {
        const update = db.prepare(SETTLE).bind(JSON.stringify(settlements), now);
        const note = db.prepare(NOTE_ATTEMPTS).bind(JSON.stringify(told));
        const results = await db.batch<{ event: number; destination: string }>(
          told.length === 0 ? [update] : [note, update],
        );
        return results.at(-1)?.results ?? [];
      });
    },
  };
}

/** What opens deliveries, without headers and bodies: a group of them would be carried to D1 three times. */
function openingsOf(rows: string): string {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the edge made these rows with JSON.stringify
  const events = JSON.parse(rows) as Pick<Event, "id" | "receipt" | "matched">[];
  return JSON.stringify(events.map(({ id, receipt, matched }) => ({ id, receipt, matched })));
}

function parseHeaders(text: string): Record<string, string> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by this file's own INSERT, from a Record<string, string>
  return JSON.parse(text) as Record<string, string>;
}
