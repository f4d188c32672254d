// I-3, I-4, I-5, I-6, I-9: how a delivery moves, and what its destination hears.
import { createHmac, hkdfSync } from "node:crypto";
import { isBrought, wasBrought } from "../brought.ts";
import type { Ledger, Moved } from "../ledger.ts";
import { same } from "../ledger.ts";
import type { Arrival } from "../network.ts";
import { EPOCH } from "../scheduler.ts";
import { keptBodyOf } from "../redacted.ts";
import { bodyOf, type Letter } from "../senders.ts";
import type { Plan } from "../plan.ts";
import { DESTINATION_KEY, INSPECTOR, type Vars, waits } from "../settings.ts";
import { signsWithOld } from "../rotated.ts";
import { BULK } from "./bulk.ts";
import { unasked } from "./firsts.ts";
import { isRemade } from "./remade.ts";
import { isOfThing } from "./things.ts";
import { BUCKETS } from "../ways.ts";
import { DESK } from "../listening.ts";
import { isUnanswered } from "./tunnelled.ts";
import { first, type Invariant } from "./invariant.ts";

/** What is left of a redacted event, which says of itself that it is. */
const keptOf =
  ({ traits }: Plan) =>
  (letter: Letter) =>
    keptBodyOf(letter, traits);

const ENDS = new Set(["delivered", "failed"]);
/** From the design: so often may repeats open a delivery, until an operator does. */
export const MOST_REPEATS = 3;
/** From the design: no send starts with less lease than this, in ms; a request may be 100 ms on its way. */
const LEASE_LEFT_MS = 20_000 - 100;
/** An attempt has 15 s, and an answer that is slow on its way takes less than seven of them, in ms: what was said until then is heard. */
const HEARD_MS = 8_000;
/** From the design's schedule: a fifth more or less. */
const EARLIEST = 0.8;
/** After a storm: a lost bell's minute, the sweep's minute, a minute for a slow queue. And for each delivery before it in a line, an attempt's time. */
const LATE_MS = 180_000;
const LATE_EACH_MS = 20_000;

export const oneEnd: Invariant = {
  id: "I-3",
  says: "a delivery ends once; only a replay opens it again, or a few times the sender's own repeat, if it is exhausted or expired",
  moved(move, ledger) {
    const { id, destination, from, to, by, receipt, receiptBefore } = move;
    const { moves } = ledger;
    if (from === null || !ENDS.has(from)) return null;
    const name = `${id}:${destination}`;
    if (ENDS.has(to)) return from === to ? null : `${name} ended as ${from}, and then as ${to}`;
    const repeated = by === "commit" ? badRepeat(move, ledger) : null;
    if (repeated !== null) return `${name} ${repeated}`;
    if (by === "replay" || by === BULK || by === "commit") {
      if (receipt === receiptBefore) return `${name} was opened again under the receipt that it had`;
      const twice = moves.some(
        (earlier) => earlier.id === id && earlier.destination === destination && earlier.receipt === receipt,
      );
      return twice ? `${name} was opened twice by ${receipt}` : null;
    }
    return `${name} was ${from}, and "${by}" made it ${to}`;
  },
};

/** What is wrong with a repeat's opening of this delivery. */
function badRepeat({ id, destination, from, reasonBefore, receipt }: Moved, ledger: Ledger): string | null {
  if (from !== "failed" || (reasonBefore !== "exhausted" && reasonBefore !== "expired"))
    return `was ${from} (${reasonBefore}), and a repeat has opened it`;
  const opened = ledger.movesOf(id, destination).filter((move) => move.to === "pending" && ENDS.has(move.from ?? ""));
  const operated = opened.findLastIndex((move) => move.by !== "commit");
  if (opened.length - operated - 1 >= MOST_REPEATS) return `was opened by more than ${MOST_REPEATS} repeats`;
  const sql = "SELECT detail FROM audit WHERE action = 'repeat' AND target = ?1 ORDER BY seq DESC LIMIT 1";
  const [row] = ledger.platform.d1.look<{ detail: string }>(sql, id);
  return row?.detail.includes(`"${destination}"`) === true
    ? null
    : `was opened by ${receipt}, and the audit does not say so`;
}

export const deliveredMeansDelivered: Invariant = {
  id: "I-4",
  says: "delivered: the destination answered 2xx to that delivery; a settled attempt tells of its own answer",
  moved({ id, destination, to, from, attempt, status, by }, ledger) {
    // What the inspector takes is not on the network; a promise of its own looks after it.
    if (destination === INSPECTOR || BUCKETS.has(destination)) return null;
    const arrivals = ledger.arrivalsOf(id, destination);
    const name = `${id}:${destination}`;
    if (to === "delivered" && from !== "delivered" && !arrivals.some(said2xx))
      return `${name} is delivered, and ${destination} never answered it with 2xx`;
    const told = by === "settle" || (by === "commit" && from === null && attempt === 1 && to !== "delivering");
    if (!told || to === "delivered") return null;
    const [own] = ownArrivals(id, destination, attempt, ledger);
    // The object between a listener and whoever settles may die: then nobody hears that the listener still works at it.
    if (own !== undefined && own.over === null && own.by.alive && destination !== DESK)
      return `attempt ${attempt} of ${name} was settled as ${to} while it was under way`;
    if (status !== null && status !== (own?.status ?? null) && !isUnanswered(destination, status))
      return `attempt ${attempt} of ${name} is on record with ${status}, and was answered ${own?.status ?? "nothing"}`;
    if (own === undefined || !own.by.alive || own.saidAt === null || own.saidAt - own.at > HEARD_MS) return null;
    const ends = said2xx(own) || own.status === 410 || own.asked === "abort";
    return ends && to === "pending"
      ? `attempt ${attempt} of ${name} was answered ${own.status}, and is to be tried again`
      : null;
  },
};

export const boundedDuplicates: Invariant = {
  id: "I-5",
  says: "one request for each claimed attempt, one at a time, with lease left, and none after the end; without faults exactly one",
  arrived(arrival, ledger) {
    const { destination, headers, wall, by } = arrival;
    const [id, attempt] = [headers["webhook-id"] ?? "", Number(headers["hookline-attempt"])];
    const name = `attempt ${attempt} of ${id}:${destination}`;
    if (destination === "trap" || destination === "nobody") return null;
    const isApart = mayBeApart(arrival, ledger);
    // An attempt that was granted where the event was before is judged beside others that were granted.
    const others = ledger
      .arrivalsOf(id, destination)
      .filter((one) => one !== arrival && mayBeApart(one, ledger) === isApart);
    if (attempt === 1 && unasked(ledger, arrival.at)) return null;
    // One that was granted while D1 was silent does not count for what the queue makes later, either.
    const isAsked = (one: Arrival) => !one.by.what.startsWith("fetch ") || !unasked(ledger, one.at);
    if (others.some((one) => one.headers["hookline-attempt"] === headers["hookline-attempt"] && isAsked(one)))
      return `${name} came twice`;
    // A clock that jumps ends a lease before its time.
    const counts = (one: Arrival) => one.headers["hookline-attempt"] !== "1" || !unasked(ledger, one.at);
    if (!ledger.skewed && others.some((one) => one.over === null && one.by.alive && counts(one)))
      return `${name} came while another was under way`;
    // D1 may not even have been asked for a schema yet.
    const { d1 } = ledger.platform;
    if (!d1.hasTable("deliveries")) return badFirst(arrival, ledger);
    const [row] = d1.look<{ state: string; attempt: number; lease_until: number | null }>(
      "SELECT state, attempt, lease_until FROM deliveries d JOIN events e ON e.seq = d.event WHERE e.id = ?1 AND destination = ?2",
      id,
      destination,
    );
    // Of what an import has brought to D1 it was granted all the same, and the delivery stays as the import had it.
    if (attempt === 1 && by.what.startsWith("fetch ") && wasBrought(id, destination, ledger)) return null;
    if (row === undefined) return attempt === 1 ? badFirst(arrival, ledger) : `${name} belongs to no delivery`;
    if (ledger.skewed || isApart) return null;
    // A late 2xx of the attempt before ends it, though this one is claimed already (docs/states.md).
    if (row.state === "delivered" && row.attempt === attempt && others.some(said2xx)) return null;
    if (row.state !== "delivering" || row.attempt !== attempt)
      return `${name} came while the delivery was ${row.state}, attempt ${row.attempt}`;
    const left = (row.lease_until ?? 0) - wall;
    return left < LEASE_LEFT_MS ? `${name} began with ${Math.round(left / 1000)} s of its lease left` : null;
  },
  ended(ledger) {
    if (!ledger.calm || ledger.plan.steps.some((step) => step.do === "mood")) return null;
    const requests = new Map<string, number>();
    for (const { headers, destination } of ledger.platform.network.arrivals) {
      const name = `${headers["webhook-id"]}:${destination}`;
      requests.set(name, (requests.get(name) ?? 0) + 1);
    }
    return first(requests, ([name, count]) =>
      count === 1 ? null : `${name} was sent ${count} times without any fault`,
    );
  },
};

/** From its grant, before which D1 did not have the event, until a first attempt arrives, in ms. */
const GRANTED_MS = 5_000 + 1_000;

/**
 * Whether this is a first attempt that one object has granted of an event that another object may have brought to D1
 * first: the queue then makes it once more (docs/guarantees.md).
 */
function mayBeApart({ destination, headers, by, at }: Arrival, ledger: Ledger): boolean {
  const id = headers["webhook-id"] ?? "";
  const isGranted = headers["hookline-attempt"] === "1" && by.what.startsWith("fetch ");
  if (!isGranted || !ledger.hasMoved(id)) return false;
  const [born] = ledger.movesOf(id, destination);
  return born === undefined || at <= born.at + GRANTED_MS;
}

/** What destinations have heard of an attempt as D1 has it. */
function ownArrivals(id: string, destination: string, attempt: number, ledger: Ledger): Arrival[] {
  const isClaimed = ledger.movesOf(id, destination).some((move) => move.by === "claim" && move.attempt === attempt);
  return ledger
    .arrivalsOf(id, destination)
    .filter((one) => Number(one.headers["hookline-attempt"]) === attempt && !(isClaimed && mayBeApart(one, ledger)));
}

interface Offer {
  readonly seq: number;
  readonly id: string;
  readonly to: string;
  readonly until: number;
}
const OFFERS = `
SELECT seq, b.value->>'$[0]' AS id, b.value->>'$[4].first.to' AS "to", b.value->>'$[4].first.until' AS until
FROM journal, json_each(bells) b WHERE b.value->>'$[4].first' IS NOT NULL`;

/** What is wrong with a first attempt of an event that D1 does not have yet: it is journaled, as one that may be under way until then. */
function badFirst({ destination, headers, wall }: Arrival, { platform, skewed }: Ledger): string | null {
  const id = headers["webhook-id"] ?? "";
  const offers = platform.intakes.all.flatMap(({ storage }) =>
    storage.look<Offer>(OFFERS).filter((offer) => offer.id === id && storage.isDurable(offer.seq)),
  );
  const own = offers.find(({ to }) => to.includes(`"${destination}"`));
  if (own === undefined) return `the first attempt of ${id}:${destination} is in no journal row that is durable`;
  if (skewed) return null;
  const left = own.until - wall;
  return left < LEASE_LEFT_MS
    ? `the first attempt of ${id}:${destination} began with ${Math.round(left / 1000)} s left`
    : null;
}

export const stableIdentity: Invariant = {
  id: "I-6",
  says: "same id and same bytes in every attempt; a fresh timestamp, and signatures by every key of the destination",
  arrived(arrival, ledger) {
    const { destination, headers, body, wall, by } = arrival;
    if (destination === "trap" || destination === "nobody")
      return `a request went to ${arrival.url}, which nobody configured`;
    const id = headers["webhook-id"] ?? "";
    const isMade = isRemade(arrival, ledger.plan) || isOfThing(arrival, ledger.plan);
    const sent = headers["hookline-redacted"] === undefined ? bodyOf : keptOf(ledger.plan);
    if (!isMade && !ledger.knows(headers["hookline-source"] ?? "", body, sent))
      return `${destination} got ${body.length} bytes that nobody posted`;
    const letter = isMade || isBrought(id, ledger) ? null : ledger.letterOf(id);
    if (letter !== null && !same(sent(letter), body))
      return `${destination} got other bytes for ${id} than its sender posted`;
    const timestamp = Number(headers["webhook-timestamp"]);
    if (Math.abs(wall / 1000 - timestamp) > 2 && !ledger.skewed)
      return `the timestamp of ${id} is ${timestamp - wall / 1000} s off`;
    const vars = ledger.platform.varsOf(by.isolate.version);
    const wanted = signatures(vars, destination, `${id}.${timestamp}.`, body, signsWithOld(timestamp));
    return headers["webhook-signature"] === wanted ? null : `${destination} cannot verify ${id}`;
  },
};

export const schedule: Invariant = {
  id: "I-9",
  says: "never early, no more attempts than the schedule has, and in calm weather at most a sweep late",
  arrived(arrival, ledger) {
    const { destination, headers, at } = arrival;
    const [id, attempt] = [headers["webhook-id"] ?? "", Number(headers["hookline-attempt"])];
    const moves = ledger.movesOf(id, destination);
    const claim = moves.findLast((move) => move.by === "claim" && move.attempt === attempt);
    if (claim === undefined) return null;
    const before = moves.slice(0, moves.indexOf(claim)).findLast((move) => move.to === "pending");
    const name = `attempt ${attempt} of ${id}:${destination}`;
    const most = ledger.plan.schedule === "once" || destination === "gamma" ? 2 : 4;
    if (attempt - claim.round > most) return `${name} is number ${attempt - claim.round} of a schedule of ${most}`;
    if (ledger.skewed || before === undefined) return null;
    const due = before.due - EPOCH;
    if (at < due - 1) return `${name} came ${Math.round(due - at)} ms early`;
    const previous = ownArrivals(id, destination, attempt - 1, ledger).at(-1);
    const excused = previous !== undefined && attempt === 2 && unasked(ledger, previous.at);
    if (
      !excused &&
      (before.by === "settle" || before.from === null) &&
      previous !== undefined &&
      at - previous.at < EARLIEST * (waitOf(ledger, before) ?? 0)
    )
      return `${name} came ${Math.round(at - previous.at)} ms after the one before`;
    return tooLate(ledger, before, at) ? `${name} came ${Math.round((at - due) / 1000)} s late in calm weather` : null;
  },
};

function tooLate({ plan, platform }: Ledger, { due, at: since }: Moved, at: number): boolean {
  // A delivery that the storm has put out of its way is found by the sweep; from then on it is judged.
  const from = Math.max(due - EPOCH, since);
  if (from < plan.quiet + 20 * 60_000) return false;
  const n = platform.d1.look("SELECT 1 FROM deliveries").length;
  return at - from > LATE_MS + n * LATE_EACH_MS;
}

function waitOf({ plan }: Ledger, { attempt, round, destination }: Moved): number | undefined {
  return (destination === "gamma" ? [5000] : waits(plan.schedule))[attempt - round - 1];
}

/** The status that came is what counts, however its body ended. */
function said2xx({ status }: Arrival): boolean {
  return status !== null && status >= 200 && status < 300;
}

/** Standard Webhooks, written out once more from its specification. */
function signatures(vars: Vars, destination: string, head: string, body: Uint8Array, old: boolean): string {
  return keysOf(vars, destination, old)
    .map((key) => `v1,${createHmac("sha256", key).update(head).update(body).digest("base64")}`)
    .join(" ");
}

const derived = new Map<string, Uint8Array>();

/** @param old whether beta's old key, if it has one, has not ended */
function keysOf(vars: Vars, destination: string, old: boolean): Uint8Array[] {
  if (destination === "beta")
    return [DESTINATION_KEY, old ? vars["BETA_KEY_OLD"] : undefined].flatMap((key) =>
      typeof key === "string" ? [Buffer.from(key.slice("whsec_".length), "base64")] : [],
    );
  return ["SIGNING_KEY", "SIGNING_KEY_OLD"].flatMap((name) => {
    const value = vars[name];
    if (typeof value !== "string") return [];
    const known = derived.get(`${destination} ${value}`);
    if (known !== undefined) return [known];
    const key = new Uint8Array(hkdfSync("sha256", value, "hookline/destination-key/v1", destination, 32));
    derived.set(`${destination} ${value}`, key);
    return [key];
  });
}
