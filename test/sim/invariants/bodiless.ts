// I-16 for bodies that have a retention of their own, which ends while things die.
import { BODIES_MS } from "../bodiless.ts";
import { EPOCH } from "../scheduler.ts";
import type { Invariant } from "./invariant.ts";

/** A minute for the sweep, three for a delivery that has just ended, and what a few steps take, in ms. */
const LATE_MS = 15 * 60_000;

/** Events of acme that are too old to have a body, and whose deliveries ended long enough ago. */
const OLD = `
SELECT e.seq, e.id, e.receipt FROM events e WHERE e.source = 'acme' AND e.received_at < ?1 - ${BODIES_MS}
AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event = e.seq AND (d.ended_at IS NULL OR d.ended_at > ?1))`;
const LEFT = `
WITH old AS (${OLD})
SELECT 'the body of ' || o.id AS what FROM old o JOIN events e ON e.seq = o.seq WHERE e.body IS NOT NULL OR e.parts > 0 OR e.gone IS NULL
UNION ALL SELECT 'a part of ' || o.id FROM old o JOIN event_parts p ON p.receipt = o.receipt
UNION ALL SELECT 'an answer to ' || o.id FROM old o JOIN deliveries d ON d.event = o.seq WHERE d.excerpt <> ''
UNION ALL SELECT 'an answer to ' || o.id FROM old o JOIN attempts a ON a.event = o.seq WHERE a.excerpt <> ''
UNION ALL SELECT 'a copy of ' || o.id || ' at an inspector' FROM old o JOIN inspections i ON i.event = o.id`;

export const bodiesGo: Invariant = {
  id: "I-16 bodies",
  says: "past its own retention nothing of a body is left, in no part, no answer and no copy, whatever died while it went",
  rested({ platform, plan, scheduler, skewed }) {
    if (!plan.traits.includes("bodiless") || skewed || !platform.d1.hasTable("inspections")) return null;
    const [left] = platform.d1.look<{ what: string }>(LEFT, Math.floor(scheduler.now + EPOCH) - LATE_MS);
    return left === undefined ? null : `${left.what} is still there`;
  },
};
