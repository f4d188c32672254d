// What alpha asks for beyond a signed POST, and what its receiver says beside a status: drawn for a world, and put into its vars.
import { Dice } from "./dice.ts";
import type { Mood } from "./network.ts";
import type { Step } from "./plan.ts";
import type { Vars } from "./settings.ts";

/**
 * `shaped`: a method, headers and a query of its own, with secrets in them; `aging`: a `max_age`; `letters`: gamma gets
 * what has failed.
 */
export type Trait = "shaped" | "aging" | "letters";

/** As alpha's `max_age` says it, and in ms. */
const MAX_AGE = "60s";
export const MAX_AGE_MS = 60_000;

const TRAITS: readonly Trait[] = ["shaped", "aging", "letters"];
const SAYINGS: readonly Mood[] = ["abort", "disable", "echo"];

/** In one world of four. It has dice of its own, so that no other choice moves. */
export function traitsOf(seed: number, span: number): { traits: Trait[]; sayings: Step[] } {
  const dice = new Dice(seed, "traits");
  if (!dice.chance(0.25)) return { traits: [], sayings: [] };
  const traits = TRAITS.filter(() => dice.chance(0.6));
  const sayings: Step[] = [];
  for (let n = dice.whole(0, 2); n > 0; n -= 1)
    sayings.push({ at: dice.whole(0, span), do: "mood", destination: "alpha", mood: dice.pick(SAYINGS) });
  if (dice.chance(0.4)) sayings.push({ at: 0, do: "mood", destination: "alpha", mood: dice.pick(["500", "410"]) });
  return { traits, sayings };
}

/** The keys that these traits add to alpha's entry. */
export function alphaOf(traits: readonly Trait[]): Vars {
  return {
    ...(traits.includes("shaped") ? SHAPE : {}),
    ...(traits.includes("aging") ? { max_age: MAX_AGE } : {}),
    ...(traits.includes("letters") ? { on_failed: "gamma" } : {}),
  };
}

const SHAPE = {
  method: "PUT",
  headers: { authorization: "Bearer $CRM_TOKEN", "x-tenant": "7" },
  query: { key: "$CRM_KEY" },
  content_type: "application/vnd.acme+json",
};
