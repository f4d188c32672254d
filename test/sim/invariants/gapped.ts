// What a sender lists as never taken: it comes in the end, and nobody asks for it more often than needed.
import { FIRST_LOOK_MS, MOST_ATTEMPTS } from "../gapped.ts";
import { first, type Invariant, yes } from "./invariant.ts";

/** What is younger may still be on its way, in ms; what was asked for, for four times as long each time. */
const YOUNG_MS = 120_000;

export const gapsAreFilled: Invariant = {
  id: "gaps",
  says: "what the sender's API lists and never came is asked for, and comes; no attempt is asked for twice, too early, or after it has arrived",
  ended(ledger) {
    if (!ledger.plan.traits.includes("gapped")) return null;
    const { hook } = ledger.platform;
    const never = first(hook.missed, ({ letter, at }) => {
      // What was missed before the first look is the operator's to ask for.
      if (hook.firstReadAt === null || hook.firstReadAt - at > FIRST_LOOK_MS) return null;
      if (hook.triesOf(letter.key).length >= MOST_ATTEMPTS) return null;
      const came = ledger.tries.some((one) => one.letter.key === letter.key && yes(one));
      return came ? null : `${letter.key}, lost at ${at} ms, never came: ${JSON.stringify(hook.triesOf(letter.key))}`;
    });
    if (never !== null) return never;
    const asked = new Set<number>();
    return first(hook.asked, ({ id, at }) => {
      if (asked.has(id)) return `attempt ${id} was asked for a second time at ${at} ms`;
      asked.add(id);
      const one = hook.tried.find((tried) => tried.id === id);
      if (one === undefined) return `attempt ${id} was asked for, and there was none`;
      const before = hook.triesOf(one.letter.key).filter((tried) => tried.id <= id);
      if (before.some(({ status }) => status >= 200 && status < 300))
        return `${one.letter.key} was asked for again at ${at} ms, and had arrived`;
      const young = YOUNG_MS * 4 ** (before.length - 1);
      return ledger.skewed || at - one.at > young
        ? null
        : `${one.letter.key} was asked for again ${at - one.at} ms after its attempt ${before.length}`;
    });
  },
};
