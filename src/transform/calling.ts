// Calls, functions, and functions of which some arguments are given: as they are written, ready to be evaluated. Pure.
import { apply, Chain, HOLE, Lambda, Next, Partial, type Tail } from "./call.ts";
import type { Node } from "./ast.ts";
import type { Frame, Run } from "./frame.ts";
import { FUNCTIONS } from "./functions.ts";
import { TransformFault } from "./meter.ts";
import type { Native } from "./native.ts";
import { need, nodeOf, readsAll, ReadingFault, type Scope } from "./scope.ts";
import { Fn } from "./values.ts";

type Compile = (node: Node, scope: Scope) => Run;

/** A call, and its parts: where it stands last in a function, whoever called that makes it. */
export function callOf(node: Node, scope: Scope, compile: Compile, before = 0) {
  const procedure = need(node.procedure, node);
  if (procedure.type === "path" && scope.top) {
    const [first] = procedure.steps ?? [];
    if (typeof first?.value === "string" && FUNCTIONS.has(first.value))
      throw new ReadingFault(`calls ${first.value} without a $. Write $${first.value}(…)`, undefined);
  }
  const native = nativeOf(procedure, scope);
  const proc: Run = native === null ? compile(procedure, scope) : () => native;
  const args = (node.arguments ?? []).map((argument) => compile(argument, scope));
  if (native?.takesContext(before + args.length) === true) readsAll(scope);
  const call = (input: unknown, frame: Frame, first: readonly unknown[]): unknown => {
    const fn = proc(input, frame);
    const given = [...first, ...args.map((one) => one(input, frame))];
    return apply(fn, given, input, frame.meter);
  };
  const run: Run = (input, frame) => call(input, frame, []);
  return { proc, args, call, run };
}

/** The function of the language that is called by its own name. */
function nativeOf({ type, value, predicate }: Node, { bound }: Scope): Native | null {
  const name = String(value);
  return type === "variable" && predicate === undefined && !bound.has(name) ? (FUNCTIONS.get(name) ?? null) : null;
}

export function partialOf(node: Node, scope: Scope, compile: Compile): Run {
  const proc = compile(need(node.procedure, node), scope);
  const args = (node.arguments ?? []).map((argument) =>
    argument.type === "operator" && argument.value === "?" ? null : compile(argument, scope),
  );
  return (input, frame) => {
    const given = args.map((one) => (one === null ? HOLE : { value: one(input, frame) }));
    const fn = proc(input, frame);
    if (!(fn instanceof Fn)) throw new TransformFault("calls what is no function");
    return new Partial(fn, given);
  };
}

export function lambdaOf(node: Node, scope: Scope, compile: Compile): Run {
  if (node.signature !== undefined)
    throw new ReadingFault("has a signature at a function. Leave it out: function($x) { … }", node.position);
  const body = need(node.body, node);
  if (node.thunk === true) {
    const { proc, args } = callOf(body, scope, compile);
    const tail: Tail = { proc, args };
    return (input, frame) => new Next(tail, input, frame);
  }
  const params = (node.arguments ?? []).map(({ value }) => String(value));
  const run = compile(body, scope);
  return (input, frame) => new Lambda(params, run, input, frame);
}

export function applyOf(node: Node, scope: Scope, compile: Compile): Run {
  const left = compile(nodeOf(node.lhs, node), scope);
  const right = need(node.rhs, node);
  if (right.type === "function") {
    const { call } = callOf(right, scope, compile, 1);
    return (input, frame) => call(input, frame, [left(input, frame)]);
  }
  const then = compile(right, scope);
  return (input, frame) => {
    const first = left(input, frame);
    const fn = then(input, frame);
    if (!(fn instanceof Fn)) throw new TransformFault("puts ~> before what is no function");
    return first instanceof Fn ? new Chain(first, fn) : apply(fn, [first], null, frame.meter);
  };
}
