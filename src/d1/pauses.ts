// D1: which destinations get nothing for now. Claims look here by themselves (store.ts), and the sweep releases what was held (upkeep.ts).
import { type Asking, AUDIT, MINE, openAsk } from "./asking.ts";
import type { Run } from "./database.ts";

const PAUSED = "EXISTS (SELECT 1 FROM pauses WHERE destination = ?1->>'target')";
// `json(x)` keeps a truth value one.
const ANSWER = (changed: string) => `SELECT json_object('changed', json(iif(${changed}, 'true', 'false')))`;

const PAUSE = {
  answer: ANSWER(`NOT ${PAUSED}`),
  acts: [
    `${AUDIT} NULL WHERE NOT ${PAUSED} AND ${MINE}`,
    `INSERT INTO pauses (destination, at, actor) SELECT ?1->>'target', ?1->>'now', ?1->>'actor' WHERE ${MINE}
     ON CONFLICT (destination) DO NOTHING`,
  ],
};
const RESUME = {
  answer: ANSWER(PAUSED),
  acts: [
    `${AUDIT} NULL WHERE ${PAUSED} AND ${MINE}`,
    `DELETE FROM pauses WHERE destination = ?1->>'target' AND ${MINE}`,
  ],
};

/** The pauses in D1. The asking's target is the destination. */
export type Pauses = ReturnType<typeof openPauses>;

/** @param run D1 with the schema in place */
export function openPauses(run: Run) {
  const ask = openAsk(run);
  return {
    /** Once this has returned, nothing is claimed for the destination any more. Pausing twice is pausing once. */
    async pause(asking: Asking, now: number): Promise<void> {
      await ask(asking, {}, now, PAUSE);
    },

    /** What is held is released by the next sweep. */
    async resume(asking: Asking, now: number): Promise<void> {
      await ask(asking, {}, now, RESUME);
    },
  };
}
