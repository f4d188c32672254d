// D1: deletes what an event holds, everywhere, because somebody asked, with one audit row.
// Its row stays, so that a sender's repeat finds it.
import { PLACES } from "../places.ts";
import { stays } from "../expiry.ts";
import { AUDIT, type Deed, MINE } from "./deed.ts";

/** What is about to go. */
interface Deleted {
  readonly deleted: readonly string[];
  readonly cancelled: number;
  readonly underWay: number;
}

// Whatever was made from it by hand goes as well: it is the same payload, edited.
const MADE = `
WITH RECURSIVE made (id) AS (
  SELECT ?1->>'id'
  UNION SELECT m.value->>'event' FROM made CROSS JOIN marks m ON m.name > 'edited:' || made.id || ':' AND m.name < 'edited:' || made.id || ';'
)`;
const named = (column: string) => `SELECT ${column} FROM events WHERE id IN (${MADE} SELECT id FROM made)`;
const chosen = (column: string) => `${named(column)} AND ${MINE}`;
const openOf = (events: string) => `state IN ('pending', 'delivering', 'held') AND event IN (${events})`;
const OPEN = openOf(chosen("seq"));

/** As `shortId` has it, which is how a segment names its events. */
const SHORT = "substr(?1->>'id', -16)";

/** The target is the event, whose public id is `id` as well. `gone` says why and when, as JSON. */
export const DELETE: Deed<{ id: string; gone: string }, Deleted> = {
  action: "delete",
  answer: `SELECT json_object(
    'deleted', (SELECT json_group_array(id) FROM (${named("id")} ORDER BY seq)),
    'cancelled', (SELECT count(*) FROM deliveries WHERE ${openOf(named("seq"))}),
    'underWay', (SELECT count(*) FROM deliveries WHERE ${openOf(named("seq"))} AND state = 'delivering'))`,
  acts: [
    `${AUDIT} (SELECT json_group_array(id) FROM (${chosen("id")} ORDER BY seq)) WHERE ${MINE}`,
    // An attempt that is under way may have arrived; what it brings back is told to a delivery that has ended.
    `INSERT INTO attempts (event, destination, n, started_at, fault, outcome)
     SELECT event, destination, attempt, ?1->>'now', 'lost', 'lost' FROM deliveries WHERE ${OPEN} AND state = 'delivering'
     ON CONFLICT (event, destination, n) DO NOTHING`,
    `UPDATE deliveries SET state = 'failed', reason = 'cancelled', ended_at = ?1->>'now', look_at = NULL, lease_until = NULL, waits = NULL
     WHERE ${OPEN}`,
    ...PLACES.map(({ empties }) => empties(chosen, "?1->>'gone'")),
    // What the body's end leaves: headers are the sender's too, and an order goes by the hash of a value of the body.
    `UPDATE deliveries SET order_key = NULL WHERE order_key IS NOT NULL AND event IN (${chosen("seq")})`,
    `UPDATE events SET headers = '{}', gone = ?1->>'gone' WHERE seq IN (${chosen("seq")})`,
    // A repeat of an archived event is an event anew, and a restored one may stand in a segment that was rewritten.
    `UPDATE segments SET ids = trim(replace(' ' || ids || ' ', ' ' || ${SHORT} || ' ', ' ')), events = events - 1, state = 'stale'
     WHERE instr(ids, ${SHORT}) > 0 AND state IN ('kept', 'stale') AND ${MINE}`,
    // Emptied once more when whatever was under way has come back.
    `INSERT INTO marks (name, value, at) SELECT ${stays("seq")}, '', ?1->>'now' FROM events
     WHERE id IN (${MADE} SELECT id FROM made) AND ${MINE} ON CONFLICT DO NOTHING`,
  ],
};
