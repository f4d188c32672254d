// How a path walks: step by step over what the step before has found, filtered, sorted, and grouped. Pure.
import type { Node } from "./ast.ts";
import type { Frame, Run } from "./frame.ts";
import { TransformFault } from "./meter.ts";
import { inside, type Scope } from "./scope.ts";
import { sorted } from "./sort.ts";
import { add, isNumber, Kept, type Members, members, Sequence, sequence, truth } from "./values.ts";

type Compile = (node: Node, scope: Scope) => Run;
type Filter = (input: unknown, frame: Frame) => unknown;
type StepRun = (input: readonly unknown[], frame: Frame, last: boolean) => unknown;
export type KeyAndValue = readonly [key: Run, value: Run];

export function walk(node: Node, scope: Scope, compile: Compile): Run {
  const nodes = node.steps ?? [];
  const [first] = nodes;
  // An absolute path does not go over what `$` stands for, and a list that is written first is made once.
  const absolute = first?.type === "variable";
  const steps = nodes.map((step, at): StepRun => {
    if (at > 0) return stepOf(step, inside(scope, false, step.position), compile);
    return step.consarray === true ? compile(step, scope) : stepOf(step, scope, compile);
  });
  const keep = node.keepSingletonArray === true;
  return (input, frame) => {
    let found: unknown = Array.isArray(input) && !absolute ? input : sequence(input);
    for (const [at, step] of steps.entries()) {
      const over: unknown[] = Array.isArray(found) ? found : [found];
      found = step(over, frame, at === steps.length - 1);
      if (found === undefined || (Array.isArray(found) && found.length === 0)) break;
    }
    if (keep) {
      if (found instanceof Kept) found = sequence(found);
      if (found instanceof Sequence) found.keep();
    }
    return found;
  };
}

function stepOf(node: Node, scope: Scope, compile: Compile): StepRun {
  const within = inside(scope, false, node.position);
  const filters = (node.stages ?? []).flatMap(({ expr }) =>
    expr === undefined ? [] : [filterBy(expr, within, compile)],
  );
  const filtered = (value: unknown, frame: Frame): unknown =>
    filters.reduce((left, filter) => filter(left, frame), value);
  if (node.type === "sort") {
    const terms = (node.terms ?? []).map(({ descending, expression }) => ({
      descending,
      by: compile(expression, within),
    }));
    return (input, frame) => filtered(sorted(input, comparing(terms, frame), frame.meter), frame);
  }
  const run = compile(node, scope);
  return (input, frame, last) => {
    const found = new Sequence();
    for (const one of input) {
      const value = filtered(run(one, frame), frame);
      if (value !== undefined) add(found, value, frame.meter);
    }
    const [only] = found;
    if (last && found.length === 1 && Array.isArray(only) && !(only instanceof Sequence)) return only;
    const flat = new Sequence();
    for (const value of found) {
      if (!Array.isArray(value) || value instanceof Kept) add(flat, value, frame.meter);
      else for (const inner of value) add(flat, inner, frame.meter);
    }
    return flat;
  };
}

/** Whether the first of two comes after the second. */
function comparing(terms: readonly { descending: boolean; by: Run }[], frame: Frame) {
  return (a: unknown, b: unknown): boolean => {
    for (const { descending, by } of terms) {
      const [left, right] = [by(a, frame), by(b, frame)];
      if (left === undefined && right === undefined) continue;
      // What has nothing to go by comes last.
      if (left === undefined || right === undefined) return left === undefined;
      if (!(typeof left === "string" || typeof left === "number") || typeof left !== typeof right)
        throw new TransformFault("sorts by what is neither numbers alone nor texts alone");
      if (left === right) continue;
      if (typeof left === "string") frame.meter.look(left.length);
      return before(left, right) === descending;
    }
    return false;
  };
}

/** Of two of one kind. */
function before(left: string | number, right: unknown): boolean {
  if (typeof left === "string") return typeof right === "string" && left < right;
  return typeof right === "number" && left < right;
}

/** `[…]`: by number, or those for which it is true. */
export function filterBy(node: Node, scope: Scope, compile: Compile): Filter {
  if (node.type === "number") return (input, _frame) => nth(input, Number(node.value));
  const run = compile(node, inside(scope, false, node.position));
  return (input, frame) => {
    const list: readonly unknown[] = Array.isArray(input) ? input : sequence(input);
    const found = new Sequence();
    for (const [at, item] of list.entries()) {
      const said = run(item, frame);
      const places: unknown[] | null = isNumber(said) ? [said] : Array.isArray(said) ? said : null;
      frame.meter.look(places?.length ?? 0);
      if (places?.every((one) => isNumber(one)) === true) {
        for (const place of places) {
          const floor = Math.floor(place);
          if ((floor < 0 ? list.length + floor : floor) === at) add(found, item, frame.meter);
        }
      } else if (truth(said, frame.meter) === true) add(found, item, frame.meter);
    }
    return found;
  };
}

function nth(input: unknown, place: number): unknown {
  const list: readonly unknown[] = Array.isArray(input) ? input : sequence(input);
  const floor = Math.floor(place);
  const item = list[floor < 0 ? list.length + floor : floor];
  if (Array.isArray(item)) return item;
  return item === undefined ? new Sequence() : sequence(item);
}

/** `{ key: value }` over what is there: what has the same key is put together first. */
export function grouped(pairs: readonly KeyAndValue[], input: unknown, frame: Frame): Members {
  const { meter } = frame;
  const items: readonly unknown[] =
    Array.isArray(input) && input.length > 0 ? input : [Array.isArray(input) ? undefined : input];
  const groups = new Map<string, { pair: number; data: unknown; many: unknown[] | null }>();
  for (const item of items) {
    for (const [pair, [keyOf]] of pairs.entries()) {
      const key = keyOf(item, frame);
      if (key === undefined) continue;
      if (typeof key !== "string") throw new TransformFault("has a key that is no text");
      meter.look(key.length);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { pair, data: item, many: null });
      else if (group.pair !== pair) throw new TransformFault(`has the key ${JSON.stringify(key.slice(0, 80))} twice`);
      else {
        group.many ??= Array.isArray(group.data) ? Array.from<unknown>(group.data) : [group.data];
        const more: readonly unknown[] = Array.isArray(item) ? item : [item];
        for (const one of more) add(group.many, one, meter);
      }
    }
  }
  const made = members();
  for (const [key, { pair, data, many }] of groups) {
    const value = pairs[pair]?.[1](many ?? data, frame);
    if (value !== undefined) made[key] = value;
  }
  return made;
}
