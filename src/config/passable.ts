// May what these routes lead to a destination be passed through with the sender's own proof? Pure.
import { passingFault } from "../scheme/passing.ts";
import type { Destination } from "../types.ts";
import type { ConfiguredSource, Route } from "./configured.ts";
import { error, type Finding, warning } from "./findings.ts";
import { OWN } from "./own.ts";

/** A finding for each source whose events come to such a destination and cannot be passed through, once each. */
export function unpassable(
  routes: Iterable<Route>,
  sources: ReadonlyMap<string, ConfiguredSource>,
  destinations: ReadonlyMap<string, Destination>,
): Finding[] {
  const found = new Map<string, Finding>();
  for (const { from, to } of routes) {
    for (const name of to) {
      if (destinations.get(name)?.shape?.format !== "passthrough") continue;
      const key = `DESTINATIONS.${name}.format`;
      for (const source of from.flatMap((one) => sources.get(one) ?? (one === OWN.name ? OWN : []))) {
        const fault = passingFault(source.scheme);
        const signsUrl = (source.scheme.signs ?? "").includes("{url");
        if (fault !== null) {
          const says = `"passthrough" is no choice for what comes from ${source.name}: ${fault}. Leave format out, or make a route to another destination`;
          found.set(`${name} ${source.name}`, error(key, says));
        } else if (signsUrl) {
          const says = `passes on what ${source.name} has signed together with the URL that it called: the receiver has to verify with that one, and not with its own`;
          found.set(`${name} ${source.name}`, warning(key, says));
        }
      }
    }
  }
  return [...found.values()];
}
