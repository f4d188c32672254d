// D1: the statements that open ended deliveries again because somebody asked, with one audit row for each asking.
import type { Bell, State } from "../types.ts";
import type { Run } from "./database.ts";
import { GRACE_MS } from "../deadlines.ts";
import { type BellRow, toBell } from "./store.ts";

/** Who asks for what. */
export interface Asking {
  /** The event's row. */
  readonly event: number;
  /** What is written down as the target: `evt_…` or `evt_…:destination`. */
  readonly target: string;
  /** Which of its deliveries, by destination. */
  readonly destinations: readonly string[];
  readonly actor: string;
  /** The receipt that the opened deliveries get: a new one. */
  readonly receipt: string;
  /** Names this asking, so that a repeat of it gets the first one's answer; `null` where it has no name. */
  readonly key: string | null;
}

/** What became of one delivery. */
export interface Reopened {
  readonly destination: string;
  readonly replayed: boolean;
  readonly state: State;
}

// ?1 event, ?2 destinations, ?3 mark. The statements are one transaction and share this condition, so all see the same deliveries.
const ENDED = `event = ?1 AND destination IN (SELECT value FROM json_each(?2)) AND state IN ('delivered', 'failed')
  AND NOT EXISTS (SELECT 1 FROM marks WHERE name = ?3)`;

// A success at the first try is told by its delivery alone, which is about to forget it. A lease that ended first may have
// noted the attempt as lost.
const KEEP_FIRST_TRY = `
INSERT INTO attempts (event, destination, n, started_at, latency_ms, status, fault, outcome, excerpt)
SELECT event, destination, 1, started_at, latency_ms, status, fault, 'delivered', excerpt
FROM deliveries WHERE ${ENDED} AND state = 'delivered' AND attempt = 1
ON CONFLICT (event, destination, n) DO UPDATE SET
  latency_ms = excluded.latency_ms, status = excluded.status, fault = excluded.fault, outcome = excluded.outcome, excerpt = excluded.excerpt
WHERE attempts.outcome = 'lost'`;

const AUDIT = `
INSERT INTO audit (at, actor, action, target, detail)
SELECT ?4, ?5, 'replay', ?6, json_group_array(destination) FROM deliveries WHERE ${ENDED} HAVING count(*) > 0`;

const REOPEN = `
UPDATE deliveries
SET state = 'pending', reason = NULL, ended_at = NULL, round = attempt, due_at = ?4, look_at = ?4 + ${GRACE_MS}, receipt = ?5
WHERE ${ENDED}
RETURNING (SELECT id FROM events WHERE seq = deliveries.event) AS id, destination, attempt, due_at,
          (SELECT size FROM events WHERE seq = deliveries.event) AS size`;

// ?3 receipt. What this asking has opened carries its receipt now.
const ANSWER = `
SELECT json_group_array(json_object(
  'destination', destination, 'replayed', json(iif(receipt = ?3, 'true', 'false')), 'state', state
)) AS answer
FROM (SELECT * FROM deliveries WHERE event = ?1 AND destination IN (SELECT value FROM json_each(?2)) ORDER BY destination)`;

const REMEMBER = `INSERT INTO marks (name, value, at) SELECT ?4, answer, ?5 FROM (${ANSWER}) WHERE true ON CONFLICT (name) DO NOTHING`;
const RECALL = `SELECT coalesce((SELECT value FROM marks WHERE name = ?4), (${ANSWER})) AS answer`;

/** The way back from an end. */
export type Reopen = ReturnType<typeof openReopen>;

/** @param run D1 with the schema in place */
export function openReopen(run: Run) {
  /**
   * Opens those of the deliveries that have ended: due now, with the whole schedule before them. What is open or held stays as
   * it is, so asking twice opens once. The bells are the caller's to ring; if that fails, the sweep finds the deliveries.
   */
  return async function reopen(asking: Asking, now: number): Promise<{ deliveries: Reopened[]; bells: Bell[] }> {
    const { event, target, actor, receipt, key } = asking;
    const destinations = JSON.stringify(asking.destinations);
    const mark = key === null ? null : `replay:${key}`;
    const results = await run((db) =>
      db.batch<BellRow | { answer: string }>([
        db.prepare(KEEP_FIRST_TRY).bind(event, destinations, mark),
        db.prepare(AUDIT).bind(event, destinations, mark, now, actor, target),
        db.prepare(REOPEN).bind(event, destinations, mark, now, receipt),
        ...(mark === null ? [] : [db.prepare(REMEMBER).bind(event, destinations, receipt, mark, now)]),
        db.prepare(RECALL).bind(event, destinations, receipt, mark),
      ]),
    );
    const bells = (results[2]?.results ?? []).flatMap((row) => ("destination" in row ? [toBell(row)] : []));
    const [last] = results.at(-1)?.results ?? [];
    const answer = last !== undefined && "answer" in last ? last.answer : "[]";
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- ANSWER built it in this transaction, or in an earlier one with this key
    return { deliveries: JSON.parse(answer) as Reopened[], bells };
  };
}
