// In some worlds the bodies of acme go an hour after they came, while things still die.
import { Dice } from "./dice.ts";
import type { Ledger } from "./ledger.ts";
import type { Step } from "./plan.ts";
import type { Trait } from "./traits.ts";

/** As acme's `body_retention` says it, and in ms. */
const BODIES = "1h";
export const BODIES_MS = 3_600_000;

/** In one world of twelve. It has dice of its own, so that no other choice moves. */
export function bodilessOf(seed: number): { traits: Trait[]; sayings: Step[] } {
  const dice = new Dice(seed, "bodiless");
  if (!dice.chance(0.08)) return { traits: [], sayings: [] };
  const sayings = Array.from({ length: dice.whole(2, 5) }, (): Step => ({
    at: BODIES_MS + dice.whole(0, 900_000),
    do: "kill",
    who: dice.pick([0, 1, "intake"] as const),
  }));
  return { traits: ["bodiless"], sayings };
}

/** What acme says besides in such a world. */
export function bodilessSource(traits: readonly Trait[]): object {
  return traits.includes("bodiless") ? { body_retention: BODIES } : {};
}

/** Events whose bodies are gone, by their ids: by their retention, or because somebody asked. */
export function goneIn({ platform, plan, erased }: Ledger): ReadonlySet<string> {
  const may = erased.length > 0 || plan.traits.includes("bodiless");
  if (!may || !platform.d1.hasTable("events")) return new Set();
  const whys = plan.traits.includes("bodiless") ? "'deleted', 'retention'" : "'deleted'";
  const rows = platform.d1.look<{ id: string }>(`SELECT id FROM events WHERE gone->>'why' IN (${whys})`);
  return new Set(rows.map(({ id }) => id));
}
