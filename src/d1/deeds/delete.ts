// D1: deletes what events hold, everywhere, because somebody asked. Their rows stay, so that a sender's repeat finds
// them. Of a single event, with one audit row.
import { PLACES } from "../places.ts";
import { stays } from "../expiry.ts";
import { nextOfAll } from "../order.ts";
import { AUDIT, type Deed, MINE } from "./deed.ts";

/** What is about to go. */
interface Deleted {
  readonly deleted: readonly string[];
  readonly cancelled: number;
  readonly underWay: number;
}

// Whatever was made from them by hand goes as well: it is the same payload, edited.
const MADE = `
WITH RECURSIVE made (id) AS (
  SELECT value FROM json_each(?1, '$.ids')
  UNION SELECT m.value->>'event' FROM made CROSS JOIN marks m ON m.name > 'edited:' || made.id || ':' AND m.name < 'edited:' || made.id || ';'
)`;
const named = (column: string) => `SELECT ${column} FROM events WHERE id IN (${MADE} SELECT id FROM made)`;
const openOf = (events: string) => `state IN ('pending', 'delivering', 'held') AND event IN (${events})`;
/** What `shortId` makes of an id. */
const SHORT = "substr(made.id, -16)";
/** What a segment of the archive has, as JSON. */
const split = (segment: string) => `'["' || replace(${segment}.ids, ' ', '","') || '"]'`;
const THEIRS = `json_each(${split("segments")}) one`;
/** Whether it may have one: a few are sought in its text as it is, many in one pass. */
const MAY_HAVE = `json_array_length(?1, '$.ids') > 10 OR EXISTS (SELECT 1 FROM made WHERE instr(s.ids, ${SHORT}) > 0)`;
/** Behind `MADE`: which segments have which of them. */
const ARCHIVED = `, archived (key, short) AS (
  SELECT s.key, one.value FROM segments s CROSS JOIN json_each(iif(${MAY_HAVE}, ${split("s")}, '[]')) one
  WHERE s.state IN ('kept', 'stale') AND one.value IN (SELECT ${SHORT} FROM made)
)`;
const IS_ARCHIVED = `${SHORT} IN (SELECT short FROM archived)`;

/** How many of them, and of what was made from them, are there and hold something. */
export const DELETABLE = `(
  SELECT count(*) FROM events WHERE id IN (${MADE} SELECT id FROM made) AND coalesce(gone->>'why', '') <> 'deleted'
) + (${MADE}${ARCHIVED} SELECT count(*) FROM made WHERE ${IS_ARCHIVED} AND NOT EXISTS (SELECT 1 FROM events e WHERE e.id = made.id))`;

/**
 * The statements that leave nothing of the events `ids` and of what was made from them, wherever they are. One of them
 * gives the bells of what has waited behind them in an order.
 *
 * @param mine the condition of each
 */
export function deletes(mine: string): string[] {
  const chosen = (column: string) => `${named(column)} AND ${mine}`;
  const open = openOf(chosen("seq"));
  return [
    // An attempt that is under way may have arrived; what it brings back is told to a delivery that has ended.
    `INSERT INTO attempts (event, destination, n, started_at, fault, outcome)
     SELECT event, destination, attempt, ?1->>'now', 'lost', 'lost' FROM deliveries WHERE ${open} AND state = 'delivering'
     ON CONFLICT (event, destination, n) DO NOTHING`,
    `UPDATE deliveries SET state = 'failed', reason = 'cancelled', ended_at = ?1->>'now', look_at = NULL, lease_until = NULL, waits = NULL
     WHERE ${open}`,
    ...PLACES.map(({ empties }) => empties(chosen, "?1->>'gone'")),
    nextOfAll(chosen("seq"), "?1->>'now'"),
    // What the body's end leaves: headers are the sender's too, and an order goes by the hash of a value of the body.
    `UPDATE deliveries SET order_key = NULL WHERE order_key IS NOT NULL AND event IN (${chosen("seq")})`,
    `UPDATE events SET headers = '{}', gone = ?1->>'gone' WHERE seq IN (${chosen("seq")})`,
    // A repeat of an archived event is an event anew, a restored one may stand in a segment that was rewritten, and
    // what was made from one may be archived by now.
    `UPDATE segments SET ids = (
       SELECT coalesce(group_concat(one.value, ' '), '') FROM ${THEIRS} WHERE one.value NOT IN (${MADE} SELECT ${SHORT} FROM made)
     ), events = events - (SELECT count(*) FROM ${THEIRS} WHERE one.value IN (${MADE} SELECT ${SHORT} FROM made)), state = 'stale'
     WHERE key IN (${MADE}${ARCHIVED} SELECT key FROM archived) AND ${mine}`,
    // Emptied once more when whatever was under way has come back.
    `INSERT INTO marks (name, value, at) SELECT ${stays("seq")}, '', ?1->>'now' FROM events
     WHERE id IN (${MADE} SELECT id FROM made) AND ${mine} ON CONFLICT DO NOTHING`,
  ];
}

/** The target is the event. `gone` says why and when, as JSON. */
export const DELETE: Deed<{ ids: readonly string[]; gone: string }, Deleted> = {
  action: "delete",
  answer: `SELECT json_object(
    'deleted', (SELECT json_group_array(id) FROM (
      ${MADE}${ARCHIVED} SELECT id FROM made WHERE id IN (SELECT id FROM events) OR ${IS_ARCHIVED} ORDER BY id <> ?1->>'target'
    )),
    'cancelled', (SELECT count(*) FROM deliveries WHERE ${openOf(named("seq"))}),
    'underWay', (SELECT count(*) FROM deliveries WHERE ${openOf(named("seq"))} AND state = 'delivering'))`,
  acts: [
    `${AUDIT} (
      SELECT json_group_array(id) FROM (
        ${MADE}${ARCHIVED} SELECT id FROM made WHERE id IN (SELECT id FROM events) OR ${IS_ARCHIVED} ORDER BY id <> ?1->>'target'
      )
    ) WHERE ${MINE}`,
    ...deletes(MINE),
  ],
};
