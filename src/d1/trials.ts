// D1: what a test event was answered, for a repeat of the same asking. That it was sent is noted by deeds/test.ts.
import { rowsOf, type Run } from "./database.ts";
import type { Asking } from "./deeds/deed.ts";

const END = `
UPDATE marks SET value = json_set(value, '$.answer', json(?2)) WHERE name = ?1->>'key' AND value->>'receipt' = ?1->>'receipt'`;

/** @param run D1 with the schema in place */
export function openTrials(run: Run) {
  const all = rowsOf(run);
  return {
    /** @param answer anything that JSON can hold */
    async end(asking: Asking, answer: object): Promise<void> {
      if (asking.key !== null) await all(END, JSON.stringify(asking), JSON.stringify(answer));
    },
  };
}
