// When does a destination get nothing for a while because it has failed too often?
// Its rule, and what is done once attempts have told of it: the state itself is in D1, the same for every isolate.
import type { Armed, Breakers } from "../d1/breakers.ts";
import type { Counted } from "../d1/settle.ts";
import type { Settled } from "../d1/settlement.ts";
import type { Log } from "../log.ts";
import type { BreakerRule, Destination } from "../types.ts";
import { type Ring, ringOrLeave } from "./bells.ts";

/** Ten failures may be one bad deploy of a second; nobody's outage is over before ten failures and half a minute. */
export const BREAKER: BreakerRule = { failures: 10, overMs: 30_000 };

/** A schedule of no waits ends at once, and its delivery has waited for nothing yet, in ms. */
const SHORTEST_SPAN_MS = 60_000;
/** For the jitter of the schedule's waits. */
const LONGER = 1.2;

export interface BreakerDeps {
  readonly breakers: Pick<Breakers, "tend">;
  readonly config: { readonly destinations: ReadonlyMap<string, Timed> };
  readonly ring: Ring;
  /** Tells whoever grants first attempts that nothing goes to this destination now. */
  readonly stopFirsts: (destination: string) => Promise<unknown>;
  /** Has the sweep look at this time. */
  readonly remind: (at: number) => Promise<void>;
  readonly now: () => number;
  readonly log: Log;
}

/** The rule of a destination; `null` where it has no breaker. */
export function armedOf(configured: Timed): Armed | null {
  const { name: destination, retry, breaker = BREAKER, maxAgeMs = Infinity, onFailed } = configured;
  if (breaker === false) return null;
  const span = LONGER * retry.reduce((sum, wait) => sum + wait, 0);
  const spanMs = Math.min(Math.max(span, SHORTEST_SPAN_MS), maxAgeMs);
  return { destination, ...breaker, spanMs, ...(onFailed === undefined ? {} : { onFailed }) };
}

type Timed = Pick<Destination, "name" | "retry" | "breaker" | "maxAgeMs" | "onFailed" | "order" | "binding">;

/** The rules of these destinations, without those that have none. */
export function armedAmong(names: Iterable<string>, destinations: ReadonlyMap<string, Timed>): Armed[] {
  return [...new Set(names)].flatMap((name) => {
    const destination = destinations.get(name);
    return (destination === undefined ? null : armedOf(destination)) ?? [];
  });
}

/**
 * Destinations whose breaker may have to open, to be probed once more, or has closed, by what D1 said of settled
 * attempts. Where little has failed there is none, and nobody is asked.
 */
function concerned(
  settled: readonly Pick<Settled, "destination" | "state">[],
  failures: ReadonlyMap<string, Counted["failures"]>,
  { destinations }: BreakerDeps["config"],
): Armed[] {
  const states = new Map(
    settled.map(({ destination, state }) => [`${destination} ${state === "delivered"}`, destination]),
  );
  return armedAmong(states.values(), destinations).filter((rule) => {
    const before = failures.get(rule.destination) ?? 0;
    // An open one has as many as it takes.
    if (states.has(`${rule.destination} false`) && before >= rule.failures - settled.length) return true;
    return states.has(`${rule.destination} true`) && before >= rule.failures;
  });
}

/**
 * Looks after breakers beside the attempts of one invocation: as soon as one is concerned, and once more in the end.
 * Each look is three of the free plan's 50 D1 queries.
 */
export class Tending {
  readonly #deps: BreakerDeps;
  #first: Promise<void> | null = null;
  readonly #left = new Map<string, Armed>();

  constructor(deps: BreakerDeps) {
    this.#deps = deps;
  }

  heard(settled: readonly Settled[], failures: ReadonlyMap<string, Counted["failures"]>): void {
    const armed = concerned(settled, failures, this.#deps.config);
    if (armed.length === 0) return;
    if (this.#first === null) this.#first = tendBreakers(armed, this.#deps);
    else for (const one of armed) this.#left.set(one.destination, one);
  }

  /** No more attempts will end. */
  async end(): Promise<void> {
    await this.#first;
    await tendBreakers([...this.#left.values()], this.#deps);
  }
}

/** Brings these breakers on. Never rejects: the sweep does it again. */
export async function tendBreakers(armed: readonly Armed[], deps: BreakerDeps): Promise<void> {
  if (armed.length === 0) return;
  const { breakers, ring, stopFirsts, remind, now, log } = deps;
  try {
    const { opened, bells, closed } = await breakers.tend(armed, now());
    for (const { destination, failures, since, status, fault } of opened)
      log.warn("breaker.opened", { destination, failures, since, status, fault });
    if (bells.length > 0) await ringOrLeave(bells, ring, log, { probes: true });
    await Promise.allSettled(opened.map(({ destination }) => stopFirsts(destination)));
    for (const destination of closed) log.info("breaker.closed", { destination });
    if (closed.length > 0) await remind(now());
  } catch (error) {
    log.warn("breaker.untended", { destinations: armed.map(({ destination }) => destination), error: String(error) });
  }
}
