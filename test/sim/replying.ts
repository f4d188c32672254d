// In some worlds the senders of a route wait for alpha's answer.
import { Dice } from "./dice.ts";
import type { Step } from "./plan.ts";
import type { Trait } from "./traits.ts";

/** How long they are kept waiting, in ms: what a route has by default. */
export const WITHIN_MS = 1_500;

/** What a receiver says to an event, when all is well: no two events hear the same. */
export function thanksFor(id: string | undefined): string {
  return `thanks for ${id}`;
}

/** What a route has besides whose senders wait. */
export function replyOf(traits: readonly Trait[]): object {
  return traits.includes("replying") ? { reply: "alpha" } : {};
}

/** In one world of five; what goes in order is never answered in time. It has dice of its own, so that no other choice moves. */
export function replyingOf(
  seed: number,
  span: number,
  ordered: readonly Trait[],
): { replying: Trait[]; asking: Step[] } {
  const dice = new Dice(seed, "replying");
  if (ordered.length > 0 || !dice.chance(0.2)) return { replying: [], asking: [] };
  const asking: Step[] = [];
  for (let n = dice.whole(1, 3); n > 0; n -= 1) {
    const letter = { source: "acme", key: `ask${n}`, type: "push", stuff: "json", forged: null } as const;
    const at = dice.whole(0, span);
    asking.push({ at, do: "post", letter, tries: 6 });
    if (dice.chance(0.3)) asking.push({ at: at + dice.pick([3, 900, 30_000]), do: "post", letter, tries: 3 });
  }
  if (dice.chance(0.5)) {
    const mood = dice.pick(["500", "hang", "slow", "trickle", "204", "endless"] as const);
    asking.push({ at: dice.whole(0, span), do: "mood", destination: "alpha", mood });
  }
  return { replying: ["replying"], asking };
}
