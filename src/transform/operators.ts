// The operators of two values. Pure.
import { type Meter, TransformFault } from "./meter.ts";
import { isNumber, same, Sequence, textOf } from "./values.ts";

type Compute = (left: unknown, right: unknown, meter: Meter) => unknown;

/** Of two numbers; nothing where one of them is nothing. */
function numeric(sign: string, of: (a: number, b: number) => number): Compute {
  return (left, right) => {
    for (const side of [left, right])
      if (side !== undefined && !isNumber(side)) throw new TransformFault(`has ${sign} beside what is no number`);
    return isNumber(left) && isNumber(right) ? of(left, right) : undefined;
  };
}

/** Of two numbers or two texts. */
function ordered(sign: string, of: (a: number | string, b: number | string) => boolean): Compute {
  return (left, right, meter) => {
    for (const side of [left, right])
      if (side !== undefined && typeof side !== "string" && typeof side !== "number")
        throw new TransformFault(`has ${sign} beside what is neither a number nor text`);
    if (typeof left === "number" && typeof right === "number") return of(left, right);
    if (typeof left === "string" && typeof right === "string") {
      meter.look(Math.min(left.length, right.length));
      return of(left, right);
    }
    if (left === undefined || right === undefined) return undefined;
    throw new TransformFault(`has ${sign} between text and a number`);
  };
}

const equal: Compute = (left, right, meter) => same(left, right, meter);

export const BINARY: ReadonlyMap<string, Compute> = new Map<string, Compute>([
  ["+", numeric("+", (a, b) => a + b)],
  ["-", numeric("-", (a, b) => a - b)],
  ["*", numeric("*", (a, b) => a * b)],
  ["/", numeric("/", (a, b) => a / b)],
  ["%", numeric("%", (a, b) => a % b)],
  ["<", ordered("<", (a, b) => a < b)],
  ["<=", ordered("<=", (a, b) => a <= b)],
  [">", ordered(">", (a, b) => a > b)],
  [">=", ordered(">=", (a, b) => a >= b)],
  ["=", (left, right, meter) => left !== undefined && right !== undefined && equal(left, right, meter)],
  ["!=", (left, right, meter) => left !== undefined && right !== undefined && equal(left, right, meter) === false],
  ["&", joined],
  ["..", range],
  ["in", included],
]);

function joined(left: unknown, right: unknown, meter: Meter): string {
  const [a, b] = [left, right].map((side) => (side === undefined ? "" : textOf(side, meter)));
  meter.text((a?.length ?? 0) + (b?.length ?? 0));
  return `${a}${b}`;
}

function range(left: unknown, right: unknown, meter: Meter): unknown {
  for (const side of [left, right])
    if (side !== undefined && !Number.isInteger(side))
      throw new TransformFault("has .. beside what is no whole number");
  if (typeof left !== "number" || typeof right !== "number" || left > right) return undefined;
  meter.list(right - left + 1);
  meter.look(right - left + 1);
  const made = new Sequence();
  for (let one = left; one <= right; one += 1) made.push(one);
  return made;
}

function included(left: unknown, right: unknown, meter: Meter): boolean {
  if (left === undefined || right === undefined) return false;
  const list: unknown[] = Array.isArray(right) ? right : [right];
  meter.look(list.length);
  if (typeof left === "string") meter.look(left.length * Math.min(list.length, 1_000));
  return list.includes(left);
}
