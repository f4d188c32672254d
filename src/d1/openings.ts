// D1: the deliveries that an acceptance opens, in the transaction that commits its event.
import { BELL_REACH_MS, GRACE_MS } from "../deadlines.ts";
import { acceptedAt, receiptFloor } from "../ids.ts";

// Only for events of this very acceptance: a repeat finds the first one's receipt and opens nothing. A first attempt
// that was made where the event was accepted (`first`) is part of the row from the beginning: one that succeeded is
// inserted as delivered, once.
export const OPEN_DELIVERIES = `
INSERT INTO deliveries (event, destination, route, receipt, state, reason, attempt, due_at, lease_until, look_at, started_at, latency_ms,
  status, fault, excerpt, ended_at, transform, order_key, replied)
SELECT e.seq, m.value->>'destination', m.value->>'route', e.receipt, coalesce(m.value->>'$.first.state', 'pending'),
       m.value->>'$.first.reason', m.value->>'first' IS NOT NULL, coalesce(m.value->>'$.first.dueAt', ?2), m.value->>'$.first.leaseUntil',
       CASE coalesce(m.value->>'$.first.state', 'pending')
         WHEN 'pending' THEN iif(coalesce(m.value->>'$.first.dueAt', ?2) - ?2 > ${BELL_REACH_MS}, m.value->>'$.first.dueAt',
           coalesce(m.value->>'$.first.dueAt', ?2) + ${GRACE_MS})
         WHEN 'delivering' THEN m.value->>'$.first.leaseUntil' END,
       m.value->>'$.first.startedAt', m.value->>'$.first.latencyMs', m.value->>'$.first.status', m.value->>'$.first.fault',
       m.value->>'$.first.excerpt', iif(m.value->>'$.first.state' IN ('delivered', 'failed'), ?2, NULL), m.value->>'transform', m.value->>'order',
       coalesce(m.value->>'$.first.replied', iif(m.value->>'reply' AND m.value->>'first' IS NULL, '{"why":"unsent"}', NULL))
FROM json_each(?1) j
JOIN events e ON e.id = j.value->>'id' AND e.receipt = j.value->>'receipt'
JOIN json_each(j.value, '$.matched') m
WHERE true
ON CONFLICT (event, destination) DO NOTHING`;

/**
 * How an acceptance finds its event in D1 that was imported between it and its commit: it is the acceptance's from then
 * on, with all that was accepted, because the line may have been another relay's redacted one. The deliveries that the
 * import has brought stay as they are. What was deleted here, after it was imported, stays deleted. ?2 is where an
 * import's receipt cannot be that old: what was imported before is history, and the acceptance is its sender's repeat.
 */
export const TAKE_OVER = `
DO UPDATE SET receipt = excluded.receipt, source = excluded.source, type = excluded.type, received_at = excluded.received_at,
  verified_by = excluded.verified_by, headers = excluded.headers, encoding = excluded.encoding, size = excluded.size, body = excluded.body,
  parts = excluded.parts, object = NULL, gone = NULL, undecided = excluded.undecided,
  unrouted = iif(excluded.unrouted AND NOT EXISTS (SELECT 1 FROM deliveries WHERE event = events.seq), 1, NULL)
WHERE substr(events.receipt, 10, 1) = 'i' AND events.receipt > ?2
  AND (events.gone IS NULL OR (events.receipt > excluded.receipt AND events.gone->>'at' < excluded.received_at))`;

/** Clocks of isolates differ by less than this, in ms. */
const SKEW_MS = 10 * 60_000;

/** The receipt of no import that came after one of these acceptances. */
export function beforeAll(events: readonly { readonly receipt: string }[]): string {
  const first = Math.min(...events.map(({ receipt }) => acceptedAt(receipt) ?? 0));
  return receiptFloor(Math.max(0, first - SKEW_MS));
}
