// First attempts that are made where their event was accepted: when a pause stops them, and what becomes of their outcomes.
import type { Ledger } from "../ledger.ts";
import { first, type Invariant } from "./invariant.ts";

/** From the design: a send begins at most 5 s after its grant; and a request's way, in ms. */
const GRANT_MS = 5_000 + 500;

export const pausesStopFirsts: Invariant = {
  id: "first pause",
  says: "once every object has confirmed a pause, no first attempt is granted: none begins more than five seconds later",
  arrived({ destination, headers, at }, ledger) {
    const id = headers["webhook-id"] ?? "";
    if (headers["hookline-attempt"] !== "1" || ledger.skewed) return null;
    // What was claimed is another promise's: the claim sees the pause.
    if (ledger.movesOf(id, destination).some(({ by }) => by === "claim")) return null;
    const own = ledger.pauses.filter((one) => one.destination === destination && one.at <= at);
    const last = own.findLast(({ paused }) => paused);
    if (last === undefined || own.some((one) => !one.paused && one.at >= last.askedAt)) return null;
    return at - last.at > GRANT_MS
      ? `the first attempt of ${id}:${destination} came ${Math.round(at - last.at)} ms after its pause was confirmed`
      : null;
  },
};

export const outcomesAreKept: Invariant = {
  id: "outcomes",
  says: "what an object has heard of a first attempt is on record: that attempt is not lost",
  ended(ledger) {
    const { platform, told } = ledger;
    // A clock that jumps ends a lease before its time.
    if (ledger.skewed || !platform.d1.hasTable("attempts") || repeatsMayBeNew(ledger)) return null;
    const sql = `SELECT e.id || ':' || a.destination AS delivery FROM attempts a JOIN events e ON e.seq = a.event
      WHERE a.n = 1 AND a.outcome = 'lost'`;
    return first(platform.d1.look<{ delivery: string }>(sql), ({ delivery }) => {
      const [id = "", destination = ""] = delivery.split(":");
      // Another object has brought the event to D1, and the queue's attempt is the one on record.
      const isClaimed = ledger.movesOf(id, destination).some(({ by, attempt }) => by === "claim" && attempt === 1);
      return told.has(delivery) && !(isClaimed && ledger.hasMoved(id))
        ? `the end of the first attempt of ${delivery} was told, and is on record as lost`
        : null;
    });
  },
};

export const outcomesStayApart: Invariant = {
  id: "own outcome",
  says: "the first attempt that is on record belongs to the acceptance that D1 has, and not to another of the event",
  ended({ platform, told }) {
    if (!platform.d1.hasTable("attempts")) return null;
    const sql = `SELECT e.id || ':' || a.destination AS delivery, e.receipt, a.started_at AS startedAt
      FROM (SELECT event, destination, started_at FROM deliveries WHERE attempt = 1
        UNION SELECT event, destination, started_at FROM attempts WHERE n = 1) a JOIN events e ON e.seq = a.event`;
    return first(platform.d1.look<Recorded>(sql), ({ delivery, receipt, startedAt }) => {
      const same = (told.get(delivery) ?? []).filter((one) => one.startedAt === startedAt);
      return same.length === 0 || same.some((one) => one.receipt === receipt)
        ? null
        : `the first attempt of ${delivery} on record was made for ${same[0]?.receipt}, and D1 has ${receipt}`;
    });
  },
};

interface Recorded {
  readonly delivery: string;
  readonly receipt: string;
  readonly startedAt: number | null;
}

/** While D1 is silent, two acceptances may make the first attempt of one event; what was told may be of the other. */
export function repeatsMayBeNew({ plan, scheduler }: Ledger): boolean {
  return (
    scheduler.hits.some(({ point }) => /^d1 (?:known|schema)/.test(point.name)) ||
    plan.steps.some((step) => step.do === "outage" && step.of === "d1")
  );
}

/** The longest that the relay does not ask a silent D1 again, and an attempt's way from the question to the destination, in ms. */
const SILENCE_MS = 45_000;

/** Whether D1 may not have said that it knows an event: while it is silent, a repeat is sent as if it were new (docs/guarantees.md). */
export function unasked({ plan, scheduler }: Ledger, at: number): boolean {
  const lately = (from: number, to = from) => from <= at && at <= to + SILENCE_MS;
  return (
    scheduler.hits.some(({ point, at: hit }) => /^d1 (?:known|schema)/.test(point.name) && lately(hit)) ||
    plan.steps.some((step) => step.do === "outage" && step.of === "d1" && lately(step.at, step.at + step.ms))
  );
}
