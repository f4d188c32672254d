// The rescuer: rings whatever is overdue, frees what a dead isolate held,
// and lets go what was held for a pause that is over.
import type { Breakers } from "../d1/breakers.ts";
import type { Upkeep } from "../d1/upkeep.ts";
import { armedAmong, type BreakerDeps, tendBreakers } from "../out/breaker.ts";
import { stopping, tunnelsAmong } from "../out/order.ts";
import { tendTunnels, type TunnelSweepDeps } from "./tunnels.ts";
import { deliveryId } from "../ids.ts";
import { earlier } from "../patience.ts";
import type { Bell } from "../types.ts";
import type { Cleanup } from "./cleanup.ts";

/**
 * Deliveries taken in one statement, and how often at most in one sweep:
 * it shares the free plan's 50 queries with a bulk replay and a look whether anything is wrong.
 */
const TAKE = 500;
const ROUNDS = 4;
/** How often at most what was held is let go. */
const LET_GO_ROUNDS = 2;
/** Deliveries that a sweep sends itself when the queue takes no bells: it stays within the free plan's 50 fetches. */
const DIRECT = 10;
/**
 * What is due later than a bell reaches may be this late, in ms:
 * thousands of them, each due at a moment of its own, are not as many sweeps.
 */
const PAUSE_MS = 10_000;

export interface SweepDeps extends BreakerDeps, TunnelSweepDeps {
  readonly upkeep: Upkeep;
  readonly breakers: Breakers;
  /** Delivers without the queue; ends when all are settled. */
  readonly deliverNow: (bells: readonly Bell[]) => Promise<void>;
  readonly cleanup: Cleanup;
  /** Names of the destinations that there are; `null` while the configuration is not to be believed. */
  readonly destinations: readonly string[] | null;
}

/**
 * Safe to run twice at once, late, or never: rows are taken and moved on by one statement.
 *
 * @returns when to look again (milliseconds since 1970), `null` while nothing is open
 */
export async function sweep(deps: SweepDeps): Promise<number | null> {
  const overdue = await ringOverdue(deps);
  const held = await letGo(deps);
  if (overdue.rung + held.rung > 0) deps.log.info("sweep.done", { rung: overdue.rung, released: held.rung });
  await tendTunnels(deps);
  const dirty = await deps.cleanup();
  const { at: next, troubled } = await deps.upkeep.nextLook();
  const at = deps.now();
  // What there is of the invocation's queries has been used: the next sweep comes at once, and looks after them.
  if (overdue.more || held.more) return at;
  const isBusy = troubled && (await tend(deps));
  if (dirty) return at;
  return earlier(next === null ? null : Math.max(next, at + PAUSE_MS), isBusy ? at + PAUSE_MS : null);
}

/** What was rung, and whether there is more to do at once. */
interface Rung {
  readonly rung: number;
  readonly more: boolean;
}

async function ringOverdue(deps: SweepDeps): Promise<Rung> {
  let rung = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const { taken, bells } = await deps.upkeep.takeOverdue(deps.now(), TAKE, stopping(deps.config.destinations));
    rung += bells.length;
    const rang = bells.length === 0 || (await ringOrDeliver(bells, deps));
    if (!rang || taken < TAKE) return { rung, more: false };
  }
  return { rung, more: true };
}

/**
 * Looks after the breakers: what has closed lets go a part of what waits, what is open gets a probe where it has none,
 * and what has waited there for as long as its schedule lasts has ended.
 *
 * @returns whether there is more to let go
 */
async function tend(deps: SweepDeps): Promise<boolean> {
  const { breakers, config, destinations, now, log } = deps;
  const armed = armedAmong(config.destinations.keys(), config.destinations);
  await tendBreakers(armed, deps);
  const { expired, bells, more } = await breakers.sweep(
    destinations === null ? null : armed,
    destinations ?? [],
    now(),
  );
  for (const { id, destination, attempt } of expired) {
    const delivery = deliveryId(id, destination);
    log.error("delivery.failed", { delivery, attempt, state: "failed", reason: "expired" });
  }
  if (bells.length === 0) return more;
  log.info("sweep.done", { rung: 0, released: bells.length });
  await ringOrDeliver(bells, deps);
  return true;
}

/** Rings what was held until its destination was resumed. Whatever is not rung is overdue in a minute. */
async function letGo(deps: SweepDeps): Promise<Rung> {
  const { upkeep, config, destinations, now } = deps;
  if (destinations !== null) await upkeep.endPauses(destinations, now());
  let rung = 0;
  for (let round = 0; round < LET_GO_ROUNDS; round += 1) {
    const bells = await upkeep.letGo(now(), TAKE, tunnelsAmong(config.destinations));
    rung += bells.length;
    const rang = bells.length === 0 || (await ringOrDeliver(bells, deps));
    if (!rang || bells.length < TAKE) return { rung, more: false };
  }
  return { rung, more: true };
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
