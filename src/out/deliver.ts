// Deliveries whose bell rang: choose, claim, load, attempt, settle; and what could not be started is given back.
import { outlasts } from "../deadlines.ts";
import type { Bell } from "../types.ts";
import type { Claim, Store, Wanted } from "../d1/store.ts";
import type { LimitDoor } from "../limit/door.ts";
import { admit, type Admitted, limitsFor } from "./admit.ts";
import type { Beside } from "./announce.ts";
import { armedAmong, tendBreakers } from "./breaker.ts";
import { stopping, tunnelsAmong } from "./order.ts";
import { wakeAll } from "./tunnel.ts";
import { choose } from "./choose.ts";
import type { Pace } from "./pace.ts";
import { type Entered, type SizeOf, work, type WorkDeps } from "./work.ts";
import { deliveryId, parseDeliveryId } from "../ids.ts";

export interface DeliverDeps extends WorkDeps {
  readonly store: Pick<Store, "claim" | "hold" | "wait" | "giveBack" | "load" | "settle">;
  readonly limits: Pick<LimitDoor, "ask">;
  readonly pace: Pace;
}

/**
 * Claims what these bells are for. When this returns the bells may be acknowledged: every delivery is either claimed,
 * and a lease that ends brings it back, or rung again, or was not waiting for this attempt.
 *
 * @param beside is given what the feed is told, which must not hold up anything
 * @returns `sending` ends when the claimed deliveries are settled; it never rejects.
 *   `long` says that `waitUntil` may be too short for it
 * @throws if the claim is not known to be committed, or a bell could not be rung again
 */
export async function deliver(
  bells: readonly Bell[],
  deps: DeliverDeps,
  beside: Beside = () => {},
): Promise<{ sending: Promise<void>; long: boolean }> {
  const { pace, config, now } = deps;
  const { wanted, later } = choose(bells, { pace, destinations: config.destinations, now: now() });
  await deps.ring(later);
  const limited = wanted.filter((bell) => limitsFor(bell, config.destinations) !== null);
  const free = limited.length === 0 ? wanted : wanted.filter((bell) => !limited.includes(bell));
  // Asked beside the claim: what has no limits waits for nobody.
  const admitting = limited.length === 0 ? null : admit(limited, deps);
  const sizes = new Map(wanted.map((bell) => [bell.delivery, bell.size]));
  const sizeOf: SizeOf = ({ id, destination }) => sizes.get(deliveryId(id, destination)) ?? 0;
  const { claims, holding } = await claim(free, deps).catch((error: unknown) => {
    void admitting?.then(giveUp);
    throw error;
  });
  const entering = admitting?.then((admitted) => enter(admitted, deps)) ?? null;
  const sending = claims.length === 0 && entering === null ? null : work(claims, entering, sizeOf, deps, beside);
  const all = Promise.all([holding, sending]).then(() => undefined);
  const entered = await entering?.catch((error: unknown) => {
    // These bells come again, and what is being sent is not to be forgotten.
    beside(all);
    throw error;
  });
  const long = [...claims, ...(entered?.claims ?? [])].some((one) =>
    outlasts(config.destinations.get(one.destination)),
  );
  return { sending: Promise.all([all, entered?.holding]).then(() => undefined), long };
}

interface Claimed {
  readonly claims: readonly Claim[];
  /** What comes beside the sends; never rejects. */
  readonly holding: Promise<void> | null;
}

async function claim(bells: readonly Bell[], deps: DeliverDeps): Promise<Claimed> {
  const asked = bells.map(toWanted);
  const claims = asked.length === 0 ? [] : await deps.store.claim(asked, deps.now(), ...kindsOf(deps));
  return { claims, holding: claims.length === asked.length ? null : hold(asked, deps) };
}

/** Where a claim asks more than of other destinations. */
function kindsOf({ config: { destinations } }: DeliverDeps): [stopping: string[], tunnels: string[]] {
  return [stopping(destinations), tunnelsAmong(destinations)];
}

/** Has those wait that got no place, and claims what has one. */
async function enter(admitted: Admitted, deps: DeliverDeps): Promise<Claimed & Entered> {
  const { wanted, waiting, turns } = admitted;
  try {
    if (waiting.length > 0) {
      const waiters = waiting.map(({ bell, why }) => Object.assign(toWanted(bell), { due: bell.due, why }));
      const waits = await deps.store.wait(waiters, deps.now());
      // One bell for each that waits: of a bell that came twice both would ring again, and each of those come twice.
      const names = new Set(waits.map(({ event, destination }) => deliveryId(event, destination)));
      await deps.ring(waiting.flatMap(({ bell }) => (names.delete(bell.delivery) ? bell : [])));
    }
    // Last of all: nothing may come between a claim and its attempt.
    return { ...(await claim(wanted, deps)), turns };
  } catch (error) {
    giveUp(admitted);
    throw error;
  }
}

/** Nobody will use these places. */
function giveUp({ turns }: Pick<Admitted, "turns">): void {
  for (const turn of turns.values()) void turn.close();
}

function toWanted({ delivery, attempt: n }: Bell): Wanted {
  const { event = "", destination = "" } = parseDeliveryId(delivery) ?? {};
  return { event, destination, attempt: n };
}

/**
 * Where a bell got no claim, its destination may be paused, its breaker open and in want of a probe, or nobody listens.
 * Never rejects: what is not held now rings again, and is held then.
 */
async function hold(asked: readonly Wanted[], deps: DeliverDeps): Promise<void> {
  const { store, now, log } = deps;
  try {
    const { headless, heard } = await store.hold(asked, now(), ...kindsOf(deps));
    await wakeAll(heard, deps);
    await tendBreakers(armedAmong(headless, deps.config.destinations), deps);
  } catch (error) {
    log.warn("delivery.hold_failed", { bells: asked.length, error: String(error) });
  }
}
