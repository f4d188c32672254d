// D1: opens the deliveries that events lack by the routes of today, with one audit row for each asking that opened any.
import { GRACE_MS } from "../../deadlines.ts";
import type { Match, State, Undecided } from "../../types.ts";
import { RETURNING_BELL } from "../bell.ts";
import { AUDIT, type Deed, MINE } from "./deed.ts";

/** What the routes say now of one event. */
export interface Routed {
  /** The event's row. */
  readonly event: number;
  readonly matched: readonly Match[];
  /** `null` where every route has decided. */
  readonly undecided: readonly Undecided[] | null;
}

/** A delivery that the routes name, and whether it was there before. */
export interface RoutedTo {
  readonly event: string;
  readonly destination: string;
  readonly created: boolean;
  readonly state: State;
}

// An event that has gone in the meantime, or whose body has, is in none of it.
const EVENTS = "json_each(?1, '$.events') one CROSS JOIN events e ON e.seq = one.value->>'event' AND e.gone IS NULL";
const NAMED = `${EVENTS} CROSS JOIN json_each(one.value, '$.matched') m`;
const THERE = "deliveries d ON d.event = e.seq AND d.destination = m.value->>'destination'";

/**
 * Opens what the routes name and the events lack, due now, and notes what could not be decided. What was sent before
 * stays as it is, so that asking twice opens once.
 */
export const ROUTE: Deed<{ events: readonly Routed[] }, RoutedTo[]> = {
  action: "route",
  answer: `
SELECT json_group_array(json_object('event', e.id, 'destination', m.value->>'destination',
  'created', json(iif(d.event IS NULL, 'true', 'false')), 'state', coalesce(d.state, 'pending')))
FROM ${NAMED} LEFT JOIN ${THERE}`,
  acts: [
    `${AUDIT} json_group_array(e.id || ':' || (m.value->>'destination'))
     FROM ${NAMED} LEFT JOIN ${THERE} WHERE d.event IS NULL AND ${MINE} HAVING count(*) > 0`,
    `INSERT INTO deliveries (event, destination, route, receipt, state, due_at, look_at, transform, order_key)
     SELECT e.seq, m.value->>'destination', m.value->>'route', ?1->>'receipt', 'pending', ?1->>'now', ?1->>'now' + ${GRACE_MS}, m.value->>'transform', m.value->>'order'
     FROM ${NAMED} WHERE ${MINE}
     ON CONFLICT (event, destination) DO NOTHING
     ${RETURNING_BELL}`,
    `UPDATE events SET undecided = nullif(one.value->'undecided', 'null'),
       unrouted = iif(EXISTS (SELECT 1 FROM deliveries WHERE event = events.seq), NULL, 1)
     FROM json_each(?1, '$.events') one
     WHERE events.seq = one.value->>'event' AND gone IS NULL AND ${MINE}
       AND (unrouted IS NOT NULL OR undecided IS NOT NULL OR one.value->>'undecided' IS NOT NULL)`,
  ],
};
