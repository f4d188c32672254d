// Deliveries whose bell rang: choose, claim, load, attempt, settle; and what could not be started is given back.
import { attemptMs, hasHung, NOTE_MS, outlasts } from "../deadlines.ts";
import type { Bell, Destination } from "../types.ts";
import type { Claim, Store, Wanted } from "../d1/store.ts";
import { announce, type AnnounceDeps, type Beside } from "./announce.ts";
import { attempt, type AttemptDeps } from "./attempt.ts";
import { ringOrLeave } from "./bells.ts";
import { armedAmong, type BreakerDeps, tendBreakers, Tending } from "./breaker.ts";
import { choose, chooseNext, LATER_MS } from "./choose.ts";
import { load, type LoadDeps, type Loaded } from "./load.ts";
import type { Pace } from "./pace.ts";
import { Settler } from "./settle.ts";
import { deliveryId, parseDeliveryId } from "../ids.ts";

/** Sends at once in one invocation: a Worker has six connections that wait for headers. */
const SLOTS = 5;
/**
 * A claim that has not been started after this long is given back, in ms:
 * waiting, sending and settling must fit `waitUntil`'s 30 s, unless a destination has more time of its own.
 */
const WAIT_MS = 10_000;

export interface DeliverDeps extends AttemptDeps, AnnounceDeps, BreakerDeps, LoadDeps {
  readonly store: Pick<Store, "claim" | "hold" | "giveBack" | "load" | "settle">;
  readonly config: {
    readonly destinations: ReadonlyMap<string, Destination>;
    /** Named but wrong, without an address. */
    readonly unreadable: ReadonlyMap<string, Destination>;
  };
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
  const asked = wanted.map(toWanted);
  const claims = asked.length === 0 ? [] : await deps.store.claim(asked, now());
  const sizes = new Map(wanted.map((bell) => [bell.delivery, bell.size]));
  const sizeOf: SizeOf = ({ id, destination }) => sizes.get(deliveryId(id, destination)) ?? 0;
  // Beside the sends: nothing may come between a claim and its attempt.
  const holding = claims.length === asked.length ? null : hold(asked, deps);
  const sending = claims.length === 0 ? null : work(claims, sizeOf, deps, beside);
  const long = claims.some(({ destination }) => outlasts(config.destinations.get(destination)));
  return { sending: Promise.all([holding, sending]).then(() => undefined), long };
}

/** Bytes of a claim's body, as its bell told. */
type SizeOf = (claim: Claim) => number;

function toWanted({ delivery, attempt: n }: Bell): Wanted {
  const { event = "", destination = "" } = parseDeliveryId(delivery) ?? {};
  return { event, destination, attempt: n };
}

/**
 * Where a bell got no claim, its destination may be paused, or its breaker open and in want of a probe.
 * Never rejects: what is not held now rings again, and is held then.
 */
async function hold(asked: readonly Wanted[], deps: DeliverDeps): Promise<void> {
  const { store, now, log } = deps;
  try {
    const headless = await store.hold(asked, now());
    await tendBreakers(armedAmong(headless, deps.config.destinations), deps);
  } catch (error) {
    log.warn("delivery.hold_failed", { bells: asked.length, error: String(error) });
  }
}

/** Sends what was claimed, five at a time, none of them held up by another destination for longer than `WAIT_MS`. */
async function work(claims: readonly Claim[], sizeOf: SizeOf, deps: DeliverDeps, beside: Beside): Promise<void> {
  const { pace, now } = deps;
  const tending = new Tending(deps);
  const settler = new Settler(deps.store, deps.log, now, async (settled, failures) => {
    tending.heard(settled, failures);
    await announce(settled, deps, beside);
  });
  const settling = settler.run();
  const events = load(claims, sizeOf, deps);
  const waiting = [...claims];
  const late: Claim[] = [];
  const running = new Map<string, number>();
  const until = now() + WAIT_MS;

  const slot = async (): Promise<void> => {
    for (
      let claim = chooseNext(waiting, running);
      claim !== null && now() < until;
      claim = chooseNext(waiting, running)
    ) {
      const { destination } = claim;
      waiting.splice(waiting.indexOf(claim), 1);
      running.set(destination, (running.get(destination) ?? 0) + 1);
      const place = pace.enter(destination, sizeOf(claim), now());
      const end = await one(claim, events, settler, deps);
      if (end === "late") late.push(claim);
      pace.leave(place, end === "timed out", now());
      running.set(destination, (running.get(destination) ?? 1) - 1);
    }
  };
  await Promise.all(Array.from({ length: SLOTS }, slot));
  settler.close();
  await settling;
  await tending.end();
  if (waiting.length + late.length > 0) await giveBack([...waiting, ...late], sizeOf, deps);
}

/** Attempts one delivery and hands its end to the settler. Never rejects; `late` where it came too late to be sent. */
async function one(
  claim: Claim,
  events: Loaded,
  settler: Settler,
  deps: DeliverDeps,
): Promise<"ended" | "timed out" | "late"> {
  const { id, event: seq, destination: name, attempt: n } = claim;
  try {
    const event = await events.event(claim);
    const { destinations, unreadable } = deps.config;
    const destination = destinations.get(name) ?? unreadable.get(name);
    const limit = attemptMs(destination);
    const body = async () => {
      const bytes = await events.body(event);
      // With D1 slow, a body may arrive when the delivery is nearly somebody else's again.
      if (claim.leaseUntil - deps.now() < limit + NOTE_MS) return null;
      return bytes;
    };
    const end = await attempt(event, destination, claim, body, deps);
    if (end === null) return "late";
    settler.add({ ...end, event: seq, id, destination: name, attempt: n, size: event.size });
    return hasHung(end, limit) ? "timed out" : "ended";
  } catch (error) {
    // Ours: the lease ends, the sweep frees it, and the attempt is on record as lost.
    deps.log.error("delivery.broken", { delivery: deliveryId(id, name), attempt: n, error: String(error) });
    return "ended";
  }
}

/** Gives back claims that were not started: their attempt does not count, and their bell rings again soon. */
async function giveBack(
  claims: readonly Claim[],
  sizeOf: SizeOf,
  { store, ring, now, log }: DeliverDeps,
): Promise<void> {
  const due = now() + LATER_MS;
  try {
    await store.giveBack(claims, due);
  } catch (error) {
    log.warn("delivery.give_back_failed", { claims: claims.length, error: String(error) });
    return;
  }
  const bells = claims.map((claim) => {
    const { id, destination, attempt: n } = claim;
    return { v: 1 as const, delivery: deliveryId(id, destination), attempt: n, due, size: sizeOf(claim) };
  });
  await ringOrLeave(bells, ring, log);
}
