// An app of the operator's own in some worlds: it names its requests, comes again, and now and then uses a name twice.
import { Dice } from "./dice.ts";
import type { Step } from "./plan.ts";
import type { Letter } from "./senders.ts";

/** How far apart two requests of one name are, in ms: at once, while Intake alone has the first, and later. */
const APART = [0, 0, 1, 8, 60, 2_000, 60_000, 400_000] as const;

/** It has dice of its own, so that no other choice moves. */
export function ownOf(seed: number, span: number): Step[] {
  const dice = new Dice(seed, "own");
  if (!dice.chance(0.25)) return [];
  const steps: Step[] = [];
  for (let n = dice.whole(1, 3); n > 0; n -= 1) {
    const at = dice.whole(0, span);
    const stuff = dice.pick(["json", "json", "binary"] as const);
    // A message names itself.
    const key = stuff === "json" || dice.chance(0.8) ? `own${n}` : null;
    const letter: Letter = { source: "app", key, type: "push", stuff, forged: null };
    steps.push({ at, do: "post", letter, tries: dice.pick([3, 6]) });
    const again = at + dice.pick(APART);
    if (dice.chance(0.4)) steps.push({ at: again, do: "post", letter, tries: 3 });
    if (dice.chance(0.6)) steps.push({ at: again, do: "post", letter: { ...letter, type: "star" }, tries: 3 });
    if (dice.chance(0.2))
      steps.push({ at, do: "post", letter: { ...letter, forged: dice.pick(["wrong key", "no signature"]) }, tries: 1 });
  }
  return steps;
}
