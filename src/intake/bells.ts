// The bells that a commit rings for: whatever was not attempted where it was accepted, and the second attempts of what
// was. Touches nothing.
import type { EndedFirst } from "../d1/settle.ts";
import { deliveryId } from "../ids.ts";
import type { Bell } from "../types.ts";
import type { Snapshot } from "./firsts.ts";
import type { BellSeed } from "./journal.ts";

/** The bells of these events, of which the snapshot was told to D1. */
export function bellsOf(seeds: readonly BellSeed[], { opened, unsent }: Snapshot, due: number): Bell[] {
  const sizes = sizesOf(seeds);
  const first = seeds.flatMap(([id, size, destinations, , opening]) => {
    const offered = opening?.first?.to ?? [];
    const left = unsent.get(id) ?? [];
    return destinations
      .filter((one) => !offered.includes(one) || left.includes(one))
      .map((destination) => ({ v: 1 as const, delivery: deliveryId(id, destination), attempt: 1, due, size }));
  });
  const ended = opened.filter((one) => one.state !== "delivering").filter(({ id }) => sizes.has(id));
  return [...first, ...retries(ended, sizes)];
}

/** The bells of second attempts. */
export function retries(ended: readonly EndedFirst[], sizes: ReadonlyMap<string, number>): Bell[] {
  return ended
    .filter(({ state }) => state === "pending")
    .map(({ id, destination, dueAt: due }) => {
      return { v: 1 as const, delivery: deliveryId(id, destination), attempt: 2, due, size: sizes.get(id) ?? 0 };
    });
}

/** Bytes of the body by event. A repeat beside its event does not know them. */
export function sizesOf(seeds: readonly BellSeed[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const [id, size] of seeds) sizes.set(id, Math.max(size, sizes.get(id) ?? 0));
  return sizes;
}
