// D1: ends deliveries because somebody asked, with one audit row for each asking.
import type { State } from "../types.ts";
import { type Asking, AUDIT, MINE, openAsk } from "./asking.ts";
import type { Run } from "./database.ts";

/** What became of one delivery. */
export interface Ended {
  readonly destination: string;
  readonly cancelled: boolean;
  readonly state: State;
}

const CHOSEN = "event = ?1->>'event' AND destination IN (SELECT value FROM json_each(?1, '$.destinations'))";
// An attempt that is under way may have arrived: it goes on to its end.
const WAITING = "state IN ('pending', 'held')";

const CANCEL = {
  answer: `
SELECT json_group_array(json_object(
  'destination', destination, 'cancelled', json(iif(${WAITING}, 'true', 'false')), 'state', iif(${WAITING}, 'failed', state)
)) FROM (SELECT destination, state FROM deliveries WHERE ${CHOSEN} ORDER BY destination)`,
  acts: [
    `${AUDIT} json_group_array(destination) FROM deliveries WHERE ${CHOSEN} AND ${WAITING} AND ${MINE} HAVING count(*) > 0`,
    `UPDATE deliveries SET state = 'failed', reason = 'cancelled', ended_at = ?1->>'now', look_at = NULL
     WHERE ${CHOSEN} AND ${WAITING} AND ${MINE}`,
  ],
};

export type Cancel = ReturnType<typeof openCancel>;

/** @param run D1 with the schema in place */
export function openCancel(run: Run) {
  const ask = openAsk(run);

  /**
   * Ends those of an event's deliveries that wait or are held.
   *
   * @param asking `target` is `evt_…` or `evt_…:destination`
   * @param event the event's row
   */
  return async function cancel(
    asking: Asking,
    event: number,
    destinations: readonly string[],
    now: number,
  ): Promise<Ended[]> {
    const { answer } = await ask(asking, { event, destinations }, now, CANCEL);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- CANCEL built it in this transaction, or in an earlier one with this key
    return answer as Ended[];
  };
}
