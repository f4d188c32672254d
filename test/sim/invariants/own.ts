// What a name of an own event stands for: one content, and nobody is refused for another's.
import type { Kind } from "../faults.ts";
import type { Ledger, Try } from "../ledger.ts";
import { bodyOf } from "../senders.ts";
import { same } from "../ledger.ts";
import { first, type Invariant } from "./invariant.ts";

/** Where a fault keeps the relay from knowing what it has: another content is then an event of its own. */
const TELLING = new Set<Kind>(["rpc", "sync", "d1"]);
const HARMLESS = new Set(["post", "mood", "replay", "bulk", "operate"]);

export const oneContent: Invariant = {
  id: "names",
  says: "a name of an own event is answered 2xx for one content, and 422 only where another was posted under it",
  answered(one, ledger) {
    const { letter, answer, id } = one;
    if (letter.source !== "app" || letter.forged !== null) return null;
    if (answer.status === 422) {
      const others = ledger.begun.filter(({ letter: other }) => isNamesake(letter, other));
      return others.length > 0 ? null : `${letter.key} was 422, and nothing else was posted under it`;
    }
    if (id === null || !undisturbed(ledger)) return null;
    return first(ledger.tries, (earlier) =>
      earlier.id !== null && isNamesake(letter, earlier.letter)
        ? `${letter.key} stands for ${earlier.id}, and another content under it was answered with ${id}`
        : null,
    );
  },
};

/** Whether one was refused because its name stands for another content: it may come as often as it likes. */
export function isRefusedForItsName({ letter }: Pick<Try, "letter">, { tries }: Ledger): boolean {
  return letter.source === "app" && tries.some((one) => one.answer.status === 422 && one.letter.type === letter.type);
}

function isNamesake(a: Try["letter"], b: Try["letter"]): boolean {
  return b.source === "app" && b.forged === null && a.key !== null && a.key === b.key && !same(bodyOf(a), bodyOf(b));
}

function undisturbed({ plan, scheduler }: Ledger): boolean {
  return (
    scheduler.hits.every(({ point }) => !TELLING.has(point.kind)) && plan.steps.every((step) => HARMLESS.has(step.do))
  );
}
