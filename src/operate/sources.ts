// Is each sender set up, when was it last heard, why was it last turned away, and what did its provider hand over?
import type { KeptGaps, KeptLook } from "../d1/gaps.ts";
import type { KeptList, Lists } from "../d1/lists.ts";
import type { Refusal, Refusals } from "../d1/refusals.ts";
import type { Config, ConfiguredSource } from "../config/configured.ts";
import type { Looks, Verb, VerbDeps } from "./operator.ts";
import { confidenceLabel } from "../scheme/scheme.ts";
import { unseal } from "../bytes/seal.ts";
import type { Totals } from "../feed/tally.ts";
import { needsSecret } from "../verify/keyring.ts";
import { inForce } from "../verify/in-force.ts";
import type { SecretState } from "../contract/overview.ts";
import type { Tables } from "../d1/open.ts";
import { stateOf } from "./ends.ts";
import { askedAs } from "./once.ts";
import { iso } from "../time.ts";
import { conflict, noSource } from "./refuse.ts";

const DAY_MS = 86_400_000;

export interface SourcesDeps {
  readonly config: Pick<Config, "sources" | "disabled" | "ends">;
  readonly refusals: Pick<Refusals, "of" | "lasts">;
  readonly lists: Pick<Lists, "all">;
  readonly gaps: Pick<KeptGaps, "all">;
  readonly verifiedBy: Tables["verifiedBy"];
  readonly now: () => number;
  /**
   * What came in through each source in the last 24 hours, and when the last of it;
   * a source that is not in it had nothing.
   */
  readonly totals: () => Promise<Pick<Totals, "sources" | "heard">>;
}

/** Looks at the sources. */
export function openSources(deps: SourcesDeps): Pick<Looks, "sources" | "secrets" | "refusals"> {
  return {
    sources: (origin) => list(deps, origin),

    async secrets(name) {
      const source = deps.config.sources.get(name);
      if (source === undefined) return noSource(name);
      const { by, since } = await deps.verifiedBy(name, deps.now() - DAY_MS);
      const secrets = secretsOf(source, deps).map((secret) => {
        const { events = 0, last = null } = by.find((one) => one.secret === secret.name) ?? {};
        return Object.assign(secret, { events, last_event_at: iso(last) });
      });
      return { ok: true, value: { source: name, secrets, looked_back_to: iso(since) } };
    },

    async refusals(name) {
      const { sources, disabled } = deps.config;
      if (!sources.has(name) && !disabled.has(name)) return noSource(name);
      return { ok: true, value: { source: name, refusals: (await deps.refusals.of(name)).map(toRefusal) } };
    },
  };
}

async function list(deps: SourcesDeps, origin: string): ReturnType<Looks["sources"]> {
  const { config, refusals, lists, gaps, totals } = deps;
  const all = [...config.sources.values()];
  const [published, looks, lasts, counts] = await Promise.all([
    all.some(({ allowPublished }) => allowPublished) ? lists.all() : [],
    all.some((source) => source.gaps !== undefined) ? gaps.all() : [],
    refusals.lasts(),
    totals(),
  ]);
  const history = (name: string) => ({
    // To the minute, where many of other sources have come since.
    last_event_at: iso(lasts.events.find(({ source }) => source === name)?.at ?? counts.heard.get(name) ?? null),
    last_refusal: lasts.refusals.filter(({ source }) => source === name).map(toRefusal)[0] ?? null,
    window: counts.sources.get(name) ?? { accepted: 0, refused: 0 },
  });
  return {
    sources: [
      ...all.map((source) =>
        Object.assign(toSource(source, origin, published, deps), gapsOf(source, looks), history(source.name)),
      ),
      ...[...config.disabled].map(([name, why]) => Object.assign(toDisabled(name, why, origin), history(name))),
    ],
    // An event before this time is not looked for.
    events_looked_back_to: iso(lasts.since),
  };
}

/** Newest first, with their ends. */
function secretsOf(
  { name, secrets, secretNames }: ConfiguredSource,
  { config, now }: Pick<SourcesDeps, "config" | "now">,
): SecretState[] {
  const set = new Set(secrets.map((secret) => secret.name));
  const ends = config.ends.filter((end) => end.of === "source" && end.name === name);
  const endOf = (one: string) => ends.find(({ secret }) => secret === one)?.until;
  return secretNames.map((one) => ({ name: one, set: set.has(one), ...stateOf(endOf(one), now()) }));
}

function toSource(
  source: ConfiguredSource,
  origin: string,
  published: readonly KeptList[],
  deps: Pick<SourcesDeps, "config" | "now">,
) {
  const { name, provider, scheme, secretNames, publicUrl } = source;
  const { secrets } = inForce(source, deps.now());
  const [first] = secretNames;
  const lacking = secrets.length === 0 && needsSecret(scheme);
  const kept = published.find((one) => one.provider === provider);
  return {
    name,
    provider,
    provider_name: scheme.name,
    proven_by: scheme.confidence === undefined ? null : confidenceLabel[scheme.confidence],
    path: `/in/${name}`,
    url: publicUrl ?? `${origin}/in/${name}`,
    state: lacking ? ("secret_missing" as const) : ("ready" as const),
    why: lacking ? `No secret is set: wrangler secret put ${first ?? "NAME"}` : null,
    secrets: secretsOf(source, deps),
    addresses: source.allowPublished ? toList(kept) : null,
    ...hydrateOf(source),
  };
}

function hydrateOf({ hydrate }: ConfiguredSource) {
  if (hydrate === undefined) return {};
  const { from, path, headers, sent, unset } = hydrate;
  const secrets = sent.map((name) => ({ name, set: !unset.includes(name) }));
  return { hydrate: { from, path, headers: Object.keys(headers), secrets } };
}

function gapsOf({ name, gaps }: ConfiguredSource, looks: readonly KeptLook[]) {
  if (gaps === undefined) return {};
  const { at, everyMs, sent, unset } = gaps;
  const kept = looks.find(({ source }) => source === name);
  const last = kept?.look?.last;
  return {
    gaps: {
      at,
      every_ms: everyMs,
      secrets: sent.map((secret) => ({ name: secret, set: !unset.includes(secret) })),
      looked_at: iso(kept?.look?.at ?? null),
      next_look_at: iso(kept?.nextAt ?? null),
      fault: kept?.look?.fault ?? null,
      last: last === undefined ? null : { ...last, at: iso(last.at), since: iso(last.since) },
    },
  };
}

function toDisabled(name: string, why: string, origin: string) {
  return {
    name,
    provider: null,
    provider_name: null,
    proven_by: null,
    path: `/in/${name}`,
    url: `${origin}/in/${name}`,
    state: "disabled" as const,
    why,
    secrets: [],
    addresses: null,
  };
}

/** What is known of the provider's published addresses. */
function toList(kept: KeptList | undefined) {
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by refresh.ts, from a list of strings
    networks: kept === undefined || kept.networks === null ? [] : (JSON.parse(kept.networks) as string[]),
    refreshed_at: iso(kept?.refreshedAt ?? null),
    next_refresh_at: iso(kept?.nextAt ?? null),
    fault: kept?.fault ?? null,
  };
}

function toRefusal({ at, status, reason, code, advice, address, evidence }: Refusal) {
  const seen: unknown = JSON.parse(evidence);
  return { at: iso(at), status, reason, code, advice, address, evidence: seen };
}

/** Shows the secrets that were handed over, once: what was read is gone from D1. */
export function openReveal({ config, tables, now, log }: VerbDeps): Verb<"offers.reveal"> {
  const { adminToken, sources } = config;
  return async (name, by) => {
    const source = sources.get(name);
    if (source === undefined || adminToken === null) return noSource(name);
    const taken = await tables.offers.take(name, now(), by.caller.actor, await askedAs("offers.reveal", name, by));
    if (taken === null) {
      return conflict(
        "an earlier request with this Idempotency-Key was shown them, and they are not kept to be shown again: ask under a new one for what came since",
      );
    }
    const offers = [];
    for (const { at, address, sealed } of taken) {
      const secret = await unseal(sealed, adminToken);
      if (secret !== null) offers.push({ offered_at: iso(at), address, secret });
    }
    log.info("handshake.secret_shown", { source: name, offers: offers.length, actor: by.caller.actor });
    return { ok: true, value: { source: name, offers, advice: adviceOn(offers.length, source) } };
  };
}

function adviceOn(offers: number, { scheme, secretNames }: ConfiguredSource): string {
  const put = `wrangler secret put ${secretNames[0] ?? "NAME"}`;
  switch (offers) {
    case 0:
      return `Nothing was handed over in the last hour. Set up the webhook at ${scheme.name} while the source has no secret, then ask again.`;
    case 1:
      return `Handed over by whoever called from this address; nothing proves that it was ${scheme.name}. If you were setting up the webhook just then: ${put}`;
    default:
      return `More than one was handed over, and anybody can do that while no secret is set. Take the one that ${scheme.name} shows, or restrict allow, delete the webhook there and set it up again.`;
  }
}
