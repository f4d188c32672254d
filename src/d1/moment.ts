// D1: the first event after a moment, and the moment at which an attempt began.
// The time of arrival has no index, because each index costs a written row per event.
import { rowsOf, type Run } from "./database.ts";
import { LEASE_MS } from "../deadlines.ts";

/**
 * When the attempt of a delivery `d` of event `e` began, as far as its lease tells. That of a first attempt is shorter
 * and counts from the acceptance, before which nothing can have begun.
 */
export const BEGAN_AT = `max(d.lease_until - ${LEASE_MS}, e.received_at)`;

/**
 * How many rows a filtered page looks at before it hands out a cursor instead of looking on: few enough for one
 * query of some 20 ms, and the same whether the history holds a day or a year.
 */
export const SCAN_ROWS = 5_000;

/**
 * Events are numbered in the order in which they were written, which is the order of their arrival but for the time
 * that D1 could not be reached, or could not take them. Walks bounded by time begin and end this much outside their
 * bounds, in ms. What came later still does not end a walk, which goes on until all of a stretch was too old;
 * one that begins at a time may miss it.
 */
export const LATENESS_MS = 60 * 60_000;

// Goes from the oldest event towards the newest in steps of half of what is left, and takes a step if it still ends
// before ?1: some twenty events are read of a million. A history that a page can look at as a whole is left whole.
const END = `
WITH RECURSIVE jump (at, n) AS (
  SELECT iif(hi - lo < ${SCAN_ROWS}, hi, lo - 1), iif(hi - lo < ${SCAN_ROWS}, 0, hi - lo + 1)
  FROM (SELECT (SELECT min(seq) FROM events) AS lo, (SELECT max(seq) FROM events) AS hi)
  UNION ALL
  SELECT at + iif((SELECT received_at FROM events WHERE seq >= at + (n + 1) / 2 ORDER BY seq LIMIT 1) < ?1, (n + 1) / 2, 0), n / 2
  FROM jump WHERE n > 0
)
SELECT max(at) + 1 AS event FROM jump`;

// What was imported behind younger events is out of the order of time, until retention has removed it.
const MIXED = `
SELECT 1 AS mixed FROM marks WHERE name = 'imported' AND CAST(value AS INTEGER) >= (SELECT min(seq) FROM events)`;

/** Whether the numbers of events say nothing of when they were received. */
async function isMixed(run: Run): Promise<boolean> {
  return (await rowsOf(run)(MIXED)).length > 0;
}

/** The number below which every event is that was received before `until`, in ms. */
export async function endOf(until: number, run: Run): Promise<number> {
  if (await isMixed(run)) return Number.MAX_SAFE_INTEGER;
  const [found] = await rowsOf(run)<{ event: number | null }>(END, until + LATENESS_MS);
  return found?.event ?? 0;
}

/**
 * The time before which nothing that is asked for was received, for a stretch to be judged by;
 * `null` where all is asked for, or no stretch tells of another.
 */
export async function tooOld(since: number | null, run: Run): Promise<number | null> {
  return since === null || (await isMixed(run)) ? null : since - LATENESS_MS;
}
