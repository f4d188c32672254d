// D1: how much is open and held, and since when. Never more rows than a fixed number, by the two partial indexes.
import { MOST_COUNTED } from "../contract/overview.ts";
import { rowsOf, type Run } from "./database.ts";

// Both indexes hold the key of their rows, so that no delivery itself is read.
const BACKLOG = `
WITH looked AS MATERIALIZED (
  SELECT event FROM deliveries INDEXED BY deliveries_look_at WHERE look_at IS NOT NULL ORDER BY look_at LIMIT ${MOST_COUNTED + 1}
)
SELECT (SELECT count(*) FROM looked) AS open,
       (SELECT received_at FROM events WHERE seq = (SELECT min(event) FROM looked)) AS oldest,
       (SELECT count(*) FROM (
         SELECT 1 FROM deliveries INDEXED BY deliveries_held WHERE state = 'held' LIMIT ${MOST_COUNTED + 1}
       )) AS held`;

export type Backlogs = ReturnType<typeof openBacklog>;

/** @param run D1 with the schema in place */
export function openBacklog(run: Run) {
  const all = rowsOf(run);

  /** Both counts go to one more than `MOST_COUNTED`; of more open ones, the oldest is the oldest of those that are looked at next. */
  return async function backlog(): Promise<{ open: number; oldest: number | null; held: number }> {
    const [row] = await all<{ open: number; oldest: number | null; held: number }>(BACKLOG);
    return row ?? { open: 0, oldest: null, held: 0 };
  };
}
