// D1: who comes before whom, at destinations that get their events in order: docs/adr/0036.
import { type BellRow, toBell } from "./bell.ts";
import { rowsOf, type Run } from "./database.ts";
import type { Bell } from "../types.ts";

/**
 * How long what waits behind another is left alone, in ms. Whatever ends the other wakes it; this is for what nobody
 * could foresee, such as a row that was deleted by hand.
 */
export const BEHIND_MS = 6 * 60 * 60_000;

/** Open ones, and what has failed and was not given up, of the key that `of` has; as their indexes have it. */
const open = (of: string) => `deliveries o INDEXED BY deliveries_in_order
  WHERE o.order_key IS NOT NULL AND o.ended_at IS NULL AND o.destination = ${of}.destination AND o.order_key = ${of}.order_key`;
const failed = (of: string) => `deliveries o INDEXED BY deliveries_out_of_order
  WHERE o.order_key IS NOT NULL AND o.state = 'failed' AND o.reason <> 'cancelled' AND o.destination = ${of}.destination AND o.order_key = ${of}.order_key`;

/**
 * Whether an earlier delivery of the same key is open, or has failed where that stops those behind it. Nothing is read
 * for a delivery without a key.
 *
 * @param stopping SQL that gives the destinations where it does, as JSON
 */
export const behind = (stopping: string): string => `(deliveries.order_key IS NOT NULL AND (
  EXISTS (SELECT 1 FROM ${open("deliveries")} AND o.event < deliveries.event)
  OR (deliveries.destination IN (SELECT value FROM json_each(${stopping}))
    AND EXISTS (SELECT 1 FROM ${failed("deliveries")} AND o.event < deliveries.event))))`;

/** The id of the event behind which the delivery `d` waits; SQL. */
export const BEHIND_WHOM = `CASE WHEN d.waits = 'order' THEN (SELECT id FROM events WHERE seq = coalesce(
  (SELECT min(o.event) FROM ${open("d")} AND o.event < d.event), (SELECT min(o.event) FROM ${failed("d")} AND o.event < d.event))) END`;

/** How many of a destination's open deliveries come behind another, of the first `most`; SQL. */
export const behindAt = (destination: string, most: number): string => `(
  SELECT count(*) - count(DISTINCT order_key) FROM (
    SELECT order_key FROM deliveries INDEXED BY deliveries_in_order
    WHERE order_key IS NOT NULL AND ended_at IS NULL AND destination = ${destination} LIMIT ${most}
  ))`;

/**
 * Who comes next in the order of `of`: the row of a bell as JSON, if there is anybody whose time has come. `now` is so,
 * a minute more or less: clocks differ.
 */
const nextOf = (of: string, now = "?2") => `(
  SELECT json_object('id', e.id, 'destination', d.destination, 'attempt', d.attempt, 'due_at', d.due_at, 'waits', NULL, 'size', e.size)
  FROM deliveries d JOIN events e ON e.seq = d.event
  WHERE d.destination = ${of}.destination AND d.event = (SELECT min(o.event) FROM ${open(of)})
    AND d.state = 'pending' AND d.due_at <= ${now} + 60000
)`;

/** The same for the row that a statement has just changed, where that has ended: what waits for nothing is not read. */
export const NEXT_OF_THIS = `CASE WHEN deliveries.order_key IS NOT NULL AND deliveries.ended_at IS NOT NULL THEN ${nextOf("deliveries")} END`;

const NEXT_OF_EVENT = `SELECT ${nextOf("ended")} AS next FROM deliveries ended WHERE ended.event = ?1 AND ended.order_key IS NOT NULL`;

/** The same for events whose deliveries have all ended, as rows of bells: asked before their keys are forgotten. */
export const nextOfAll = (events: string, now: string): string => `
SELECT DISTINCT next->>'id' AS id, next->>'destination' AS destination, next->>'attempt' AS attempt,
  next->>'due_at' AS due_at, NULL AS waits, next->>'size' AS size
FROM (
  SELECT ${nextOf("ended", now)} AS next FROM deliveries ended WHERE ended.order_key IS NOT NULL AND ended.event IN (${events})
) WHERE next IS NOT NULL`;

/** The bell of whoever comes next, as these statements tell it. */
export function nextBell(next: string | null): Bell | null {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by the expression above
  return next === null ? null : toBell(JSON.parse(next) as BellRow);
}

/** @param run D1 with the schema in place */
export function openOrder(run: Run) {
  const all = rowsOf(run);
  /** The bells of what comes next at the destinations of an event, for whoever has ended its deliveries. */
  return async function next(event: number, now: number): Promise<Bell[]> {
    const rows = await all<{ next: string | null }>(NEXT_OF_EVENT, event, now);
    return rows.flatMap((row) => nextBell(row.next) ?? []);
  };
}
