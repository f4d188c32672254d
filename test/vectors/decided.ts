// Expected verdicts of other projects' rows that a decision here has turned round (docs/adr/0021).

import type { Vector } from "../../src/cli/local/known-answers.ts";

/**
 * Gitea in form mode signs the JSON inside `payload`. The corpora hold one such request, refused "so a raw-body check REJECTS"; its own
 * caveat says to verify the field instead, and this is what is done: the request is genuine, and is accepted.
 */
export function asDecided(vector: Vector & { readonly caveat?: string }): Vector {
  return vector.caveat === "verify decoded form field instead" ? { ...vector, expect: "accept" } : vector;
}
