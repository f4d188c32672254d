// D1: opens a delivery that no route has asked for, because somebody did, with one audit row for each that was opened.
import { RETURNING_BELL } from "./bell.ts";
import type { Bell, State } from "../types.ts";
import { GRACE_MS } from "../deadlines.ts";
import { type Asking, AUDIT, MINE, openAsk } from "./asking.ts";
import type { Run } from "./database.ts";

/** Stands where the name of a route would; no route can be called so. */
const BY_HAND = "(sent by hand)";

/** The delivery, whether it was there before or not; without a state there is none, because the event is gone. */
export interface Opened {
  readonly created: boolean;
  readonly state: State | null;
}

const EXISTING = "FROM deliveries WHERE event = ?1->>'event' AND destination = ?1->>'destination'";
const NEW = `NOT EXISTS (SELECT 1 ${EXISTING})`;
// Nothing can be opened for an event that retention has taken in the meantime.
const HERE = "EXISTS (SELECT 1 FROM events WHERE seq = ?1->>'event')";

const OPEN = {
  answer: `SELECT json_object('created', json(iif(${NEW} AND ${HERE}, 'true', 'false')),
    'state', coalesce((SELECT state ${EXISTING}), iif(${HERE}, 'pending', NULL)))`,
  acts: [
    `${AUDIT} NULL WHERE ${NEW} AND ${HERE} AND ${MINE}`,
    `INSERT INTO deliveries (event, destination, route, receipt, state, due_at, look_at)
     SELECT ?1->>'event', ?1->>'destination', '${BY_HAND}', ?1->>'receipt', 'pending', ?1->>'now', ?1->>'now' + ${GRACE_MS}
     WHERE ${HERE} AND ${MINE}
     ON CONFLICT (event, destination) DO NOTHING
     ${RETURNING_BELL}`,
  ],
};

export type OpenByHand = ReturnType<typeof openByHand>;

/** @param run D1 with the schema in place */
export function openByHand(run: Run) {
  const ask = openAsk(run);

  /**
   * Opens a delivery of the event to the destination, due now, unless there is one.
   *
   * @param event the event's row
   * @returns the bell is the caller's to ring; if that fails, the sweep finds the delivery
   */
  return async function openOne(
    asking: Asking,
    event: number,
    destination: string,
    now: number,
  ): Promise<Opened & { readonly bells: Bell[] }> {
    const { answer, bells } = await ask(asking, { event, destination }, now, OPEN);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- OPEN built it in this transaction, or in an earlier one with this key
    return { ...(answer as Opened), bells };
  };
}
