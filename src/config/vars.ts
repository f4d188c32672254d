// Which names in a Worker's env are vars of the relay, and which are secrets? What was deployed, as written. Pure.
import { parseJson } from "../bytes/json.ts";
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

/**
 * What stands in an env. Text under a name that is no var's is a secret, and so is text where a table should be:
 * of both the name is told and never the value.
 */
export function writtenIn(env: Readonly<Record<string, unknown>>): Written {
  const tables = new Set(TABLES.flatMap((base) => varsOf(env, base)));
  const vars: Record<string, unknown> = {};
  const secrets: string[] = [];
  for (const name of Object.keys(env).toSorted()) {
    const value = env[name];
    if (tables.has(name)) {
      const table = typeof value === "string" ? parseJson(value) : value;
      if (typeof table === "object" && table !== null) vars[name] = table;
      else if (typeof value === "string") secrets.push(name);
    } else if (name === LOOPBACK || SINGLES.includes(name)) {
      vars[name] = value;
    } else if (typeof value === "string" && value.trim() !== "") {
      secrets.push(name);
    }
  }
  return { vars, secrets };
}
