// What stands in a wrangler.toml, and in the .dev.vars beside it? Reads the files, and says in one line why it cannot.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseEnv } from "node:util";
import { parse, TomlError } from "smol-toml";

/** A TOML table. */
export type Table = Readonly<Record<string, unknown>>;

export type Opened = { readonly ok: true; readonly file: Table } | { readonly ok: false; readonly why: string };

export async function openWranglerFile(path: string): Promise<Opened> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return { ok: false, why: "cannot be read. Name the file with --config FILE" };
  try {
    return { ok: true, file: parse(text) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what = ""] = error.message.split("\n");
    return { ok: false, why: `line ${error.line}, column ${error.column}: ${what}` };
  }
}

/** A value as a table; whatever is none is an empty one. */
export function table(value: unknown): Table {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

/** The tables of an array of tables, or none. */
export function rows(scope: Table, path: readonly string[]): Table[] {
  const found = path.reduce<unknown>((value, step) => table(value)[step], scope);
  return Array.isArray(found) ? found.map(table) : [];
}

/** The lines of a file of secrets, and where it is. */
export interface DevVars {
  readonly path: string;
  readonly vars: Readonly<Record<string, string>>;
}

/**
 * What `wrangler dev` adds to the vars of a configuration: the first that there is of `.dev.vars.ENV`, `.dev.vars` and
 * `.env`, beside the configuration. `null` where there is none of them.
 */
export async function openDevVars(config: string, environment: string | null): Promise<DevVars | null> {
  const names = [...(environment === null ? [] : [`.dev.vars.${environment}`]), ".dev.vars", ".env"];
  for (const path of names.map((name) => join(dirname(config), name))) {
    const text = await readFile(path, "utf8").catch(() => null);
    if (text === null) continue;
    const lines = Object.entries(parseEnv(text));
    return {
      path,
      vars: Object.fromEntries(lines.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    };
  }
  return null;
}
