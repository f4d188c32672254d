// D1: opens a delivery that no route has asked for, because somebody did, with one audit row for each that was opened.
import { GRACE_MS } from "../../deadlines.ts";
import type { State } from "../../types.ts";
import { RETURNING_BELL } from "../bell.ts";
import { AUDIT, type Deed, hasBody, MINE } from "./deed.ts";

/** Stands where the name of a route would; no route can be called so. */
const BY_HAND = "(sent by hand)";

/** The delivery, whether it was there before or not; without a state there is none, because the event is gone. */
interface Opened {
  readonly created: boolean;
  readonly state: State | null;
}

const EXISTING = "FROM deliveries WHERE event = ?1->>'event' AND destination = ?1->>'destination'";
const NEW = `NOT EXISTS (SELECT 1 ${EXISTING})`;
// Nothing can be opened for an event that has gone in the meantime, or whose body has.
const HERE = hasBody("?1->>'event'");

/**
 * Opens a delivery of the event to the destination, due now, unless there is one.
 * `event` is the event's row, the target the delivery.
 */
export const SEND_TO: Deed<{ event: number; destination: string }, Opened> = {
  action: "send",
  answer: `SELECT json_object('created', json(iif(${NEW} AND ${HERE}, 'true', 'false')),
    'state', coalesce((SELECT state ${EXISTING}), iif(${HERE}, 'pending', NULL)))`,
  acts: [
    `${AUDIT} NULL WHERE ${NEW} AND ${HERE} AND ${MINE}`,
    `INSERT INTO deliveries (event, destination, route, receipt, state, due_at, look_at)
     SELECT ?1->>'event', ?1->>'destination', '${BY_HAND}', ?1->>'receipt', 'pending', ?1->>'now', ?1->>'now' + ${GRACE_MS}
     WHERE ${HERE} AND ${MINE}
     ON CONFLICT (event, destination) DO NOTHING
     ${RETURNING_BELL}`,
    `UPDATE events SET unrouted = NULL WHERE seq = ?1->>'event' AND unrouted IS NOT NULL AND ${MINE}`,
  ],
};
