// A filter whose work is counted: the same expression, written so that every round of a loop and everything that a loop
// compares asks for leave first. Pure.
import type { ASTNode } from "@marcbachmann/cel-js";
import { compilePattern, type Pattern } from "./pattern.ts";
import { PatternFault } from "./pattern-text.ts";

/** Asked before each round of a loop, which fails where it is one too many: `hookline_round() ? … : …`. */
export const ROUND = "hookline_round";
/** The same of `all` and `exists`, which go on after a round that has failed: it is false, and ends them. */
export const MORE = "hookline_more";
/** Around what a round compares or hands on: `hookline_weighed(x)` is x. */
export const WEIGHED = "hookline_weighed";
/** In the place of `x.matches("…")`, by the number of its pattern. */
export const MATCHED = "hookline_matched";

/** One thing that is wrong with a filter, and where in its text. */
export class FilterFault extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

export interface Bounded {
  readonly text: string;
  readonly patterns: readonly Pattern[];
  /** Paths that the filter reads (`body.data.amount`), in the order in which they stand. */
  readonly reads: readonly string[];
}

const LOOPS = new Set(["all", "exists", "exists_one", "filter", "map"]);

const FUNCTIONS = "bool double duration dyn has int size string timestamp type uint".split(" ");
const METHODS = [
  ...LOOPS,
  ..."contains endsWith indexOf lastIndexOf lowerAscii matches size split startsWith substring trim upperAscii".split(
    " ",
  ),
  ..."getDate getDayOfMonth getDayOfWeek getDayOfYear getFullYear getHours getMilliseconds getMinutes getMonth getSeconds".split(
    " ",
  ),
];

/**
 * Writes an expression that was understood once more, so that its work can be bounded.
 *
 * @throws FilterFault
 */
export function bounded(ast: ASTNode): Bounded {
  const writer = new Writer();
  const text = writer.write(ast, new Set(), false);
  return { text, patterns: writer.patterns, reads: [...writer.reads] };
}

class Writer {
  readonly patterns: Pattern[] = [];
  readonly reads = new Set<string>();

  /**
   * @param bound variables of the loops around it
   * @param inLoop whether it is done once a round
   */
  write(ast: ASTNode, bound: ReadonlySet<string>, inLoop: boolean): string {
    const part = (one: ASTNode): string => this.write(one, bound, inLoop);
    this.#note(ast, bound);
    switch (ast.op) {
      case "value":
        return ast.input.slice(ast.start, ast.end);
      case "id":
        return ast.args;
      case ".":
        return `(${part(ast.args[0])}).${ast.args[1]}`;
      case "[]":
        return `(${part(ast.args[0])})[${part(ast.args[1])}]`;
      case "!_":
        return `!(${part(ast.args)})`;
      case "-_":
        return `-(${part(ast.args)})`;
      case "list":
        return `[${ast.args.map(part).join(", ")}]`;
      case "map":
        return `{${ast.args.map(([key, value]) => `(${part(key)}): (${part(value)})`).join(", ")}}`;
      case "?:":
        return `((${part(ast.args[0])}) ? (${part(ast.args[1])}) : (${part(ast.args[2])}))`;
      case "call":
        return this.#call(ast.args[0], ast.args[1], ast, bound, inLoop);
      case "rcall":
        return this.#method(ast.args, ast, bound, inLoop);
      case ".?":
      case "[?]":
        throw new FilterFault(`has ${ast.op}, which a filter does not know: write has(…)`, ast.pos);
      case "==":
      case "!=":
      case "<":
      case "<=":
      case ">":
      case ">=":
      case "in":
      case "+":
        // A literal is as short as it is written.
        return this.#sides(ast.op, ast.args, bound, inLoop, inLoop && !ast.args.some(isShort));
      case "-":
      case "*":
      case "/":
      case "%":
      case "&&":
      case "||":
        return this.#sides(ast.op, ast.args, bound, inLoop, false);
    }
  }

  #sides(
    op: string,
    sides: readonly [ASTNode, ASTNode],
    bound: ReadonlySet<string>,
    inLoop: boolean,
    weigh: boolean,
  ): string {
    const [left, right] = sides.map((one) => `${weigh ? WEIGHED : ""}(${this.write(one, bound, inLoop)})`);
    return `(${left} ${op} ${right})`;
  }

  #call(name: string, args: readonly ASTNode[], ast: ASTNode, bound: ReadonlySet<string>, inLoop: boolean): string {
    if (!FUNCTIONS.includes(name)) throw new FilterFault(unknown(name, FUNCTIONS), ast.pos);
    // A macro, which looks at how its argument is written.
    if (name === "has") {
      const paths = args.map((one) => pathOf(one)?.text ?? "");
      for (const one of args) this.#note(one, bound);
      return `has(${paths.join(", ")})`;
    }
    return `${name}(${args.map((one) => this.#given(one, bound, inLoop)).join(", ")})`;
  }

  #method(
    [name, receiver, args]: readonly [string, ASTNode, readonly ASTNode[]],
    ast: ASTNode,
    bound: ReadonlySet<string>,
    inLoop: boolean,
  ): string {
    if (!METHODS.includes(name)) throw new FilterFault(unknown(name, METHODS), ast.pos);
    if (LOOPS.has(name)) return this.#loop(name, receiver, args, bound, inLoop);
    if (name.startsWith("get") && args.length > 0 && inLoop)
      throw new FilterFault(`has ${name} with a time zone inside a loop: write it before the loop, or in UTC`, ast.pos);
    const on = this.#given(receiver, bound, inLoop);
    const given = args.map((one) => this.#given(one, bound, inLoop));
    if (name !== "matches") return `(${on}).${name}(${given.join(", ")})`;
    return `${MATCHED}(${this.#pattern(args[0], ast)}, ${on})`;
  }

  #given(one: ASTNode, bound: ReadonlySet<string>, inLoop: boolean): string {
    const text = this.write(one, bound, inLoop);
    return inLoop && !isShort(one) ? `${WEIGHED}(${text})` : text;
  }

  /** The condition of a ternary stops the round; that of `&&` would have the other side decide. */
  #loop(
    name: string,
    receiver: ASTNode,
    args: readonly ASTNode[],
    bound: ReadonlySet<string>,
    inLoop: boolean,
  ): string {
    const [variable, ...rest] = args;
    const inner = new Set([...bound, variable?.op === "id" ? variable.args : ""]);
    const [first = "", ...more] = rest.map((one) => this.write(one, inner, true));
    const counted =
      name === "all" || name === "exists"
        ? `${MORE}() ? (${first}) : ${name === "exists"}`
        : name === "map" && rest.length === 1
          ? `${ROUND}() ? dyn(${first}) : dyn(null)`
          : `${ROUND}() ? (${first}) : false`;
    const written = [variable?.op === "id" ? variable.args : "", counted, ...more].join(", ");
    return `(${this.write(receiver, bound, inLoop)}).${name}(${written})`;
  }

  #pattern(pattern: ASTNode | undefined, ast: ASTNode): number {
    if (pattern?.op !== "value" || typeof pattern.args !== "string")
      throw new FilterFault("has matches() with a pattern that is not text in quotes", ast.pos);
    try {
      return this.patterns.push(compilePattern(pattern.args)) - 1;
    } catch (error) {
      if (!(error instanceof PatternFault)) throw error;
      throw new FilterFault(`has a pattern that ${error.message}`, pattern.pos);
    }
  }

  /** Notes a path that begins with one of the names, and not with a loop's variable. */
  #note(ast: ASTNode, bound: ReadonlySet<string>): void {
    const path = pathOf(ast);
    if (path === null || bound.has(path.root)) return;
    // The longest one says the most.
    for (const shorter of prefixes(path.text)) this.reads.delete(shorter);
    if (![...this.reads].some((one) => prefixes(one).includes(path.text))) this.reads.add(path.text);
  }
}

function unknown(name: string, known: readonly string[]): string {
  return `has ${name}(), which a filter does not know: it knows ${known.join(", ")}`;
}

function isShort(ast: ASTNode): boolean {
  if (ast.op === "list") return ast.args.every((one) => one.op === "value");
  return ast.op === "value";
}

interface Path {
  readonly root: string;
  readonly text: string;
}

/** `body.items[0].id`; `null` for what is no such path. */
function pathOf(ast: ASTNode): Path | null {
  if (ast.op === "id") return { root: ast.args, text: ast.args };
  if (ast.op !== "." && ast.op !== "[]") return null;
  const before = pathOf(ast.args[0]);
  if (before === null) return null;
  const step = ast.args[1];
  if (typeof step === "string") return { ...before, text: `${before.text}.${step}` };
  return step.op === "value" ? { ...before, text: `${before.text}[${step.input.slice(step.start, step.end)}]` } : null;
}

/** The paths that lead to a path. */
function prefixes(text: string): string[] {
  return [...text.matchAll(/[.[]/g)].map(({ index }) => text.slice(0, index));
}
