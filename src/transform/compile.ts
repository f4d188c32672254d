// From the library's tree to functions that evaluate it, part by part. What is not known here is refused. Pure.
import type { Node, Pair } from "./ast.ts";
import { Frame, type Run } from "./frame.ts";
import { TransformFault } from "./meter.ts";
import { BINARY } from "./operators.ts";
import { filterBy, grouped, type KeyAndValue, walk } from "./path.ts";
import { FUNCTIONS, REFUSED } from "./functions.ts";
import { applyOf, callOf, lambdaOf, partialOf } from "./calling.ts";
import { changer } from "./change.ts";
import { inside, KNOWN, need, nodeOf, readsAll, ReadingFault, type Scope } from "./scope.ts";
import { descendants, named, wildcard } from "./select.ts";
import { add, isNumber, Kept, Sequence, truth } from "./values.ts";

/** @throws ReadingFault */
export function compile(node: Node, above: Scope): Run {
  const scope = inside(above, true, node.position);
  const bare = bareOf(node, scope);
  const filters = (node.predicate ?? []).map(({ expr }) => filterBy(need(expr, node), scope, compile));
  const group = node.type !== "path" && node.group !== undefined ? groupOf(node.group.lhs, scope, false) : null;
  const keep = node.keepArray === true;
  return (input, frame) => {
    frame.meter.spend();
    let result = bare(input, frame);
    for (const filter of filters) result = filter(result, frame);
    if (group !== null) result = grouped(group, result, frame);
    return settled(result, keep);
  };
}

/** Of a sequence of one, the one; of an empty one, nothing. */
function settled(result: unknown, keep: boolean): unknown {
  if (!(result instanceof Sequence)) return result;
  if (keep) result.keep();
  if (result.length === 0) return undefined;
  return result.length === 1 && !result.keepSingleton ? result[0] : result;
}

function bareOf(node: Node, scope: Scope): Run {
  const { position: at } = node;
  switch (node.type) {
    case "path":
      return pathOf(node, scope);
    case "name": {
      const name = String(node.value);
      noteName(name, scope, at);
      return (input, { meter }) => named(input, name, meter);
    }
    case "string":
    case "number":
    case "value":
      return () => node.value;
    case "wildcard":
      readsAll(scope);
      return (input, { meter }) => wildcard(input, meter);
    case "descendant":
      readsAll(scope);
      return (input, { meter }) => descendants(input, meter);
    case "binary":
      return binaryOf(node, scope);
    case "unary":
      return unaryOf(node, scope);
    case "condition":
      return conditionOf(node, scope);
    case "block":
      return blockOf(node, scope);
    case "bind":
      return bindOf(node, scope);
    case "variable":
      return variableOf(node, scope);
    case "function":
      return callOf(node, scope, compile).run;
    case "partial":
      return partialOf(node, scope, compile);
    case "lambda":
      return lambdaOf(node, scope, compile);
    case "apply":
      return applyOf(node, scope, compile);
    case "transform":
      return changer(node, inside(scope, false, at), compile);
    case "regex":
      throw new ReadingFault("has a regular expression, whose time has no bound. Look for text in quotes", at);
    case "parent":
      throw new ReadingFault(
        "has %, the parent of a value. Keep the parent in a variable: ($order := body.order; …)",
        at,
      );
  }
  throw new ReadingFault(`has ${node.type}, which is not known here`, at);
}

function noteName(name: string, { top, reads }: Scope, at: number | undefined): void {
  if (!top) return;
  if (!KNOWN.has(name))
    throw new ReadingFault(
      `reads ${name}, which there is not. Use event, source, headers, body or object`,
      at === undefined ? at : at - name.length,
    );
  reads.add(name);
}

function pathOf(node: Node, scope: Scope): Run {
  const steps = node.steps ?? [];
  for (const { focus, index, stages = [], position } of steps) {
    if (focus !== undefined) throw new ReadingFault("has @, which joins lists. Use $map with a function", position);
    if (index !== undefined || stages.some(({ type }) => type !== "filter"))
      throw new ReadingFault("has #, which counts. Use $map(list, function($one, $n) { … })", position);
  }
  const group = node.group === undefined ? null : groupOf(node.group.lhs, scope, false);
  const run = walk(node, scope, compile);
  return group === null ? run : (input, frame) => grouped(group, run(input, frame), frame);
}

function groupOf(pairs: readonly Pair[], scope: Scope, top: boolean): KeyAndValue[] {
  const within = inside(scope, top, undefined);
  return pairs.map(([key, value]) => [compile(key, within), compile(value, within)] as const);
}

function binaryOf(node: Node, scope: Scope): Run {
  const left = compile(nodeOf(node.lhs, node), scope);
  const right = compile(need(node.rhs, node), scope);
  const operator = String(node.value);
  if (operator === "and")
    return (input, frame) =>
      truth(left(input, frame), frame.meter) === true && truth(right(input, frame), frame.meter) === true;
  if (operator === "or")
    return (input, frame) =>
      truth(left(input, frame), frame.meter) === true || truth(right(input, frame), frame.meter) === true;
  const compute = BINARY.get(operator);
  if (compute === undefined) throw new ReadingFault(`has the sign ${operator}, which is not known here`, node.position);
  return (input, frame) => compute(left(input, frame), right(input, frame), frame.meter);
}

function unaryOf(node: Node, scope: Scope): Run {
  if (node.value === "{" && Array.isArray(node.lhs)) {
    const pairs = groupOf(node.lhs, scope, true);
    return (input, frame) => grouped(pairs, input, frame);
  }
  if (node.value === "[") return listOf(node, scope);
  const of = compile(need(node.expression, node), scope);
  return (input, frame) => {
    const value = of(input, frame);
    if (value === undefined) return undefined;
    if (isNumber(value)) return -value;
    throw new TransformFault("puts - before what is no number");
  };
}

/** `[a, b]`: lists among its parts go over into it, but for those that are written as lists themselves. */
function listOf(node: Node, scope: Scope): Run {
  const parts = (node.expressions ?? []).map((part) => ({
    run: compile(part, scope),
    whole: part.value === "[" && part.type === "unary",
  }));
  const kept = node.consarray === true;
  return (input, frame) => {
    const list = kept ? new Kept() : [];
    for (const { run, whole } of parts) {
      const value = run(input, frame);
      if (value === undefined) continue;
      if (whole || !Array.isArray(value)) add(list, value, frame.meter);
      else for (const one of value) add(list, one, frame.meter);
    }
    return list;
  };
}

function conditionOf(node: Node, scope: Scope): Run {
  const condition = compile(need(node.condition, node), scope);
  const then = compile(need(node.then, node), scope);
  const otherwise = node.else === undefined ? null : compile(node.else, scope);
  return (input, frame) => {
    if (truth(condition(input, frame), frame.meter) === true) return then(input, frame);
    return otherwise?.(input, frame);
  };
}

function blockOf(node: Node, scope: Scope): Run {
  const parts = (node.expressions ?? []).map((part) => compile(part, scope));
  return (input, frame) => {
    const own = new Frame(frame.meter, frame);
    let last: unknown;
    for (const part of parts) last = part(input, own);
    return last;
  };
}

function bindOf(node: Node, scope: Scope): Run {
  const name = String(nodeOf(node.lhs, node).value);
  const of = compile(need(node.rhs, node), scope);
  return (input, frame) => {
    const value = of(input, frame);
    frame.bind(name, value);
    return value;
  };
}

function variableOf({ value: written, position }: Node, scope: Scope): Run {
  const name = String(written);
  if (name === "") {
    readsAll(scope);
    return (input) => input;
  }
  if (name === "$") {
    readsAll({ ...scope, top: true });
    return (_, frame) => frame.lookup(name);
  }
  if (scope.bound.has(name)) {
    const own = FUNCTIONS.get(name);
    return (_, frame) => {
      const value = frame.lookup(name);
      return value === undefined ? own : value;
    };
  }
  const known = FUNCTIONS.get(name);
  if (known !== undefined) {
    // Whoever is handed it may call it without an argument.
    if (known.takesContext(0)) readsAll(scope);
    return () => known;
  }
  const at = position === undefined ? undefined : position - name.length - 1;
  const why = REFUSED.get(name);
  if (why !== undefined) throw new ReadingFault(`calls $${name}, ${why}`, at);
  throw new ReadingFault(`reads $${name}, which there is not. Look at docs/transforms.md for the functions`, at);
}
