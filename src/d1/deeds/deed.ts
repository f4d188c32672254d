// A deed: what an order does in D1, as SQL. Its audit row and its answer are in the same transaction;
// `once.ts` carries it out.

/** Who asks for what. */
export interface Asking {
  /** As the audit names it. */
  readonly action: string;
  readonly target: string;
  readonly actor: string;
  /** New for each asking. */
  readonly receipt: string;
  /**
   * The row of `marks` that keeps the answer, so that a repeat gets the first one's;
   * `null` where the asking has no name.
   */
  readonly key: string | null;
}

/**
 * SQL. All of it is given one value, ?1: the asking and its facts as one JSON object, with the time as `now`.
 *
 * @template Facts what the statements need beside the asking
 * @template Answer what `answer` gives
 */
export interface Deed<Facts extends object, Answer> {
  /** The name that the audit has for it. */
  readonly action: string;
  /** Gives the answer, a JSON array or object, from what is there before the acts. */
  readonly answer: string;
  /** Statements, each under the condition MINE. What they return are rows of deliveries that they have opened. */
  readonly acts: readonly string[];
  /** For the types alone, and in no deed. */
  readonly of?: (facts: Facts) => Answer;
}

/** Whether the name is this asking's, and not an earlier one's. The acts have it as their condition. */
export const MINE = `(?1->>'key' IS NULL OR EXISTS (SELECT 1 FROM marks WHERE name = ?1->>'key' AND value->>'receipt' = ?1->>'receipt'))`;

/**
 * Whether the event of this number is there, with its body: what has none cannot be sent again.
 *
 * @param event SQL that gives the number
 */
export const hasBody = (event: string): string => `EXISTS (SELECT 1 FROM events WHERE seq = ${event} AND gone IS NULL)`;

/** Writes one row of the audit; what follows is SQL that gives `detail`, for each row that there is to write. */
export const AUDIT = `
INSERT INTO audit (at, actor, action, target, detail) SELECT ?1->>'now', ?1->>'actor', ?1->>'action', ?1->>'target',`;
