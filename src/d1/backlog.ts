// D1: how many deliveries are open, held, or wait for a replay. Three partial indexes bound the rows that are read.
import { MOST_COUNTED, MOST_FAILED, MOST_UNROUTED } from "../contract/overview.ts";
import { rowsOf, type Run } from "./database.ts";

// The indexes hold the keys of their rows, so that of open and held ones no delivery itself is read. ?1 the
// destinations that are configured: what failed for others cannot be replayed.
// What was cancelled is what somebody wanted.
const BACKLOG = `
WITH looked AS MATERIALIZED (
  SELECT event FROM deliveries INDEXED BY deliveries_look_at WHERE look_at IS NOT NULL ORDER BY look_at LIMIT ${MOST_COUNTED + 1}
), failed AS MATERIALIZED (
  SELECT destination, reason FROM deliveries INDEXED BY deliveries_failed WHERE state = 'failed' ORDER BY event DESC LIMIT ${MOST_FAILED + 1}
)
SELECT (SELECT count(*) FROM looked) AS open,
       (SELECT received_at FROM events WHERE seq = (SELECT min(event) FROM looked)) AS oldest,
       (SELECT count(*) FROM (
         SELECT 1 FROM deliveries INDEXED BY deliveries_held WHERE state = 'held' LIMIT ${MOST_COUNTED + 1}
       )) AS held,
       (SELECT count(*) - count(DISTINCT destination || ':' || order_key) FROM (
         SELECT destination, order_key FROM deliveries INDEXED BY deliveries_in_order
         WHERE order_key IS NOT NULL AND ended_at IS NULL LIMIT ${MOST_COUNTED + 1}
       )) AS behind,
       (SELECT count(*) FROM failed WHERE reason IS NOT 'cancelled' AND destination IN (SELECT value FROM json_each(?1))) AS replayable,
       (SELECT count(*) FROM failed) AS failed,
       (SELECT count(*) FROM (
         SELECT 1 FROM events INDEXED BY events_unrouted WHERE unrouted IS NOT NULL LIMIT ${MOST_UNROUTED}
       )) AS unrouted,
       (SELECT count(*) FROM (
         SELECT 1 FROM events INDEXED BY events_undecided WHERE undecided IS NOT NULL LIMIT ${MOST_UNROUTED}
       )) AS undecided,
       (SELECT count(*) FROM alerts INDEXED BY alerts_open WHERE ended_at IS NULL) AS alerts`;

interface Counted {
  readonly open: number;
  readonly oldest: number | null;
  readonly held: number;
  /** Of the open ones, those that come behind another of their order. */
  readonly behind: number;
  /** Of `failed`, those that an operator can replay. */
  readonly replayable: number;
  /** Up to one more than `MOST_FAILED`. */
  readonly failed: number;
  /** Up to `MOST_UNROUTED`, each. */
  readonly unrouted: number;
  readonly undecided: number;
  /** Those that are open. */
  readonly alerts: number;
}

export type Backlogs = ReturnType<typeof openBacklog>;

/** @param run D1 with the schema in place */
export function openBacklog(run: Run) {
  const all = rowsOf(run);

  /**
   * The counts of open and held ones go to one more than `MOST_COUNTED`; of more open ones, the oldest is the oldest of
   * those that are looked at next.
   */
  return async function backlog(destinations: readonly string[]): Promise<Counted> {
    const [row] = await all<Counted>(BACKLOG, JSON.stringify(destinations));
    return (
      row ?? {
        open: 0,
        oldest: null,
        held: 0,
        behind: 0,
        replayable: 0,
        failed: 0,
        unrouted: 0,
        undecided: 0,
        alerts: 0,
      }
    );
  };
}
