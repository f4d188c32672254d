// D1: which secrets have verified the events of a source lately. It reads a bounded number of events.
import { rowsOf, type Run } from "./database.ts";
import { SCAN_ROWS } from "./moment.ts";

/** What one secret has verified. */
interface Verified {
  readonly secret: string;
  readonly events: number;
  readonly last: number;
}

/** `since` is the time back to which events were looked at, `null` where the history goes no further. */
interface Looked {
  readonly by: readonly Verified[];
  readonly since: number | null;
}

// The columns stand before headers and body, so that no page of those is read.
const BY_SECRET = `
SELECT iif(source = ?1 AND received_at >= ?2, verified_by, NULL) AS secret, count(*) AS events, max(received_at) AS last, min(received_at) AS since
FROM (SELECT source, verified_by, received_at FROM events ORDER BY seq DESC LIMIT ${SCAN_ROWS}) GROUP BY 1`;

/** @param run D1 with the schema in place */
export function openVerified(run: Run) {
  const all = rowsOf(run);

  /** Of the newest events, those of this source that came from `after` on, by the secret that verified them. */
  return async function verifiedBy(source: string, after: number): Promise<Looked> {
    const groups = await all<{ secret: string | null; events: number; last: number; since: number }>(
      BY_SECRET,
      source,
      after,
    );
    const looked = groups.reduce((sum, { events }) => sum + events, 0);
    const since = Math.min(...groups.map((one) => one.since));
    return {
      by: groups.flatMap(({ secret, events, last }) => (secret === null ? [] : [{ secret, events, last }])),
      since: looked < SCAN_ROWS || since < after ? null : since,
    };
  };
}
