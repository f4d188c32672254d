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
    return first(platform.d1.look<{ delivery: string }>(sql), ({ delivery }) =>
      told.has(delivery) ? `the end of the first attempt of ${delivery} was told, and is on record as lost` : null,
    );
  },
};

/** While D1 is silent, two acceptances may make the first attempt of one event; what was told may be of the other. */
function repeatsMayBeNew({ plan, scheduler }: Ledger): boolean {
  return (
    scheduler.hits.some(({ point }) => /^d1 (?:known|schema)/.test(point.name)) ||
    plan.steps.some((step) => step.do === "outage" && step.of === "d1")
  );
}
