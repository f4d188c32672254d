// Worlds with several Intake objects, whose number changes while events are in the journals: one in three.
import { Dice } from "./dice.ts";
import type { Step } from "./plan.ts";
import type { Letter } from "./senders.ts";

/** How far apart an event and its repeat are, in ms: while one object has it and D1 does not, and later. */
const REPEATS = [0, 5, 30, 60, 120, 400, 1_500, 20_000, 200_000] as const;

/**
 * How many objects there are at first, the changes of their number, and around each an event that comes again. It has
 * dice of its own, so that no other choice moves.
 */
export function shardsOf(seed: number, span: number, letters: readonly Letter[]): { shards: number; changes: Step[] } {
  const dice = new Dice(seed, "shards");
  if (!dice.chance(0.33)) return { shards: 1, changes: [] };
  const shards = dice.pick([1, 2, 2, 3, 4]);
  const changes: Step[] = [];
  let count = shards;
  for (let n = dice.pick([1, 1, 1, 2]); n > 0; n -= 1) {
    const from = count;
    count = dice.pick([1, 2, 3, 4].filter((other) => other !== from));
    const at = dice.whole(0, span);
    changes.push({ at, do: "shards", to: count, bothMs: dice.pick([0, 0, 2_000, 60_000, 400_000]) });
    const letter = dice.pick(letters);
    const first = Math.max(0, at + dice.pick([-2_000, -50, -10, 0, 100, 1_000]));
    const posts = [0, ...Array.from({ length: dice.whole(1, 4) }, () => dice.pick(REPEATS))];
    for (const after of posts) changes.push({ at: first + after, do: "post", letter, tries: 3 });
  }
  return { shards, changes };
}
