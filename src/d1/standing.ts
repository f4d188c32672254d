// D1: the state of each destination: paused or not, and how many deliveries are pending.
// The rows that are read are bounded.
import { rowsOf, type Run } from "./database.ts";
import { behindAt } from "./order.ts";

/** Where counting stops. */
const MOST = 1_000;

/** What waits for a destination, and what was decided about it. Times are in ms. */
export interface Standing {
  readonly destination: string;
  readonly pausedAt: number | null;
  readonly pausedBy: string | null;
  /** Of its breaker, by D1's clock: what failed in a row since when; when it opened, is probed next, and closed. */
  readonly failures: number | null;
  readonly failingSince: number | null;
  readonly openedAt: number | null;
  readonly probeAt: number | null;
  readonly closedAt: number | null;
  /** What the last failure was. */
  readonly failedStatus: number | null;
  readonly failedFault: string | null;
  /** The script that has been put in the place of the configured one. */
  readonly script: string | null;
  /** Open ones, out of the thousand that are looked at next. */
  readonly waiting: number;
  /** Counts up to a thousand. */
  readonly held: number;
  /** Open ones that come behind another, where the destination has an order; counts up to a thousand. */
  readonly behind: number;
  /** Whether there are more than were counted. */
  readonly more: number;
  /** When the oldest event that waits or is held was received. */
  readonly oldest: number | null;
}

// The sums over all destinations are bounded as a whole by the index on look_at,
// those of the held ones each by the index on held.
const STANDING = `
WITH looked AS MATERIALIZED (
  SELECT event, destination FROM deliveries INDEXED BY deliveries_look_at WHERE look_at IS NOT NULL ORDER BY look_at LIMIT ${MOST + 1}
), open AS MATERIALIZED (
  SELECT destination, count(*) AS n, min(event) AS first FROM looked GROUP BY destination
), named AS MATERIALIZED (
  SELECT value AS destination,
         (SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE state = 'held' AND destination = value LIMIT ${MOST + 1})) AS held,
         ${behindAt("value", MOST)} AS behind,
         (SELECT min(event) FROM deliveries WHERE state = 'held' AND destination = value) AS first
  FROM json_each(?1)
)
SELECT n.destination, p.at AS pausedAt, p.actor AS pausedBy, s.script,
       b.failures, b.since AS failingSince, b.opened_at AS openedAt, b.probe_at AS probeAt, b.closed_at AS closedAt,
       b.status AS failedStatus, b.fault AS failedFault, min(coalesce(o.n, 0), ${MOST}) AS waiting, min(n.held, ${MOST}) AS held, n.behind,
       (n.held > ${MOST} OR (SELECT count(*) FROM looked) > ${MOST}) AS more,
       (SELECT received_at FROM events WHERE seq = min(coalesce(o.first, n.first), coalesce(n.first, o.first))) AS oldest
FROM named n
LEFT JOIN open o ON o.destination = n.destination
LEFT JOIN pauses p ON p.destination = n.destination
LEFT JOIN breakers b ON b.destination = n.destination
LEFT JOIN scripts s ON s.destination = n.destination`;

export type Standings = ReturnType<typeof openStandings>;

/** @param run D1 with the schema in place */
export function openStandings(run: Run) {
  const all = rowsOf(run);

  /** How these destinations stand, by name. */
  return async function standings(names: readonly string[]): Promise<Map<string, Standing>> {
    const rows = await all<Standing>(STANDING, JSON.stringify(names));
    return new Map(rows.map((row) => [row.destination, row]));
  };
}
