// Deliveries whose bell rang: claim them, work through them, settle them, ring for the next attempt.
import type { Bell, Destination } from "../types.ts";
import type { Claim, Store, StoredEvent, Wanted } from "../d1/store.ts";
import type { Parts } from "../d1/parts.ts";
import { type Ring, ringOrLeave } from "./bells.ts";
import type { FeedDoor } from "../feed/door.ts";
import type { Settled } from "../d1/settlement.ts";
import type { Log } from "../log.ts";
import { attempt, type AttemptDeps } from "./attempt.ts";
import { decodeBody, INLINE_BYTES } from "../bytes/body.ts";
import { ATTEMPT_MS } from "../deadlines.ts";
import { deliveryId, parseDeliveryId } from "../ids.ts";
import type { Pace } from "./pace.ts";
import { Settler } from "./settle.ts";
import { concatenated } from "../bytes/encoding.ts";

/** Sends at once in one invocation: a Worker has six connections that wait for headers. */
const SLOTS = 5;
/** Of those, to one destination while others wait. */
const SLOTS_TO_ONE = 2;
/** A claim that has not been started after this long is given back, in ms: waiting, sending and settling must fit `waitUntil`'s 30 s. */
const WAIT_MS = 10_000;
/** When a delivery that could not be taken is due again, in ms. */
const LATER_MS = 5_000;
/** Of the 50 D1 queries of an invocation, those that read bodies; settling takes 20 at most. */
const QUERIES = 20;
/** Of those, what an inspector takes to keep one request. */
const INSPECTION_QUERIES = 2;
/** Bytes of bodies in one query, and parts of a large body in one query. */
const LOAD_BYTES = 1_000_000;
const LOAD_PARTS = 4;

export interface DeliverDeps extends AttemptDeps {
  readonly store: Pick<Store, "claim" | "hold" | "release" | "load" | "settle">;
  readonly parts: Pick<Parts, "read">;
  readonly ring: Ring;
  readonly config: {
    readonly destinations: ReadonlyMap<string, Destination>;
    /** Named but wrong, without an address. */
    readonly unreadable: ReadonlyMap<string, Destination>;
  };
  readonly pace: Pace;
  readonly feed: Pick<FeedDoor, "settled">;
  readonly log: Log;
}

/** Keeps the invocation alive for work that nobody waits for. */
export type Beside = (work: Promise<void>) => void;

/**
 * Claims what these bells are for. When this returns the bells may be acknowledged: every delivery is either claimed, and a
 * lease that ends brings it back, or rung again, or was not waiting for this attempt.
 *
 * @param beside is given what the feed is told, which must not hold up anything
 * @returns `sending` ends when the claimed deliveries are settled; it never rejects
 * @throws if the claim is not known to be committed, or a bell could not be rung again
 */
export async function deliver(
  bells: readonly Bell[],
  deps: DeliverDeps,
  beside: Beside = () => {},
): Promise<{ sending: Promise<void> }> {
  const { wanted, later } = sort(bells, deps);
  await deps.ring(later);
  const asked = wanted.map(toWanted);
  const claims = asked.length === 0 ? [] : await deps.store.claim(asked, deps.now());
  const sizes = new Map(wanted.map((bell) => [bell.delivery, bell.size]));
  // Beside the sends: nothing may come between a claim and its attempt.
  const holding = claims.length === asked.length ? null : hold(asked, deps);
  const sending = claims.length === 0 ? null : work(claims, sizes, deps, beside);
  return { sending: Promise.all([holding, sending]).then(() => undefined) };
}

/** Where a bell got no claim, its destination may be paused. Never rejects: what is not held now rings again, and is held then. */
async function hold(asked: readonly Wanted[], { store, now, log }: DeliverDeps): Promise<void> {
  try {
    await store.hold(asked, now());
  } catch (error) {
    log.warn("delivery.hold_failed", { bells: asked.length, error: String(error) });
  }
}

/** Which bells this invocation answers, and which must ring again: too early, too many, or their destination is slow. */
function sort(bells: readonly Bell[], { pace, config, now }: DeliverDeps): { wanted: Bell[]; later: Bell[] } {
  const wanted = new Map<string, Bell>();
  const later: Bell[] = [];
  const planned = new Map<string, number>();
  let bytes = 0;
  let queries = 0;
  for (const bell of bells) {
    const destination = parseDeliveryId(bell.delivery)?.destination;
    // One that rings twice in a batch is one. An old bell must not outdo the bell of a later attempt.
    const name = `${bell.delivery} ${bell.attempt}`;
    if (destination === undefined || wanted.has(name)) continue;
    const toOne = planned.get(destination) ?? 0;
    const inspected = config.destinations.get(destination)?.script !== undefined;
    const cost = queriesFor(bell.size) + (inspected ? INSPECTION_QUERIES : 0);
    if (bell.due > now()) {
      later.push(bell);
    } else if (!pace.admits(destination, bell.size, { toOne, bytes }, now())) {
      // A backlog of bells for a destination that hangs would ring in circles: its rows are the sweep's.
      if (!pace.isSlow(destination, now())) later.push({ ...bell, due: now() + LATER_MS });
    } else if (queries > 0 && queries + cost > QUERIES) {
      later.push(bell);
    } else {
      wanted.set(name, bell);
      planned.set(destination, toOne + 1);
      bytes += bell.size;
      queries += cost;
    }
  }
  return { wanted: [...wanted.values()], later };
}

function queriesFor(size: number): number {
  // Base64 makes four characters of three bytes.
  return size <= INLINE_BYTES ? size / LOAD_BYTES : 1 + Math.ceil((size * 4) / 3 / (LOAD_PARTS * 1_000_000));
}

function toWanted({ delivery, attempt: n }: Bell): Wanted {
  const { event = "", destination = "" } = parseDeliveryId(delivery) ?? {};
  return { event, destination, attempt: n };
}

/** Sends what was claimed, five at a time, none of them held up by another destination for longer than `WAIT_MS`. */
async function work(
  claims: readonly Claim[],
  sizes: ReadonlyMap<string, number>,
  deps: DeliverDeps,
  beside: Beside,
): Promise<void> {
  const settler = new Settler(deps.store, deps.log, deps.now, (settled) => conclude(settled, deps, beside));
  const settling = settler.run();
  const events = loader(claims, sizes, deps);
  const waiting = [...claims];
  const late: Claim[] = [];
  const running = new Map<string, number>();
  const until = deps.now() + WAIT_MS;

  const slot = async (): Promise<void> => {
    for (let claim = choose(waiting, running); claim !== null && deps.now() < until; claim = choose(waiting, running)) {
      waiting.splice(waiting.indexOf(claim), 1);
      running.set(claim.destination, (running.get(claim.destination) ?? 0) + 1);
      const place = deps.pace.enter(
        claim.destination,
        sizes.get(deliveryId(claim.id, claim.destination)) ?? 0,
        deps.now(),
      );
      const timedOut = await one(claim, events, settler, late, deps);
      deps.pace.leave(place, timedOut, deps.now());
      running.set(claim.destination, (running.get(claim.destination) ?? 1) - 1);
    }
  };
  await Promise.all(Array.from({ length: SLOTS }, slot));
  settler.close();
  await settling;
  if (waiting.length + late.length > 0) await giveBack([...waiting, ...late], sizes, deps);
}

/** The oldest claim whose destination has the fewest sends running; `null` to leave the slot to destinations that answer. */
function choose(waiting: readonly Claim[], running: ReadonlyMap<string, number>): Claim | null {
  let best: Claim | null = null;
  let fewest = Infinity;
  for (const claim of waiting) {
    const count = running.get(claim.destination) ?? 0;
    if (count < fewest) [best, fewest] = [claim, count];
  }
  const others = [...running].some(([destination, count]) => count > 0 && destination !== best?.destination);
  return fewest >= SLOTS_TO_ONE && others ? null : best;
}

/** Never rejects; tells whether the destination timed out. What came too late to be sent is put into `late`. */
async function one(claim: Claim, events: Loader, settler: Settler, late: Claim[], deps: DeliverDeps): Promise<boolean> {
  try {
    const event = await events.event(claim);
    const { destinations, unreadable } = deps.config;
    const settlement = await attempt(
      claim,
      event,
      destinations.get(claim.destination) ?? unreadable.get(claim.destination),
      () => events.body(event),
      deps,
    );
    if (settlement === null) {
      late.push(claim);
      return false;
    }
    settler.add({ ...settlement, id: claim.id, size: event.size });
    // A status whose body did not come to its end counts, and has held its place just as long.
    return settlement.fault === "timeout" || settlement.latencyMs >= ATTEMPT_MS;
  } catch (error) {
    // Ours: the lease ends, the sweep frees it, and the attempt is on record as lost.
    deps.log.error("delivery.broken", {
      delivery: deliveryId(claim.id, claim.destination),
      attempt: claim.attempt,
      error: String(error),
    });
    return false;
  }
}

/** One log line per attempt, with all that was decided, and a bell for the next one. */
async function conclude(settled: readonly Settled[], { ring, feed, log }: DeliverDeps, beside: Beside): Promise<void> {
  const telling = feed.settled(settled);
  if (telling !== null) beside(telling);
  const bells: Bell[] = [];
  for (const { id, destination, attempt: n, state, reason, status, fault, latencyMs, dueAt, size } of settled) {
    const delivery = deliveryId(id, destination);
    const fields = { delivery, attempt: n, state, status, fault, latencyMs };
    if (state === "delivered") log.info("delivery.attempted", fields);
    else if (state === "failed") log.error("delivery.failed", { ...fields, reason });
    else {
      log.warn("delivery.attempted", { ...fields, dueAt });
      bells.push({ v: 1, delivery, attempt: n + 1, due: dueAt, size });
    }
  }
  await ringOrLeave(bells, ring, log);
}

async function giveBack(
  claims: readonly Claim[],
  sizes: ReadonlyMap<string, number>,
  { store, ring, now, log }: DeliverDeps,
): Promise<void> {
  const due = now() + LATER_MS;
  try {
    await store.release(claims, due);
  } catch (error) {
    log.warn("delivery.release_failed", { claims: claims.length, error: String(error) });
    return;
  }
  const bells = claims.map(({ id, destination, attempt: n }) => {
    const delivery = deliveryId(id, destination);
    return { v: 1 as const, delivery, attempt: n, due, size: sizes.get(delivery) ?? 0 };
  });
  await ringOrLeave(bells, ring, log);
}

type Loader = ReturnType<typeof loader>;

/** Reads events when their turn comes, several small ones in one query, each large body in slices. */
function loader(claims: readonly Claim[], sizes: ReadonlyMap<string, number>, { store, parts: large }: DeliverDeps) {
  const chunks = new Map<number, { seqs: number[]; rows?: Promise<Map<number, StoredEvent>> }>();
  let chunk = { seqs: [] as number[] };
  let bytes = 0;
  for (const claim of claims) {
    if (chunks.has(claim.event)) continue;
    const size = sizes.get(deliveryId(claim.id, claim.destination)) ?? 0;
    const inline = size <= INLINE_BYTES ? size : 0;
    if (bytes + inline > LOAD_BYTES) [chunk, bytes] = [{ seqs: [] }, 0];
    chunk.seqs.push(claim.event);
    chunks.set(claim.event, chunk);
    bytes += inline;
  }
  return {
    async event({ event: seq, id }: Claim): Promise<StoredEvent> {
      const own = chunks.get(seq) ?? { seqs: [seq] };
      own.rows ??= store.load(own.seqs).then((rows) => new Map(rows.map((row) => [row.seq, row])));
      const event = (await own.rows).get(seq);
      if (event === undefined) throw new Error(`event ${id} is not in D1`);
      return event;
    },
    async body({ receipt, encoding, body, parts }: StoredEvent): Promise<Uint8Array> {
      if (body !== null) return decodeBody(encoding, body);
      const pieces: Uint8Array[] = [];
      for (let n = 0; n < parts; n += LOAD_PARTS) {
        for (const data of await large.read(receipt, n, LOAD_PARTS)) pieces.push(decodeBody(encoding, data));
      }
      if (pieces.length !== parts) throw new Error(`${pieces.length} of ${parts} parts of the body are in D1`);
      return concatenated(pieces);
    },
  };
}
