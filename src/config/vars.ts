// Which names in a Worker's env are vars of the relay, and which are secrets? What was deployed, as written. Pure.
import { parseJson } from "../bytes/json.ts";
import type { Finding } from "./findings.ts";
import { NAME } from "./forms.ts";
import { OTLP_VARS } from "./otlp.ts";

/** Vars that hold tables; each may be spread over several, as `SOURCES_EU` beside `SOURCES`. */
export const TABLES = ["SOURCES", "DESTINATIONS", "ROUTES"] as const;

/** Admits http and this machine as destinations: for local development, and in no file that is deployed. */
export const LOOPBACK = "LOOPBACK_DESTINATIONS";

/** All the other vars. */
export const SINGLES: readonly string[] = [
  "ACCESS",
  "ALERTS",
  "BODY_RETENTION_DAYS",
  "INTAKE_SHARDS",
  "LOG_LEVEL",
  "LOG_SUCCESS",
  ...OTLP_VARS,
  "PLAN",
  "RESOLVER",
  "RETENTION_DAYS",
  "SIGNING_KEY_OLD_UNTIL",
];

const SECRET = /_SECRET(_OLD)?$/;

/** What was deployed. */
export interface Written {
  /** Vars that the relay knows, by name. No secret is among them. */
  readonly vars: Readonly<Record<string, unknown>>;
  /** Names of the secrets that are set, by alphabet. */
  readonly secrets: readonly string[];
}

/** Vars of one kind: the base name, then `SOURCES_…` by alphabet, because a Worker's env has no order of its own. */
export function varsOf(vars: Readonly<Record<string, unknown>>, base: string): string[] {
  return Object.keys(vars)
    .filter((name) => name === base || (name.startsWith(`${base}_`) && !SECRET.test(name)))
    .toSorted();
}

/** In the place of what is not told. */
const UNSHOWN = "[not shown]";

/**
 * What stands in an env. A secret may stand in the wrong place, so that only what is right there is told: text under a
 * name that is no var's, or where a table should be, is a secret of which the name is told; a value that an error is
 * about is not told, and of a URL neither its credentials nor, outside of tables, its query.
 *
 * @param findings what reading the env has found
 */
export function writtenIn(env: Readonly<Record<string, unknown>>, findings: readonly Finding[]): Written {
  const wrong = new Set(findings.filter(({ level }) => level === "error").map(({ key }) => key));
  const tables = new Set(TABLES.flatMap((base) => varsOf(env, base)));
  const vars: Record<string, unknown> = {};
  const secrets: string[] = [];
  for (const name of Object.keys(env).toSorted()) {
    const value = env[name];
    if (tables.has(name)) {
      const table = typeof value === "string" ? parseJson(value) : value;
      if (isOfEntries(table)) vars[name] = shown(table, name, wrong);
      else if (typeof value === "string") secrets.push(name);
    } else if (name === LOOPBACK || SINGLES.includes(name)) {
      const told = shown(value, name, wrong);
      vars[name] = typeof told === "string" ? told.replace(/\?.*$/s, `?${UNSHOWN}`) : told;
    } else if (typeof value === "string" && value.trim() !== "") {
      secrets.push(name);
    }
  }
  return { vars, secrets };
}

/** Whether each member is a table under the name of an entry. */
function isOfEntries(value: unknown): value is object {
  return isTable(value) && Object.entries(value).every(([name, entry]) => NAME.test(name) && isTable(entry));
}

function isTable(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown, key: string, wrong: ReadonlySet<string>): unknown {
  if (wrong.has(key)) return UNSHOWN;
  if (typeof value === "string") return value.replaceAll(/(?<=:\/\/)[^/?#\s]*@/g, `${UNSHOWN}@`);
  if (Array.isArray(value)) return value.map((one) => shown(one, key, wrong));
  if (!isTable(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shown(one, `${key}.${name}`, wrong)]));
}
