// What happens in a world, as plain data: who posts what and when, and what is done to the relay meanwhile.
import { Dice } from "./dice.ts";
import { type Fault, type Faults, type Kind, VARIANTS } from "./faults.ts";
import { broughtOf, type Line } from "./brought.ts";
import { type Bulk, bulkOf } from "./bulk.ts";
import { type Edit, editsOf } from "./edits.ts";
import { capturedOf } from "./captured.ts";
import { lastWordsOf } from "./erased.ts";
import { bankedOf } from "./banked.ts";
import { gappedOf } from "./gapped.ts";
import { limitedOf } from "./limited.ts";
import { outageOf } from "./outage.ts";
import { type Befalling, type Listening, listeningOf } from "./listening.ts";
import { measuredOf } from "./measured.ts";
import { mischief } from "./mischief.ts";
import { ownOf } from "./own.ts";
import { replyingOf } from "./replying.ts";
import { rotatedOf } from "./rotated.ts";
import { shardsOf } from "./reshard.ts";
import { type Operation, operationsOf } from "./operations.ts";
import type { Mood } from "./network.ts";
import type { Forgery, Letter, Stuff } from "./senders.ts";
import type { Change, Schedule } from "./settings.ts";
import { thinOf } from "./things.ts";
import { type Trait, traitsOf } from "./traits.ts";
import { orderedOf } from "./ordered.ts";
import { alertedOf } from "./alerted.ts";
import { mutedOf } from "./muted.ts";
import { lookUpsOf, waysOf } from "./ways.ts";

export type Step = { readonly at: number } & (
  | { readonly do: "post"; readonly letter: Letter; readonly tries: number }
  /** A sender tries once, and takes it for failed; whether it comes through all the same, and when it tries again, in ms. */
  | { readonly do: "miss"; readonly letter: Letter; readonly reaches: boolean; readonly late?: number | null }
  | { readonly do: "deploy"; readonly change: Change }
  /** Changes `INTAKE_SHARDS`; isolates of both numbers serve for so long, in ms. */
  | { readonly do: "shards"; readonly to: number; readonly bothMs: number }
  | { readonly do: "kill"; readonly who: 0 | 1 | "intake" | "limiter" }
  | { readonly do: "evict" }
  | { readonly do: "skew"; readonly who: 0 | 1 | "intake"; readonly ms: number }
  | {
      readonly do: "outage";
      readonly of: "d1" | "queue" | "intake" | "feed" | "limiter";
      readonly manner: "throws" | "hangs";
      readonly ms: number;
    }
  | { readonly do: "mood"; readonly destination: string; readonly mood: Mood }
  /** D1 refuses this event for what it is, until the storm is over and somebody has fixed it. */
  | { readonly do: "poison"; readonly words: string }
  | { readonly do: "replay"; readonly nth: number; readonly key: string; readonly times: number }
  | { readonly do: "bulk"; readonly order: Bulk }
  | { readonly do: "operate"; readonly operation: Operation }
  | { readonly do: "edit"; readonly edit: Edit }
  /** A line of another relay's export is imported. */
  | { readonly do: "bring"; readonly line: Line }
  | Listening
  | Befalling
);

/** One world. */
export interface Plan {
  readonly name: string;
  readonly seed: number;
  readonly schedule: Schedule;
  /** Whether D1 begins without a schema. */
  readonly cold: boolean;
  /** `INTAKE_SHARDS` as the world begins. */
  readonly shards: number;
  /** What alpha asks for beyond a signed POST. */
  readonly traits: readonly Trait[];
  readonly steps: readonly Step[];
  /** From then on nothing goes wrong any more, in ms: everything that is open must come to its end. */
  readonly quiet: number;
  /** Whether time then goes on until nothing may be kept any more. */
  readonly retention: boolean;
  /** How often a yield point of a kind is hit; only the random mode rolls. */
  readonly rates: Readonly<Partial<Record<Kind, number>>>;
  /** What goes wrong again and again in this world, beside what may go wrong anywhere. */
  readonly habits: readonly Habit[];
}

/** Every call of this name fails this way, in two cases of five. */
type Habit = readonly [call: string, fault: Fault];

const HABITS: readonly Habit[] = [
  ["d1 settle", "late"],
  ["d1 settle", "late"],
  ["d1 settle", "hang after"],
  ["d1 load", "late"],
  ["d1 load", "hang"],
  ["d1 claim", "hang after"],
  ["d1 claim", "throw after"],
  ["d1 commit", "late"],
  ["d1 commit", "throw after"],
  ["d1 overdue", "throw after"],
  ["d1 give back", "throw before"],
  ["d1 put part", "throw after"],
  ["ring bells", "vanish"],
  ["consume batch", "twice"],
  ["sync intake-0", "slow"],
  ["sync intake-0", "throw after"],
  ["rpc accept", "object dies after"],
  ["rpc accept", "slow"],
  ["fetch alpha", "hang"],
  ["fetch alpha", "slow"],
  ["fetch beta", "503 lies"],
  ["alarm intake-0", "delay long"],
  ["ingress", "twice"],
  ["ingress", "disconnect"],
];
const SLOW_COMMITS: Habit = ["d1 commit", "hang"];
const HABIT_RATE = 0.4;

const STUFF: readonly Stuff[] = ["json", "json", "json", "bom", "binary", "nul", "empty"];
const LARGE: readonly Stuff[] = ["large text", "large binary"];
const FORGERIES: readonly Forgery[] = [
  "no signature",
  "empty signature",
  "wrong key",
  "wrong key",
  "other body",
  "short signature",
  "wrong method",
  "too large",
  "address",
];
const KINDS: readonly Kind[] = ["ingress", "flood", "rpc", "sync", "d1", "ring", "consume", "fetch", "alarm", "cron"];

/** The world of a seed. Each leaves most faults out (swarm testing): a world in which everything fails at once learns little. */
export function planOf(seed: number): Plan {
  const dice = new Dice(seed, "plan");
  const stormy = !dice.chance(0.1);
  const rates: Partial<Record<Kind, number>> = {};
  const [weight, share] = [dice.pick([0.02, 0.05, 0.1, 0.2]), dice.pick([0.2, 0.4, 0.8])];
  for (const kind of KINDS) if (stormy && dice.chance(share)) rates[kind] = weight;
  const span = dice.pick([3_000, 30_000, 240_000]);
  const letters: Letter[] = [];
  const steps: Step[] = [];
  const count = dice.pick([1, 2, 3, 4, 6, 10]);
  const single = dice.chance(0.25) ? dice.pick(["limited", "acme", "github"] as const) : null;
  for (let n = 0; n < count; n += 1) {
    const at = dice.whole(0, span);
    const letter = letterOf(dice, n, single);
    letters.push(letter);
    // A stranger who knows the id comes first now and then.
    if (dice.chance(0.12)) steps.push({ at: Math.max(0, at - 20), do: "post", letter: forged(dice, letter), tries: 1 });
    steps.push({ at, do: "post", letter, tries: dice.pick([3, 6, 8]) });
    if (dice.chance(0.3))
      steps.push({ at: at + dice.pick([0, 3, 40, 2_000, 60_000, 400_000]), do: "post", letter, tries: 3 });
  }
  for (let n = dice.pick([0, 1, 1, 2, 3, 4]); n > 0; n -= 1) steps.push(mischief(dice, span, stormy));
  const [poisoned] = letters;
  if (stormy && poisoned !== undefined && dice.chance(0.05))
    steps.push({ at: 0, do: "poison", words: `${poisoned.source} ${poisoned.key} ${poisoned.type}` });
  steps.push(...capturedOf(seed, span), ...outageOf(seed, span), ...ownOf(seed, span));
  steps.push(...limitedOf(seed, span, stormy));
  const { shards, changes } = shardsOf(seed, span, letters);
  steps.push(...changes);
  const { traits, sayings } = traitsOf(seed, span);
  const thin = thinOf(seed, span);
  const measured = measuredOf(seed, span);
  const gapped = gappedOf(seed, span);
  const banked = bankedOf(seed, span);
  steps.push(...sayings, ...thin.steps, ...measured.steps, ...gapped.steps, ...banked.steps);
  const { ordered, row, objects } = orderedOf(seed, span);
  steps.push(...row);
  const { replying, asking } = replyingOf(seed, span, ordered);
  steps.push(...asking);
  const rotated = rotatedOf(seed, steps);
  steps.push(...rotated.steps);
  if (stormy) steps.push(...bulkOf(seed, span), ...operationsOf(seed, span, steps), ...editsOf(seed, span));
  steps.push(...mutedOf(seed, span, steps));
  const { tunnelled, listening, rates: ofSockets } = listeningOf(seed, span, stormy);
  steps.push(...listening);
  steps.push(...broughtOf(seed, span, steps, [...traits, ...thin.traits, ...ordered, ...tunnelled]));
  const quiet =
    Math.max(...steps.map((step) => step.at + ("ms" in step && step.do === "outage" ? step.ms : 0))) + 200_000;
  return {
    name: `seed ${seed}`,
    seed,
    schedule: dice.pick(["short", "short", "long", "once"]),
    cold: dice.chance(0.1),
    shards: changes.length === 0 ? objects : shards,
    traits: [
      ...traits,
      ...waysOf(seed),
      ...lookUpsOf(seed),
      ...alertedOf(seed),
      ...thin.traits,
      ...ordered,
      ...rotated.traits,
      ...replying,
      ...measured.traits,
      // What is redacted is kept whole until its deliveries have ended: there somebody listens in the end.
      ...tunnelled.filter((trait) => trait !== "unheard" || !traits.includes("redacted")),
      ...gapped.traits,
      ...banked.traits,
    ],
    steps: steps.toSorted((a, b) => a.at - b.at),
    quiet,
    retention:
      dice.chance(0.05) ||
      traits.some((one) => one === "vaulted" || one === "bodied") ||
      steps.some((step) => step.do === "bring"),
    rates: { ...rates, ...ofSockets },
    habits: [
      ...(stormy && dice.chance(0.4) ? [dice.pick(HABITS), dice.pick(HABITS)] : []),
      ...(lastWordsOf(seed, steps) === null ? [] : [SLOW_COMMITS]),
    ],
  };
}

function letterOf(dice: Dice, n: number, single: Letter["source"] | null): Letter {
  const source = single ?? dice.pick(["github", "github", "acme", "acme", "limited", "fenced"] as const);
  return {
    source,
    key: dice.chance(0.9) ? `k${dice.chance(0.1) ? 0 : n}` : null,
    type: dice.pick(["push", "push", "pull_request.opened", "star"]),
    stuff: source === "acme" && dice.chance(0.08) ? dice.pick(LARGE) : dice.pick(STUFF),
    forged: null,
  };
}

function forged(dice: Dice, letter: Letter): Letter {
  if (dice.chance(0.15))
    return { ...letter, source: dice.pick(["nobody", "secretless"] as const), forged: "wrong key" };
  const how = dice.pick(FORGERIES);
  if (how === "address") return { ...letter, source: "fenced", forged: how };
  // Over acme's own limit a body would be too large for a cheap world.
  if (how === "too large") return { ...letter, source: "github", forged: how };
  return { ...letter, forged: letter.stuff === "empty" && how === "other body" ? "wrong key" : how };
}

/** The faults of a random world: rolled for each yield point by its name, so that no other choice moves if one is left out. */
export function rolling(plan: Plan, roll: (what: string) => number): Faults {
  return ({ kind, name }) => {
    for (const [call, fault] of plan.habits)
      if (name.startsWith(call) && roll(`habit ${call} ${fault} ${name}`) < HABIT_RATE) return fault;
    const rate = plan.rates[kind];
    if (rate === undefined || roll(`fault ${name}`) >= rate) return null;
    const variants: readonly Fault[] = VARIANTS[kind];
    return variants[Math.floor(roll(`variant ${name}`) * variants.length)] ?? null;
  };
}
