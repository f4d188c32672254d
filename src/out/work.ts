// What an invocation has claimed is sent: five at a time, none of it held up by a destination that hangs.
import { attemptMs, hasHung, NOTE_MS } from "../deadlines.ts";
import type { Claim, Store } from "../d1/store.ts";
import type { UnheardClaim } from "../d1/tunnels.ts";
import type { Turn } from "../limit/turn.ts";
import { Locked } from "../bytes/vault.ts";
import { announce, type AnnounceDeps, type Beside } from "./announce.ts";
import { attempt, type AttemptDeps, isMade } from "./attempt.ts";
import { ringOrLeave } from "./bells.ts";
import { type BreakerDeps, Tending } from "./breaker.ts";
import { chooseNext, LATER_MS } from "./choose.ts";
import { load, type LoadDeps, type Loaded } from "./load.ts";
import type { Pace } from "./pace.ts";
import { Settler } from "./settle.ts";
import { deliveryId } from "../ids.ts";
import { holdUnheard, type TunnelDeps } from "./tunnel.ts";
import type { Destination } from "../types.ts";
import type { UnheardWhy } from "./unheard.ts";

/** Sends at once in one invocation: a Worker has six connections that wait for headers. */
const SLOTS = 5;
/**
 * A claim that has not been started after this long is given back, in ms:
 * waiting, sending and settling must fit `waitUntil`'s 30 s, unless a destination has more time of its own.
 */
const WAIT_MS = 10_000;
/** A delivery whose event is sealed under a key that is not here waits so long until it looks again, in ms. */
const LOCKED_MS = 5 * 60_000;

export interface WorkDeps extends AttemptDeps, AnnounceDeps, BreakerDeps, LoadDeps, TunnelDeps {
  readonly store: Pick<Store, "giveBack" | "load" | "settle">;
  readonly config: {
    readonly destinations: ReadonlyMap<string, Destination>;
    /** Named but wrong, without an address. */
    readonly unreadable: ReadonlyMap<string, Destination>;
  };
  readonly pace: Pick<Pace, "enter" | "leave">;
}

/** Bytes of a claim's body, as its bell told. */
export type SizeOf = (claim: Claim) => number;

/** What was claimed where only so many may go, and the places that it has. */
export interface Entered {
  readonly claims: readonly Claim[];
  readonly turns: ReadonlyMap<string, Turn>;
}

/**
 * Sends what was claimed, none of it held up by another destination for longer than `WAIT_MS`. Never rejects.
 *
 * @param entering more of it, which comes later; what it rejects with is its caller's business
 */
export async function work(
  claims: readonly Claim[],
  entering: Promise<Entered> | null,
  sizeOf: SizeOf,
  deps: WorkDeps,
  beside: Beside,
): Promise<void> {
  const { pace, now } = deps;
  const tending = new Tending(deps);
  const settler = new Settler(deps.store, deps.log, now, async (settled, failures, next) => {
    tending.heard(settled, failures);
    await announce(settled, deps, beside, next);
  });
  const settling = settler.run();
  const events = new Map<Claim, Loaded>();
  const turns = new Map<string, Turn>();
  const waiting: Claim[] = [];
  const late: Claim[] = [];
  const locked: Claim[] = [];
  const unheard: UnheardClaim[] = [];
  const running = new Map<string, number>();
  const until = now() + WAIT_MS;
  let busy = 0;

  const next = () =>
    chooseNext(
      waiting.filter(({ destination }) => turns.get(destination)?.hasLane ?? true),
      running,
    );
  const slot = async (): Promise<void> => {
    busy += 1;
    for (let claim = next(); claim !== null && now() < until; claim = next()) {
      const { destination } = claim;
      const turn = turns.get(destination);
      waiting.splice(waiting.indexOf(claim), 1);
      running.set(destination, (running.get(destination) ?? 0) + 1);
      turn?.enter();
      const place = pace.enter(destination, sizeOf(claim), now());
      const end = await one(claim, { events: events.get(claim), turn, settler }, deps);
      if (end === "late") late.push(claim);
      if (end === "locked") locked.push(claim);
      if (end === "tunnel" || end === "filter") unheard.push({ ...claim, waits: end });
      pace.leave(place, end === "timed out", now());
      running.set(destination, (running.get(destination) ?? 1) - 1);
      turn?.leave(!waiting.some((other) => other.destination === destination));
    }
    busy -= 1;
  };
  const send = async (more: readonly Claim[]): Promise<void> => {
    const loaded = load(more, sizeOf, deps);
    for (const claim of more) events.set(claim, loaded);
    waiting.push(...more);
    await Promise.all(Array.from({ length: SLOTS - busy }, slot));
  };
  const follow = async (entered: Entered): Promise<void> => {
    for (const [name, turn] of entered.turns) {
      turns.set(name, turn);
      turn.expect(entered.claims.filter(({ destination }) => destination === name).length);
    }
    await send(entered.claims);
  };
  await Promise.all([send(claims), entering?.then(follow, () => undefined)]);
  settler.close();
  const closing = [...turns.values()].map((turn) => turn.close());
  await settling;
  await tending.end();
  const since = now();
  if (waiting.length + late.length > 0)
    await giveBack([...waiting, ...late], since + LATER_MS, { sizeOf, turns }, deps);
  if (locked.length > 0) await giveBack(locked, since + LOCKED_MS, { sizeOf, turns: new Map() }, deps);
  await holdUnheard(unheard, deps);
  await Promise.all(closing);
}

interface Hands {
  readonly events: Loaded | undefined;
  readonly turn: Turn | undefined;
  readonly settler: Settler;
}

/**
 * Attempts one delivery and hands its end to the settler. Never rejects; `late` where it came too late to be sent, and
 * why, where nobody was there to hear of it.
 */
async function one(
  claim: Claim,
  { events, turn, settler }: Hands,
  deps: WorkDeps,
): Promise<"ended" | "timed out" | "late" | "locked" | UnheardWhy> {
  const { id, event: seq, destination: name, attempt: n } = claim;
  try {
    if (events === undefined) return "late";
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
    const end = await attempt(event, destination, claim, body, turn === undefined ? deps : counted(deps, turn));
    if (end === null) return "late";
    if (!isMade(end)) return end;
    settler.add({ ...end, event: seq, id, destination: name, attempt: n, size: event.size });
    return hasHung(end, limit) ? "timed out" : "ended";
  } catch (error) {
    if (error instanceof Locked) {
      // The operator's: the attempt does not count, and the delivery waits for its key.
      deps.log.error("delivery.locked", { delivery: deliveryId(id, name), key: error.key, error: error.message });
      return "locked";
    }
    // Ours: the lease ends, the sweep frees it, and the attempt is on record as lost.
    deps.log.error("delivery.broken", { delivery: deliveryId(id, name), attempt: n, error: String(error) });
    return "ended";
  }
}

/** The same, and the turn is asked before something is sent, and hears of it. */
export function counted<Deps extends AttemptDeps>(deps: Deps, turn: Turn): Deps {
  const send: AttemptDeps["send"] = async (request) => {
    turn.begun();
    return await deps.send(request);
  };
  return { ...deps, send, takes: () => turn.takes() };
}

/** Gives back claims that were not started: their attempt does not count, and their bell rings again at `due`. */
async function giveBack(
  claims: readonly Claim[],
  due: number,
  { sizeOf, turns }: { sizeOf: SizeOf; turns: ReadonlyMap<string, Turn> },
  { store, ring, log }: WorkDeps,
): Promise<void> {
  try {
    await store.giveBack(claims, due);
  } catch (error) {
    log.warn("delivery.give_back_failed", { claims: claims.length, error: String(error) });
    return;
  }
  const bells = claims.map((claim) => {
    const { id, destination, attempt: n } = claim;
    const bell = { v: 1 as const, delivery: deliveryId(id, destination), attempt: n, due, size: sizeOf(claim) };
    // It had a place, and has waited for it.
    return turns.has(destination) ? { ...bell, back: true as const } : bell;
  });
  await ringOrLeave(bells, ring, log);
}
