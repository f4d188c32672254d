// What was counted, by source and by destination:
// how counts add up, how they are packed into a row, and what they tell. Pure.
import type { Settlement } from "../d1/settlement.ts";
import { addUse, type Told } from "./use.ts";
import { addHistogram, addTenths, type Histogram, observe, percentile } from "./histogram.ts";

/** The smallest stretch of time that is counted on its own. */
export const MINUTE_MS = 60_000;

export interface SourceCount {
  accepted: number;
  refused: number;
}

interface DestinationCount {
  delivered: number;
  /** Attempts after which another was planned. */
  retried: number;
  failed: number;
  /** Of the attempts that were sent. */
  latencies: Histogram;
  /**
   * What the release before counts in their place, in other buckets. Empty, and still there: an object of that release,
   * told by an isolate of today while a deploy is under way, walks through it. It can go once no row and no isolate of
   * that release is left: after a month.
   */
  readonly latency: ReadonlyMap<number, number>;
  /**
   * Attempts since the last success, or in all if there was none:
   * what came last counts, and not how much there was of it.
   */
  streak: number;
}

/** Counts of one stretch of time. Maps, not objects: a source may be named `constructor`. */
export interface Tally {
  readonly sources: Map<string, SourceCount>;
  readonly destinations: Map<string, DestinationCount>;
  /** What was used of what the plan meters. */
  readonly use: Map<string, number>;
}

/** Counts as they are told and stored; those of earlier releases have no `latencies` and no `use`. */
export interface ToldTally {
  readonly sources: ReadonlyMap<string, SourceCount>;
  readonly destinations: ReadonlyMap<string, Omit<DestinationCount, "latencies"> & { readonly latencies?: Histogram }>;
  readonly use?: Told;
}

export function newTally(): Tally {
  return { sources: new Map(), destinations: new Map(), use: new Map() };
}

/** The counts of a source, there from now on. */
export function sourceIn({ sources }: Tally, name: string): SourceCount {
  return inMap(sources, name, () => ({ accepted: 0, refused: 0 }));
}

function destinationIn({ destinations }: Tally, name: string): DestinationCount {
  return inMap(destinations, name, () => ({
    delivered: 0,
    retried: 0,
    failed: 0,
    latencies: new Map(),
    latency: new Map(),
    streak: 0,
  }));
}

/** Counts one attempt. What was never sent, such as a delivery whose destination is gone, has no latency. */
export function countAttempt(
  tally: Tally,
  { destination, state, status, latencyMs }: Pick<Settlement, "destination" | "state" | "status" | "latencyMs">,
): void {
  const counts = destinationIn(tally, destination);
  counts[state === "pending" ? "retried" : state] += 1;
  counts.streak = state === "delivered" ? 0 : counts.streak + 1;
  if (status !== null || latencyMs > 0) observe(counts.latencies, latencyMs);
}

/** Adds the counts of `from`, which is later. */
export function addTally(into: Tally, from: ToldTally): void {
  for (const [name, { accepted, refused }] of from.sources) {
    const counts = sourceIn(into, name);
    counts.accepted += accepted;
    counts.refused += refused;
  }
  for (const [name, { delivered, retried, failed, latencies, latency, streak }] of from.destinations) {
    const counts = destinationIn(into, name);
    counts.streak = delivered > 0 ? streak : counts.streak + streak;
    counts.delivered += delivered;
    counts.retried += retried;
    counts.failed += failed;
    if (latencies !== undefined) addHistogram(counts.latencies, latencies);
    addTenths(counts.latencies, latency);
  }
  addUse(into.use, from.use ?? new Map());
}

/** What was counted between two looks at the same counters, of which `from` is the earlier one. */
export function tallyBetween(from: ToldTally, to: Tally): Tally {
  return {
    sources: new Map(
      [...to.sources].map(([name, { accepted, refused }]) => {
        const before = from.sources.get(name);
        return [name, { accepted: accepted - (before?.accepted ?? 0), refused: refused - (before?.refused ?? 0) }];
      }),
    ),
    destinations: new Map(
      [...to.destinations].map(([name, one]) => {
        const before = from.destinations.get(name);
        return [
          name,
          {
            ...one,
            delivered: one.delivered - (before?.delivered ?? 0),
            retried: one.retried - (before?.retried ?? 0),
            failed: one.failed - (before?.failed ?? 0),
            latencies: difference(one.latencies, before?.latencies),
          },
        ];
      }),
    ),
    use: difference(to.use, from.use),
  };
}

function difference<Key>(
  more: ReadonlyMap<Key, number>,
  fewer: ReadonlyMap<Key, number> = new Map(),
): Map<Key, number> {
  return new Map([...more].map(([key, n]) => [key, n - (fewer.get(key) ?? 0)]));
}

/** As text for a row: some 20 bytes a source, some 100 a destination. */
export function packTally({ sources, destinations, use }: Tally): string {
  return JSON.stringify([
    [...sources].map(([name, { accepted, refused }]) => [name, accepted, refused]),
    [...destinations].map(([name, one]) => [
      name,
      one.delivered,
      one.retried,
      one.failed,
      [],
      one.streak,
      [...one.latencies],
    ]),
    [...use],
  ]);
}

/**
 * Each release has added to the end, so that the one before it can read the rows after a rollback: rows of the first
 * have no streak, and its histogram, in the buckets of `addTenths`, is the fifth of a destination;
 * that of today is the last.
 */
type Packed = [
  [string, number, number][],
  [string, number, number, number, Buckets, number?, Buckets?][],
  [string, number][]?,
];
type Buckets = [index: number, count: number][];

/** @param text what `packTally` made, of this release or an earlier one */
export function unpackTally(text: string): ToldTally {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `packTally` wrote it
  const [sources, destinations, use = []] = JSON.parse(text) as Packed;
  return {
    use: new Map(use),
    sources: new Map(sources.map(([name, accepted, refused]) => [name, { accepted, refused }])),
    destinations: new Map(
      destinations.map(([name, delivered, retried, failed, latency, streak = 0, latencies = []]) => [
        name,
        { delivered, retried, failed, latencies: new Map(latencies), latency: new Map(latency), streak },
      ]),
    ),
  };
}

/** The counts of all sources and destinations together. */
export function sums({ sources, destinations }: Tally) {
  const sum = { accepted: 0, delivered: 0, retried: 0, failed: 0, refused: 0 };
  for (const { accepted, refused } of sources.values()) {
    sum.accepted += accepted;
    sum.refused += refused;
  }
  for (const { delivered, retried, failed } of destinations.values()) {
    sum.delivered += delivered;
    sum.retried += retried;
    sum.failed += failed;
  }
  return sum;
}

/** The sums of one step of time, which begins at `at`. */
export type Sums = ReturnType<typeof sums> & { readonly at: number };

/** What was used in one step of time, which begins at `at`, and what sources and destinations did in it. */
export interface Spent {
  readonly at: number;
  readonly use: Told;
  readonly sources: ReadonlyMap<string, SourceCount>;
  readonly destinations: ReadonlyMap<string, Pick<DestinationCount, "delivered" | "retried" | "failed">>;
}

/** How a destination did. */
interface DestinationTotal {
  readonly delivered: number;
  readonly retried: number;
  readonly failed: number;
  /** Of all attempts that were sent, within 5 %; `null` where there were none. */
  readonly latency: { readonly p50_ms: number; readonly p95_ms: number; readonly p99_ms: number } | null;
  /** Attempts since the last success, and the minute of the first of them, given as the time at which it begins. */
  readonly streak: number;
  readonly streakSince: number | null;
}

/** The totals of a stretch of time, by name. A name that did nothing is not there. */
export interface Totals {
  readonly sources: Map<string, SourceCount>;
  readonly destinations: Map<string, DestinationTotal>;
  /** In which minute, given as the time at which it begins, each source was last heard. */
  readonly heard: Map<string, number>;
}

/** With percentiles in the place of histograms. */
export function totalsOf(
  { sources, destinations }: Pick<Tally, "sources" | "destinations">,
  heard: Totals["heard"],
  streaks: ReadonlyMap<string, number> = new Map(),
): Totals {
  return {
    sources,
    heard,
    destinations: new Map(
      [...destinations].map(([name, { delivered, retried, failed, latencies, streak }]) => {
        const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(latencies, share) ?? 0);
        const known = latencies.size > 0 && p50 !== undefined && p95 !== undefined && p99 !== undefined;
        return [
          name,
          {
            delivered,
            retried,
            failed,
            latency: known ? { p50_ms: p50, p95_ms: p95, p99_ms: p99 } : null,
            streak,
            streakSince: streak === 0 ? null : (streaks.get(name) ?? null),
          },
        ];
      }),
    ),
  };
}

/** The value under `key`, made if there is none. */
export function inMap<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
