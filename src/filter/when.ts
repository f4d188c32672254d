// Which events does a route want? A condition in CEL over the four names, its work bounded, its mistakes told when it
// is read. Pure.
import { Environment } from "@marcbachmann/cel-js";
import type { Condition, Decided, Names } from "./condition.ts";
import { type Bounded, bounded, FilterFault, MATCHED, MORE, ROUND, WEIGHED } from "./bounded.ts";

/** Longest condition, in characters. */
const LONGEST = 4_000;
const LIMITS = { maxAstNodes: 500, maxDepth: 40, maxListElements: 200, maxMapEntries: 50, maxCallArguments: 4 };

/**
 * What one decision may do: rounds of loops, and steps of 16 characters or elements that they compare.
 * Some 100 ms of an isolate at the most; conditions that people write take a few dozen steps.
 */
const MOST_WORK = 20_000;
const CHARACTERS = 16;

/** Longest value that is shown, in characters. */
const SHOWN = 200;

/** One object: its stack is of no use. */
const TOO_MUCH = new Error("takes too many steps for this event: loops go over fewer elements, or over shorter ones");

let left = 0;
let patterns: Bounded["patterns"] = [];

/** A decision runs to its end before another one begins, so that one counter serves all. */
function spend(work: number): void {
  left -= work;
  if (left < 0) throw TOO_MUCH;
}

const names = new Environment({ limits: LIMITS, homogeneousAggregateLiterals: false })
  .registerVariable({ name: "event", schema: { id: "string", type: "string", receivedAt: "string" } })
  .registerVariable("source", "string")
  .registerVariable("headers", "map<string, string>")
  .registerVariable("body", "dyn");

// What is written by hand is smaller than what it is written anew as.
const counting = names
  .clone({ limits: { maxAstNodes: 5_000, maxDepth: 250 } })
  .registerFunction(`${ROUND}(): bool`, () => {
    spend(1);
    return true;
  })
  .registerFunction(`${MORE}(): bool`, () => (left -= 1) >= 0)
  .registerFunction(`${WEIGHED}(dyn): dyn`, (value: unknown) => {
    weigh(value);
    return value;
  })
  .registerFunction(`${MATCHED}(int, string): bool`, (number: bigint, text: string) =>
    patterns[Number(number)]?.(text, (ways) => spend(Math.ceil(ways / CHARACTERS))),
  );

/** A condition, or what is wrong with it, in words that go on from it and end in the fix. */
export type ReadWhen = { readonly ok: true; readonly when: Condition } | { readonly ok: false; readonly fault: string };

/** Reads a condition. */
export function readWhen(text: string): ReadWhen {
  if (text.length > LONGEST) return no(`is longer than ${LONGEST} characters. Write several routes`);
  try {
    const parsed = names.parse(text);
    const { valid, type = "", error } = parsed.check();
    if (!valid) return no(wordsOf(error, text));
    if (type !== "bool" && type !== "dyn")
      return no(`gives ${kindOfType(type)}, not true or false. Compare it, as in body.amount >= 100`);
    const rewritten = bounded(parsed.ast);
    const run = counting.parse(rewritten.text);
    const written = run.check();
    if (!written.valid) return no(wordsOf(written.error, rewritten.text));
    return { ok: true, when: openWhen(text, rewritten, run) };
  } catch (error) {
    if (error instanceof FilterFault) return no(`${error.message}${placeOf(error.at, text)}`);
    return no(wordsOf(error, text));
  }
}

function openWhen(text: string, { patterns: own, reads }: Bounded, run: (of: Names) => unknown): Condition {
  const paths = reads.map((path) => ({ path, read: names.parse(path) }));
  const decide = (of: Names): Decided => {
    left = MOST_WORK;
    patterns = own;
    const value = run(of);
    // A loop goes on where one of its rounds has failed; what it then says is no answer.
    if (left < 0) throw TOO_MUCH;
    if (typeof value === "boolean") return { ok: true, wanted: value };
    return { ok: false, error: `gives ${kindOf(value)}, not true or false` };
  };
  return {
    text,
    decide: (of) => attempt(of, decide),
    reads: (of) =>
      paths.map(({ path, read }) => {
        const value = attempt(of, (one) => ({ ok: true as const, value: read(one) as unknown }));
        return { path, value: value.ok ? shown(value.value) : null };
      }),
  };
}

type Failed = Extract<Decided, { ok: false }>;

/**
 * What comes of the names, or why nothing does. The library takes an object's member `constructor` for its class: such
 * an object is no map to it, whoever sent it, and is made one where something has failed.
 */
function attempt<T>(of: Names, use: (of: Names) => T | Failed): T | Failed {
  try {
    return use(of);
  } catch (error) {
    if (error === TOO_MUCH) return { ok: false, error: TOO_MUCH.message };
    try {
      const body = classless(of.body);
      if (body !== of.body) return use({ ...of, body });
    } catch (again) {
      return { ok: false, error: summaryOf(again) };
    }
    return { ok: false, error: summaryOf(error) };
  }
}

/** The same document, in which objects that have a `constructor` of their own are maps. */
function classless(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const list = value.map(classless);
    return list.some((one, at) => one !== value[at]) ? list : value;
  }
  const members = Object.entries(value).map(([name, one]: [string, unknown]) => [name, one, classless(one)] as const);
  const changed = members.some(([, before, after]) => before !== after);
  if (Object.hasOwn(value, "constructor")) return new Map(members.map(([name, , after]) => [name, after]));
  return changed ? Object.fromEntries(members.map(([name, , after]) => [name, after])) : value;
}

/** Counts what a comparison may have to look at. */
function weigh(value: unknown): void {
  const unseen = [value];
  for (let one = unseen.pop(); ; one = unseen.pop()) {
    if (typeof one === "string") spend(Math.ceil(one.length / CHARACTERS));
    else if (typeof one === "object" && one !== null) {
      const inside: unknown[] = Array.isArray(one) ? one : one instanceof Map ? [...one.values()] : Object.values(one);
      spend(Math.ceil(inside.length / CHARACTERS));
      for (const member of inside) unseen.push(member);
    }
    if (unseen.length === 0) return;
  }
}

function no(fault: string): ReadWhen {
  return { ok: false, fault };
}

/** The library's own summary, without its drawing of the place. */
function summaryOf(error: unknown): string {
  if (error instanceof RangeError) return TOO_MUCH.message;
  const summary: unknown = Reflect.get(Object(error), "summary");
  const text = typeof summary === "string" ? summary : error instanceof Error ? error.message : String(error);
  return text
    .replaceAll(new RegExp(`\\b(?:${ROUND}|${MORE}|${WEIGHED}|${MATCHED})\\b`, "g"), "matches")
    .slice(0, SHOWN);
}

/** "is no condition: Unknown variable: bdy (at character 1: bdy.amount). It may read …" */
function wordsOf(error: unknown, text: string): string {
  const code = String(Reflect.get(Object(error), "code"));
  const range: unknown = Reflect.get(Object(error), "range");
  const at: unknown = Reflect.get(Object(range), "start");
  const where = typeof at === "number" ? placeOf(at, text) : "";
  const [, written] = SYNTAX.find(([form]) => form.test(code)) ?? [];
  return `is no condition: ${written ?? summaryOf(error)}${where}. ${FIXES.get(code) ?? FIXES.get("")}`;
}

/** The library's words for these are those of a parser. */
const SYNTAX = [
  [/^unexpected_token/, "it stops making sense"],
  [/^unexpected_character/, "it has a sign that means nothing"],
  [/^(?:unterminated_string|unterminated_triple|newline_in)/, "it has text whose quotation marks do not close"],
  [/^limit_exceeded/, "it has too many parts, or too many in each other"],
  [/number|exponent/, "it has a number that is not written right"],
  [/escape/, "it has a \\ before what it cannot stand before"],
] as const;

const FIXES = new Map([
  ["unknown_variable", "It may read event, source, headers and body"],
  ["no_such_key", "event has id, type and receivedAt; what the sender wrote stands in body"],
  ["no_such_overload", 'Compare values of one kind, as in body.amount >= 100 or body.kind == "paid"'],
  ["no_matching_overload", "docs/filters.md lists the functions and what they take"],
  ["", "Write it in CEL, as in body.amount >= 100 && has(body.customer): see docs/filters.md"],
]);

function placeOf(at: number, text: string): string {
  const rest = text.slice(at, at + 20).trim();
  return rest === "" ? " (at its end)" : ` (at character ${at + 1}: ${rest})`;
}

function kindOfType(type: string): string {
  if (type === "string") return "text";
  if (type === "int" || type === "double" || type === "uint") return "a number";
  return type.startsWith("list")
    ? "a list"
    : type.startsWith("map") || type.startsWith("$")
      ? "an object"
      : `a ${type}`;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return "text";
  if (typeof value === "number" || typeof value === "bigint") return "a number";
  return Array.isArray(value) ? "a list" : "an object";
}

/** A value as somebody reads it: JSON, cut. */
function shown(value: unknown): string {
  const text = JSON.stringify(value, (_, one: unknown) =>
    typeof one === "bigint" ? Number(one) : one instanceof Map ? Object.fromEntries(one) : one,
  );
  const whole = text ?? String(value);
  return whole.length > SHOWN ? `${whole.slice(0, SHOWN)}…` : whole;
}
