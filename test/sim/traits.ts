// What alpha asks for beyond a signed POST, what its receiver says beside a status, and what beta gets in the place of the body: drawn for
// a world, and put into its vars.
import { bodiedOf } from "./bodied.ts";
import { bodilessOf } from "./bodiless.ts";
import { Dice } from "./dice.ts";
import type { Mood } from "./network.ts";
import type { Step } from "./plan.ts";
import { sealedOf } from "./sealed.ts";
import { vaultedOf } from "./vaulted.ts";
import type { Vars } from "./settings.ts";

/**
 * `shaped`: a method, headers and a query of its own, with secrets in them; `aging`: a `max_age`; `letters`: gamma gets
 * what has failed. `remade`: a route of its own makes another body for beta. `bound` and `kept` are ways out of their own
 * (`ways.ts`); `looked` looks names up before it sends, and then `inward` has alpha's lead inwards. `thin`
 * has events that name a thing (`things.ts`). `ordered`: alpha gets the events of each source in order (`ordered.ts`),
 * and `stopping`: what has failed stops those behind it. `rotated` has
 * secrets that end (`rotated.ts`), and in `replying` senders wait for alpha's answer (`replying.ts`).
 * `sealed`: acme encrypts (`sealed.ts`); `redacted`: what its events say is redacted (`redacted.ts`);
 * `bodiless`: its bodies go after an hour (`bodiless.ts`). `bodied` has a bucket for large ones (`bodied.ts`).
 * `gapped`: github's sender is asked for what never came (`gapped.ts`); `banked`: a bank's events are fetched
 * (`banked.ts`). `vaulted` has an archive (`vault.ts`).
 * `measured` has a collector (`measured.ts`), which gets what is new, `by deltas`, or everything. `tunnelled` has a
 * tunnel (`tunnelled.ts`), and where it is `unheard`, nobody listens once the storm is over.
 */
export type Trait =
  | "shaped"
  | "aging"
  | "letters"
  | "remade"
  | "bound"
  | "kept"
  | "looked"
  | "inward"
  | "thin"
  | "ordered"
  | "stopping"
  | "rotated"
  | "alerted"
  | "replying"
  | "measured"
  | "gapped"
  | "banked"
  | "by deltas"
  | "sealed"
  | "redacted"
  | "bodiless"
  | "bodied"
  | "tunnelled"
  | "unheard"
  | "vaulted";

/** As alpha's `max_age` says it, and in ms. */
const MAX_AGE = "60s";
export const MAX_AGE_MS = 60_000;

const TRAITS: readonly Trait[] = ["shaped", "aging", "letters"];
const SAYINGS: readonly Mood[] = ["abort", "disable", "echo"];

/** In one world of four. It has dice of its own, so that no other choice moves. */
export function traitsOf(seed: number, span: number): { traits: Trait[]; sayings: Step[] } {
  const dice = new Dice(seed, "traits");
  const own = [remadeOf(seed, span), sealedOf(seed, span), bodilessOf(seed), bodiedOf(seed, span)];
  const first = {
    traits: [...own.flatMap((one) => one.traits), ...vaultedOf(seed)],
    sayings: own.flatMap((one) => one.sayings),
  };
  if (!dice.chance(0.25)) return first;
  const traits = [...first.traits, ...TRAITS.filter(() => dice.chance(0.6))];
  const sayings: Step[] = [];
  for (let n = dice.whole(0, 2); n > 0; n -= 1)
    sayings.push({ at: dice.whole(0, span), do: "mood", destination: "alpha", mood: dice.pick(SAYINGS) });
  if (dice.chance(0.4)) sayings.push({ at: 0, do: "mood", destination: "alpha", mood: dice.pick(["500", "410"]) });
  return { traits, sayings: [...first.sayings, ...sayings] };
}

/** In one world of six; in every second of them the route goes while beta does not take what it has made. */
function remadeOf(seed: number, span: number): { traits: Trait[]; sayings: Step[] } {
  const dice = new Dice(seed, "remade");
  if (!dice.chance(0.17)) return { traits: [], sayings: [] };
  const sayings: Step[] = [];
  if (dice.chance(0.5)) {
    sayings.push({ at: 0, do: "mood", destination: "beta", mood: "500" });
    sayings.push({ at: dice.whole(0, span), do: "deploy", change: "drop remade" });
  }
  return { traits: ["remade"], sayings };
}

/** The event's name and type, and of some types nothing: for them it never ends. */
export const REMADE = {
  from: ["acme", "limited", "fenced"],
  to: "beta",
  transform:
    '{ "id": event.type = "star" ? ($f := function($n) { $f($n + 1) }; $f(0)) : event.id, "type": event.type }',
};

/** What that transform makes, worked out without the relay's help; `null` where it makes nothing. */
export function remade(id: string, type: string): string | null {
  return type === "star" ? null : JSON.stringify({ id, type });
}

/** The keys that these traits add to alpha's entry. */
export function alphaOf(traits: readonly Trait[]): Vars {
  return {
    ...(traits.includes("shaped") ? SHAPE : {}),
    ...(traits.includes("aging") ? { max_age: MAX_AGE } : {}),
    ...(traits.includes("letters") ? { on_failed: "gamma" } : {}),
    ...(traits.includes("ordered") ? { order: "source" } : {}),
    ...(traits.includes("stopping") ? { after_failure: "wait" } : {}),
  };
}

const SHAPE = {
  method: "PUT",
  headers: { authorization: "Bearer $CRM_TOKEN", "x-tenant": "7" },
  query: { key: "$CRM_KEY" },
  content_type: "application/vnd.acme+json",
};

/** A destination that is a bucket. */
export const ARCHIVE = "archive";

/** What the vars of a world with a bucket have besides. */
export function archivedTo(traits: readonly Trait[], retry: readonly string[]): { destinations: Vars; routes: Vars } {
  if (!traits.includes("kept")) return { destinations: {}, routes: {} };
  const route = { from: ["acme", "app"], to: ARCHIVE };
  return {
    destinations: { [ARCHIVE]: { r2: "ARCHIVE", key: "{source}/{event}", retry } },
    routes: { archived: route },
  };
}

/** Who is asked for names. */
export const RESOLVER = "https://dns.example.net/dns-query";
