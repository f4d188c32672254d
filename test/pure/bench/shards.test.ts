// The model of Intake objects: what scales with their number, and what does not.
import { expect, test } from "vitest";
import { plot } from "../../bench/plot.ts";
import { simulate, WORLD } from "../../bench/shard-model.ts";

const load = (shards: number, rated = false) => ({ shards, rated, perSecond: 180 * shards, seconds: 8, seed: 7 });

test("objects scale nearly as their number does, as long as D1 keeps up", () => {
  const one = simulate(load(1));
  for (const shards of [2, 4, 8]) {
    const all = simulate(load(shards));
    for (const what of ["accepted", "delivered", "inD1"] as const)
      expect(all[what] / one[what] / shards, `${what} by ${shards}`).toBeGreaterThan(0.9);
    expect(all.p99).toBeLessThan(200);
    expect(all.queued).toBe(0);
  }
});

test("once D1 is the limit, more objects accept more and bring no more into D1", () => {
  const slow = { ...WORLD, commitEach: 2 };
  const [two, four, eight] = [2, 4, 8].map((shards) => simulate(load(shards), slow));
  // A commit of 400 events takes 810 ms.
  for (const one of [four, eight]) expect(one?.inD1).toBeLessThan(500);
  expect(two?.inD1).toBeGreaterThan(330);
  expect(eight?.accepted).toBeGreaterThan(2 * (two?.accepted ?? Infinity));
});

test("a source with a rate has one object, however many there are", () => {
  const [one, sixteen] = [simulate(load(1, true)), simulate(load(16, true))];
  expect(simulate({ ...load(1, true), shards: 8 }).accepted / one.accepted).toBeCloseTo(1, 1);
  expect(sixteen.accepted).toBeLessThan(WORLD.requests);
  expect(sixteen.p99).toBeGreaterThan(2_000);
});

test("a seed tells the same story every time, and another seed another", () => {
  expect(simulate(load(2))).toEqual(simulate(load(2)));
  expect(simulate({ ...load(2), seed: 8 })).not.toEqual(simulate(load(2)));
});

test("a plot has every line at its height, within its panel", () => {
  const svg = plot(
    "a title",
    [1, 2, 4],
    [{ title: "a panel", lines: [{ name: "one", values: [0, 30, 40], colour: 1 }] }],
  );
  expect(svg).toContain('points="62.0,244.0 257.0,94.0 452.0,44.0"');
  expect(svg).toContain(">40</text>");
});
