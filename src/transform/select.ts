// What a name, `*` and `**` find in a value. Pure.
import type { Meter } from "./meter.ts";
import { add, Fn, isMembers, Sequence } from "./values.ts";

/** A member by its name, own ones only; of a list, those of its elements. */
export function named(input: unknown, name: string, meter: Meter): unknown {
  if (Array.isArray(input)) {
    const found = new Sequence();
    meter.enter();
    for (const one of input) {
      const value = named(one, name, meter);
      if (Array.isArray(value)) for (const inner of value) add(found, inner, meter);
      else if (value !== undefined) add(found, value, meter);
    }
    meter.leave();
    return found;
  }
  meter.spend();
  return isMembers(input) && Object.hasOwn(input, name) ? input[name] : undefined;
}

/** Every member. Where one of them is a list, what comes is a list of its own and no sequence, as JSONata has it. */
export function wildcard(input: unknown, meter: Meter): unknown {
  const found = new Sequence();
  if (typeof input !== "object" || input === null || input instanceof Fn) return found;
  let lists = false;
  const names = Object.keys(input);
  meter.look(names.length);
  for (const name of names) {
    const value: unknown = Reflect.get(input, name);
    if (Array.isArray(value)) {
      lists = true;
      flatten(value, found, meter);
    } else add(found, value, meter);
  }
  return lists ? Array.from(found) : found;
}

function flatten(list: readonly unknown[], into: unknown[], meter: Meter): void {
  meter.enter();
  for (const one of list) {
    if (Array.isArray(one)) flatten(one, into, meter);
    else add(into, one, meter);
  }
  meter.leave();
}

/** The value and everything in it. */
export function descendants(input: unknown, meter: Meter): unknown {
  if (input === undefined) return undefined;
  const found = new Sequence();
  recurse(input, found, meter);
  return found.length === 1 ? found[0] : found;
}

function recurse(value: unknown, into: unknown[], meter: Meter): void {
  if (!Array.isArray(value)) add(into, value, meter);
  if (typeof value !== "object" || value === null || value instanceof Fn) return;
  meter.enter();
  for (const name of Object.keys(value)) recurse(Reflect.get(value, name), into, meter);
  meter.leave();
}
