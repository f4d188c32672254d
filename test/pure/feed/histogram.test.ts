// A percentile out of a few dozen numbers, next to the one out of all of them.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { addHistogram, bucketOf, type Histogram, observe, percentile } from "../../../src/feed/histogram.ts";
import {
  addTally,
  countAttempt,
  newTally,
  packTally,
  sourceIn,
  type Tally,
  totalsOf,
  unpackTally,
} from "../../../src/feed/tally.ts";

const times = fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 300 });

test("a percentile is at most 5 % off, and half a millisecond", () => {
  fc.assert(
    fc.property(times, fc.constantFrom(0.5, 0.95, 0.99, 1), (all, share) => {
      const histogram: Histogram = new Map();
      for (const one of all) observe(histogram, one);
      const exact = all.toSorted((a, b) => a - b)[Math.ceil(share * all.length) - 1] ?? NaN;
      const told = percentile(histogram, share) ?? NaN;
      expect(Math.abs(told - exact)).toBeLessThanOrEqual(exact * 0.05 + 0.5);
    }),
  );
});

test("a bucket is one of an OTLP exponential histogram of scale 3: it holds its upper bound and not its lower", () => {
  for (let ms = 1; ms <= 90_000; ms += 1) {
    const index = bucketOf(ms);
    if (!(2 ** (index / 8) < ms && ms <= 2 ** ((index + 1) / 8))) expect.fail(`${ms} ms is in bucket ${index}`);
  }
  expect([0, 1, 2, 4, 1024].map(bucketOf)).toEqual([-1, -1, 7, 15, 79]);
  // Longer than any attempt: one bucket for all of them.
  expect(bucketOf(10 ** 9)).toBe(bucketOf(92_000));
});

test("two halves added together say what the whole says", () => {
  fc.assert(
    fc.property(times, times, (first, second) => {
      const [whole, a, b]: Histogram[] = [new Map(), new Map(), new Map()];
      if (whole === undefined || a === undefined || b === undefined) throw new Error("three were made");
      for (const one of [...first, ...second]) observe(whole, one);
      for (const one of first) observe(a, one);
      for (const one of second) observe(b, one);
      addHistogram(a, b);
      expect(a).toEqual(whole);
    }),
  );
});

test("nothing observed has no percentile", () => {
  expect(percentile(new Map(), 0.5)).toBeNull();
});

test("counts come out of a row as they went in, whatever the names", () => {
  const tally = newTally();
  for (const name of ["github", "constructor", "__proto__"]) {
    sourceIn(tally, name).accepted += 1;
    countAttempt(tally, { destination: name, state: "pending", status: 503, latencyMs: 20 });
    countAttempt(tally, { destination: name, state: "failed", status: null, latencyMs: 0 });
  }
  expect(unpackTally(packTally(tally))).toEqual(tally);
  // What was never sent has no latency.
  expect(totalsOf(tally, new Map()).destinations.get("constructor")).toEqual({
    delivered: 0,
    retried: 1,
    failed: 1,
    latency: { p50_ms: 20, p95_ms: 20, p99_ms: 20 },
    streak: 2,
    streakSince: null,
  });
  // A row of an earlier version tells nothing of the last attempts.
  expect(unpackTally('[[],[["billing",3,1,0,[]]]]').destinations.get("billing")).toMatchObject({
    delivered: 3,
    streak: 0,
  });
});

/** Of a relay before the buckets were OTLP's: 0, 1, 20, 20, 100, 250, 1500 and 15000 ms. Each bucket was a tenth wider than the one before. */
const ROW_OF_TENTHS = '[[["shop",4,0]],[["billing",7,1,0,[[0,2],[31,2],[48,1],[76,1],[100,1],[57,1]],1]]]';

/** What the release that wrote it made of a row, as far as it read it. */
function readAsBefore(text: string) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as that release did
  const [, destinations] = JSON.parse(text) as [
    unknown,
    [string, number, number, number, [number, number][], number?][],
  ];
  return new Map(
    destinations.map(([name, delivered, retried, failed, latency, streak = 0]) => [
      name,
      { delivered, retried, failed, latency: new Map(latency), streak },
    ]),
  );
}

const TIMES = [0, 1, 20, 20, 100, 250, 1_500, 15_000];

/** Each percentile by which one of the times is told, with that time. */
function byPercentile(tally: Tally) {
  const { latencies } = tally.destinations.get("billing") ?? { latencies: new Map<number, number>() };
  return TIMES.map((time, n) => [time, percentile(latencies, (n + 1) / TIMES.length) ?? NaN] as const);
}

test("a row of the buckets before is read into those of today, and is within 10 %", () => {
  const total = newTally();
  addTally(total, unpackTally(ROW_OF_TENTHS));
  expect(total.destinations.get("billing")).toMatchObject({ delivered: 7, retried: 1, streak: 1 });
  for (const [time, value] of byPercentile(total)) expect(Math.abs(value - time)).toBeLessThanOrEqual(time * 0.1 + 1);
  // Written and read again it is a row of today, and loses nothing more.
  const again = newTally();
  addTally(again, unpackTally(packTally(total)));
  expect(again).toEqual(total);
});

test("a row of both, and what an isolate of the release before tells, are counted in the buckets of today", () => {
  const total = tallyOf(TIMES);
  // As it arrives over RPC: that release knows no other histogram.
  const { sources } = newTally();
  addTally(total, { sources, destinations: readAsBefore(ROW_OF_TENTHS) });
  const counts = total.destinations.get("billing");
  expect([counts?.delivered, counts?.retried]).toEqual([15, 1]);
  expect([...(counts?.latencies.values() ?? [])].reduce((sum, count) => sum + count, 0)).toBe(16);
  for (const [time, value] of byPercentile(total)) expect(Math.abs(value - time)).toBeLessThanOrEqual(time * 0.1 + 1);
});

test("after a rollback the release before reads the counts of a row of today, and no latency where it would misread it", () => {
  const counts = readAsBefore(packTally(tallyOf(TIMES))).get("billing");
  expect(counts).toEqual({ delivered: 8, retried: 0, failed: 0, latency: new Map(), streak: 0 });
  // An object of that release, told by an isolate of today, walks through the histogram that it knows.
  expect(tallyOf(TIMES).destinations.get("billing")?.latency).toEqual(new Map());
});

function tallyOf(latencies: readonly number[]): Tally {
  const tally = newTally();
  for (const latencyMs of latencies)
    countAttempt(tally, { destination: "billing", state: "delivered", status: 200, latencyMs });
  return tally;
}

test("how many attempts in a row have failed does not depend on how they are cut into minutes", () => {
  const outcome = fc.constantFrom("delivered", "pending", "failed");
  fc.assert(
    fc.property(fc.array(fc.array(outcome)), (minutes) => {
      const total = newTally();
      for (const minute of minutes) {
        const tally = newTally();
        for (const state of minute) countAttempt(tally, { destination: "billing", state, status: 200, latencyMs: 1 });
        addTally(total, unpackTally(packTally(tally)));
      }
      const all: string[] = minutes.flat();
      expect(total.destinations.get("billing")?.streak ?? 0).toBe(all.length - 1 - all.lastIndexOf("delivered"));
    }),
  );
});
