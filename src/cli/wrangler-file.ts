// What stands in a wrangler.toml? Reads the file, and says in one line why it cannot.
import { readFile } from "node:fs/promises";
import { parse, TomlError } from "smol-toml";

/** A TOML table. */
export type Table = Readonly<Record<string, unknown>>;

export type Opened = { readonly ok: true; readonly file: Table } | { readonly ok: false; readonly why: string };

export async function openWranglerFile(path: string): Promise<Opened> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return { ok: false, why: "cannot be read. Name the file with --config" };
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
