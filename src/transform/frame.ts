// Which variables does a part of a transform see, and what runs it? Pure.
import type { Meter } from "./meter.ts";

/** A part of an expression, ready to be evaluated; `input` is what `$` stands for. */
export type Run = (input: unknown, frame: Frame) => unknown;

/** The variables of a block or a function, around which stand others. */
export class Frame {
  readonly meter: Meter;
  readonly #above: Frame | null;
  readonly #bound = new Map<string, unknown>();

  constructor(meter: Meter, above: Frame | null) {
    this.meter = meter;
    this.#above = above;
  }

  bind(name: string, value: unknown): void {
    this.#bound.set(name, value);
  }

  lookup(name: string): unknown {
    let value: unknown;
    let found = this.#bound.has(name);
    if (found) value = this.#bound.get(name);
    for (let frame = this.#above; frame !== null && !found; frame = frame.#above) {
      this.meter.spend();
      found = frame.#bound.has(name);
      if (found) value = frame.#bound.get(name);
    }
    return value;
  }
}
