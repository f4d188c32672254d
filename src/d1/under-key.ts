// D1: how much is still sealed under a key, which may go once nothing is.
import { rowsOf, type Run } from "./database.ts";

/** Events that one count looks at, the oldest first: those of a former key are the oldest. */
const MOST = 100_000;

export interface UnderKey {
  /** Events and requests at inspectors. */
  readonly values: number;
  /** Whether everything was looked at. */
  readonly complete: boolean;
}

const COUNT = `
SELECT count(*) AS looked, coalesce(sum(substr(headers, 1, 12) = ?1), 0) AS events,
       (SELECT count(*) FROM inspections WHERE substr(headers, 1, 12) = ?1) AS inspections
FROM (SELECT headers FROM events ORDER BY seq LIMIT ${MOST})`;

/** @param run D1 with the schema in place */
export function openUnderKey(run: Run) {
  const all = rowsOf(run);
  /** @param key its id, as it stands in sealed values */
  return async function underKey(key: string): Promise<UnderKey> {
    const [row] = await all<{ looked: number; events: number; inspections: number }>(COUNT, `v1.${key}.`);
    return { values: (row?.events ?? 0) + (row?.inspections ?? 0), complete: (row?.looked ?? 0) < MOST };
  };
}
