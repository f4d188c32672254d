// What would a deploy of this file change at the relay that runs? Holds its vars against those deployed; pure.
import { isDeepStrictEqual } from "node:util";
import type { ConfigurationAnswer } from "../../contract/configuration.ts";
import { LOOPBACK, TABLES, varsOf } from "../../config/vars.ts";
import { type Finding, show, warning } from "../../config/findings.ts";
import { plain } from "../table.ts";
import { type Table, table } from "./wrangler-file.ts";

/** One thing that a deploy changes. */
export interface Change {
  readonly change: "added" | "removed" | "changed";
  /** As in the file: `SOURCES.github` for a whole entry, `SOURCES.github.rate` for a key of it. */
  readonly key: string;
  /** What the relay has; left out where it has nothing. */
  readonly from?: unknown;
  /** What the file has; left out where it has nothing. */
  readonly to?: unknown;
  /** What it means beyond itself. */
  readonly says?: string;
}

/**
 * What is different, in the order of the file. Where an entry stands, in `SOURCES` or in `SOURCES_EU`, makes no
 * difference; the order of routes does.
 *
 * @param running the relay's vars
 * @param file the file's
 */
export function changesBetween(running: Table, file: Table): Change[] {
  const [before, after] = [byKind(running), byKind(file)];
  const found = Object.keys({ ...after, ...before }).flatMap((kind) => {
    // Each entry of a table is a thing of its own, also where there was no table before.
    const entries = isTable(before[kind] ?? after[kind]);
    return entries
      ? between(kind, table(before[kind]), table(after[kind]))
      : difference(kind, before[kind], after[kind]);
  });
  return [...found, ...moved(Object.keys(table(before["ROUTES"])), Object.keys(table(after["ROUTES"])))];
}

const SIGNS = { added: "+", removed: "-", changed: "~" };

/** A line for each change, and one that says that there is none. */
export function changesInWords(changes: readonly Change[]): string[] {
  if (changes.length === 0) return ["a deploy changes nothing at this relay's vars"];
  return changes.map(({ change, key, from, to, says }) => {
    const values = change === "changed" ? `${shown(from)} becomes ${shown(to)}` : shown(change === "added" ? to : from);
    return `${SIGNS[change]} ${plain(key)}: ${values}${says === undefined ? "" : `. ${says}`}`;
  });
}

function shown(value: unknown): string {
  return plain(typeof value === "string" ? show(value) : JSON.stringify(value));
}

/** Secrets that the file needs and the relay has not; a warning, because they may be put after the deploy as well. */
export function secretsLacking(
  needed: readonly string[],
  { secrets }: Pick<ConfigurationAnswer, "secrets">,
): Finding[] {
  const names = needed.filter((name) => !secrets.includes(name));
  if (names.length === 0) return [];
  const says = `${names.join(", ")} ${names.length === 1 ? "is" : "are"} needed, and the relay has no such secret. Set each with: npx wrangler secret put NAME`;
  return [warning("secrets", says)];
}

/** The tables put together, and the other vars; what `wrangler dev` alone has is in no deploy. */
function byKind(vars: Table): Record<string, unknown> {
  const names = TABLES.map((base) => [base, varsOf(vars, base)] as const);
  const spread = new Set(names.flatMap(([, found]) => found));
  const tables = names
    .filter(([, found]) => found.length > 0)
    .map(([base, found]) => [base, Object.assign({}, ...found.map((name) => table(vars[name])))] as const);
  const others = Object.entries(vars).filter(([name]) => !spread.has(name) && name !== LOOPBACK);
  return Object.fromEntries([...tables, ...others]);
}

function between(key: string, from: Table, to: Table): Change[] {
  const names = [...new Set([...Object.keys(to), ...Object.keys(from)])];
  return names.flatMap((name) => difference(`${key}.${name}`, from[name], to[name]));
}

function difference(key: string, from: unknown, to: unknown): Change[] {
  if (same(from, to)) return [];
  if (from === undefined) return [{ change: "added", key, to }];
  if (to === undefined) return [{ change: "removed", key, from }];
  return isTable(from) && isTable(to) ? between(key, table(from), table(to)) : [{ change: "changed", key, from, to }];
}

function moved(before: readonly string[], after: readonly string[]): Change[] {
  const from = before.filter((name) => after.includes(name));
  const to = after.filter((name) => before.includes(name));
  if (same(from, to)) return [];
  const says = "where two routes lead an event to one destination, the first of them makes the delivery";
  return [{ change: "changed", key: "ROUTES", from, to, says }];
}

/** A number and the same in quotes are read alike. */
function same(from: unknown, to: unknown): boolean {
  const simple = [from, to].every((value) => typeof value === "number" || typeof value === "string");
  return simple ? String(from) === String(to) : isDeepStrictEqual(bare(from), bare(to));
}

/** Without the prototypes that a parser gives its tables. */
function bare(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

function isTable(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
