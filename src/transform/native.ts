// A function of the language. Pure.
import type { Meter } from "./meter.ts";
import { type Signature, signature } from "./signature.ts";
import { Fn } from "./values.ts";

type Compute = (args: readonly unknown[], meter: Meter) => unknown;

export class Native extends Fn {
  readonly arity: number;
  readonly #name: string;
  readonly #read: Signature;
  readonly #contextBelow: number;
  readonly #run: Compute;

  constructor(name: string, form: string, arity: number, run: Compute) {
    super();
    const { read, contextBelow } = signature(form);
    this.arity = arity;
    this.#name = name;
    this.#read = read;
    this.#contextBelow = contextBelow;
    this.#run = run;
  }

  /** Whether it takes what `$` stands for, called with so many arguments. */
  takesContext(given: number): boolean {
    return given < this.#contextBelow;
  }

  override call(args: readonly unknown[], input: unknown, meter: Meter): unknown {
    const lists = args.reduce<number>((sum, one) => sum + (Array.isArray(one) ? one.length : 0), 0);
    meter.look(lists);
    return this.#run(this.#read(args, input, this.#name), meter);
  }
}

/** Functions by their names: signature, how many arguments a function that calls them hands over, and what they do. */
export type Natives = Readonly<Record<string, readonly [form: string, arity: number, run: Compute]>>;

/** Of a value that is nothing comes nothing. */
export function of<T>(
  is: (value: unknown) => value is T,
  use: (value: T, args: readonly unknown[], meter: Meter) => unknown,
): Compute {
  return (args, meter) => (is(args[0]) ? use(args[0], args, meter) : undefined);
}

export function isText(value: unknown): value is string {
  return typeof value === "string";
}

export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** The same for a value of any kind. */
export function ofAny(use: (value: unknown, args: readonly unknown[], meter: Meter) => unknown): Compute {
  return (args, meter) => (args[0] === undefined ? undefined : use(args[0], args, meter));
}
