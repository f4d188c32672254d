// What is wrong with a configuration, in words that name the key, the value and the mend; touches nothing.
import type * as z from "zod/mini";

/**
 * One thing to look at. `key` is written as in the file (`SOURCES.github.rate`), `says` ends in the mend.
 * An error disables the entry that it stands in and stops a deploy; a warning does neither.
 */
export interface Finding {
  readonly level: "error" | "warning";
  readonly key: string;
  readonly says: string;
}

/** Longest value that is repeated in a message, in characters. */
const SHOWN = 80;

export function error(key: string, says: string): Finding {
  return { level: "error", key, says };
}

export function warning(key: string, says: string): Finding {
  return { level: "warning", key, says };
}

/** The issues of a schema as findings. `input` is what was read, and `keys` what its top level may hold. */
export function explain(
  key: string,
  input: unknown,
  issues: readonly z.core.$ZodIssue[],
  keys: readonly string[],
): Finding[] {
  return issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys" && issue.path.length === 0) {
      return issue.keys.map((unknown) => error(`${key}.${unknown}`, `is unknown here.${suggest(unknown, keys)}`));
    }
    const hidden = issue.code === "custom" && issue.params?.["hidden"] === true;
    return [complain(key, hidden ? undefined : input, issue.path, issue.message)];
  });
}

/** A finding about the value at `path` of `input`; `message` goes on from the value: "is not a rate. Write …". */
export function complain(key: string, input: unknown, path: readonly PropertyKey[], message: string): Finding {
  const names = path.filter((step) => typeof step === "string");
  const value = at(input, path);
  if (value === undefined) return error([key, ...names].join("."), message);
  return error([key, ...names].join("."), `${show(value)} ${message}`);
}

/** A value as a message shows it: in quotes if it is text, and cut. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

/** " Did you mean …?", or which names there are. */
export function suggest(wrong: string, names: readonly string[]): string {
  const near = names
    .map((name) => ({ name, distance: distance(wrong.toLowerCase(), name.toLowerCase()) }))
    .filter((one) => one.distance <= Math.ceil(wrong.length / 3))
    .toSorted((a, b) => a.distance - b.distance)[0];
  if (near !== undefined) return ` Did you mean ${near.name}?`;
  if (names.length === 0) return " There is none yet.";
  if (names.length === 1) return ` There is only ${names.join()}.`;
  return names.length > 12 ? "" : ` There are ${names.join(", ")}.`;
}

/** Follows a path as far as there is something; a single value stands for the list that it was read as. */
function at(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const step of path) {
    if (typeof step === "number" && !Array.isArray(value)) continue;
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.entries(value).find(([name]) => name === String(step))?.[1];
  }
  return value;
}

/** Letters to add, drop or change (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, left] of a.split("").entries()) {
    let diagonal = i;
    row = row.reduce<number[]>((next, above, j) => {
      const last = next.at(-1);
      const cost = b[j - 1] === left ? 0 : 1;
      next.push(last === undefined ? i + 1 : Math.min(above + 1, last + 1, diagonal + cost));
      diagonal = above;
      return next;
    }, []);
  }
  return row.at(-1) ?? 0;
}
