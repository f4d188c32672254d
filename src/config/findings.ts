// What is wrong with a configuration, in words that name the key, the value and the fix; touches nothing.
import type * as z from "zod/mini";

/**
 * One thing to look at. `key` is written as in the file (`SOURCES.github.rate`), `says` ends in the fix.
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

/**
 * One thing that is wrong with a value: where in it,
 * and a sentence that goes on from what stands there and ends in the fix.
 */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** What stands there is not repeated. */
  readonly hidden?: boolean;
}

/**
 * The issues of a schema, each about one place:
 * of several forms of a value, the faults of the one that it comes nearest to.
 */
export function faultsOf(issues: readonly z.core.$ZodIssue[], under: readonly PropertyKey[] = []): Fault[] {
  return issues.flatMap((issue) => {
    const path = [...under, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      const lines = issue.message.split("\n");
      return issue.keys.map((key, index) => ({ path: [...path, key], message: lines[index] ?? "", hidden: true }));
    }
    if (issue.code === "invalid_union") {
      const inside = issue.errors.find((form) =>
        form.some((one) => one.path.length > 0 || one.code === "unrecognized_keys"),
      );
      return faultsOf(inside ?? issue.errors[0] ?? [], path);
    }
    const hidden = issue.code === "custom" && issue.params?.["hidden"] === true;
    return [{ path, message: issue.message, hidden }];
  });
}

/** The issues of a schema as findings. `input` is what was read. */
export function explain(key: string, input: unknown, issues: readonly z.core.$ZodIssue[]): Finding[] {
  return faultsOf(issues).map((fault) => complain(key, input, fault));
}

/** Under such a key stands a secret as often as what belongs there. */
const SECRETIVE = /secret|token|passw|credential|api_?key|signing_?key/i;

/** A finding about the value at a place of `input`: "`x` is not a rate. Write …". */
export function complain(key: string, input: unknown, { path, message, hidden = false }: Fault): Finding {
  const names = path.filter((step) => typeof step === "string");
  const value = hidden || SECRETIVE.test(names.at(-1) ?? "") ? undefined : at(input, path);
  return error([key, ...names].join("."), value === undefined ? message : `${show(value)} ${message}`);
}

/** A value as a message shows it: in quotes if it is text, and cut. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

/** Of so many names all are told; of more, the nearest. */
const TOLD = 12;

/** " Did you mean …?", or which names there are. */
export function suggest(wrong: string, names: readonly string[]): string {
  const ranked = byDistance(wrong, names);
  const [near] = ranked;
  if (near === undefined) return " There is none yet: leave it out.";
  if (isSlip(wrong, near.distance)) return ` Did you mean ${near.name}?`;
  if (names.length === 1) return ` There is only ${near.name}.`;
  if (names.length <= TOLD) return ` There are ${names.join(", ")}.`;
  const three = ranked.slice(0, 3).map(({ name }) => name);
  return ` Of the ${names.length} that there are, ${three.join(", ")} come nearest.`;
}

/** The name that differs from `wrong` by a slip of the pen, or `null`. */
export function nearest(wrong: string, names: readonly string[]): string | null {
  const [near] = byDistance(wrong, names);
  return near !== undefined && isSlip(wrong, near.distance) ? near.name : null;
}

function isSlip(wrong: string, letters: number): boolean {
  return letters <= Math.ceil(wrong.length / 3);
}

function byDistance(wrong: string, names: readonly string[]) {
  return names
    .map((name) => ({ name, distance: distance(wrong.slice(0, SHOWN).toLowerCase(), name.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance);
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
