// What makes another body of an event? An expression in JSONata, read once, evaluated within bounds. Pure.
import jsonata from "jsonata";
import type { Node } from "./ast.ts";
import { compile } from "./compile.ts";
import { Frame } from "./frame.ts";
import { Meter, TransformFault } from "./meter.ts";
import { ReadingFault } from "./scope.ts";
import type { Transform, Transformed } from "./transform.ts";
import { Fn, write } from "./values.ts";

/** Longest expression, in characters. */
const LONGEST = 4_000;
/** The parser copies what stands before each of these, so that every one doubles what stands before the next. */
const MOST_COPIES = 8;
const COPYING = /\?[:?]/g;

/** A transform, or what is wrong with it, in words that go on from its text and end in the fix. */
export type ReadTransform =
  | { readonly ok: true; readonly transform: Transform }
  | { readonly ok: false; readonly fault: string };

/** Reads an expression. */
export function readTransform(text: string): ReadTransform {
  if (text.length > LONGEST)
    return no(`is longer than ${LONGEST} characters. Leave out what the receiver does not need`);
  if ((text.match(COPYING)?.length ?? 0) > MOST_COPIES)
    return no(`has more than ${MOST_COPIES} of ?: and ??. Write a ? b : c in their place`);
  try {
    const tree = treeOf(text);
    const reads = new Set<string>();
    const run = compile(tree, { top: true, depth: 0, bound: boundIn(tree), reads });
    const apply = (names: object): Transformed => {
      try {
        const meter = new Meter();
        const frame = new Frame(meter, null);
        frame.bind("$", names);
        return made(run(names, frame), meter);
      } catch (error) {
        return { ok: false, error: `the transform ${whyNot(error)}` };
      }
    };
    return { ok: true, transform: { text, reads, apply } };
  } catch (error) {
    return no(wordsOf(error, text));
  }
}

function treeOf(text: string): Node {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its types leave out half of the kinds that it makes; compile refuses what is not known
  return jsonata(text).ast() as unknown as Node;
}

/** Variables that are bound anywhere in the expression. */
function boundIn(node: unknown, found = new Set<string>()): Set<string> {
  if (typeof node !== "object" || node === null) return found;
  const { type, lhs, arguments: params }: { type?: unknown; lhs?: unknown; arguments?: unknown } = node;
  const named: unknown[] = type === "bind" ? [lhs] : type === "lambda" && Array.isArray(params) ? params : [];
  for (const one of named) {
    const value: unknown = Reflect.get(Object(one), "value");
    if (typeof value === "string") found.add(value);
  }
  for (const inside of Object.values(node)) boundIn(inside, found);
  return found;
}

function made(value: unknown, meter: Meter): Transformed {
  if (value === undefined)
    return { ok: false, error: "the transform gives nothing: a path in it leads nowhere for this event" };
  if (value instanceof Fn) return { ok: false, error: "the transform gives a function, which is no body" };
  if (typeof value === "string") {
    meter.text(value.length);
    return { ok: true, kind: "text", body: value };
  }
  return { ok: true, kind: "json", body: write(value, meter) };
}

/** In words that go on from "the transform". What it has thrown itself may quote the body. */
function whyNot(error: unknown): string {
  if (error instanceof TransformFault) return error.message;
  if (error instanceof RangeError) return "goes too deep for this event";
  return `cannot be evaluated: ${error instanceof Error ? error.message : String(error)}`;
}

function no(fault: string): ReadTransform {
  return { ok: false, fault };
}

/** "is no transform: … (at character 3: $match). It may …" */
function wordsOf(error: unknown, text: string): string {
  if (error instanceof ReadingFault) {
    const [what = "", ...fix] = error.message.split(". ");
    return `${what}${error.at === null ? "" : placeOf(error.at, text)}${fix.length === 0 ? "" : `. ${fix.join(". ")}`}`;
  }
  const how = 'Write it in JSONata, as in { "text": body.user.name & " asks for help" }: see docs/transforms.md';
  if (error instanceof RangeError) return `has parts too deep in each other. ${how}`;
  const { position, message }: { position?: unknown; message?: unknown } = Object(error);
  const at = typeof position === "number" ? placeOf(Math.max(0, position - 1), text) : "";
  return `is no transform: ${typeof message === "string" ? message : "it stops making sense"}${at}. ${how}`;
}

function placeOf(at: number, text: string): string {
  const from = Math.max(0, at);
  const rest = text.slice(from, from + 20).trim();
  return rest === "" ? " (at its end)" : ` (at character ${from + 1}: ${rest})`;
}
