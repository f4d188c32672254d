// Who may make a first attempt at once, who waits, and who is sent the queue's way.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Grants } from "../../../src/intake/grants.ts";

let clock = 0;
beforeEach(() => {
  clock = 0;
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets time pass for the clock and for timers alike. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 250) {
    clock += Math.min(250, left);
    await vi.advanceTimersByTimeAsync(Math.min(250, left));
  }
}

/** Grants, and what everybody was told, by key, in order. */
function open(shards = 1) {
  const grants = new Grants(shards, () => clock);
  const told: [string, boolean][] = [];
  const ask = (destination: string, key: string) => {
    grants.ask(destination, key, (granted) => told.push([key, granted]));
  };
  const fill = (destination: string, count: number) => {
    for (let n = 0; n < count; n += 1) ask(destination, `${destination} ${n}`);
  };
  const given = () => told.filter(([, granted]) => granted).length;
  return { grants, told, ask, fill, given };
}

test.each([
  [1, 64, 512],
  [4, 16, 128],
  [100, 1, 6],
])("of %i shards each has %i under way to one destination, and %i in all", (shards, toOne, inAll) => {
  const { fill, given } = open(shards);
  fill("one", 70);
  expect(given()).toBe(toOne);
  for (let n = 0; n < 10; n += 1) fill(`other ${n}`, 70);
  expect(given()).toBe(inAll);
});

test("whoever waits is granted in turn as places become free, and not before", () => {
  const { grants, told, ask, fill } = open();
  fill("one", 64);
  ask("one", "first to wait");
  ask("one", "second to wait");
  expect(told).toHaveLength(64);
  grants.leave("one", "one 7", false);
  expect(told.slice(64)).toEqual([["first to wait", true]]);
  // Told twice, an end frees nothing twice.
  grants.leave("one", "one 7", false);
  expect(told).toHaveLength(65);
  grants.leave("one", "one 8", false);
  expect(told.slice(65)).toEqual([["second to wait", true]]);
});

test("an end that is told twice, or of what was never granted, frees no place among all", () => {
  const { grants, fill, given } = open();
  for (let n = 0; n < 8; n += 1) fill(`other ${n}`, 64);
  fill("one", 5);
  grants.leave("other 0", "other 0 1", false);
  grants.leave("other 0", "other 0 1", false);
  grants.leave("other 1", "never granted", false);
  expect(given()).toBe(513);
});

test("one that comes later does not overtake those who wait", () => {
  const { grants, told, ask, fill } = open();
  for (let n = 0; n < 8; n += 1) fill(`other ${n}`, 64);
  ask("one", "waits");
  grants.refuse("other 0");
  // A place is free for a moment, and it is theirs.
  grants.leave("other 0", "other 0 1", null);
  ask("one", "later");
  expect(told.slice(512)).toEqual([["waits", true]]);
});

test("nobody waits longer than 5 s, however well the destination does", async () => {
  const { grants, told, ask, fill } = open();
  fill("one", 64);
  for (let n = 0; n < 40; n += 1) ask("one", `ahead ${n}`);
  ask("one", "waits");
  for (let n = 0; n < 5; n += 1) {
    await pass(900);
    grants.leave("one", `one ${n}`, false);
  }
  expect(told.some(([key]) => key === "waits")).toBe(false);
  await pass(750);
  expect(told).toContainEqual(["waits", false]);
});

test("a full destination that ends nothing for two seconds hangs: those who wait take the queue's way", async () => {
  const { told, ask, fill } = open();
  fill("one", 64);
  ask("one", "waits");
  await pass(1_750);
  expect(told).toHaveLength(64);
  await pass(250);
  expect(told.slice(64)).toEqual([["waits", false]]);
});

test("one attempt that hangs does not take its destination for one that does: the others have just begun", async () => {
  const { told, ask, fill } = open();
  ask("one", "hangs");
  await pass(10_000);
  fill("one", 63);
  ask("one", "waits");
  await pass(1_500);
  expect(told.slice(64)).toEqual([]);
});

test("where others take all there is, a destination that has long been idle waits like any other", async () => {
  const { grants, told, ask, fill } = open();
  ask("one", "long ago");
  grants.leave("one", "long ago", false);
  await pass(10_000);
  for (let n = 0; n < 8; n += 1) fill(`other ${n}`, 64);
  const before = told.length;
  ask("one", "waits");
  await pass(1_000);
  expect(told).toHaveLength(before);
  grants.leave("other 3", "other 3 5", false);
  expect(told.slice(before)).toEqual([["waits", true]]);
});

test("after a timeout a destination is not offered for a minute, and those who wait for it go", async () => {
  const { grants, told, ask, fill } = open();
  fill("one", 64);
  ask("one", "waits");
  grants.leave("one", "one 0", true);
  expect(grants.offers("one")).toBe(false);
  ask("one", "later");
  expect(told.slice(64)).toEqual([["later", false]]);
  await pass(250);
  expect(told.slice(64)).toContainEqual(["waits", false]);
  await pass(59_500);
  expect([grants.offers("one"), grants.offers("another")]).toEqual([false, true]);
  await pass(500);
  expect(grants.offers("one")).toBe(true);
});

test("an attempt that ends in time makes a slow destination one like any other; what was not sent says nothing", () => {
  const { grants, fill } = open();
  fill("one", 3);
  grants.leave("one", "one 0", true);
  grants.leave("one", "one 1", null);
  expect(grants.offers("one")).toBe(false);
  grants.leave("one", "one 2", false);
  expect(grants.offers("one")).toBe(true);
});

test("a grant whose end nobody tells is forgotten after 25 s, and its place is free", async () => {
  const { told, ask, fill } = open();
  fill("one", 64);
  await pass(24_000);
  ask("one", "too early");
  expect(told).toHaveLength(64);
  await pass(1_000);
  ask("one", "in time");
  expect(told).toContainEqual(["in time", true]);
});

test("grants of destinations that nobody asks for any more do not keep the others from theirs", async () => {
  const { told, ask, fill } = open();
  for (let n = 0; n < 8; n += 1) fill(`gone ${n}`, 64);
  await pass(25_000);
  ask("one", "much later");
  expect(told.at(-1)).toEqual(["much later", true]);
});

test("of those who wait nobody is granted anything for a destination that was paused", () => {
  const { grants, told, ask, fill } = open();
  fill("one", 64);
  ask("one", "waits");
  grants.refuse("one");
  expect(told.slice(64)).toEqual([["waits", false]]);
  grants.leave("one", "one 0", false);
  expect(told).toHaveLength(65);
});

test("when nobody waits, no timer is left", async () => {
  const { ask, fill } = open();
  fill("one", 64);
  ask("one", "waits");
  await pass(6_000);
  expect(vi.getTimerCount()).toBe(0);
});
