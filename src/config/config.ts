// Reads vars and secrets, and returns the configuration that every stage uses, with findings for what is wrong. Pure.
import { parseJson } from "../bytes/json.ts";
import { OWN_NAME } from "../contract/alerts.ts";
import { readAccess } from "./access.ts";
import { readAlerts } from "./alerts.ts";
import { checkDeadLetters } from "./dead-letters.ts";
import type { Config, ConfiguredSource } from "./configured.ts";
import { readEncryption } from "./encrypting.ts";
import { readDestination, readRoute, readSource } from "./entries.ts";
import { noteSigningKeyEnd, readSigningKeyEnd, SIGNING_KEY_END, withEnd } from "./ending.ts";
import { error, type Finding, show, warning } from "./findings.ts";
import { NAME } from "./forms.ts";
import { checkLoops } from "./loops.ts";
import { refuseOrderOfFailures, tellsRedacted, withOrder } from "./ordering.ts";
import { readShare } from "./share.ts";
import { redactsNames } from "./redacting.ts";
import { readOtlp } from "./otlp.ts";
import { hostOf, originOf } from "./origin.ts";
import { refuseAsking } from "./gapping.ts";
import { refuseFetching, withFetches } from "./hydrating.ts";
import { unpassable } from "./passable.ts";
import type { Entry, Reading } from "./reading.ts";
import { keepings } from "./retention.ts";
import { refuseSentSecrets } from "./sent-secrets.ts";
import { refuseSharedOracles } from "./shared-secrets.ts";
import { unanswerable } from "./replying.ts";
import { untransformable } from "./transforming.ts";
import { varsOf, writtenIn } from "./vars.ts";
import { PLANS } from "../contract/prices.ts";
import { LEVELS } from "../log.ts";
import { destinationUrl } from "../net/egress.ts";
import { PRESETS } from "../out/retry.ts";
import type { Destination, Secret } from "../types.ts";

/** Vars and secrets alike, as a Worker's env holds them. Members that nobody asks for are ignored. */
type Vars = Readonly<Record<string, unknown>>;

const DAY_MS = 86_400_000;
const RETENTION_DAYS = { unset: 30, most: 3_650 };
const BODY_RETENTION_DAYS = { unset: Infinity, example: 7, most: 3_650 };
const INTAKE_SHARDS = { unset: 1, most: 64 };

/** A line of `.dev.vars` is always text. */
const ON = new Set<unknown>([true, "true", "1"]);
const OFF = new Set<unknown>([undefined, false, "false", "0", ""]);

/**
 * 32 random bytes in base64 are 44 characters. A receiver knows a key that was derived from SIGNING_KEY, and could
 * try a short one until it has found it, and with it every other receiver's key.
 * ADMIN_TOKEN is there for anybody to guess.
 */
const SHORTEST_KEY = 32;

/** The relay's own secrets; all others are what a sender or a receiver gives. */
const OWN = ["SIGNING_KEY", "SIGNING_KEY_OLD", "ADMIN_TOKEN"];

/** Reads the configuration. It never throws: an entry that is wrong is left out, and the others work. */
export function readConfig(vars: Vars): Config {
  const findings = checkVars(vars);
  const oldKeyEnd = readSigningKeyEnd(vars[SIGNING_KEY_END], { findings });
  const reading: Reading = {
    secret: (name) => (OWN.includes(name) ? readOwn(vars, name, oldKeyEnd) : readSecret(vars, name)),
    loopback: readLoopback(vars),
    origin: "hookline",
    asked: new Set(),
    findings,
    ends: [],
  };
  const named = {
    sources: entries(vars, "SOURCES", reading),
    destinations: entries(vars, "DESTINATIONS", reading),
    routes: entries(vars, "ROUTES", reading),
  };
  const sources = refuseSharedOracles(
    collect(named.sources, (entry) => readSource(entry, reading)),
    (name) => named.sources.get(name)?.key ?? name,
    reading.findings,
  );
  const destinations = refuseSentSecrets(
    collect(named.destinations, (entry) => readDestination(entry, { ...reading, origin: hostOf(sources.values()) })),
    ({ shape }) => shape?.sent ?? [],
    named,
    reading.secret,
    reading.findings,
  );
  const routes = collect(named.routes, (entry) =>
    readRoute(entry, { sources: named.sources, destinations: named.destinations }, reading),
  );
  const careful = refuseAsking(refuseFetching(sources, named, reading), named, reading);
  noteSigningKeyEnd(oldKeyEnd, reading);
  checkDeadLetters(destinations, named.destinations, reading.findings);
  refuseOrderOfFailures(destinations, named.destinations, reading.findings);
  reading.findings.push(...tellsRedacted(routes.values(), sources, destinations));
  checkLoops(sources.values(), destinations.values(), reading.findings);
  reading.findings.push(...unpassable(routes.values(), sources, destinations));
  const keyOf = (name: string) => named.sources.get(name)?.key ?? name;
  reading.findings.push(...redactsNames(sources.values(), keyOf));
  const fetching = withFetches([...routes.values()], careful, destinations, reading.findings);
  reading.findings.push(...untransformable([...routes.values()], destinations));
  reading.findings.push(...unanswerable([...routes.values()], sources, fetching));
  const retentionDays = readNumber(vars, "RETENTION_DAYS", RETENTION_DAYS, reading.findings);
  const bodyDays = readNumber(vars, "BODY_RETENTION_DAYS", BODY_RETENTION_DAYS, reading.findings);
  checkRetention(retentionDays, destinations.values(), reading.findings);
  return {
    sources: withOrder(careful, routes.values(), destinations),
    disabled: disabled(named.sources, sources, reading.findings),
    destinations: fetching,
    unreadable: unreadable(named.destinations, destinations),
    routes: [...routes.values()],
    adminToken: readOwn(vars, "ADMIN_TOKEN"),
    access: readAccess(vars["ACCESS"], reading.findings),
    alerts: readAlerts(vars["ALERTS"], originOf(sources.values()), reading.findings),
    otlp: readOtlp(vars, reading),
    shards: readNumber(vars, "INTAKE_SHARDS", INTAKE_SHARDS, reading.findings),
    retentionMs: retentionDays * DAY_MS,
    encryption: readEncryption(sources.values(), reading),
    keepings: keepings(careful, {
      events: retentionDays * DAY_MS,
      bodies: bodyDays === Infinity ? null : bodyDays * DAY_MS,
    }),
    plan: readChoice(vars, "PLAN", PLANS, "paid", reading.findings),
    resolver: readResolver(vars["RESOLVER"], reading),
    logLevel: readChoice(vars, "LOG_LEVEL", LEVELS, "info", reading.findings),
    logSuccess: readShare(vars["LOG_SUCCESS"], reading.findings),
    loopback: reading.loopback,
    ends: reading.ends,
    written: writtenIn(vars, reading.findings),
    missing: stillMissing(vars, named.destinations, reading.asked),
    findings: reading.findings,
  };
}

function entries(vars: Vars, base: string, { findings }: Reading): Map<string, Entry> {
  const found = new Map<string, Entry>();
  for (const variable of varsOf(vars, base)) {
    for (const [name, value] of Object.entries(readTable(vars, variable, findings))) {
      const key = `${variable}.${name}`;
      const earlier = found.get(name);
      if (!NAME.test(name) || /^\d+$/.test(name)) {
        // Names of digits alone would lose their place in the file: JavaScript sorts them before the others.
        const form = "Use lower-case letters, digits and hyphens, one letter at least, 63 characters at most";
        findings.push(error(key, `${show(name)} is not a name. ${form}`));
      } else if (base === "SOURCES" && name === OWN_NAME) {
        findings.push(
          error(key, `is the name of the relay's own source, whose events are its alerts. Take another name`),
        );
      } else if (earlier !== undefined) {
        findings.push(error(key, `is named a second time, after ${earlier.key}. Leave one of them out`));
      } else {
        found.set(name, { key, name, value });
      }
    }
  }
  return found;
}

/** A TOML table reaches the Worker as an object; `.dev.vars` and the dashboard may hold it as JSON text. */
function readTable(vars: Vars, variable: string, findings: Finding[]): object {
  const value = vars[variable];
  const table = typeof value === "string" ? parseJson(value) : value;
  if (typeof table === "object" && table !== null && !Array.isArray(table)) return table;
  findings.push(error(variable, `${show(value)} is not a table. Write each entry as [vars.${variable}.name]`));
  return {};
}

/** Reads each entry once, and keeps those that came to something. */
function collect<T>(found: ReadonlyMap<string, Entry>, read: (entry: Entry) => T | null): Map<string, T> {
  const kept = new Map<string, T>();
  for (const entry of found.values()) {
    const value = read(entry);
    if (value !== null) kept.set(entry.name, value);
  }
  return kept;
}

function disabled(
  named: ReadonlyMap<string, Entry>,
  sources: ReadonlyMap<string, ConfiguredSource>,
  findings: readonly Finding[],
): Map<string, string> {
  const reasons = new Map<string, string>();
  for (const { name, key } of named.values()) {
    if (sources.has(name)) continue;
    const reason = findings.find((one) => one.key === key || one.key.startsWith(`${key}.`));
    reasons.set(name, reason === undefined ? key : `${reason.key}: ${reason.says}`);
  }
  return reasons;
}

function unreadable(
  named: ReadonlyMap<string, Entry>,
  destinations: ReadonlyMap<string, Destination>,
): Map<string, Destination> {
  const names = [...named.keys()].filter((name) => !destinations.has(name));
  return new Map(names.map((name) => [name, { name, url: null, retry: PRESETS.standard, keys: [] }]));
}

function readSecret(vars: Vars, name: string): Secret | null {
  const value = vars[name];
  // White space is what an empty line at the prompt of `wrangler secret put` leaves, and everybody can guess it.
  return typeof value === "string" && value.trim() !== "" ? { name, value } : null;
}

/** One of the relay's own: one that can be guessed signs nothing and opens nothing. */
function readOwn(vars: Vars, name: string, oldKeyEnd?: number): Secret | null {
  const secret = readSecret(vars, name);
  if (secret === null || secret.value.length < SHORTEST_KEY) return null;
  return name === "SIGNING_KEY_OLD" ? withEnd(secret, oldKeyEnd) : secret;
}

/**
 * The relay's own secrets that are not there come first, then those that entries ask for. A destination without a
 * secret of its own asks for SIGNING_KEY, and so does a relay that has no destination yet.
 */
function stillMissing(vars: Vars, destinations: ReadonlyMap<string, Entry>, asked: ReadonlySet<string>): string[] {
  const first = destinations.size === 0 || asked.has("SIGNING_KEY") ? ["SIGNING_KEY", "ADMIN_TOKEN"] : ["ADMIN_TOKEN"];
  return [...new Set([...first, ...asked])].filter((name) => readSecret(vars, name) === null);
}

function readLoopback(vars: Vars): boolean {
  return ON.has(vars["LOOPBACK_DESTINATIONS"]);
}

function checkVars(vars: Vars): Finding[] {
  const findings: Finding[] = [];
  const loopback = vars["LOOPBACK_DESTINATIONS"];
  if (!ON.has(loopback) && !OFF.has(loopback)) {
    findings.push(
      error("LOOPBACK_DESTINATIONS", `${show(loopback)} is neither "true" nor "false". Write one of the two`),
    );
  }
  for (const name of OWN) {
    const { length } = readSecret(vars, name)?.value ?? { length: SHORTEST_KEY };
    if (length < SHORTEST_KEY) {
      const says = `has ${length} characters, fewer than ${SHORTEST_KEY}: it is not used. Make one with: openssl rand -base64 32`;
      findings.push(error(name, says));
    }
  }
  if (/\s/.test(readSecret(vars, "ADMIN_TOKEN")?.value ?? "")) {
    const says = "holds white space, which no request can carry: it opens nothing. Put it once more without";
    findings.push(warning("ADMIN_TOKEN", says));
  }
  return findings;
}

/** A whole number from 1 on, as a number or as text. */
function readNumber(
  vars: Vars,
  name: string,
  { unset, most, example = unset }: { unset: number; most: number; example?: number },
  findings: Finding[],
): number {
  const value = vars[name];
  if (value === undefined) return unset;
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= 1 && number <= most) {
    return number;
  }
  findings.push(error(name, `${show(value)} is not a whole number from 1 to ${most}. Write one, such as ${example}`));
  return unset;
}

/** One that is wrong does not switch the look-up off: then no name is known. */
function readResolver(value: unknown, { loopback, findings }: Reading): Config["resolver"] {
  if (value === undefined) return null;
  const judged = typeof value === "string" ? destinationUrl(value, { loopback }) : null;
  if (judged?.ok === true) return { url: judged.url.href };
  const why = judged === null ? "is not text" : judged.why;
  const says = `${show(value)} ${why}. Write the URL of a resolver that answers application/dns-json, such as "https://cloudflare-dns.com/dns-query"`;
  findings.push(error("RESOLVER", says));
  return { url: null };
}

/** One of a few words; `unset` where nothing or nonsense is said. */
function readChoice<Choice extends string>(
  vars: Vars,
  name: string,
  choices: readonly Choice[],
  unset: Choice,
  findings: Finding[],
): Choice {
  const value = vars[name] ?? unset;
  const chosen = choices.find((one) => one === value);
  if (chosen === undefined)
    findings.push(error(name, `${show(value)} is not one of ${choices.join(", ")}. Write one of them`));
  return chosen ?? unset;
}

/** An event must outlive its retries, or the last of them would have no body to send. */
function checkRetention(days: number, destinations: Iterable<Destination>, findings: Finding[]): void {
  for (const { name, retry } of destinations) {
    // A fifth more than the schedule says, for the jitter.
    const needed = Math.ceil((retry.reduce((sum, wait) => sum + wait, 0) * 1.2) / DAY_MS);
    if (needed <= days) continue;
    const says = `${days} ends before the retries of ${name} do. Keep events ${needed} days at least, or shorten the schedule`;
    findings.push(error("RETENTION_DAYS", says));
  }
}
