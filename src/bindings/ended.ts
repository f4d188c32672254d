// D1: which ended deliveries a bulk replay is about. Newest first, and never more of the past at once than a fixed number of rows.
import { rowsOf, type Run } from "./database.ts";
import { beginOf, LATENESS_MS, SCAN_ROWS } from "./moment.ts";
import { behind, deliveriesEdge, OF_EVENT, type Place, walkFrom } from "./records.ts";

/** How many deliveries are looked at to foretell what a job would open: some 80 ms of D1. */
const COUNT_ROWS = 20_000;

/** Which ended deliveries; `null` admits all. Times are in ms: `since` is included, `until` is not. */
export interface EndedFilter {
  readonly source: string | null;
  readonly type: string | null;
  readonly destination: string | null;
  readonly state: "failed" | "delivered" | null;
  readonly since: number | null;
  readonly until: number | null;
}

/** A delivery that matches. */
export interface Match {
  readonly event: number;
  readonly destination: string;
}

/** What one look has found, and where the next one begins: `null` at the end of the history. */
export interface Look {
  readonly found: readonly Match[];
  readonly next: Place | null;
  readonly lookedBackTo: number | null;
}

// ?9 destination, ?10 state, ?11 when the job was asked for: what ends later is none of its business, be it by the job itself.
const MATCHES = `${OF_EVENT} AND (?9 IS NULL OR d.destination = ?9)
  AND d.state IN ('delivered', 'failed') AND (?10 IS NULL OR d.state = ?10) AND d.ended_at < ?11`;
const pathOf = ({ state }: EndedFilter) => (state === "failed" ? "failed" : "all");
const scan = (filter: EndedFilter, only?: string) => `
FROM (SELECT event, destination, state, ended_at FROM ${behind(pathOf(filter), only)} LIMIT ?2) d
CROSS JOIN events e ON e.seq = d.event`;

const look = (filter: EndedFilter) => `
SELECT d.event, d.destination, e.received_at AS receivedAt ${scan(filter)} WHERE ${MATCHES} LIMIT ?3`;

// ?3 the destinations that are configured, ?12 the first event that may match. A bare column beside min() is of the row that has the least.
const count = (filter: EndedFilter) => `
SELECT count(*) FILTER (WHERE ${MATCHES} AND d.destination IN (SELECT value FROM json_each(?3))) AS matching,
       count(*) AS looked, min(d.event) AS event, e.received_at AS receivedAt ${scan(filter, "event >= ?12")}`;

/** The look back in D1. */
export type Ended = ReturnType<typeof openEnded>;

/** @param run D1 with the schema in place */
export function openEnded(run: Run) {
  const all = rowsOf(run);

  return {
    /** How many deliveries a job for this filter would open now, as far as a bounded look back tells. */
    async count(
      filter: EndedFilter,
      destinations: readonly string[],
      now: number,
    ): Promise<{ matching: number; complete: boolean; lookedBackTo: number | null }> {
      const { event, destination } = await walkFrom(filter.until, run);
      const least = filter.since === null ? 0 : await beginOf(filter.since, run);
      const values = [event, COUNT_ROWS, JSON.stringify(destinations), ...ofFilter(filter, destination, now), least];
      const [row] = await all<{ matching: number; looked: number; receivedAt: number | null }>(
        count(filter),
        ...values,
      );
      const { matching, looked, receivedAt } = row ?? { matching: 0, looked: 0, receivedAt: null };
      const complete = looked < COUNT_ROWS;
      return { matching, complete, lookedBackTo: complete ? null : receivedAt };
    },

    /** The next matches behind `place` that ended before `endedBefore`, at most `limit`. */
    async look(filter: EndedFilter, endedBefore: number, place: Place, limit: number): Promise<Look> {
      const { event, destination } = place;
      const values = [event, SCAN_ROWS, limit, ...ofFilter(filter, destination, endedBefore)];
      // One transaction: what somebody else opened in between would leave the index, and the edge would lie beyond what was looked at.
      const [seen, beyond] = await run((db) =>
        db.batch<Match & { receivedAt: number }>([
          db.prepare(look(filter)).bind(...values),
          db.prepare(deliveriesEdge(pathOf(filter))).bind(event, SCAN_ROWS, destination),
        ]),
      );
      const found = seen?.results ?? [];
      const last = found[limit - 1];
      if (last !== undefined) return { found, next: placeOf(last), lookedBackTo: last.receivedAt };
      const edge = beyond?.results[0];
      if (edge === undefined || isBefore(filter, edge.receivedAt))
        return { found, next: null, lookedBackTo: edge?.receivedAt ?? found.at(-1)?.receivedAt ?? null };
      return { found, next: placeOf(edge), lookedBackTo: edge.receivedAt };
    },
  };
}

/** ?4 to ?11. */
function ofFilter(
  { source, type, since, until, destination, state }: EndedFilter,
  behindOf: string,
  endedBefore: number,
) {
  return [source, type, since, until, behindOf, destination, state, endedBefore];
}

/** Whether nothing older can match any more. */
function isBefore({ since }: EndedFilter, receivedAt: number): boolean {
  return since !== null && receivedAt < since - LATENESS_MS;
}

function placeOf({ event, destination }: Match): Place {
  return { event, destination };
}
