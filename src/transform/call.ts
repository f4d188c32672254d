// How a function is called: one of the user's, one of the language's, and one of which some arguments are given. Pure.
import { Frame, type Run } from "./frame.ts";
import { type Meter, TransformFault } from "./meter.ts";
import { Fn } from "./values.ts";

/** A call that stands last in a function. */
export interface Tail {
  readonly proc: Run;
  readonly args: readonly Run[];
}

/** `function($x) { … }`, with the variables of the place where it stands. */
export class Lambda extends Fn {
  readonly arity: number;
  readonly #params: readonly string[];
  readonly #body: Run;
  readonly input: unknown;
  readonly frame: Frame;

  constructor(params: readonly string[], body: Run, input: unknown, frame: Frame) {
    super();
    this.arity = params.length;
    this.#params = params;
    this.#body = body;
    this.input = input;
    this.frame = frame;
  }

  override call(args: readonly unknown[]): unknown {
    const frame = new Frame(this.frame.meter, this.frame);
    for (const [at, name] of this.#params.entries()) frame.bind(name, args[at]);
    return this.#body(this.input, frame);
  }
}

/** What a function gives whose last act is a call: it is made by whoever called the function. */
export class Next {
  readonly tail: Tail;
  readonly input: unknown;
  readonly frame: Frame;

  constructor(tail: Tail, input: unknown, frame: Frame) {
    this.tail = tail;
    this.input = input;
    this.frame = frame;
  }
}

/** `$f(?, 2)`: `undefined` stands for what is still to come. */
export class Partial extends Fn {
  readonly arity: number;
  readonly #of: Fn;
  readonly #given: readonly (Hole | { readonly value: unknown })[];

  constructor(of: Fn, given: readonly (Hole | { readonly value: unknown })[]) {
    super();
    this.arity = given.filter((one) => one === HOLE).length;
    this.#of = of;
    this.#given = given;
  }

  override call(args: readonly unknown[], _input: unknown, meter: Meter): unknown {
    const rest = [...args];
    const all = this.#given.map((one) => (one === HOLE ? rest.shift() : one.value));
    return apply(this.#of, all, null, meter);
  }
}

/** The `?` of a partial application. */
export const HOLE = Symbol("?");
type Hole = typeof HOLE;

/** `$f ~> $g`. */
export class Chain extends Fn {
  readonly arity = 1;
  readonly #first: Fn;
  readonly #then: Fn;

  constructor(first: Fn, then: Fn) {
    super();
    this.#first = first;
    this.#then = then;
  }

  override call(args: readonly unknown[], _input: unknown, meter: Meter): unknown {
    return apply(this.#then, [apply(this.#first, args.slice(0, 1), null, meter)], null, meter);
  }
}

/**
 * Calls a function, and what it leaves to be called in its place.
 *
 * @param input what stands for an argument that is left out
 */
export function apply(fn: unknown, args: readonly unknown[], input: unknown, meter: Meter): unknown {
  let result = once(fn, args, input, meter);
  while (result instanceof Next) {
    const { tail, input: theirs, frame } = result;
    const next = tail.proc(theirs, frame);
    result = once(
      next,
      tail.args.map((one) => one(theirs, frame)),
      input,
      meter,
    );
  }
  return result;
}

function once(fn: unknown, args: readonly unknown[], input: unknown, meter: Meter): unknown {
  if (!(fn instanceof Fn)) throw new TransformFault("calls what is no function");
  meter.spend();
  meter.enter();
  const result = fn.call(args, input, meter);
  meter.leave();
  return result;
}
