// D1: that a test event was sent, and what was answered, for a repeat of the same asking. The event itself is not kept.
import { type Asking, AUDIT, MINE, openAsk } from "./asking.ts";
import { rowsOf, type Run } from "./database.ts";

const BEGIN = { answer: "'[]'", acts: [`${AUDIT} NULL WHERE ${MINE}`] };
const END = `
UPDATE marks SET value = json_set(value, '$.answer', json(?2)) WHERE name = ?1->>'key' AND value->>'receipt' = ?1->>'receipt'`;

export type Trials = ReturnType<typeof openTrials>;

/** @param run D1 with the schema in place */
export function openTrials(run: Run) {
  const ask = openAsk(run);
  const all = rowsOf(run);
  return {
    /** Notes that a test is about to be sent. A repeat gets what `end` was given, which is an empty list while there is nothing. */
    async begin(asking: Asking, now: number): Promise<{ first: boolean; answer: unknown }> {
      return await ask(asking, {}, now, BEGIN);
    },

    /** @param answer anything that JSON can hold */
    async end(asking: Asking, answer: object): Promise<void> {
      if (asking.key !== null) await all(END, JSON.stringify(asking), JSON.stringify(answer));
    },
  };
}
