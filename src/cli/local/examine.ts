// What in a wrangler.toml would fail, or surprise, once it is deployed? Rules over the parsed file; touches nothing.
import { readConfig } from "../../config/config.ts";
import { error, type Finding, suggest, warning } from "../../config/findings.ts";
import { LOOPBACK, SINGLES, TABLES } from "../../config/vars.ts";
import { boundaryFault } from "../../scheme/boundaries.ts";
import { examineBindings } from "./examine-bindings.ts";
import { examineFrame, inherited } from "./examine-frame.ts";
import { examineRoutes } from "./examine-routes.ts";
import { type Table, table } from "./wrangler-file.ts";
import { endFindings, tooFar } from "../../operate/ends.ts";
import type { Config } from "../../config/configured.ts";

/** 5 KB a var, and 128 vars and secrets on the paid plan, 64 on the free one (Cloudflare's limits of Workers). */
const VAR_BYTES = 5 * 1024;
const NEAR = 0.8;
const VARS = { free: 64, paid: 128 };

/** What a var of this name would give away to everybody who can read the repository. */
const SECRET_NAME = /^(?:ADMIN_TOKEN|SIGNING_KEY|ENCRYPTION_KEY|OTEL_EXPORTER_OTLP_HEADERS)$|_SECRET$|_OLD$/;

/**
 * Findings about a file. What the frame lacks keeps a relay from running at all,
 * what the vars hold closes only what is written wrong.
 */
export interface Examined {
  readonly frame: readonly Finding[];
  readonly vars: readonly Finding[];
  /** Names of the secrets that are asked for and not among `local`. */
  readonly missing: readonly string[];
  /** Names of the old secrets that have an end and are not among `local` either. */
  readonly unseen: readonly string[];
}

/**
 * Findings about the top level of a file, and about each of its environments, which inherit neither vars nor bindings.
 *
 * @param now in ms: dates are judged by it
 * @param local what `wrangler dev` adds from `.dev.vars`; a deploy has none of it
 */
export function examine(file: Table, local: Table = {}, now = Date.now()): Examined {
  const environments = Object.entries(table(file["env"]));
  const scopes = [
    { prefix: "", scope: file },
    ...environments.map(([name, scope]) => ({ prefix: `env.${name}.`, scope: inherited(file, table(scope)) })),
  ];
  const configs = scopes.map(({ scope }) => readConfig({ ...deployedVars(scope), ...local }));
  return {
    frame: scopes.flatMap(({ prefix, scope }) => under(prefix, examineFrame(scope))),
    vars: scopes.flatMap(({ prefix, scope }) => under(prefix, examineVars(scope, prefix, local, now))),
    missing: [...new Set(configs.flatMap(({ missing }) => missing))],
    unseen: [...new Set(configs.flatMap(({ ends }) => ends.filter(({ set }) => !set).map(({ secret }) => secret)))],
  };
}

/** The vars that a deploy of a scope would put, and the names of the secrets that it needs. */
export function asDeployed(scope: Table): { readonly vars: Table; readonly missing: readonly string[] } {
  const { written, missing } = readConfig(deployedVars(scope));
  return { vars: written.vars, missing };
}

function under(prefix: string, findings: readonly Finding[]): Finding[] {
  return findings.map(({ level, key, says }) => ({ level, key: prefix + key, says }));
}

function examineVars(scope: Table, prefix: string, local: Table, now: number): Finding[] {
  const vars = table(scope["vars"]);
  const findings = [
    ...secretsTable(scope),
    ...astray(scope, prefix),
    ...dates(vars, ""),
    ...unknownVars(vars, prefix),
    ...sizes(vars),
    ...configuration(scope, local, now),
  ];
  if (prefix !== "" && Object.keys(vars).length === 0) {
    findings.push(warning("vars", "is empty: an environment does not inherit the vars of the file. Repeat them here"));
  }
  return findings;
}

function secretsTable(scope: Table): Finding[] {
  if (scope["secrets"] === undefined) return [];
  const says =
    "must go: what it requires refuses the first deploy, before any secret can be put, and local runs would load no other secret";
  return [error("secrets", says)];
}

/**
 * The relay's own tables that stand beside [vars] and not in it:
 * wrangler only warns of them, and the relay never sees them.
 */
function astray(scope: Table, prefix: string): Finding[] {
  return Object.entries(scope).flatMap(([name, value]) => {
    // `routes` is a list of wrangler's own; every other key of wrangler's is in lower case,
    // and none of them is a source's or a destination's.
    if (!/^[A-Z]/.test(name) && (Array.isArray(value) || !/^(?:sources|destinations|routes|access)(?:_|$)/.test(name)))
      return [];
    const upper = name.toUpperCase();
    const [entry] = upper === "ACCESS" ? [] : Object.keys(table(value));
    const at = `${prefix}vars`;
    const where =
      typeof value === "object"
        ? `[${[at, upper, entry].filter((one) => one !== undefined).join(".")}]`
        : `${upper} under [${at}]`;
    const fix = SECRET_NAME.test(upper)
      ? `Being a secret, it belongs in no file: npx wrangler secret put ${upper}`
      : `Write ${where}`;
    return [error(name, `stands outside of vars, where the relay never sees it. ${fix}`)];
  });
}

/** The Worker would be given text in a form of TOML's choice; whoever writes a date here meant text anyway. */
function dates(value: unknown, key: string): Finding[] {
  if (value instanceof Date) {
    return [error(key, `is a TOML date. Put it in quotes: "${value.toISOString()}"`)];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => dates(inner, key === "" ? name : `${key}.${name}`));
}

function unknownVars(vars: Table, prefix: string): Finding[] {
  return Object.entries(vars).flatMap(([name, value]) => {
    if (name === LOOPBACK) {
      const says = "admits http and this machine as destinations, which must never be deployed. Move it to .dev.vars";
      return [error(name, says)];
    }
    if (SECRET_NAME.test(name)) {
      return [
        error(
          name,
          `is a secret, and everybody who reads this file can read it. Put it with: npx wrangler secret put ${name}`,
        ),
      ];
    }
    if (SINGLES.includes(name) || TABLES.some((base) => name === base || name.startsWith(`${base}_`))) return [];
    const base = baseOf(table(value));
    const meant = base === null ? suggest(name, [...TABLES, ...SINGLES]) : ` Write [${prefix}vars.${base}.${name}]`;
    return [error(name, `is not a var that Hookline knows.${meant}`)];
  });
}

function sizes(vars: Table): Finding[] {
  return Object.entries(vars).flatMap(([name, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const bytes = new TextEncoder().encode(text).length;
    if (bytes < VAR_BYTES * NEAR) return [];
    const base = TABLES.find((one) => name.startsWith(one)) ?? name;
    const says = `holds ${bytes} bytes of the ${VAR_BYTES} that a var can. Move some of it to [vars.${base}_MORE]`;
    return [(bytes > VAR_BYTES ? error : warning)(name, says)];
  });
}

const WAYS_OUT = ["url", "url_secret", "inspect", "service", "queue", "r2", "email", "tunnel"];

/** Where a table belongs that stands right under vars, by the keys that it has. */
function baseOf(entry: Table): string | null {
  if ("provider" in entry) return "SOURCES";
  if ("from" in entry || "to" in entry) return "ROUTES";
  return WAYS_OUT.some((key) => key in entry) ? "DESTINATIONS" : null;
}

/** The vars as they may be deployed: without the local switch, so that nothing hides behind it. */
function deployedVars(scope: Table): Table {
  const { [LOOPBACK]: _, ...deployed } = table(scope["vars"]);
  return deployed;
}

/** What the Worker itself would find: as if it were deployed without a single secret, or as it is run here. */
function configuration(scope: Table, local: Table, now: number): Finding[] {
  const deployed = deployedVars(scope);
  const count = Object.keys(deployed).length + readConfig(deployed).missing.length;
  const says = `with the secrets there are ${count} of them; a Worker has ${VARS.paid}, and ${VARS.free} on the free plan`;
  const level = count > VARS.paid ? error : warning;
  const config = readConfig({ ...deployed, ...local });
  return [
    ...config.findings,
    ...tooFar(config.ends, now),
    ...endFindings(seen(config.ends, local), now),
    ...(count > VARS.free ? [level("vars", says)] : []),
    ...examineRoutes(config),
    ...examineBindings(scope, config),
    ...boundaries(config),
  ];
}

/** Where no secret can be seen, an old one is taken to be there. */
function seen(ends: Config["ends"], local: Table): Config["ends"] {
  return Object.keys(local).length > 0 ? ends : ends.map((end) => Object.assign({}, end, { set: true }));
}

/** A sender of one's own signs what it signs: it may be meant, and is worth a warning. */
function boundaries({ sources }: Pick<Config, "sources">): Finding[] {
  const own = [...sources.values()].filter(({ provider }) => provider === "custom" || provider === "hmac");
  return own.flatMap(({ name, provider, scheme }) => {
    const says = boundaryFault(scheme);
    return says === null
      ? []
      : [warning(`SOURCES.${name}.${provider === "hmac" ? "settings" : "provider"}.signs`, says)];
  });
}
