// D1: pauses that a receiver has asked for itself.
import type { Run } from "./database.ts";

const AUDIT = `
INSERT INTO audit (at, actor, action, target, detail)
SELECT ?2, 'destination:' || ?1, 'pause', ?1, 'webhook-delivery: disable' WHERE NOT EXISTS (SELECT 1 FROM pauses WHERE destination = ?1)`;
const PAUSE = `
INSERT INTO pauses (destination, at, actor) VALUES (?1, ?2, 'destination:' || ?1)
ON CONFLICT (destination) DO NOTHING RETURNING destination`;

/** @param run D1 with the schema in place */
export function openStops(run: Run) {
  /** Pauses a destination in its own name. Returns whether it was not paused before. */
  return async function stop(destination: string, now: number): Promise<boolean> {
    const [, paused] = await run((db) =>
      db.batch([db.prepare(AUDIT).bind(destination, now), db.prepare(PAUSE).bind(destination, now)]),
    );
    return paused?.results.length === 1;
  };
}
