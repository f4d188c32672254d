// Worlds in which alpha gets the events of each source in order, many of them close together, while its first ones fail.
import { Dice } from "./dice.ts";
import type { Step } from "./plan.ts";
import type { Trait } from "./traits.ts";

/**
 * In one world of five; in every third of them there are three Intake objects, of which each source keeps to one. It has
 * dice of its own, so that no other choice moves.
 */
export function orderedOf(seed: number, span: number): { ordered: Trait[]; row: Step[]; objects: number } {
  const dice = new Dice(seed, "ordered");
  if (!dice.chance(0.2)) return { ordered: [], row: [], objects: 1 };
  const row: Step[] = [];
  const at = dice.whole(0, span);
  const apart = dice.pick([0, 5, 60, 700, 9_000]);
  for (let n = dice.pick([2, 3, 5]); n > 0; n -= 1) {
    const letter = { source: "acme", key: `row ${n}`, type: "push", stuff: "json", forged: null } as const;
    row.push({ at: at + apart * (5 - n), do: "post", letter, tries: 6 });
  }
  if (dice.chance(0.6)) {
    row.push({ at: Math.max(0, at - 1), do: "mood", destination: "alpha", mood: dice.pick(["500", "hang", "410"]) });
    row.push({ at: at + dice.pick([500, 8_000, 60_000]), do: "mood", destination: "alpha", mood: "ok" });
  }
  const ordered: Trait[] = dice.chance(0.5) ? ["ordered", "stopping"] : ["ordered"];
  return { ordered, row, objects: dice.pick([1, 1, 3]) };
}
