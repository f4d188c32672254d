// D1: a sender is asked now for what never came. The look itself is the sweep's (sweep/gaps.ts).
import { AUDIT, type Deed, MINE } from "./deed.ts";

/** What was asked for a moment ago may not stand in the sender's list yet, in ms: nobody is asked for it twice. */
const APART_MS = 2 * 60_000;

/**
 * While a look is under way, `at` is when its lease ends, and not when the next one is due: that one is not disturbed.
 * Where none was ever taken, the first is due already.
 */
const ITS = "name = 'gaps:' || (?1->>'target')";
const READY = `(NOT EXISTS (SELECT 1 FROM marks WHERE ${ITS}) OR EXISTS (SELECT 1 FROM marks WHERE ${ITS}
  AND at = value->>'at' + ?1->>'every' AND value->>'at' + ${APART_MS} < ?1->>'now'))`;

/** `every` is how often the source's sender is asked, in ms. */
export const LOOK_NOW: Deed<{ every: number }, { asked: boolean }> = {
  action: "gaps.look",
  answer: `SELECT json_object('asked', json(iif(${READY}, 'true', 'false')))`,
  acts: [
    `${AUDIT} NULL WHERE ${READY} AND ${MINE}`,
    `UPDATE marks SET at = ?1->>'now' WHERE ${ITS} AND ${READY} AND ${MINE}`,
  ],
};
