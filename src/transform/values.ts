// What JSONata takes for a list, a function and a truth, and how its values are written. Pure.
import { MOST_TEXT, type Meter, TransformFault } from "./meter.ts";

/**
 * A list that a path has made: one element of it is that element, and none is nothing. Lists of the sender's, and those
 * that an expression writes itself, are lists of whatever length.
 */
export class Sequence extends Array<unknown> {
  // No member of its own: a list has elements alone.
  #keep = false;

  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** Whether one element of it stays a list (`[]`). */
  get keepSingleton(): boolean {
    return this.#keep;
  }

  keep(): void {
    this.#keep = true;
  }
}

/** A list that stays one where a path goes over it. */
export class Kept extends Array<unknown> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

export function sequence(...elements: readonly unknown[]): Sequence {
  const made = new Sequence();
  for (const one of elements) made.push(one);
  return made;
}

/** Adds to a list that is being made. */
export function add(list: unknown[], one: unknown, meter: Meter): void {
  meter.spend();
  meter.list(list.length + 1);
  list.push(one);
}

/** What can be called. */
export abstract class Fn {
  /** Arguments that it takes. */
  abstract readonly arity: number;
  /** @param input what stands for an argument that is left out, where the function says so */
  abstract call(args: readonly unknown[], input: unknown, meter: Meter): unknown;
}

export type Members = Record<string, unknown>;

/** An object with members, and no list or function. */
export function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Fn);
}

/** Without a prototype: `__proto__` and `constructor` are members as any others. */
export function members(): Members {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what Object.create(null) gives has no type of its own
  return Object.create(null) as Members;
}

/** A number that JSON has. */
export function isNumber(value: unknown): value is number {
  if (typeof value !== "number") return false;
  if (!Number.isFinite(value)) throw new TransformFault("computes a number that JSON does not have");
  return true;
}

/** Whether a value counts as true; `undefined` where there is none. */
export function truth(value: unknown, meter: Meter): boolean | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) {
    meter.look(value.length);
    meter.enter();
    const any = value.some((one) => truth(one, meter) === true);
    meter.leave();
    return any;
  }
  if (typeof value === "string") return value !== "";
  if (isNumber(value)) return value !== 0;
  if (isMembers(value)) return Object.keys(value).length > 0;
  return value === true;
}

/** Whether two values are the same all the way down. */
export function same(a: unknown, b: unknown, meter: Meter): boolean {
  meter.spend();
  if (typeof a === "string" && typeof b === "string") meter.look(a.length === b.length ? a.length : 0);
  if (a === b) return true;
  if (Array.isArray(a) !== Array.isArray(b) || a instanceof Fn || b instanceof Fn) return false;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const [names, theirs] = [Object.keys(a), Object.keys(b)];
  if (names.length !== theirs.length) return false;
  meter.look(names.length);
  meter.enter();
  const equal = names.every(
    (name) => Object.hasOwn(b, name) && same(Reflect.get(a, name), Reflect.get(b, name), meter),
  );
  meter.leave();
  return equal;
}

/** A value as `&` and `$string` write it. */
export function textOf(value: unknown, meter: Meter): string {
  if (typeof value === "string") return value;
  if (value instanceof Fn) return "";
  return write(value, meter, (number) => (Number.isInteger(number) ? number : Number(number.toPrecision(15))));
}

/**
 * A value as JSON.
 *
 * @param rounded what is written of a number
 * @throws TransformFault where it is larger than may be sent, or has a number whose last digits are already lost
 */
export function write(value: unknown, meter: Meter, rounded = (number: number): number => number): string {
  const room = { left: MOST_TEXT };
  measure(value, meter, room);
  const text = JSON.stringify(value, (_, one: unknown) => {
    if (one instanceof Fn) return "";
    return typeof one === "number" ? rounded(one) : one;
  });
  meter.text(text.length);
  return text;
}

/** Takes what a value needs at least, before it is written. One that stands in several places is written in each. */
function measure(value: unknown, meter: Meter, room: { left: number }): void {
  const take = (characters: number): void => {
    room.left -= characters;
    if (room.left < 0) throw new TransformFault(`makes more than ${MOST_TEXT} characters of JSON`);
    meter.look(characters);
  };
  if (typeof value === "string") take(value.length + 2);
  else if (typeof value === "number") {
    if (isNumber(value) && Number.isInteger(value) && !Number.isSafeInteger(value))
      throw new TransformFault(`has the number ${value}, of which the last digits may be lost. Leave it out`);
    take(2);
  } else if (typeof value !== "object" || value === null || value instanceof Fn) take(4);
  else {
    take(2);
    meter.enter();
    for (const name of Object.keys(value)) {
      if (!Array.isArray(value)) take(name.length + 3);
      measure(Reflect.get(value, name), meter, room);
    }
    meter.leave();
  }
}

/** The value once more, all the way down, with nothing in common. `made` is told of each object. */
export function copy(value: unknown, meter: Meter, made: (one: Members) => void): unknown {
  meter.spend();
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Fn) return "";
  meter.enter();
  let copied: unknown;
  if (Array.isArray(value)) copied = value.map((one: unknown) => copy(one, meter, made));
  else {
    const one = members();
    for (const [name, inside] of Object.entries(value)) one[name] = copy(inside, meter, made);
    made(one);
    copied = one;
  }
  meter.leave();
  return copied;
}
