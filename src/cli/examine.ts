// What in a wrangler.toml would fail, or surprise, once it is deployed? Rules over the parsed file; touches nothing.
import { readConfig } from "../config.ts";
import { error, type Finding, suggest, warning } from "../config/findings.ts";
import { examineRoutes } from "./examine-routes.ts";
import { type Table, table } from "./wrangler-file.ts";

/** Every binding that the Worker asks for: where wrangler keeps it, and under which member its name stands. */
const BINDINGS = [
  { at: ["d1_databases"], member: "binding", names: ["DB"] },
  { at: ["durable_objects", "bindings"], member: "name", names: ["INTAKE", "FEED"] },
  { at: ["queues", "producers"], member: "binding", names: ["DELIVERIES", "DEAD_LETTERS"] },
  { at: ["ratelimits"], member: "name", names: ["FLOOD_GUARD"] },
] as const;

const TABLES = ["SOURCES", "DESTINATIONS", "ROUTES"];
const SINGLES = ["ACCESS", "INTAKE_SHARDS", "LOG_LEVEL", "RETENTION_DAYS"];

/** 5 KB a var, and 128 vars and secrets on the paid plan, 64 on the free one (Cloudflare's limits of Workers). */
const VAR_BYTES = 5 * 1024;
const NEAR = 0.8;
const VARS = { free: 64, paid: 128 };

/** What a var of this name would give away to everybody who can read the repository. */
const SECRET_NAME = /^(?:ADMIN_TOKEN|SIGNING_KEY)$|_SECRET$|_OLD$/;

/** Findings about the whole file: its top level, and each of its environments, which inherit neither vars nor bindings. */
export function examine(file: Table): Finding[] {
  const environments = Object.entries(table(file["env"]));
  return [
    ...examineScope(file, ""),
    ...environments.flatMap(([name, scope]) => examineScope(table(scope), `env.${name}.`)),
  ];
}

function examineScope(scope: Table, prefix: string): Finding[] {
  const vars = table(scope["vars"]);
  const findings = [
    ...secretsTable(scope),
    ...bindings(scope),
    ...consumers(scope),
    ...dates(vars, ""),
    ...unknownVars(vars),
    ...sizes(vars),
    ...configuration(vars),
  ];
  if (prefix !== "" && Object.keys(vars).length === 0) {
    findings.push(warning("vars", "is empty: an environment does not inherit the vars of the file. Repeat them here"));
  }
  return findings.map(({ level, key, says }) => ({ level, key: prefix + key, says }));
}

function secretsTable(scope: Table): Finding[] {
  if (scope["secrets"] === undefined) return [];
  const says =
    "must go: what it requires refuses the first deploy, before any secret can be put, and local runs would load no other secret";
  return [error("secrets", says)];
}

function bindings(scope: Table): Finding[] {
  return BINDINGS.flatMap(({ at, member, names }) => {
    const present = new Set(rows(scope, at).map((row) => row[member]));
    const key = at.join(".");
    return names
      .filter((name) => !present.has(name))
      .map((name) =>
        error(key, `lacks ${name}. Copy the [[${key}]] with ${member} = "${name}" from the shipped wrangler.toml`),
      );
  });
}

/** A queue that nobody consumes keeps its messages until they expire. */
function consumers(scope: Table): Finding[] {
  const consumed = new Set(rows(scope, ["queues", "consumers"]).map(({ queue }) => queue));
  return rows(scope, ["queues", "producers"])
    .filter(({ queue }) => !consumed.has(queue))
    .map(({ queue }) =>
      error("queues.consumers", `lacks the queue ${JSON.stringify(queue)}. Add a [[queues.consumers]] for it`),
    );
}

/** The Worker would be given text in a form of TOML's choice; whoever writes a date here meant text anyway. */
function dates(value: unknown, key: string): Finding[] {
  if (value instanceof Date) {
    return [error(key, `is a TOML date. Put it in quotes: "${value.toISOString()}"`)];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => dates(inner, key === "" ? name : `${key}.${name}`));
}

function unknownVars(vars: Table): Finding[] {
  return Object.keys(vars).flatMap((name) => {
    if (name === "LOOPBACK_DESTINATIONS") {
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
    return [error(name, `is not a var that Hookline knows.${suggest(name, [...TABLES, ...SINGLES])}`)];
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

/** What the Worker itself would find, as if it were deployed without a single secret. */
function configuration(vars: Table): Finding[] {
  const { LOOPBACK_DESTINATIONS: _, ...deployed } = vars;
  const config = readConfig(deployed);
  const count = Object.keys(vars).length + config.missing.length;
  const says = `with the secrets there are ${count} of them; a Worker has ${VARS.paid}, and ${VARS.free} on the free plan`;
  const level = count > VARS.paid ? error : warning;
  return [...config.findings, ...(count > VARS.free ? [level("vars", says)] : []), ...examineRoutes(config)];
}

/** The tables of an array of tables, or none. */
function rows(scope: Table, path: readonly string[]): Table[] {
  const found = path.reduce<unknown>((value, step) => table(value)[step], scope);
  return Array.isArray(found) ? found.map(table) : [];
}
