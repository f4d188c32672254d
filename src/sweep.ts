// The rescuer: rings whatever is overdue, frees what a dead isolate held, and removes what retention forbids.
import type { Upkeep } from "./bindings/upkeep.ts";
import type { Ring } from "./bindings/queue.ts";
import type { Log } from "./log.ts";
import type { Bell } from "./types.ts";
import { receiptFloor } from "./ids.ts";

/** Deliveries taken in one statement, and how often at most in one sweep. */
const TAKE = 500;
const ROUNDS = 8;
/** Deliveries that a sweep sends itself when the queue takes no bells: it stays within the free plan's 50 fetches. */
const DIRECT = 10;
/** Events deleted in one sweep. */
const EXPIRE = 200;
/** Body parts without an event are kept this long, in ms: D1 may have been gone for days while the journal held their event. */
const ORPHAN_AGE_MS = 7 * 24 * 60 * 60_000;

export interface SweepDeps {
  readonly upkeep: Upkeep;
  readonly ring: Ring;
  /** Delivers without the queue; ends when all are settled. */
  readonly deliverNow: (bells: readonly Bell[]) => Promise<void>;
  readonly retentionMs: number;
  /** Names of the destinations that there are. */
  readonly destinations: Iterable<string>;
  readonly now: () => number;
  readonly log: Log;
}

/**
 * Safe to run twice at once, late, or never: rows are taken and moved on by one statement.
 *
 * @returns when to look again (milliseconds since 1970), `null` while nothing is open
 */
export async function sweep(deps: SweepDeps): Promise<number | null> {
  const { upkeep, now, log } = deps;
  let rung = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const { taken, bells } = await upkeep.takeOverdue(now(), TAKE);
    rung += bells.length;
    const rang = bells.length === 0 || (await ringOrDeliver(bells, deps));
    if (!rang || taken < TAKE) break;
  }
  const { released, more } = await releaseHeld(deps);
  const expired = await upkeep.expire(now() - deps.retentionMs, now(), EXPIRE);
  const orphans = await upkeep.dropOrphans(receiptFloor(now() - ORPHAN_AGE_MS), now(), EXPIRE);
  if (rung + released + expired + orphans > 0) log.info("sweep.done", { rung, released, expired, orphans });
  const next = await upkeep.nextLook();
  // A relay that takes in more than this a minute would otherwise never get rid of it.
  return more || expired + orphans > EXPIRE / 2 ? now() : next;
}

/** Rings what was held until its destination was resumed. Whatever is not rung is overdue in a minute. */
async function releaseHeld(deps: SweepDeps): Promise<{ released: number; more: boolean }> {
  const { upkeep, now } = deps;
  await upkeep.endPauses([...deps.destinations], now());
  let released = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const bells = await upkeep.release(now(), TAKE);
    released += bells.length;
    const rang = bells.length === 0 || (await ringOrDeliver(bells, deps));
    if (!rang || bells.length < TAKE) return { released, more: false };
  }
  return { released, more: true };
}

/** Whether the queue took them. */
async function ringOrDeliver(bells: readonly Bell[], { ring, deliverNow, log }: SweepDeps): Promise<boolean> {
  try {
    await ring(bells);
    return true;
  } catch (error) {
    // The free plan's 10,000 operations are used up, or the queue is down: slowly is better than not at all.
    log.warn("sweep.delivers_directly", { overdue: bells.length, error: String(error) });
    await deliverNow(bells.slice(0, DIRECT));
    return false;
  }
}
