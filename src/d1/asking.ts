// D1: what an operator asks for, once for each Idempotency-Key: the deed, its row in the audit and its answer are one transaction.
import type { Bell } from "../types.ts";
import type { Run } from "./database.ts";
import { type BellRow, toBell } from "./bell.ts";

/** Who asks for what. */
export interface Asking {
  /** As the audit names it. */
  readonly action: string;
  readonly target: string;
  readonly actor: string;
  /** New for each asking. */
  readonly receipt: string;
  /** The row of `marks` that keeps the answer, so that a repeat gets the first one's; `null` where the asking has no name. */
  readonly key: string | null;
}

/** SQL. All of it is given one value, ?1: the asking and its facts as one JSON object, with the time as `now`. */
export interface Deed {
  /** Gives the answer, a JSON array or object, from what is there before the acts. */
  readonly answer: string;
  /** Statements, each under the condition MINE. What they return are rows of deliveries that they have opened. */
  readonly acts: readonly string[];
}

/** Whether the name is this asking's, and not an earlier one's. The acts have it as their condition. */
export const MINE = `(?1->>'key' IS NULL OR EXISTS (SELECT 1 FROM marks WHERE name = ?1->>'key' AND value->>'receipt' = ?1->>'receipt'))`;

/** Writes one row of the audit; what follows is SQL that gives `detail`, for each row that there is to write. */
export const AUDIT = `
INSERT INTO audit (at, actor, action, target, detail) SELECT ?1->>'now', ?1->>'actor', ?1->>'action', ?1->>'target',`;

const REMEMBER = (answer: string) => `
INSERT INTO marks (name, value, at)
SELECT ?1->>'key', json_object('receipt', ?1->>'receipt', 'answer', json((${answer}))), ?1->>'now' WHERE ?1->>'key' IS NOT NULL
ON CONFLICT (name) DO NOTHING`;
const RECALL = (answer: string) => `
SELECT coalesce((SELECT value->>'answer' FROM marks WHERE name = ?1->>'key'), (${answer})) AS answer, ${MINE} AS mine`;

/** @param run D1 with the schema in place */
export function openAsk(run: Run) {
  /**
   * Does what is asked, unless an earlier asking had the same name.
   *
   * @param facts what the statements need beside the asking
   * @returns the first asking's answer, whether this is the first, and the bells of what the acts have opened
   */
  return async function ask(
    asking: Asking,
    facts: object,
    now: number,
    { answer, acts }: Deed,
  ): Promise<{ answer: unknown; first: boolean; bells: Bell[] }> {
    const value = JSON.stringify({ ...facts, ...asking, now });
    const results = await run((db) =>
      db.batch([REMEMBER(answer), RECALL(answer), ...acts].map((sql) => db.prepare(sql).bind(value))),
    );
    const [, recalled, ...acted] = results;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the columns of RECALL
    const [told] = (recalled?.results ?? []) as { answer: string; mine: number }[];
    return {
      answer: JSON.parse(told?.answer ?? "null"),
      first: told?.mine === 1,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see `Deed`
      bells: acted.flatMap(({ results: rows }) => rows as BellRow[]).map(toBell),
    };
  };
}
