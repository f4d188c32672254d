// D1: which ended deliveries a bulk replay is about. Newest first, with a bounded number of rows at a time.
import type { Run } from "./database.ts";
import { SCAN_ROWS, tooOld } from "./moment.ts";
import { behind, deliveriesEdge, type Edge, OF_EVENT, walkFrom } from "./records.ts";
import type { Place } from "../contract/filter.ts";

/** In how many stretches deliveries are looked at to foretell what a job would open: some 100 ms of D1. */
const STRETCHES = 4;

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

// ?9 destination, ?10 state, ?11 when the job was asked for:
// what ends later is none of its business, be it by the job itself.
const MATCHES = `${OF_EVENT} AND (?9 IS NULL OR d.destination = ?9)
  AND d.state IN ('delivered', 'failed') AND (?10 IS NULL OR d.state = ?10) AND d.ended_at < ?11 AND e.gone IS NULL`;
const pathOf = ({ state }: EndedFilter) => (state === "failed" ? "failed" : "all");
const scan = (filter: EndedFilter) => `
FROM (SELECT event, destination, state, ended_at FROM ${behind(pathOf(filter))} LIMIT ?2) d
CROSS JOIN events e ON e.seq = d.event`;

const look = (filter: EndedFilter) => `
SELECT d.event, d.destination, e.received_at AS receivedAt ${scan(filter)} WHERE ${MATCHES} LIMIT ?3`;

// ?3 the destinations that are configured.
const count = (filter: EndedFilter) => `
SELECT count(*) AS matching ${scan(filter)} WHERE ${MATCHES} AND d.destination IN (SELECT value FROM json_each(?3))`;

/** The look back in D1. */
export type Ended = ReturnType<typeof openEnded>;

/** @param run D1 with the schema in place */
export function openEnded(run: Run) {
  return {
    /** How many deliveries a job for this filter would open now, as far as a bounded look back tells. */
    async count(
      filter: EndedFilter,
      destinations: readonly string[],
      now: number,
    ): Promise<{ matching: number; complete: boolean; lookedBackTo: number | null }> {
      let place = await walkFrom(filter.until, run);
      let matching = 0;
      let lookedBackTo: number | null = null;
      const names = JSON.stringify(destinations);
      const old = await tooOld(filter.since, run);
      for (let stretch = 0; stretch < STRETCHES; stretch += 1) {
        const { event, destination } = place;
        const values = [event, SCAN_ROWS, names, ...ofFilter(filter, destination, now)];
        const [counted, beyond] = await run((db) =>
          db.batch<{ matching: number } & Edge>([
            db.prepare(count(filter)).bind(...values),
            edgeOf(filter, place, old, db),
          ]),
        );
        matching += counted?.results[0]?.matching ?? 0;
        const edge = beyond?.results[0];
        if (edge === undefined || edge.passed === 1) return { matching, complete: true, lookedBackTo: null };
        place = placeOf(edge);
        lookedBackTo = edge.receivedAt;
      }
      return { matching, complete: false, lookedBackTo };
    },

    /** The next matches behind `place` that ended before `endedBefore`, at most `limit`. */
    async look(filter: EndedFilter, endedBefore: number, place: Place, limit: number): Promise<Look> {
      const { event, destination } = place;
      const values = [event, SCAN_ROWS, limit, ...ofFilter(filter, destination, endedBefore)];
      const old = await tooOld(filter.since, run);
      // One transaction: what somebody else opened in between would leave the index,
      // and the edge would lie beyond what was looked at.
      const [seen, beyond] = await run((db) =>
        db.batch<Edge>([db.prepare(look(filter)).bind(...values), edgeOf(filter, place, old, db)]),
      );
      const found = seen?.results ?? [];
      const last = found[limit - 1];
      if (last !== undefined) return { found, next: placeOf(last), lookedBackTo: last.receivedAt };
      const edge = beyond?.results[0];
      if (edge === undefined || edge.passed === 1)
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

function edgeOf(
  filter: EndedFilter,
  { event, destination }: Place,
  old: number | null,
  db: D1Database,
): D1PreparedStatement {
  return db.prepare(deliveriesEdge(pathOf(filter))).bind(event, SCAN_ROWS, destination, old);
}

function placeOf({ event, destination }: Match): Place {
  return { event, destination };
}
