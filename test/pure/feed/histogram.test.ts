// A percentile out of a few dozen numbers, next to the one out of all of them.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { addHistogram, type Histogram, observe, percentile } from "../../../src/feed/histogram.ts";
import {
  addTally,
  countAttempt,
  newTally,
  packTally,
  sourceIn,
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
