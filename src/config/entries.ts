// One entry of the configuration at a time: a table of keys becomes a source,
// a destination or a route; touches nothing.
import type * as z from "zod/mini";
import type { ConfiguredSource, Route } from "./configured.ts";
import { idFault, resolveProvider } from "./custom.ts";
import { settingFaults } from "./settings.ts";
import { complain, error, explain, type Finding, nearest, show, suggest, warning } from "./findings.ts";
import { conventionalSecret } from "./forms.ts";
import { destinationKeys, PUBLISHED, routeKeys, sourceKeys } from "./keys.ts";
import type { Condition } from "../filter/condition.ts";
import { readWhen } from "../filter/when.ts";
import { parseNetworks } from "../net/lists.ts";
import { readAs } from "./as.ts";
import { endKeys, endsOfSource, withEnd } from "./ending.ts";
import type { Entry, Reading } from "./reading.ts";
import { hydratesRedacted, sealingOf } from "./encrypting.ts";
import { readKeys } from "./signing.ts";
import { readGaps } from "./gapping.ts";
import { readHydrate } from "./hydrating.ts";
import { readShape } from "./shaping.ts";
import { readReply } from "./replying.ts";
import { readRetention } from "./retention.ts";
import { readTransforms } from "./transforming.ts";
import { tolerating } from "./tolerance.ts";
import { unkeptNames } from "../scheme/naming.ts";
import { findProvider } from "../providers/catalogue.ts";
import { needsSecret } from "../verify/keyring.ts";
import { OWN_NAME } from "../contract/alerts.ts";
import { readWhere } from "./where.ts";
import type { Provider } from "../scheme/scheme.ts";
import type { Destination, Network } from "../types.ts";

/**
 * A source, or `null` with a finding. One whose secrets are not set is a source all the same: it refuses everything.
 */
export function readSource({ key, name, value }: Entry, reading: Reading): ConfiguredSource | null {
  const keys = check(sourceKeys, key, value, reading);
  if (keys === null) return null;
  const settings = keys.settings ?? {};
  const resolved = resolveProvider(keys.provider, settings);
  if (!resolved.ok) {
    reading.findings.push(...resolved.faults.map((fault) => complain(key, value, fault)));
    return null;
  }
  const scheme = withDedupe(resolved.provider, keys.dedupe?.by);
  const fault = keys.dedupe === undefined ? null : idFault(scheme.id);
  if (fault !== null) {
    reading.findings.push(complain(key, value, { path: ["dedupe"], message: fault }));
    return null;
  }
  const slips = resolved.short ? [] : settingFaults(scheme, settings);
  if (slips.length > 0) {
    reading.findings.push(...slips.map((slip) => complain(key, value, slip)));
    return null;
  }
  const timed = keys.tolerance === undefined ? { provider: scheme, warning: null } : tolerating(scheme, keys.tolerance);
  if (timed.provider === null) {
    reading.findings.push(complain(key, value, { path: ["tolerance"], message: timed.fault }));
    return null;
  }
  if (timed.warning !== null) reading.findings.push(warning(`${key}.tolerance`, timed.warning));
  reading.findings.push(...unkept(key, scheme, resolved.id));
  const admitted = readAllow(key, keys.allow ?? [], resolved.provider, reading);
  if (admitted === null) return null;
  const hydrate = keys.hydrate === undefined ? undefined : readHydrate(key, keys.hydrate, reading);
  const gaps = readGaps(key, keys.gaps, { provider: resolved.provider, dedupe: keys.dedupe }, reading);
  if (hydrate === null || gaps === null || hydratesRedacted(key, keys, reading)) return null;
  const conventional = conventionalSecret(name);
  const secretNames = keys.secrets ?? [conventional, `${conventional}_OLD`];
  const ends = endsOfSource({ key, name }, keys.old_until, secretNames, reading);
  if (ends === null) return null;
  const held = secretNames.flatMap((one) => reading.secret(one) ?? []);
  const secrets = ends.size === 0 ? held : held.map((one) => withEnd(one, ends.get(one.name)));
  // All of a list that somebody wrote are meant to be there; of the convention, one is enough, and of public keys none.
  const needed = secrets.length === 0 && needsSecret(resolved.provider);
  for (const one of keys.secrets ?? (needed ? [conventional] : [])) reading.asked.add(one);
  return {
    name,
    provider: resolved.id,
    scheme: timed.provider,
    secrets,
    secretNames,
    ...admitted,
    rate: keys.rate ?? null,
    maxBody: keys.max_body,
    dedupeWindowMs: keys.dedupe?.windowMs ?? null,
    publicUrl: keys.public_url ?? null,
    ...(hydrate === undefined ? {} : { hydrate }),
    ...(gaps === undefined ? {} : { gaps }),
    ...sealingOf(keys),
    ...readRetention(key, keys, reading.findings),
    settings,
  };
}

/**
 * What a table or a `dedupe` of the user's own names events by, and no receiver will see.
 * The catalogue's facts are as they are.
 */
function unkept(key: string, scheme: Provider, id: string): Finding[] {
  const known = findProvider(id);
  const own = unkeptNames(scheme).filter((header) => known === null || !unkeptNames(known).includes(header));
  return own.map((header) =>
    warning(
      key,
      `names events by the header ${header}: it is read, but neither kept nor sent on, since its name is like a credential's, or unlike that of an event, a type or an id. Where you choose the name, call it X-Event-Id or the like`,
    ),
  );
}

/** The provider with the rule of the source in the place of its own; `null` is no rule, `undefined` leaves its own. */
function withDedupe(provider: Provider, by: string | null | undefined): Provider {
  if (by === undefined) return provider;
  const { id: _id, idNames: _idNames, idShared: _idShared, ...rest } = provider;
  return by === null ? rest : { ...rest, id: by };
}

/**
 * The networks that are known now, and whether more are to be asked for;
 * `null` with a finding where nobody could answer.
 */
function readAllow(
  key: string,
  allow: readonly (typeof PUBLISHED | Network)[],
  { name, networks, addresses }: Provider,
  { findings }: Reading,
): Pick<ConfiguredSource, "allow" | "allowPublished"> | null {
  const own = allow.filter((one) => one !== PUBLISHED);
  if (own.length === allow.length) return { allow: own, allowPublished: false };
  if (networks === undefined) {
    const where = addresses === undefined ? "" : ` (${addresses})`;
    const says = `"${PUBLISHED}" is no choice for ${name}, which publishes no list that a program can read. Write its networks instead${where}, or leave allow out`;
    findings.push(error(`${key}.allow`, says));
    return null;
  }
  const fixed = parseNetworks(networks.fixed ?? []);
  // With no network at all, an empty `allow` would admit everybody.
  return { allow: [...own, ...fixed], allowPublished: networks.urls !== undefined || fixed.length === 0 };
}

/** What an inspector shows as the address: it has none, and the query of its shape is worth seeing. */
const INSPECTED = "https://inspector.example/";

/** A destination, or `null` with a finding. */
export function readDestination({ key, name, value }: Entry, reading: Reading): Destination | null {
  const keys = check(destinationKeys, key, value, reading);
  if (keys === null) return null;
  const where = readWhere(key, name, keys, reading);
  const as = readAs(key, keys.as, keys.format, reading.findings);
  if (as === null) return null;
  const format = as === undefined ? (keys.format ?? "standard") : "as";
  const found = readKeys(key, keys.secret, format, reading, as);
  if (where === null || found === null) return null;
  const signing = endKeys({ key, name }, keys.old_until, { own: keys.secret, format, keys: found }, reading);
  if (signing === null) return null;
  if (keys.after_failure !== undefined && keys.order === undefined) {
    const says = `${show(keys.after_failure)} says what becomes of events behind one that has failed, and there is no order here. Write order as well, such as order = "source", or leave it out`;
    reading.findings.push(error(`${key}.after_failure`, says));
    return null;
  }
  const { url, script, binding } = where;
  const secretUrl = keys.url_secret !== undefined;
  const shape = readShape(key, { ...keys, as }, { url: script === null ? url : INSPECTED, secretUrl }, reading);
  if (shape === null) return null;
  const { retry, breaker, version, max_age: maxAgeMs, on_failed: onFailed } = keys;
  const { waits, statuses } = retry;
  const plain = {
    name,
    url,
    retry: waits,
    keys: signing,
    ...(binding === null ? {} : { binding }),
    ...(statuses === undefined ? {} : { statuses }),
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    ...(onFailed === undefined ? {} : { onFailed }),
    ...(breaker === undefined ? {} : { breaker }),
    ...(version === undefined ? {} : { version }),
    ...limitsOf(keys),
    ...orderOf(keys),
  };
  const destination = shape === undefined ? plain : { ...plain, shape };
  if (script !== null) return { ...destination, script };
  return secretUrl ? { ...destination, secretUrl: true } : destination;
}

/** How many it takes, where that is written. */
function limitsOf({ rate, concurrency }: z.output<typeof destinationKeys>): Pick<Destination, "limits"> {
  if (rate === undefined && concurrency === undefined) return {};
  return {
    limits: { ...(rate === undefined ? {} : { rate }), ...(concurrency === undefined ? {} : { concurrency }) },
  };
}

/** Which of its events go one after another, where that is written. */
function orderOf({ order: by, after_failure: after }: z.output<typeof destinationKeys>): Pick<Destination, "order"> {
  return by === undefined ? {} : { order: { by, stops: after === "wait" } };
}

/** A route, or `null` with a finding. */
export function readRoute(
  { key, name, value }: Entry,
  named: { sources: ReadonlyMap<string, Entry>; destinations: ReadonlyMap<string, Entry> },
  reading: Reading,
): Route | null {
  const keys = check(routeKeys, key, value, reading);
  if (keys === null) return null;
  const { from, events = [], to, enabled } = keys;
  const others = from.filter((one) => one !== OWN_NAME);
  refuseUnknown(`${key}.from`, "source", others, named.sources, reading);
  refuseUnknown(`${key}.to`, "destination", to, named.destinations, reading);
  // A destination that does not exist stays in the route: its deliveries end as cancelled, where everybody sees them.
  const when = keys.when === undefined ? null : readCondition(key, keys.when, reading);
  const transform = keys.transform === undefined ? null : readTransforms(key, keys.transform, reading.findings);
  return {
    name,
    from,
    events,
    to,
    ...(when === null ? {} : { when }),
    ...(transform === null ? {} : { transform }),
    ...readReply(key, keys, reading.findings),
    ...(enabled ? {} : { disabled: true as const }),
  };
}

/** A condition that cannot be read decides nothing: what it might have wanted is kept, and named. */
function readCondition(key: string, text: string, { findings }: Reading): Condition {
  const read = readWhen(text);
  if (read.ok) return read.when;
  findings.push(error(`${key}.when`, `${show(text)} ${read.fault}`));
  const decided = { ok: false as const, error: "the condition in the configuration cannot be read: run config:check" };
  return { text, decide: () => decided, reads: () => [] };
}

function refuseUnknown(
  key: string,
  kind: string,
  names: readonly string[],
  among: ReadonlyMap<string, Entry>,
  { findings }: Reading,
): void {
  for (const name of names) {
    if (among.has(name)) continue;
    const own = kind === "source" && nearest(name, [OWN_NAME]) !== null ? [OWN_NAME] : [];
    findings.push(error(key, `"${name}" is not a ${kind}.${suggest(name, [...among.keys(), ...own])}`));
  }
}

/** The entry as its schema has it, or `null` with a finding for each thing that is wrong. */
function check<T extends z.ZodMiniObject>(
  schema: T,
  key: string,
  value: unknown,
  { findings }: Reading,
): z.output<T> | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    findings.push(error(key, `${show(value)} is not a table. Write it as [vars.${key}]`));
    return null;
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  findings.push(...explain(key, value, parsed.error.issues));
  return null;
}
