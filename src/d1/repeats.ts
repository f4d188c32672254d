// D1: what a sender's repeat of a known event reopens, and what is known about an event whose id has arrived again.
import { GRACE_MS } from "../deadlines.ts";
import { RETURNING_BELL } from "./bell.ts";
import { rowsOf, type Run } from "./database.ts";
import { soleNameOf } from "../ids.ts";
import type { AskKnown, AskRepeats, KnownEvent } from "./known.ts";

/**
 * How often repeats may open a delivery until an operator replays it:
 * whoever has captured a request can send it for ever.
 */
const MOST_REPEATS = 3;

/**
 * What a repeat opens, where the event still has its body: that of the repeat is another acceptance's.
 * Only an operator opens what an operator or the receiver has ended.
 */
const EXHAUSTED = `deliveries.state = 'failed' AND deliveries.reason IN ('exhausted', 'expired') AND deliveries.repeats < ${MOST_REPEATS}`;

// A repeat of an event whose delivery is exhausted opens it again. Receipts sort by time: one that was committed
// already, and is once more after an answer that was lost, is older than whatever opened the delivery since.
const REPEATED = `
FROM (
  SELECT e.seq, e.id, e.source, max(j.value->>'receipt') AS receipt
  FROM json_each(?1) j JOIN events e ON e.id = j.value->>'id' AND e.receipt <> j.value->>'receipt'
  WHERE e.gone IS NULL GROUP BY e.seq
) r`;
const REPEAT_OPENS = `deliveries.event = r.seq AND ${EXHAUSTED} AND deliveries.receipt < r.receipt`;

export const AUDIT_REPEATS = `
INSERT INTO audit (at, actor, action, target, detail)
SELECT ?2, 'source:' || r.source, 'repeat', r.id, json_group_array(deliveries.destination)
${REPEATED} CROSS JOIN deliveries WHERE ${REPEAT_OPENS} GROUP BY r.seq`;

export const REOPEN_EXHAUSTED = `
UPDATE deliveries
SET state = 'pending', reason = NULL, ended_at = NULL, round = attempt, repeats = repeats + 1, due_at = ?2, look_at = ?2 + ${GRACE_MS},
    receipt = r.receipt
${REPEATED}
WHERE ${REPEAT_OPENS}
${RETURNING_BELL}`;

const KNOWN = `
SELECT e.id, e.receipt, EXISTS (SELECT 1 FROM deliveries WHERE deliveries.event = e.seq AND ${EXHAUSTED}) AND e.gone IS NULL AS opens
FROM json_each(?1) j JOIN events e ON e.id = j.value`;

/** @param run D1 with the schema in place */
export function openRepeats(run: Run): AskRepeats {
  const all = rowsOf(run);
  return async (ids) => await all<KnownEvent>(KNOWN, JSON.stringify(ids));
}

/** Whether D1 has an event of the same name as this one and with another content (`soleEventId`). */
export type AskNamesake = (id: string) => Promise<boolean>;

/** @param run D1 with the schema in place */
export function openNamesake(run: Run): AskNamesake {
  const all = rowsOf(run);
  return async (id) => {
    const name = soleNameOf(id);
    // Hexadecimal digits come before "g".
    const found = await all("SELECT 1 FROM events WHERE id > ?1 AND id < ?1 || 'g' AND id <> ?2 LIMIT 1", name, id);
    return found.length > 0;
  };
}

/** The same, and which destinations are paused at that moment, or have an open breaker. */
export function openKnown(run: Run): AskKnown {
  return async (ids) =>
    await run(async (db) => {
      const [events, pauses] = await db.batch([
        db.prepare(KNOWN).bind(JSON.stringify(ids)),
        db.prepare("SELECT destination FROM pauses UNION SELECT destination FROM breakers WHERE opened_at IS NOT NULL"),
      ]);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the columns of the statements above
      const [known, paused] = [events?.results as KnownEvent[], pauses?.results as { destination: string }[]];
      return { events: known, paused: paused.map(({ destination }) => destination) };
    });
}
