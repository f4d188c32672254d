// D1: what waits for a listener. A tunnel's deliveries go to whoever has connected, and are held while nobody has.
import { type BellRow, RETURNING_BELL, toBell } from "./bell.ts";
import type { Expired } from "./breakers.ts";
import { rowsOf, type Run } from "./database.ts";
import { GRACE_MS } from "../deadlines.ts";
import type { Bell } from "../types.ts";

/** What a held delivery of a tunnel waits for: a listener, or one whose filter takes it. */
export type UnheardWhy = "tunnel" | "filter";

/** Deliveries that are ended in one sweep because nobody has listened for as long as events are kept. */
const EXPIRED = 50;

const LISTENED = "EXISTS (SELECT 1 FROM listeners WHERE destination = deliveries.destination)";

/**
 * Whether a delivery is a tunnel's, and has to wait: nobody listens, or an earlier one is held, which comes first. Of
 * any other destination nothing is read.
 *
 * @param tunnels SQL that gives the destinations that are tunnels, as JSON
 */
export const unheard = (
  tunnels: string,
): string => `(deliveries.destination IN (SELECT value FROM json_each(${tunnels})) AND (
  NOT ${LISTENED} OR EXISTS (
    SELECT 1 FROM deliveries h INDEXED BY deliveries_held
    WHERE h.state = 'held' AND h.destination = deliveries.destination AND h.event < deliveries.event AND h.waits IS NOT 'filter'
  )))`;

/** Whether a delivery that was held for want of a listener has one by now. */
export const HEARD_NOW = `deliveries.waits = 'tunnel' AND ${LISTENED}`;

const LISTEN = `
INSERT INTO listeners (destination, session, since) VALUES (?1, ?2, ?3)
ON CONFLICT (destination) DO UPDATE SET session = excluded.session`;
// Whoever was turned away by a filter may be wanted by whoever comes.
const ASK_AGAIN =
  "UPDATE deliveries SET waits = 'tunnel' WHERE state = 'held' AND destination = ?1 AND waits = 'filter'";
const SESSION = "SELECT session FROM listeners WHERE destination = ?1";
// Of somebody who has come meanwhile nothing is forgotten.
const LEAVE = "DELETE FROM listeners WHERE destination = ?1 AND session = ?2";

// The attempt was not made: it does not count, and its delivery waits as if it had not been claimed.
const HOLD = `
UPDATE deliveries
SET state = 'held', waits = c.waits, attempt = deliveries.attempt - 1, lease_until = NULL, look_at = NULL
FROM (
  SELECT value->>'event' AS event, value->>'destination' AS destination, value->>'attempt' AS attempt, value->>'waits' AS waits
  FROM json_each(?1)
) c
WHERE deliveries.event = c.event AND deliveries.destination = c.destination
  AND deliveries.state = 'delivering' AND deliveries.attempt = c.attempt
RETURNING destination, ${HEARD_NOW} AS heard`;

const STOPPED = (destination: string) => `EXISTS (SELECT 1 FROM pauses WHERE destination = ${destination})
  OR EXISTS (SELECT 1 FROM breakers b WHERE b.destination = ${destination} AND (b.opened_at IS NOT NULL OR b.closed_at IS NOT NULL))`;
const FIRST_HELD = (destination: string) => `(
  SELECT min(event) FROM deliveries INDEXED BY deliveries_held
  WHERE state = 'held' AND destination = ${destination} AND waits IS NOT 'filter'
)`;
// One at a time: the next one goes once it is known what became of this one.
const RELEASE = `
UPDATE deliveries SET state = 'pending', waits = NULL, due_at = ?2, look_at = ?2 + ${GRACE_MS}
WHERE destination = ?1 AND state = 'held' AND event = ${FIRST_HELD("?1")} AND ${LISTENED} AND NOT (${STOPPED("?1")})
${RETURNING_BELL}`;

// Of a tunnel for which nothing is held, one step of the index is read and no more.
const HELD = `
SELECT t.value AS destination, EXISTS (SELECT 1 FROM listeners WHERE destination = t.value)
    AND ${FIRST_HELD("t.value")} IS NOT NULL AND NOT (${STOPPED("t.value")}) AS heard
FROM json_each(?1) t WHERE EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_held WHERE state = 'held' AND destination = t.value)`;

// ?1 the tunnels, ?2 when the oldest event was received that is kept, ?3 now. The oldest come first.
const EXPIRE = `
UPDATE deliveries SET state = 'failed', reason = 'expired', waits = NULL, look_at = NULL, ended_at = ?3
WHERE (event, destination) IN (
  SELECT d.event, d.destination
  FROM json_each(?1) t CROSS JOIN deliveries d INDEXED BY deliveries_held ON d.destination = t.value AND d.state = 'held'
  WHERE d.waits IN ('tunnel', 'filter')
    AND d.event <= (SELECT event FROM deliveries WHERE state = 'held' AND destination = t.value ORDER BY event LIMIT 1) + ${EXPIRED}
    AND (SELECT received_at FROM events WHERE seq = d.event) < ?2
  LIMIT ${EXPIRED}
)
RETURNING (SELECT id FROM events WHERE seq = deliveries.event) AS id, destination, attempt`;

/** A claim whose attempt was not made because nobody was there to hear of it. */
export interface UnheardClaim {
  readonly event: number;
  readonly destination: string;
  readonly attempt: number;
  readonly waits: UnheardWhy;
}

/** What is known of listeners, and done with what waits for them. */
export type Tunnels = ReturnType<typeof openTunnelTable>;

/** @param run D1 with the schema in place */
export function openTunnelTable(run: Run) {
  const all = rowsOf(run);
  return {
    /** Notes that somebody listens: from now on deliveries are claimed. @param session new for each listener */
    async heard(destination: string, session: string, now: number): Promise<void> {
      await run((db) =>
        db.batch([db.prepare(LISTEN).bind(destination, session, now), db.prepare(ASK_AGAIN).bind(destination)]),
      );
    },

    /** The last one who was noted, or `null`. */
    async session(destination: string): Promise<string | null> {
      const [row] = await all<{ session: string }>(SESSION, destination);
      return row?.session ?? null;
    },

    /** Notes that nobody listens, unless somebody has come since `session`. */
    async leave(destination: string, session: string): Promise<void> {
      await all(LEAVE, destination, session);
    },

    /** Holds what was claimed for nobody. Returns the tunnels that somebody listens to by now. */
    async hold(claims: readonly UnheardClaim[]): Promise<string[]> {
      const held = await all<{ destination: string; heard: number }>(HOLD, JSON.stringify(claims));
      return [...new Set(held.flatMap(({ destination, heard }) => (heard === 1 ? [destination] : [])))];
    },

    /** Makes the first of what is held due, if somebody listens and neither a pause nor a breaker stops it. */
    async release(destination: string, now: number): Promise<Bell[]> {
      return (await all<BellRow>(RELEASE, destination, now)).map(toBell);
    },

    /** Tunnels for which something is held, and whether somebody listens who may get it. */
    async held(tunnels: readonly string[]): Promise<{ destination: string; heard: boolean }[]> {
      const rows = await all<{ destination: string; heard: number }>(HELD, JSON.stringify(tunnels));
      return rows.map(({ destination, heard }) => ({ destination, heard: heard === 1 }));
    },

    /** Ends what was received before that and has waited for a listener ever since. */
    async expire(tunnels: readonly string[], receivedBefore: number, now: number): Promise<Expired[]> {
      return await all<Expired>(EXPIRE, JSON.stringify(tunnels), receivedBefore, now);
    },
  };
}
