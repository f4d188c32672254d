// In some worlds what retention removes goes to an archive first.
import { Dice } from "./dice.ts";
import type { Trait } from "./traits.ts";

/** In one world of six. It has dice of its own, so that no other choice moves. */
export function vaultedOf(seed: number): Trait[] {
  return new Dice(seed, "vaulted").chance(0.17) ? ["vaulted"] : [];
}
