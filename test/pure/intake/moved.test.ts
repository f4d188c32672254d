// Which events have moved to another object, and who may be sure that D1 has them.
import { beforeEach, expect, test } from "vitest";
import { Moved, type Spreads } from "../../../src/intake/moved.ts";
import { isElsewhere, shardOf, spreadOf } from "../../../src/intake/spread.ts";
import type { Log } from "../../../src/log.ts";

const log: Log = { info: () => {}, warn: () => {}, error: () => {} };
const event = (n: number, source = "acme", rate: { burst: number; periodMs: number } | null = null) => ({
  id: `evt_${n}`,
  source,
  rate,
});
const RATE = { burst: 1, periodMs: 1000 };
const many = Array.from({ length: 200 }, (_, n) => event(n));

let clock = 0;
let told: Spreads = { version: 1, live: [], past: [] };
let fails = false;
let asked: string[] = [];
beforeEach(() => {
  [clock, fails, asked, told] = [1_000_000, false, [], { version: 1, live: ["2"], past: [] }];
});
const object = () =>
  new Moved(
    async (spread) => {
      asked.push(spread);
      if (fails) throw new Error("reset");
      return await Promise.resolve(told);
    },
    () => clock,
    log,
  );

test("how events are spread is the number of objects, and which sources have a rate", () => {
  const sources = [
    { name: "b", rate: RATE },
    { name: "a", rate: RATE },
    { name: "c", rate: null },
  ];
  expect(spreadOf(8, [])).toBe("8");
  expect(spreadOf(8, sources)).toBe(spreadOf(8, sources.toReversed()));
  expect(new Set([spreadOf(8, sources), spreadOf(8, sources.slice(1)), spreadOf(4, sources), "8"]).size).toBe(4);
});

test("sources whose events go in order together come to one object, and a change of that is another way of spreading", () => {
  const one = { id: "evt_1", source: "a", rate: null, together: "a" };
  const others = Array.from({ length: 50 }, (_, n) => ({ id: `evt_${n}`, source: "b", rate: RATE, together: "a" }));
  expect(new Set(others.map((other) => shardOf(other, 8)))).toEqual(new Set([shardOf(one, 8)]));
  const sources = [
    { name: "a", rate: null },
    { name: "b", rate: RATE },
  ];
  const ordered = [
    { name: "a", rate: null, together: "a" },
    { name: "b", rate: RATE, together: "a" },
  ];
  expect(new Set([spreadOf(8, sources), spreadOf(8, ordered), spreadOf(8, ordered.slice(0, 1))]).size).toBe(3);
});

test("an event has moved exactly if the two counts lead it to two objects", () => {
  for (const one of [...many, ...many.map(({ id }) => ({ id, source: id, rate: RATE }))])
    for (const [here, there] of [
      [2, 8],
      [8, 2],
      [1, 2],
      [3, 4],
    ] as const)
      expect(isElsewhere(one, String(here), String(there))).toBe(shardOf(one, here) !== shardOf(one, there));
});

test("any event may have moved where sources have got a rate, or lost it, or where nobody says how they were spread", () => {
  for (const other of ["8.ab", "2.ab", ""]) {
    expect(many.every((one) => isElsewhere(one, "8", other))).toBe(true);
    expect(many.every((one) => isElsewhere(one, other, "8"))).toBe(true);
  }
  // With one object there is no other.
  for (const other of ["1.ab", ""]) expect(many.some((one) => isElsewhere(one, "1", other))).toBe(false);
});

test("the leader is asked once for each way, and nothing is granted before it has answered", async () => {
  const one = object();
  expect(one.may(event(1), "2")).toBe("moved");
  const [first, second] = [one.know("2"), one.know("2")];
  expect(one.may(event(1), "2")).toBe("moved");
  await first;
  await second;
  expect(one.may(event(1), "2")).toBe("granted");
  expect(one.know("2")).toBeNull();
  expect(asked).toEqual(["2"]);
});

test("a leader that cannot be reached is asked again at growing intervals, and nothing is granted until it answers", async () => {
  const one = object();
  fails = true;
  for (let seconds = 0; seconds < 120; seconds += 1) {
    await one.know("2");
    expect(one.may(event(1), "2")).toBe("moved");
    clock += 1_000;
  }
  expect(asked).toHaveLength(8);
  fails = false;
  clock += 30_000;
  await one.know("2");
  expect(one.may(event(1), "2")).toBe("granted");
});

test("events that another living way leads elsewhere are not granted; those of a past way only if D1 does not have them", async () => {
  const one = object();
  await one.know("2");
  const judged = () => many.map((each) => one.may(each, "2"));
  const moved = (yes: string) => many.map((each) => (shardOf(each, 2) === shardOf(each, 8) ? "granted" : yes));
  one.heed({ version: 2, live: ["2", "8"], past: [] });
  expect(judged()).toEqual(moved("moved"));
  one.heed({ version: 3, live: ["2"], past: ["8"] });
  expect(judged()).toEqual(moved("asked"));
  // What is older than what is known is not listened to.
  one.heed({ version: 2, live: ["2", "8"], past: [] });
  expect(judged()).toEqual(moved("asked"));
  // An id that was made up does not come again.
  expect(one.may({ ...event(1), keyed: false }, "2")).toBe("granted");
  one.heed({ version: 4, live: ["2"], past: [] });
  expect(judged()).toEqual(many.map(() => "granted"));
});

const nothing = { oldest: null, newest: null, stuck: 0 };

test("a way is released once it was not used for two minutes and D1 has what came by it, whatever else waits", async () => {
  const one = object();
  await one.know("2");
  clock += 119_999;
  expect(one.release("2", nothing)).toBe(false);
  clock += 1;
  expect(one.release("2", { oldest: 5, newest: 9, stuck: 0 })).toBe(false);
  expect(one.release("2", { oldest: 9, newest: 12, stuck: 0 })).toBe(false);
  expect(one.release("2", { oldest: 10, newest: 14, stuck: 0 })).toBe(true);
  // Whoever uses it again tells the leader first.
  expect(one.may(event(1), "2")).toBe("moved");
  await one.know("2");
  expect(asked).toEqual(["2", "2"]);
  expect(one.release("2", nothing)).toBe(false);
});

test("what is used again meanwhile, and what D1 refuses, puts the release off", async () => {
  const one = object();
  await one.know("2");
  clock += 120_000;
  expect(one.release("2", { oldest: 5, newest: 9, stuck: 1 })).toBe(false);
  expect(one.release("2", { oldest: 10, newest: 12, stuck: 0 })).toBe(false);
  void one.know("2");
  clock += 120_000;
  expect(one.release("2", { oldest: 13, newest: 15, stuck: 0 })).toBe(false);
  expect(one.release("2", { oldest: 16, newest: 16, stuck: 0 })).toBe(true);
});

test("an object that has just been started releases what an earlier life has journaled only once D1 has it", () => {
  const one = object();
  expect(one.release("8", { oldest: 1, newest: 3, stuck: 0 })).toBe(false);
  expect(one.release("8", { oldest: 4, newest: 4, stuck: 0 })).toBe(true);
});
