// What was used, what it is worth, and for whom? Counts in, amounts out. Pure.
import { inForce, type Meter, METERS, PRICES, usdOf } from "../contract/prices.ts";
import { OTHER_REQUEST_CPU_MS, UNIT_COSTS, type UnitCosts } from "../contract/unit-costs.ts";
import type { Spent } from "../feed/tally.ts";

/** By meter; what is not there is nothing. */
export type Amounts = ReadonlyMap<Meter, number>;

/** What one name had counted, in the words of the table of estimates. */
type Counts = Readonly<Partial<Record<keyof typeof UNIT_COSTS, number>>>;

/** What somebody has used of everything. */
export interface Part {
  readonly name: string;
  readonly counts: Counts;
  readonly amounts: Amounts;
}

/** What each source and destination did, of one step of time or of several. */
interface Caused {
  readonly sources: ReadonlyMap<string, Counts>;
  readonly destinations: ReadonlyMap<string, Counts>;
}

/** Sums up what was done in several steps of time. */
export function together(steps: readonly Spent[]): Caused {
  const sources = new Map<string, Counts>();
  const destinations = new Map<string, Counts>();
  for (const step of steps) {
    for (const [name, counts] of step.sources) sources.set(name, added(sources.get(name), counts));
    for (const [name, counts] of step.destinations) destinations.set(name, added(destinations.get(name), counts));
  }
  return { sources, destinations };
}

function added(one: Counts = {}, other: Counts): Counts {
  const kinds = new Set([...Object.keys(one), ...Object.keys(other)]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- keys of the table
  const all = [...kinds] as (keyof Counts)[];
  return Object.fromEntries(all.map((kind) => [kind, (one[kind] ?? 0) + (other[kind] ?? 0)]));
}

/** Everything that was used, the CPU time estimated: a Worker cannot know it. */
export function usedIn({ use, sources, destinations }: Pick<Spent, "use" | "sources" | "destinations">): Amounts {
  const used = new Map<Meter, number>(METERS.flatMap((name) => (use.has(name) ? [[name, use.get(name) ?? 0]] : [])));
  const caused = [...sources.values(), ...destinations.values()].map((counts) => costOf(counts));
  const sum = (meter: Meter) => caused.reduce((total, amounts) => total + (amounts.get(meter) ?? 0), 0);
  const others = Math.max(0, (used.get("worker_requests") ?? 0) - sum("worker_requests"));
  used.set("worker_cpu_ms", sum("worker_cpu_ms") + others * OTHER_REQUEST_CPU_MS);
  return used;
}

/** By the table of estimates. */
function costOf(counts: Counts): Amounts {
  const amounts = new Map<Meter, number>();
  for (const [kind, each] of Object.entries<UnitCosts>(UNIT_COSTS)) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a key of the table
    const n = counts[kind as keyof Counts] ?? 0;
    for (const meter of METERS) {
      const amount = n * (each[meter] ?? 0);
      if (amount > 0) amounts.set(meter, (amounts.get(meter) ?? 0) + amount);
    }
  }
  return amounts;
}

function wanted(named: ReadonlyMap<string, Counts>): Part[] {
  return [...named].map(([name, counts]) => ({ name, counts, amounts: costOf(counts) }));
}

/**
 * Who has caused how much of what was used. By the table of estimates, and in all no more than was counted: where
 * events have shared rows and requests, each has a part of them.
 */
export function partsOf(used: Amounts, { sources, destinations }: Caused) {
  const [bySource, byDestination] = [wanted(sources), wanted(destinations)];
  const scales = new Map(
    METERS.map((meter) => {
      const sum = [...bySource, ...byDestination].reduce((total, part) => total + (part.amounts.get(meter) ?? 0), 0);
      return [meter, sum === 0 ? 0 : Math.min(1, (used.get(meter) ?? 0) / sum)] as const;
    }),
  );
  const scaled = (part: Part): Part => ({
    ...part,
    amounts: new Map([...part.amounts].map(([meter, n]) => [meter, n * (scales.get(meter) ?? 0)])),
  });
  return { sources: bySource.map(scaled), destinations: byDestination.map(scaled) };
}

/**
 * What that is worth in US dollars, without what the plan includes.
 *
 * @param day decides which meters there are
 * @param months for how much of a month a size was kept
 */
export function worthOf(amounts: Amounts, day: string, months: number): number {
  return [...amounts].reduce((sum, [meter, n]) => sum + usdOf(meter, n, day) * (meter === "d1_bytes" ? months : 1), 0);
}

/** What the paid plan bills for one meter beyond what it includes in a month. */
export function billedOf(meter: Meter, n: number, day: string): number {
  return usdOf(meter, Math.max(0, n - PRICES[meter].included), day);
}

/** What is left of `used` once the parts are taken away. */
export function restOf(used: Amounts, parts: readonly Part[]): Amounts {
  return new Map(
    [...used].map(([meter, n]) => {
      const taken = parts.reduce((sum, { amounts }) => sum + (amounts.get(meter) ?? 0), 0);
      return [meter, Math.max(0, n - taken)];
    }),
  );
}

/** The meters that count on a day. */
export function metersOn(day: string): Meter[] {
  return METERS.filter((meter) => inForce(meter, day));
}
