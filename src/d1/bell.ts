// D1: what a statement returns about deliveries that it has opened or found due, and the bells made from it.
import { deliveryId } from "../ids.ts";
import type { Bell } from "../types.ts";

/** The columns of `BellRow`, for a statement that changes deliveries. */
export const RETURNING_BELL = `RETURNING (SELECT id FROM events WHERE seq = deliveries.event) AS id, destination, attempt, due_at, waits,
  (SELECT size FROM events WHERE seq = deliveries.event) AS size`;

/** A delivery as the statements that open one return it. */
export interface BellRow {
  readonly id: string;
  readonly destination: string;
  readonly attempt: number;
  readonly due_at: number;
  readonly size: number;
  readonly waits: string | null;
}

/** The bell for the next attempt of a delivery. */
export function toBell(row: BellRow): Bell {
  return {
    v: 1,
    delivery: deliveryId(row.id, row.destination),
    attempt: row.attempt + 1,
    due: row.due_at,
    size: row.size,
    ...(row.waits === "rate" || row.waits === "concurrency" ? { back: true as const } : {}),
  };
}
