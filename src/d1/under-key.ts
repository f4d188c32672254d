// D1: how much is still sealed under a key, which may go once nothing is.
import { WHOLE_PARTS } from "../bytes/body.ts";
import { rowsOf, type Run } from "./database.ts";

/** Events that one count looks at, the oldest first: those of a former key are the oldest. */
const MOST = 100_000;

export interface UnderKey {
  /** Events, requests at inspectors, and what redacted events were before. */
  readonly values: number;
  /** Whether everything was looked at. */
  readonly complete: boolean;
}

const COUNT = `
SELECT count(*) AS looked, coalesce(sum(substr(headers, 1, 12) = ?1), 0) AS events,
       (SELECT count(*) FROM inspections WHERE substr(headers, 1, 12) = ?1) AS inspections,
       (SELECT count(*) FROM (SELECT name FROM marks WHERE name > 'whole:' AND name < 'whole;' LIMIT ${MOST})) AS marked,
       (SELECT count(*) FROM (SELECT name FROM marks WHERE name > 'whole:' AND name < 'whole;' ORDER BY name LIMIT ${MOST}) m
        JOIN event_parts p ON p.receipt = substr(m.name, 7) AND p.n = ${WHOLE_PARTS} WHERE substr(p.data, 1, 12) = ?1) AS wholes
FROM (SELECT headers FROM events ORDER BY seq LIMIT ${MOST})`;

/** @param run D1 with the schema in place */
export function openUnderKey(run: Run) {
  const all = rowsOf(run);
  /** @param key its id, as it stands in sealed values */
  return async function underKey(key: string): Promise<UnderKey> {
    const [row] = await all<Record<"looked" | "events" | "inspections" | "marked" | "wholes", number>>(
      COUNT,
      `v1.${key}.`,
    );
    const { looked = 0, events = 0, inspections = 0, marked = 0, wholes = 0 } = row ?? {};
    return { values: events + inspections + wholes, complete: looked < MOST && marked < MOST };
  };
}
