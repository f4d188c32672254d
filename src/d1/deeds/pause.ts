// D1: which destinations get nothing for now. Claims look here by themselves (store.ts),
// and the sweep releases what was held (upkeep.ts).
import { AUDIT, type Deed, MINE } from "./deed.ts";

const PAUSED = "EXISTS (SELECT 1 FROM pauses WHERE destination = ?1->>'target')";
// `json(x)` keeps a truth value one.
const ANSWER = (changed: string) => `SELECT json_object('changed', json(iif(${changed}, 'true', 'false')))`;

/**
 * Once it is done, nothing is claimed for the destination, which is the target, any more.
 * Pausing twice is pausing once.
 */
export const PAUSE: Deed<object, { changed: boolean }> = {
  action: "pause",
  answer: ANSWER(`NOT ${PAUSED}`),
  acts: [
    `${AUDIT} NULL WHERE NOT ${PAUSED} AND ${MINE}`,
    `INSERT INTO pauses (destination, at, actor) SELECT ?1->>'target', ?1->>'now', ?1->>'actor' WHERE ${MINE}
     ON CONFLICT (destination) DO NOTHING`,
  ],
};

/** What is held is released by the next sweep. */
export const RESUME: Deed<object, { changed: boolean }> = {
  action: "resume",
  answer: ANSWER(PAUSED),
  acts: [
    `${AUDIT} NULL WHERE ${PAUSED} AND ${MINE}`,
    `DELETE FROM pauses WHERE destination = ?1->>'target' AND ${MINE}`,
  ],
};
