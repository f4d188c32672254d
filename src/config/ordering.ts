// Which events go in order, and through which Intake object: the order of acceptance is that of one journal. Pure.
import type { ConfiguredSource, Route } from "./configured.ts";
import { error, type Finding, warning } from "./findings.ts";
import { isRedacted } from "../scheme/redacted.ts";
import { OWN_NAME } from "../contract/alerts.ts";
import type { Destination } from "../types.ts";

/** Destinations to which failed deliveries come: when something fails is no order of its acceptance. */
export function refuseOrderOfFailures(
  destinations: ReadonlyMap<string, Destination>,
  named: ReadonlyMap<string, { readonly key: string }>,
  findings: Finding[],
): void {
  for (const { name, onFailed = "" } of destinations.values()) {
    const order = destinations.get(onFailed)?.order;
    if (order === undefined) continue;
    const key = `${named.get(onFailed)?.key ?? onFailed}.order`;
    const says = `"${order.by}" cannot be kept: ${name} names it in on_failed, and what has failed comes when it has failed. Leave order out here, or name another destination there`;
    findings.push(error(key, says));
  }
}

/**
 * Orders that go by what a source redacts. A delivery keeps a digest of the value; whoever can list the values, such
 * as numbers of cards, finds it out.
 */
export function tellsRedacted(
  routes: Iterable<Route>,
  sources: ReadonlyMap<string, Pick<ConfiguredSource, "redact">>,
  destinations: ReadonlyMap<string, Pick<Destination, "order">>,
): Finding[] {
  const found = new Map<string, Finding>();
  for (const { from, to } of routes) {
    for (const name of to) {
      const by = destinations.get(name)?.order?.by;
      const source = by === undefined ? undefined : from.find((one) => isRedacted(sources.get(one) ?? {}, by));
      if (by === undefined || source === undefined) continue;
      const says = `goes by ${by}, which ${source} redacts: a digest of it is kept, from which a short value can be found out. Name another place, or leave order out`;
      found.set(name, warning(`DESTINATIONS.${name}.order`, says));
    }
  }
  return [...found.values()];
}

/**
 * The sources with the name by which their events come to one object: those that lead to the same destination with an
 * order by more than the source come to the same.
 */
export function withOrder(
  sources: ReadonlyMap<string, ConfiguredSource>,
  routes: Iterable<Route>,
  destinations: ReadonlyMap<string, Pick<Destination, "order">>,
): ReadonlyMap<string, ConfiguredSource> {
  const leader = new Map<string, string>();
  const leaderOf = (name: string): string => {
    const next = leader.get(name);
    return next === undefined || next === name ? name : leaderOf(next);
  };
  const first = new Map<string, string>();
  for (const { from, to, disabled } of routes) {
    if (disabled === true) continue;
    for (const destination of to) {
      const by = destinations.get(destination)?.order?.by;
      if (by === undefined) continue;
      for (const source of from) {
        leader.set(source, leaderOf(source));
        if (by === "source") continue;
        const other = first.get(destination) ?? source;
        first.set(destination, other);
        // The smaller name, so that the order of the routes decides nothing; the relay's own notices keep to theirs.
        const [one, two] = [leaderOf(source), leaderOf(other)].toSorted((a, b) =>
          a === OWN_NAME || (b !== OWN_NAME && a < b) ? -1 : 1,
        );
        if (one !== undefined && two !== undefined) leader.set(two, one);
      }
    }
  }
  if (leader.size === 0) return sources;
  return new Map(
    [...sources].map(([name, source]) => [name, leader.has(name) ? { ...source, together: leaderOf(name) } : source]),
  );
}
