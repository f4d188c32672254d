// How long events are kept in tests of what removes them.
import type { Keeping } from "../../../src/contract/retention.ts";

/** Events of all sources for so long, in ms. */
export function everything(ms: number): Keeping & { readonly of: "events" } {
  return { of: "events", ms, sources: [], except: true };
}
