// How is a source's sender asked for what never came? Pure.
import type * as z from "zod/mini";
import { destinationUrl } from "../net/egress.ts";
import { longestFirst, spellingsOf } from "../net/excerpt.ts";
import { idIsSigned } from "../scheme/derived.ts";
import type { Deliveries, Gaps } from "../scheme/deliveries.ts";
import type { Provider } from "../scheme/scheme.ts";
import type { ConfiguredSource } from "./configured.ts";
import { fill } from "./filled.ts";
import { error, show } from "./findings.ts";
import type { gapKeys } from "./gap-keys.ts";
import type { Reading } from "./reading.ts";
import { headerFault } from "./sent-names.ts";
import { refuseSentSecrets } from "./sent-secrets.ts";

/** `null` with findings where it is wrong. */
export function readGaps(
  key: string,
  given: z.output<typeof gapKeys> | undefined,
  { provider, dedupe }: { readonly provider: Provider; readonly dedupe: object | undefined },
  reading: Reading,
): Gaps | null | undefined {
  if (given === undefined) return undefined;
  const { name, deliveries } = provider;
  if (deliveries === undefined) {
    const says = `is no choice for ${name}, of which no list of deliveries is known. Leave it out`;
    reading.findings.push(error(`${key}.gaps`, says));
    return null;
  }
  // The id of an event is then bound to its bytes, and what an API tells has others.
  if (deliveries.again === undefined && (provider.idShared === true || !idIsSigned(provider))) {
    const says = `is no choice for ${name}: its signature does not cover the id of an event, so that one that is fetched and comes after all would be two. Leave it out`;
    reading.findings.push(error(`${key}.gaps`, says));
    return null;
  }
  // By bytes, by a header or for a while: each look would take the same events for others.
  if (deliveries.again === undefined && dedupe !== undefined) {
    const says = `cannot stand beside dedupe: what ${name} lists is fetched without its headers and in another spelling, and each look would take it for another event. Leave dedupe out, or leave gaps out`;
    reading.findings.push(error(`${key}.gaps`, says));
    return null;
  }
  const secrets = new Map<string, string | null>();
  const filled = fill(`${key}.gaps.headers`, given.headers, headerFault, secrets, reading);
  const at = given.at ?? deliveries.at;
  const example = `Write it as at = "${deliveries.example}"`;
  const judged = at === undefined ? null : destinationUrl(at, reading);
  const ours = judged?.ok === true ? oursIn(judged.url, deliveries) : null;
  const wrong =
    at === undefined || judged === null
      ? `is needed. ${example}`
      : !judged.ok
        ? `${at.includes("@") ? "the URL" : show(at)} ${judged.why}. ${example}`
        : ours === null
          ? null
          : `${show(at)} has ${ours}, which is the relay's own to say. ${example}`;
  if (wrong !== null) reading.findings.push(error(`${key}.gaps.at`, wrong));
  if (judged?.ok !== true || wrong !== null || filled === null) return null;
  if (secrets.size === 0) {
    const says = 'names no secret, and the API answers nobody without one. Write authorization = "Bearer $NAME"';
    reading.findings.push(error(`${key}.gaps.headers.authorization`, says));
    return null;
  }
  return {
    deliveries,
    at: (judged.url.origin + judged.url.pathname).replace(/\/$/, ""),
    narrowed: judged.url.search.slice(1),
    everyMs: given.every,
    headers: filled.values,
    hidden: longestFirst([...secrets.values()].flatMap((value) => (value === null ? [] : spellingsOf(value)))),
    sent: [...secrets.keys()],
    unset: [...secrets].flatMap(([secret, value]) => (value === null ? [secret] : [])),
  };
}

/** A parameter of `at` that the list, its start or its pages need; others narrow the list down. */
function oursIn({ searchParams }: URL, { list, since, next }: Deliveries): string | null {
  const [, query = ""] = list.split("?");
  const paging = typeof next === "object" ? Object.values(next) : ["cursor", "page"];
  const ours = new Set([...new URLSearchParams(query).keys(), since, ...paging]);
  return [...searchParams.keys()].find((name) => ours.has(name)) ?? null;
}

function sentBy({ gaps }: ConfiguredSource): readonly string[] {
  return gaps?.sent ?? [];
}

/** The sources, of which none asks its sender by a secret that proves or signs events, or opens the API. */
export function refuseAsking(
  sources: ReadonlyMap<string, ConfiguredSource>,
  named: Parameters<typeof refuseSentSecrets>[2],
  { secret, findings }: Reading,
): Map<string, ConfiguredSource> {
  const keyOf = (name: string) => `${named.sources.get(name)?.key ?? name}.gaps.headers`;
  const kept = refuseSentSecrets(sources, sentBy, named, secret, findings, keyOf);
  return new Map(
    [...sources].map(([name, source]) => {
      // It goes on taking events; nobody is asked by such a secret.
      if (source.gaps === undefined || kept.has(name)) return [name, source];
      return [name, Object.assign({}, source, { gaps: { ...source.gaps, unset: sentBy(source) } })];
    }),
  );
}
