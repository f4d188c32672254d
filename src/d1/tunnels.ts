// D1: what waits for a listener. A tunnel's deliveries go to whoever has connected, and are held while nobody has.
import { type BellRow, RETURNING_BELL, toBell } from "./bell.ts";
import type { Expired } from "./breakers.ts";
import { rowsOf, type Run } from "./database.ts";
import { GRACE_MS } from "../deadlines.ts";
import type { Keeping } from "../contract/retention.ts";
import type { Bell } from "../types.ts";

/** What a held delivery of a tunnel waits for: a listener, or one whose filter takes it. */
export type UnheardWhy = "tunnel" | "filter";

/** Deliveries at which one sweep looks whether nobody has listened for as long as their events are kept. */
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

const MORE = `SELECT 1 WHERE ${FIRST_HELD("?1")} IS NOT NULL`;

const NAME = "t.value->>'name'";
// How far the retention has looked at what is held: the oldest may be kept for longest. D1 has the place, because an
// isolate may live for no longer than one look; nothing is written where one look sees all.
const MARK = `'expiry:tunnel:' || (${NAME})`;
const PLACE = `coalesce((SELECT CAST(value AS INTEGER) FROM marks WHERE name = ${MARK}), 0)`;
// Of a tunnel for which nothing is held, one step of the index is read and no more. `until` is the last of what comes
// after `after`, so far as one step of the retention looks.
const HELD = `
SELECT ${NAME} AS destination, EXISTS (SELECT 1 FROM listeners WHERE destination = ${NAME})
    AND ${FIRST_HELD(NAME)} IS NOT NULL AND NOT (${STOPPED(NAME)}) AS heard, ${PLACE} AS after,
  (SELECT json_object('until', max(event), 'full', count(*) = ${EXPIRED}) FROM (
    SELECT event FROM deliveries INDEXED BY deliveries_held
    WHERE state = 'held' AND destination = ${NAME} AND event > ${PLACE} ORDER BY event LIMIT ${EXPIRED}
  )) AS part
FROM json_each(?1) t WHERE EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_held WHERE state = 'held' AND destination = ${NAME})`;

const LOOKED = `
INSERT INTO marks (name, value, at) SELECT ${MARK}, CAST(t.value->>'next' AS TEXT), ?2 FROM json_each(?1) t WHERE true
ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at`;

// ?1 parts of what is held for tunnels, ?2 how long which sources' events are kept, ?3 now. What was held for a pause
// that is over waits for a listener like the rest.
const EXPIRE = `
UPDATE deliveries SET state = 'failed', reason = 'expired', waits = NULL, look_at = NULL, ended_at = ?3
WHERE (event, destination) IN (
  SELECT d.event, d.destination
  FROM json_each(?1) t CROSS JOIN deliveries d INDEXED BY deliveries_held
    ON d.destination = ${NAME} AND d.state = 'held' AND d.event > t.value->>'after' AND d.event <= t.value->>'until'
  CROSS JOIN events e ON e.seq = d.event
  WHERE (d.waits IN ('tunnel', 'filter') OR NOT (${STOPPED("d.destination")})) AND EXISTS (
    SELECT 1 FROM json_each(?2) k
    WHERE (e.source IN (SELECT value FROM json_each(k.value, '$.sources'))) <> (k.value->>'except')
      AND e.received_at < ?3 - (k.value->>'ms')
  )
)
RETURNING (SELECT id FROM events WHERE seq = deliveries.event) AS id, destination, attempt`;

/** A claim whose attempt was not made because nobody was there to hear of it. */
export interface UnheardClaim {
  readonly event: number;
  readonly destination: string;
  readonly attempt: number;
  readonly waits: UnheardWhy;
}

/** A tunnel for which something is held, and a part of that, by its events. */
export interface Held {
  readonly destination: string;
  readonly heard: boolean;
  readonly after: number;
  /** `null` where nothing is held behind `after`. */
  readonly until: number | null;
  /** Whether more may be held behind `until`. */
  readonly full: boolean;
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

    /**
     * Makes the first of what is held due, if somebody listens and neither a pause nor a breaker stops it, and says
     * whether more is held.
     */
    async release(destination: string, now: number): Promise<{ bells: Bell[]; more: boolean }> {
      const [released, held] = await run((db) =>
        db.batch<BellRow>([db.prepare(RELEASE).bind(destination, now), db.prepare(MORE).bind(destination)]),
      );
      return { bells: (released?.results ?? []).map(toBell), more: (held?.results ?? []).length > 0 };
    },

    /** Tunnels for which something is held, whether somebody listens who may get it, and the part to look at next. */
    async held(tunnels: readonly string[]): Promise<Held[]> {
      const asked = JSON.stringify(tunnels.map((name) => ({ name })));
      const rows = await all<{ destination: string; heard: number; after: number; part: string }>(HELD, asked);
      return rows.map(({ destination, heard, after, part }) => {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the statement has made it
        const { until, full } = JSON.parse(part) as { until: number | null; full: number };
        return { destination, heard: heard === 1, after, until, full: full === 1 };
      });
    },

    /** Ends what was held in these parts for as long as events of its source are kept; the next look goes on behind. */
    async expire(held: readonly Held[], keepings: readonly Keeping[], now: number): Promise<Expired[]> {
      const parts = held.map(({ destination: name, after, until, full }) => ({
        name,
        after,
        until,
        next: full ? (until ?? 0) : 0,
      }));
      const kept = JSON.stringify(keepings.filter(({ of }) => of === "events"));
      const moved = parts.filter(({ after, next }) => after !== next);
      const [ended] = await run((db) =>
        db.batch<Expired>([
          db.prepare(EXPIRE).bind(JSON.stringify(parts), kept, now),
          ...(moved.length === 0 ? [] : [db.prepare(LOOKED).bind(JSON.stringify(moved), now)]),
        ]),
      );
      return ended?.results ?? [];
    },
  };
}
