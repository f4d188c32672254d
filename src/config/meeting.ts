// May two routes take the same event, as far as their keys say? Pure.
import type { Route } from "./configured.ts";

/** A condition may keep them apart, and then nothing is said. */
export function meet(a: Route, b: Route): boolean {
  if (a.disabled === true || b.disabled === true || a.when !== undefined || b.when !== undefined) return false;
  if (!a.from.some((one) => b.from.includes(one))) return false;
  return a.events.length === 0 || b.events.length === 0 || a.events.some((one) => b.events.includes(one));
}
