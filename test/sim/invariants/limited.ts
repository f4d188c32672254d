// A destination that takes only so many: never more, whatever dies, and nobody waits for ever.
import { LIMITS } from "../settings.ts";
import type { Ledger } from "../ledger.ts";
import type { Invariant } from "./invariant.ts";

const isLimited = ({ plan }: Ledger) =>
  plan.steps.some((step) => step.do === "deploy" && step.change === "limit alpha");

export const neverTooMany: Invariant = {
  id: "rate",
  says: "no more attempts at a destination begin in any second than its rate allows, and no more are under way than its concurrency",
  arrived({ destination }, ledger) {
    if (destination !== "alpha" || !isLimited(ledger)) return null;
    const { network } = ledger.platform;
    const open = network.arrivals.filter((one) => one.destination === "alpha" && one.over === null && one.by.alive);
    if (open.length > LIMITS.concurrency) return `${open.length} attempts at alpha are under way`;
    const all = network.begun.filter((one) => one.destination === "alpha").map(({ at }) => at);
    const from = all.findIndex((at, n) => (all[n + LIMITS.rate] ?? Infinity) < at + 1_000);
    return from === -1
      ? null
      : `more than ${LIMITS.rate} attempts at alpha began within a second of ${Math.round(all[from] ?? 0)} ms`;
  },
};

export const waitsForPlace: Invariant = {
  id: "places",
  says: "what waits for a place spends no attempt, and nothing waits for one whose destination takes any number",
  ended(ledger) {
    const { d1 } = ledger.platform;
    if (!d1.hasTable("deliveries") || isLimited(ledger)) return null;
    const asked = ledger.platform.limiters.all.length;
    return asked === 0 ? null : "an object was asked for a destination without limits";
  },
  moved({ id, destination, from, to, attempt, attemptBefore, by }) {
    return from === "pending" && to === "pending" && by === "wait" && attempt !== attemptBefore
      ? `${id}:${destination} waits for a place, and has spent an attempt`
      : null;
  },
};
