// From where is fetched what a thin event names, and is it read by anything? Pure.
import type * as z from "zod/mini";
import { destinationUrl } from "../net/egress.ts";
import { longestFirst, spellingsOf } from "../net/excerpt.ts";
import { transformFor } from "../transform/transform.ts";
import type { Hydrate } from "../scheme/hydrate.ts";
import type { Destination } from "../types.ts";
import type { ConfiguredSource, Route } from "./configured.ts";
import { fill } from "./filled.ts";
import { error, type Finding, show, warning } from "./findings.ts";
import type { hydrateKeys } from "./hydrate-keys.ts";
import type { Reading } from "./reading.ts";
import { refuseSentSecrets } from "./sent-secrets.ts";
import { headerFault } from "./sent-names.ts";

/** `null` with findings where it is wrong. */
export function readHydrate(key: string, given: z.output<typeof hydrateKeys>, reading: Reading): Hydrate | null {
  const { from, path, headers } = given;
  const secrets = new Map<string, string | null>();
  const filled = fill(`${key}.hydrate.headers`, headers, headerFault, secrets, reading);
  if (from === undefined) {
    reading.findings.push(error(`${key}.hydrate.from`, 'is needed. Write it as from = "https://api.stripe.com"'));
    return null;
  }
  const judged = destinationUrl(from, reading);
  const wrong = judged.ok
    ? judged.url.pathname === "/" && judged.url.search === "" && !from.includes("?")
      ? null
      : 'has more than an origin: the path is the event\u2019s. Write it as "https://api.stripe.com"'
    : judged.why;
  if (wrong !== null)
    reading.findings.push(error(`${key}.hydrate.from`, `${from.includes("@") ? "the URL" : show(from)} ${wrong}`));
  if (!judged.ok || wrong !== null || filled === null) return null;
  const unset = [...secrets].flatMap(([name, value]) => (value === null ? [name] : []));
  const hidden = longestFirst([...secrets.values()].flatMap((value) => (value === null ? [] : spellingsOf(value))));
  return { from: judged.url.origin, path, headers: filled.values, hidden, sent: [...secrets.keys()], unset };
}

function sentBy({ hydrate }: ConfiguredSource): readonly string[] {
  return hydrate?.sent ?? [];
}

/** The sources, of which none asks for objects by a secret that proves or signs events, or opens the API. */
export function refuseFetching(
  sources: ReadonlyMap<string, ConfiguredSource>,
  named: Parameters<typeof refuseSentSecrets>[2],
  { secret, findings }: Reading,
): Map<string, ConfiguredSource> {
  const keyOf = (name: string) => `${named.sources.get(name)?.key ?? name}.hydrate.headers`;
  const kept = refuseSentSecrets(sources, sentBy, named, secret, findings, keyOf);
  return new Map(
    [...sources].map(([name, source]) => {
      // It goes on taking events; what it names is not fetched by such a secret.
      const refused =
        source.hydrate !== undefined && !kept.has(name) ? { ...source.hydrate, unset: sentBy(source) } : null;
      return [name, refused === null ? source : Object.assign({}, source, { hydrate: refused })];
    }),
  );
}

/** Whether a transform of this route for this destination may read an object of this source. */
function reads(route: Route, destination: Destination, source: ConfiguredSource | undefined): boolean {
  if (source?.hydrate === undefined || route.transform === undefined) return false;
  return transformFor(route.transform, destination)?.reads.has("object") === true;
}

/** The destinations, with those marked for which something has to be fetched first; and what nothing reads. */
export function withFetches(
  routes: readonly Route[],
  sources: ReadonlyMap<string, ConfiguredSource>,
  destinations: ReadonlyMap<string, Destination>,
  findings: Finding[],
): Map<string, Destination> {
  const marked = new Map(destinations);
  const read = new Set<string>();
  for (const route of routes) {
    for (const destination of route.to.flatMap((name) => destinations.get(name) ?? [])) {
      const from = route.from.filter((name) => reads(route, destination, sources.get(name)));
      for (const name of from) read.add(name);
      if (from.length > 0) marked.set(destination.name, { ...destination, fetches: true });
    }
  }
  for (const { name, hydrate } of sources.values()) {
    if (hydrate === undefined || read.has(name)) continue;
    const says = `fetches nothing: no transform of a route from ${name} reads object. Write one, as in transform = "object", or leave hydrate out`;
    findings.push(warning(`SOURCES.${name}.hydrate`, says));
  }
  return marked;
}
