// Sorts as JSONata does: a merge sort that asks of two only whether the first comes after the second. Pure.
import type { Meter } from "./meter.ts";

/** @param after whether the first of two comes after the second */
export function sorted(
  list: readonly unknown[],
  after: (a: unknown, b: unknown) => boolean,
  meter: Meter,
): readonly unknown[] {
  if (list.length <= 1) return list;
  meter.list(list.length);
  const middle = Math.floor(list.length / 2);
  const left = sorted(list.slice(0, middle), after, meter);
  const right = sorted(list.slice(middle), after, meter);
  const merged: unknown[] = [];
  let [l, r] = [0, 0];
  while (l < left.length && r < right.length) {
    meter.spend();
    if (after(left[l], right[r])) merged.push(right[r++]);
    else merged.push(left[l++]);
  }
  return [...merged, ...left.slice(l), ...right.slice(r)];
}
