// D1: the deliveries that an acceptance opens, in the transaction that commits its event.
import { BELL_REACH_MS, GRACE_MS } from "../deadlines.ts";

// Only for events of this very acceptance: a repeat finds the first one's receipt and opens nothing. A first attempt
// that was made where the event was accepted (`first`) is part of the row from the beginning: one that succeeded is
// inserted as delivered, once.
const opened = (receipt: string, whose: string) => `
INSERT INTO deliveries (event, destination, route, receipt, state, reason, attempt, due_at, lease_until, look_at, started_at, latency_ms,
  status, fault, excerpt, ended_at, transform, order_key, replied)
SELECT e.seq, m.value->>'destination', m.value->>'route', ${receipt}, coalesce(m.value->>'$.first.state', 'pending'),
       m.value->>'$.first.reason', m.value->>'first' IS NOT NULL, coalesce(m.value->>'$.first.dueAt', ?2), m.value->>'$.first.leaseUntil',
       CASE coalesce(m.value->>'$.first.state', 'pending')
         WHEN 'pending' THEN iif(coalesce(m.value->>'$.first.dueAt', ?2) - ?2 > ${BELL_REACH_MS}, m.value->>'$.first.dueAt',
           coalesce(m.value->>'$.first.dueAt', ?2) + ${GRACE_MS})
         WHEN 'delivering' THEN m.value->>'$.first.leaseUntil' END,
       m.value->>'$.first.startedAt', m.value->>'$.first.latencyMs', m.value->>'$.first.status', m.value->>'$.first.fault',
       m.value->>'$.first.excerpt', iif(m.value->>'$.first.state' IN ('delivered', 'failed'), ?2, NULL), m.value->>'transform', m.value->>'order',
       coalesce(m.value->>'$.first.replied', iif(m.value->>'reply' AND m.value->>'first' IS NULL, '{"why":"unsent"}', NULL))
FROM json_each(?1) j
JOIN events e ON e.id = j.value->>'id' AND ${whose}
JOIN json_each(j.value, '$.matched') m
WHERE true
ON CONFLICT (event, destination) DO NOTHING`;

export const OPEN_DELIVERIES = opened("e.receipt", "e.receipt = j.value->>'receipt'");

// An event that came in an import after its acceptance, and before its commit, is history without what the acceptance
// has promised. What the import has brought stays as it is.
export const OPEN_BESIDE_IMPORT = opened("j.value->>'receipt'", "substr(e.receipt, 10, 1) = 'i'");
