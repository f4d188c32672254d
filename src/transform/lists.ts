// The functions of JSONata over lists, objects and functions. Pure.
import { apply } from "./call.ts";
import { type Meter, TransformFault } from "./meter.ts";
import { isList, isText, type Natives, of, ofAny } from "./native.ts";
import { named } from "./select.ts";
import { sorted } from "./sort.ts";
import { add, copy, Fn, isMembers, isNumber, members, same, Sequence, sequence, truth } from "./values.ts";

export const LISTS: Natives = {
  count: ["a", 1, ([list]) => (isList(list) ? list.length : 0)],
  append: ["xx", 2, ([a, b], meter) => append(a, b, meter)],
  reverse: ["a", 1, of(isList, (list) => (list.length <= 1 ? list : list.toReversed()))],
  sort: ["af?", 2, of(isList, sort)],
  distinct: ["x", 1, ofAny(distinct)],
  zip: ["a+", 0, zip],
  map: ["af", 2, of(isList, (list, [, fn], meter) => collected(list, fn, meter, (_, value) => value))],
  filter: [
    "af",
    2,
    of(isList, (list, [, fn], meter) =>
      collected(list, fn, meter, (one, said) => (truth(said, meter) === true ? one : undefined)),
    ),
  ],
  single: ["af?", 2, of(isList, single)],
  reduce: ["afj?", 3, of(isList, reduce)],
  each: ["o-f", 2, ([value, fn], meter) => collectedMembers(value, fn, meter)],
  sift: ["o-f?", 2, ([value, fn], meter) => sift(value, fn, meter)],
  keys: ["x-", 1, ([value], meter) => keysOf(value, meter)],
  lookup: ["x-s", 2, ([value, name], meter) => (isText(name) ? named(value, name, meter) : undefined)],
  spread: ["x-", 1, ([value], meter) => spread(value, meter)],
  merge: ["a<o>", 1, of(isList, merge)],
  clone: ["(oa)-", 1, ofAny((value, _, meter) => copy(value, meter, () => {}))],
  exists: ["x", 1, ([value]) => value !== undefined],
  boolean: ["x-", 1, ([value], meter) => truth(value, meter)],
  not: ["x-", 1, ofAny((value, _, meter) => truth(value, meter) !== true)],
  type: ["x", 1, ([value]) => kindOf(value)],
  error: ["s?", 1, ([text]) => fail(text, "calls $error")],
  assert: ["bs?", 2, ([holds, text]) => (holds === true ? undefined : fail(text, "calls $assert of what is not true"))],
};

/** Longest text of the user's own that is told. */
const TOLD = 200;

function fail(text: unknown, otherwise: string): never {
  throw new TransformFault(isText(text) && text !== "" ? `says: ${text.slice(0, TOLD)}` : otherwise);
}

function kindOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (value === null) return "null";
  if (isNumber(value)) return "number";
  if (value instanceof Fn) return "function";
  return Array.isArray(value) ? "array" : typeof value;
}

function append(a: unknown, b: unknown, meter: Meter): unknown {
  if (a === undefined) return b;
  if (b === undefined) return a;
  const [left, right]: readonly unknown[][] = [a, b].map((one): unknown[] => (Array.isArray(one) ? one : [one]));
  const [first = [], second = []] = [left, right];
  meter.list(first.length + second.length);
  meter.look(first.length + second.length);
  return [...first, ...second];
}

/** As many arguments as the function takes: the value, its place, and all of them. */
function ask(fn: unknown, meter: Meter, ...args: readonly unknown[]): unknown {
  const arity = fn instanceof Fn ? fn.arity : 1;
  return apply(fn, args.slice(0, Math.max(1, Math.min(arity, 3))), null, meter);
}

function collected(
  list: readonly unknown[],
  fn: unknown,
  meter: Meter,
  pick: (one: unknown, said: unknown) => unknown,
): Sequence {
  const found = new Sequence();
  for (const [at, one] of list.entries()) {
    const value = pick(one, ask(fn, meter, one, at, list));
    if (value !== undefined) add(found, value, meter);
  }
  return found;
}

function collectedMembers(value: unknown, fn: unknown, meter: Meter): Sequence {
  const found = new Sequence();
  for (const [name, one] of entriesOf(value, meter)) {
    const said = ask(fn, meter, one, name, value);
    if (said !== undefined) add(found, said, meter);
  }
  return found;
}

function entriesOf(value: unknown, meter: Meter): [string, unknown][] {
  if (!isMembers(value) && !Array.isArray(value)) return [];
  const entries = Object.entries(value);
  meter.look(entries.length);
  return entries;
}

function single(list: readonly unknown[], [, fn]: readonly unknown[], meter: Meter): unknown {
  const found = list.filter((one, at) => fn === undefined || truth(ask(fn, meter, one, at, list), meter) === true);
  if (found.length !== 1) throw new TransformFault(`calls $single, which has found ${found.length}`);
  return found[0];
}

function reduce(list: readonly unknown[], [, fn, init]: readonly unknown[], meter: Meter): unknown {
  const arity = fn instanceof Fn ? fn.arity : 0;
  if (arity < 2) throw new TransformFault("calls $reduce with a function that takes less than two values");
  const begins = init === undefined && list.length > 0;
  let result = begins ? list[0] : init;
  for (let at = begins ? 1 : 0; at < list.length; at += 1)
    result = apply(fn, [result, list[at], at, list].slice(0, Math.min(arity, 4)), null, meter);
  return result;
}

function sift(value: unknown, fn: unknown, meter: Meter): unknown {
  const kept = members();
  for (const [name, one] of entriesOf(value, meter))
    if (truth(ask(fn, meter, one, name, value), meter) === true) kept[name] = one;
  return Object.keys(kept).length === 0 ? undefined : kept;
}

function keysOf(value: unknown, meter: Meter): Sequence {
  const names = new Set<string>();
  const note = (one: unknown): void => {
    meter.spend();
    if (Array.isArray(one)) {
      meter.enter();
      for (const inner of one) note(inner);
      meter.leave();
    } else if (isMembers(one)) for (const [name] of entriesOf(one, meter)) names.add(name);
  };
  note(value);
  meter.list(names.size);
  return sequence(...names);
}

function spread(value: unknown, meter: Meter): unknown {
  if (!Array.isArray(value) && !isMembers(value)) return value;
  const found = new Sequence();
  const one = (part: unknown): void => {
    if (Array.isArray(part)) {
      meter.enter();
      for (const inner of part) one(inner);
      meter.leave();
    } else if (isMembers(part)) {
      for (const [name, inner] of entriesOf(part, meter)) {
        const alone = members();
        alone[name] = inner;
        add(found, alone, meter);
      }
    } else add(found, part, meter);
  };
  one(value);
  return Array.isArray(value) && value.length > 0 ? Array.from<unknown>(found) : found;
}

function merge(list: readonly unknown[], _: readonly unknown[], meter: Meter): unknown {
  const merged = members();
  for (const one of list) for (const [name, value] of entriesOf(one, meter)) merged[name] = value;
  return merged;
}

function zip(lists: readonly unknown[], meter: Meter): unknown {
  const all = lists.map((list): readonly unknown[] => (isList(list) ? list : []));
  const length = Math.min(...all.map((list) => list.length));
  meter.look(length * all.length * 16);
  return Array.from({ length }, (_, at) => all.map((list) => list[at]));
}

function sort(list: readonly unknown[], [, fn]: readonly unknown[], meter: Meter): unknown {
  if (list.length <= 1) return list;
  if (fn !== undefined) return sorted(list, (a, b) => Boolean(apply(fn, [a, b], null, meter)), meter);
  if (list.every((one) => typeof one === "number")) return list.toSorted((a, b) => a - b);
  if (!list.every((one) => typeof one === "string")) throw new TransformFault("calls $sort with what has no order");
  return sorted(
    list,
    (a, b) => {
      const [left, right] = [String(a), String(b)];
      meter.look(Math.min(left.length, right.length));
      return left > right;
    },
    meter,
  );
}

function distinct(value: unknown, _: readonly unknown[], meter: Meter): unknown {
  if (!Array.isArray(value) || value.length <= 1) return value;
  const plain = new Set<unknown>();
  const objects: unknown[] = [];
  const kept = value.filter((one: unknown) => {
    meter.look(typeof one === "string" ? one.length : 0);
    const known =
      typeof one === "object" && one !== null ? objects.some((other) => same(one, other, meter)) : plain.has(one);
    if (!known && typeof one === "object" && one !== null) objects.push(one);
    else plain.add(one);
    return !known;
  });
  return value instanceof Sequence ? sequence(...kept) : kept;
}
