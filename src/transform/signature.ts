// Which arguments does a function of the language take? JSONata's signatures, as its own table writes them. Pure.
import { TransformFault } from "./meter.ts";
import { Fn } from "./values.ts";

interface Param {
  readonly kind: string;
  /** What the elements of a list must be. */
  readonly of: string | null;
  /** Takes what `$` stands for, where it is left out. */
  readonly context: RegExp | null;
  readonly form: string;
}

/** What a function is called with, or `null` where it does not fit. */
export type Signature = (args: readonly unknown[], input: unknown, name: string) => unknown[];

/** Letters of a signature: what each may be. `m` is an argument that is nothing. */
const FORMS = new Map([
  ["a", "[asnblfom]"],
  ["x", "[asnblfom]"],
  ["j", "[asnblom]"],
  ["f", "f"],
]);

/**
 * @param text `s-nn?`: text or the context, a number, and perhaps another; `<n>` says what the elements of a list are
 */
export function signature(text: string): { readonly read: Signature; readonly contextBelow: number } {
  const params = [...text.matchAll(/(\((\w+)\)|\w)(?:<(\w)>)?([-?+]?)/g)].map(
    ([, kind = "", choice, of = null, sign = ""]): Param => {
      const form = choice === undefined ? (FORMS.get(kind) ?? `[${kind}m]`) : `[${choice}m]`;
      const context = sign === "-" ? new RegExp(`^${form}$`) : null;
      return { kind, of, context, form: `(${form}${sign === "-" ? "?" : sign})` };
    },
  );
  const whole = new RegExp(`^${params.map(({ form }) => form).join("")}$`);
  const contextBelow = params.some(({ context }) => context !== null)
    ? params.filter(({ form }) => !form.endsWith("?)") || form.includes("?)")).length
    : 0;
  return { read: (args, input, name) => fitted(params, whole, args, input, name), contextBelow };
}

function fitted(params: readonly Param[], whole: RegExp, args: readonly unknown[], input: unknown, name: string) {
  const match = whole.exec(args.map(letterOf).join(""));
  if (match === null) throw new TransformFault(`calls $${name} with what it does not take`);
  const given: unknown[] = [];
  let at = 0;
  for (const [n, { kind, of, context }] of params.entries()) {
    const letters = match[n + 1] ?? "";
    if (letters === "" && context !== null) {
      if (!context.test(letterOf(input))) throw new TransformFault(`calls $${name} with what it does not take`);
      given.push(input);
      continue;
    }
    if (letters === "") given.push(undefined);
    for (const letter of letters) {
      given.push(kind === "a" ? listOf(args[at], letter, of, name) : args[at]);
      at += 1;
    }
  }
  return given;
}

/** One value stands for a list of one. */
function listOf(value: unknown, letter: string, of: string | null, name: string): unknown {
  if (letter === "m") return undefined;
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (of !== null && list.some((one) => letterOf(one) !== of))
    throw new TransformFault(`calls $${name} with a list of what it does not take`);
  return list;
}

function letterOf(value: unknown): string {
  if (value === undefined) return "m";
  if (value === null) return "l";
  if (value instanceof Fn) return "f";
  if (Array.isArray(value)) return "a";
  const kind = typeof value;
  return kind === "string" ? "s" : kind === "number" ? "n" : kind === "boolean" ? "b" : "o";
}
