// A destination that fails for so long that its breaker opens, while events go on coming.
import { Dice } from "./dice.ts";
import type { Step } from "./plan.ts";
import type { Mood } from "./network.ts";

const MOODS: readonly Mood[] = ["500", "500", "404", "hang", "redirect"];

/** In one world of eight. It has dice of its own, so that no other choice moves. */
export function outageOf(seed: number, span: number): Step[] {
  const dice = new Dice(seed, "outage");
  if (!dice.chance(0.12)) return [];
  const at = dice.whole(0, span);
  const lasts = dice.pick([45_000, 90_000, 240_000]);
  const steps: Step[] = [{ at, do: "mood", destination: "alpha", mood: dice.pick(MOODS) }];
  for (let n = dice.pick([8, 14, 20]); n > 0; n -= 1) {
    const letter = { source: "github", key: `outage ${n}`, type: "push", stuff: "empty", forged: null } as const;
    steps.push({ at: at + dice.whole(0, lasts), do: "post", letter, tries: 3 });
  }
  // Back, once more away, and back: what was let go may fail again.
  steps.push({ at: at + lasts, do: "mood", destination: "alpha", mood: "ok" });
  if (dice.chance(0.3)) {
    steps.push({ at: at + lasts + 2_000, do: "mood", destination: "alpha", mood: "500" });
    steps.push({ at: at + lasts + dice.pick([5_000, 50_000]), do: "mood", destination: "alpha", mood: "ok" });
  }
  return steps;
}
