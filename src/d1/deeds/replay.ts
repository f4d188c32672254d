// D1: the statements that open ended deliveries again because somebody asked, with one audit row for each asking.
import { GRACE_MS } from "../../deadlines.ts";
import type { State } from "../../types.ts";
import { RETURNING_BELL } from "../bell.ts";
import { AUDIT, type Deed, hasBody, MINE } from "./deed.ts";

/** What became of one delivery. */
export interface Reopened {
  readonly destination: string;
  readonly replayed: boolean;
  readonly state: State;
}

/**
 * Which of the deliveries that are asked for have ended.
 * The statements of a transaction share it, so all see the same ones.
 */
const ended = (when: string) => `deliveries.event = c.event AND deliveries.destination = c.destination
  AND deliveries.state IN ('delivered', 'failed') AND ${hasBody("deliveries.event")} AND ${when}`;

/**
 * Keeps what opening a delivery would make it forget: a success at the first try is told by its delivery alone. A lease
 * that ended first may have noted the attempt as lost.
 *
 * @param chosen SQL that gives `event`, `destination` and `due` of each delivery that is asked for
 * @param when SQL that holds for those of them that may be opened
 */
export const keepFirstTry = (chosen: string, when: string): string => `
INSERT INTO attempts (event, destination, n, started_at, latency_ms, status, fault, outcome, excerpt)
SELECT deliveries.event, deliveries.destination, 1, started_at, latency_ms, status, fault, 'delivered', excerpt
FROM (${chosen}) c CROSS JOIN deliveries WHERE ${ended(when)} AND state = 'delivered' AND attempt = 1
ON CONFLICT (event, destination, n) DO UPDATE SET
  latency_ms = excluded.latency_ms, status = excluded.status, fault = excluded.fault, outcome = excluded.outcome, excerpt = excluded.excerpt
WHERE attempts.outcome = 'lost'`;

/**
 * Opens what `keepFirstTry` has prepared: due at `due`, with the whole schedule before it. What was delivered has had
 * its turn in any order: it waits for nobody now, and nobody for it.
 *
 * @param chosen as above
 * @param when as above
 * @param receipt SQL that gives the receipt of what is opened
 */
export const openAgain = (chosen: string, when: string, receipt = "?5"): string => `
UPDATE deliveries
SET state = 'pending', reason = NULL, ended_at = NULL, round = attempt, repeats = 0, due_at = c.due, look_at = c.due + ${GRACE_MS},
    receipt = ${receipt}, waits = NULL, order_key = iif(state = 'delivered', NULL, order_key)
FROM (${chosen}) c WHERE ${ended(when)}
${RETURNING_BELL}`;

const CHOSEN = `SELECT ?1->>'event' AS event, value AS destination, ?1->>'now' AS due FROM json_each(?1, '$.destinations')`;
const OVER = `state IN ('delivered', 'failed') AND ${hasBody("?1->>'event'")}`;

/**
 * Opens those of an event's deliveries that have ended: due now, with the whole schedule before them. What is open or
 * held stays as it is, so asking twice opens once.
 * `event` is the event's row, the target `evt_…` or `evt_…:destination`.
 */
export const REPLAY: Deed<{ event: number; destinations: readonly string[] }, Reopened[]> = {
  action: "replay",
  answer: `
SELECT json_group_array(json_object(
  'destination', destination, 'replayed', json(iif(${OVER}, 'true', 'false')), 'state', iif(${OVER}, 'pending', state)
))
FROM (
  SELECT destination, state FROM deliveries
  WHERE event = ?1->>'event' AND destination IN (SELECT value FROM json_each(?1, '$.destinations')) ORDER BY destination
)`,
  acts: [
    keepFirstTry(CHOSEN, MINE),
    `${AUDIT} json_group_array(deliveries.destination) FROM (${CHOSEN}) c CROSS JOIN deliveries WHERE ${ended(MINE)} HAVING count(*) > 0`,
    openAgain(CHOSEN, MINE, "?1->>'receipt'"),
  ],
};
