// A destination that takes only so many, a crowd that comes at once, and the object that counts, which dies meanwhile.
import { Dice } from "./dice.ts";
import type { Step } from "./plan.ts";

/** In one world of six. It has dice of its own, so that no other choice moves. */
export function limitedOf(seed: number, span: number, stormy: boolean): Step[] {
  const dice = new Dice(seed, "limited");
  if (!dice.chance(0.16)) return [];
  const steps: Step[] = [{ at: 0, do: "deploy", change: "limit alpha" }];
  const at = dice.whole(10, span);
  const within = dice.pick([0, 500, 3_000]);
  for (let n = dice.pick([5, 9, 16]); n > 0; n -= 1) {
    const letter = { source: "github", key: `crowd ${n}`, type: "push", stuff: "empty", forged: null } as const;
    steps.push({ at: at + dice.whole(0, within), do: "post", letter, tries: 3 });
  }
  if (!stormy) return steps;
  for (let n = dice.pick([0, 1, 2, 3]); n > 0; n -= 1)
    steps.push({ at: at + dice.whole(0, 8_000), do: "kill", who: "limiter" });
  if (dice.chance(0.2))
    steps.push({
      at: at + dice.whole(0, 2_000),
      do: "outage",
      of: "limiter",
      manner: dice.pick(["throws", "hangs"]),
      ms: 9_000,
    });
  return steps;
}
