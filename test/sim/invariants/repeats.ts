// What a sender's repeat does and does not do: it opens what is exhausted, and costs its source and D1 nothing.
import type { Ledger } from "../ledger.ts";
import type { Kind } from "../faults.ts";
import { MOST_REPEATS } from "./delivery.ts";
import { first, type Invariant } from "./invariant.ts";
import { LIMIT } from "./operation.ts";

interface Exhausted {
  id: string;
  destination: string;
  repeats: number;
}
/** Of an event whose body is gone nothing is opened any more. */
const EXHAUSTED =
  "SELECT e.id, d.destination, d.repeats FROM deliveries d JOIN events e ON e.seq = d.event WHERE d.state = 'failed' AND d.reason = 'exhausted' AND e.gone IS NULL";

export const repeatsOpen: Invariant = {
  id: "repeats",
  says: "a repeat that is answered after its event's delivery was exhausted has opened it, while repeats still may",
  ended(ledger) {
    const { platform, tries, skewed } = ledger;
    if (skewed || !platform.d1.hasTable("deliveries")) return null;
    return first(platform.d1.look<Exhausted>(EXHAUSTED), ({ id, destination, repeats }) => {
      const end = ledger.movesOf(id, destination).findLast((move) => move.to === "failed");
      if (end === undefined || repeats >= MOST_REPEATS) return null;
      const unheard = tries.find((one) => one.id === id && one.status === "duplicate" && one.at > end.at);
      return unheard === undefined
        ? null
        : `${id}:${destination} failed at ${Math.round(end.at)} ms; the repeat of ${Math.round(unheard.at)} ms was answered, and opened nothing`;
    });
  },
};

/** Where a fault makes an acceptance pay twice, or leaves a repeat's token where it was. */
const PAYING: readonly Kind[] = ["rpc", "sync", "d1"];
const HARMLESS = new Set(["post", "mood", "replay", "bulk", "operate"]);

/** Whether nothing has failed at calls of these kinds, nor died. */
function undisturbed({ plan, scheduler }: Ledger, kinds: readonly Kind[]): boolean {
  return (
    scheduler.hits.every(({ point }) => !kinds.includes(point.kind)) &&
    plan.steps.every((step) => HARMLESS.has(step.do))
  );
}

export const repeatsSpendNothing: Invariant = {
  id: "rate",
  says: "a source is told that it has too many only where so many different events of it have come",
  answered({ answer, letter }, ledger) {
    if (answer.status !== 429 || letter.source !== "limited" || !undisturbed(ledger, PAYING)) return null;
    const honest = ledger.begun.filter((one) => one.letter.source === "limited" && one.letter.forged === null);
    // Without an id of its sender's, each is an event of its own.
    const names = honest.map((one, n) => (one.letter.key === null ? n : JSON.stringify(one.letter)));
    const others = new Set(names.filter((name) => name !== JSON.stringify(letter))).size;
    return others < LIMIT.burst
      ? `${letter.key} was 429, with ${others} other events of its source and a limit of 4/min`
      : null;
  },
};

const LEFT = "SELECT 1 FROM event_parts p JOIN events e ON e.id = p.event WHERE e.id = ?1 AND e.receipt <> p.receipt";
/** A large body is written within this time, in ms. */
const WRITING_MS = 20_000;

export const repeatsLeaveNothing: Invariant = {
  id: "parts",
  says: "a repeat of a large body that has been answered has left no part in D1",
  answered({ id, status, letter, at }, ledger) {
    if (
      status !== "duplicate" ||
      id === null ||
      !letter.stuff.startsWith("large") ||
      !undisturbed(ledger, [...PAYING, "ingress"])
    )
      return null;
    const beside = ledger.begun.filter((one) => one.letter.key === letter.key && one.at > at - WRITING_MS).length;
    if (beside > 1) return null;
    const left = ledger.platform.d1.look(LEFT, id).length;
    return left > 0 ? `a repeat of ${id} has left ${left} parts` : null;
  },
};
