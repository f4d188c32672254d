// D1: ends deliveries because somebody asked, with one audit row for each asking.
import type { State } from "../../types.ts";
import { AUDIT, type Deed, MINE } from "./deed.ts";

/** What became of one delivery. */
export interface Ended {
  readonly destination: string;
  readonly cancelled: boolean;
  readonly state: State;
}

const CHOSEN = "event = ?1->>'event' AND destination IN (SELECT value FROM json_each(?1, '$.destinations'))";
// An attempt that is under way may have arrived: it goes on to its end. What has failed may stop others, where there is
// an order: to cancel it is to give it up.
const WAITING =
  "(state IN ('pending', 'held') OR (state = 'failed' AND order_key IS NOT NULL AND reason <> 'cancelled'))";

/**
 * Ends those of an event's deliveries that wait or are held.
 * `event` is the event's row, the target `evt_…` or `evt_…:destination`.
 */
export const CANCEL: Deed<{ event: number; destinations: readonly string[] }, Ended[]> = {
  action: "cancel",
  answer: `
SELECT json_group_array(json_object(
  'destination', destination, 'cancelled', json(iif(${WAITING}, 'true', 'false')), 'state', iif(${WAITING}, 'failed', state)
)) FROM (SELECT destination, state, reason, order_key FROM deliveries WHERE ${CHOSEN} ORDER BY destination)`,
  acts: [
    `${AUDIT} json_group_array(destination) FROM deliveries WHERE ${CHOSEN} AND ${WAITING} AND ${MINE} HAVING count(*) > 0`,
    `UPDATE deliveries SET state = 'failed', reason = 'cancelled', ended_at = ?1->>'now', look_at = NULL, waits = NULL
     WHERE ${CHOSEN} AND ${WAITING} AND ${MINE}`,
  ],
};
