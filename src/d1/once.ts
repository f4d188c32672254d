// D1: what an operator orders, once for each Idempotency-Key:
// the deed, its row in the audit and its answer are one transaction.
import type { Bell } from "../types.ts";
import { type BellRow, toBell } from "./bell.ts";
import type { Run } from "./database.ts";
import { type Asking, type Deed, MINE } from "./deeds/deed.ts";

const REMEMBER = (answer: string) => `
INSERT INTO marks (name, value, at)
SELECT ?1->>'key', json_object('receipt', ?1->>'receipt', 'answer', json((${answer}))), ?1->>'now' WHERE ?1->>'key' IS NOT NULL
ON CONFLICT (name) DO NOTHING`;
const RECALL = (answer: string) => `
SELECT coalesce((SELECT value->>'answer' FROM marks WHERE name = ?1->>'key'), (${answer})) AS answer, ${MINE} AS mine`;

/** What an order has come to. */
export interface Once<Answer> {
  /** The first asking's. */
  readonly answer: Answer;
  /** Whether this is the first asking of its name. */
  readonly first: boolean;
  /** Of what the acts have opened: the caller's to ring; if that fails, the sweep finds the deliveries. */
  readonly bells: readonly Bell[];
}

/** @param run D1 with the schema in place */
export function openOnce(run: Run) {
  /** Does what is asked, unless an earlier asking had the same name. */
  return async function once<Facts extends object, Answer>(
    { answer, acts }: Deed<Facts, Answer>,
    asking: Asking,
    facts: Facts,
    now: number,
  ): Promise<Once<Answer>> {
    const value = JSON.stringify({ ...facts, ...asking, now });
    const results = await run((db) =>
      db.batch([REMEMBER(answer), RECALL(answer), ...acts].map((sql) => db.prepare(sql).bind(value))),
    );
    const [, recalled, ...acted] = results;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the columns of RECALL
    const [told] = (recalled?.results ?? []) as { answer: string; mine: number }[];
    return {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the deed built it in this transaction, or in an earlier one with this key
      answer: JSON.parse(told?.answer ?? "null") as Answer,
      first: told?.mine === 1,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see `Deed`
      bells: acted.flatMap(({ results: rows }) => rows as BellRow[]).map(toBell),
    };
  };
}
