// Under which address is the relay known? As far as a source tells it: a Worker does not know its names. Pure.
import type { Source } from "../types.ts";

/** By the first `public_url` of a source; `null` where none has one. */
export function originOf(sources: Iterable<Pick<Source, "publicUrl">>): string | null {
  const [origin = null] = [...sources].flatMap(({ publicUrl }) => URL.parse(publicUrl ?? "")?.origin ?? []);
  return origin;
}

/** The same without scheme and port; a word that is no host where nobody says it. */
export function hostOf(sources: Iterable<Pick<Source, "publicUrl">>): string {
  return URL.parse(originOf(sources) ?? "")?.hostname ?? "hookline";
}
