// One thing that befalls the relay of a random world, or a receiver, while requests are under way.
import type { Dice } from "./dice.ts";
import type { Mood } from "./network.ts";
import type { Step } from "./plan.ts";

const MOODS: readonly Mood[] = [
  "500",
  "hang",
  "trickle",
  "slow",
  "redirect",
  "429 later",
  "endless",
  "410",
  "404",
  "204",
];

export function mischief(dice: Dice, span: number, stormy: boolean): Step {
  const at = dice.whole(0, span + 120_000);
  const who = dice.pick([0, 1, "intake"] as const);
  const mood: Step = {
    at: dice.whole(0, span),
    do: "mood",
    destination: dice.pick(["alpha", "beta"]),
    mood: dice.pick(MOODS),
  };
  if (!stormy) return mood;
  const replay = (): Step => ({
    at: at + dice.pick([0, 60_000, 300_000]),
    do: "replay",
    nth: dice.whole(0, 3),
    key: `replay-${at}`,
    times: dice.whole(1, 2),
  });
  const choices: readonly (() => Step)[] = [
    () => mood,
    () => mood,
    () => ({ at, do: "kill", who }),
    () => ({ at, do: "evict" }),
    () => ({ at, do: "skew", who, ms: dice.whole(-300_000, 300_000) }),
    () => ({
      at,
      do: "deploy",
      change: dice.pick([
        "remove beta",
        "add gamma",
        "rotate github",
        "rotate signing",
        "lose acme secret",
        "same again",
      ]),
    }),
    () => ({
      at,
      do: "outage",
      of: dice.pick(["d1", "d1", "queue", "intake"]),
      manner: dice.pick(["throws", "hangs"]),
      ms: dice.pick([20_000, 200_000, 7_200_000]),
    }),
    replay,
    replay,
    () => ({
      at,
      do: "outage",
      of: "d1",
      manner: dice.pick(["throws", "hangs"]),
      ms: dice.pick([3_000, 20_000, 70_000]),
    }),
  ];
  return dice.pick(choices)();
}
