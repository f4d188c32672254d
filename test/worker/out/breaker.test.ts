// A breaker opens only after many failures over a while, lets one probe at a time through, and lets go slowly.
import { beforeEach, expect, test } from "vitest";
import { openUpkeep } from "../../../src/d1/upkeep.ts";
import { openDatabase } from "../../../src/d1/database.ts";
import { openKnown } from "../../../src/d1/repeats.ts";
import { deliveryId } from "../../../src/ids.ts";
import { sweep } from "../../../src/sweep/sweep.ts";
import type { Bell } from "../../../src/types.ts";
import { idOf } from "../kit/hands.ts";
import { bindings, rows, setUp } from "../kit/relay.ts";
import { NO, Round, YES } from "../kit/round.ts";

setUp();

let round = new Round();
beforeEach(() => {
  round = new Round();
});

/** D1's clock is its own: what failed is made to have failed a while ago. */
const age = async (ms: number) => await rows("UPDATE breakers SET since = since - ?1, last_at = last_at - ?1", ms);
const breaker = async () =>
  await rows("SELECT failures, opened_at IS NOT NULL AS open, probe IS NOT NULL AS probes FROM breakers");
const states = async () =>
  await rows(
    "SELECT state, waits, sum(attempt) AS attempts, count(*) AS n FROM deliveries GROUP BY state, waits ORDER BY state",
  );

/** So many events whose first attempt fails, each settled by itself. */
async function fail(from: number, count: number): Promise<void> {
  round.onSend = () => NO;
  for (let n = from; n < from + count; n += 1) await round.ring(await round.accept(n));
  round.take();
}

/** One whose breaker is open, with three events waiting and a probe rung. */
async function opened(): Promise<Bell[]> {
  await fail(0, 9);
  await age(30_000);
  await fail(9, 1);
  for (const n of [10, 11, 12]) await round.ring(await round.accept(n));
  return round.take();
}

async function swept(): Promise<Bell[]> {
  await sweep({
    ...round.tending,
    upkeep: openUpkeep(openDatabase(bindings.DB)),
    cleanup: () => Promise.resolve(false),
    deliverNow: (bells) => round.ring(bells),
    destinations: [...round.destinations.keys()],
  });
  return round.take();
}

test("nine failures over a minute, or ten within half of one, open nothing", async () => {
  await fail(0, 9);
  await age(60_000);
  await round.ring(await round.accept(20));
  // The tenth was over a minute, and opens it; so that the others are looked at from the beginning.
  expect(await breaker()).toEqual([{ failures: 10, open: 1, probes: 0 }]);
  await rows("DELETE FROM breakers");
  await fail(30, 9);
  await age(29_000);
  await fail(40, 1);
  expect(await breaker()).toEqual([{ failures: 10, open: 0, probes: 0 }]);
});

test("a success in between begins the count anew, and leaves no row", async () => {
  await fail(0, 9);
  round.onSend = () => YES;
  await round.ring(await round.accept(20));
  expect(await breaker()).toEqual([]);
  await age(60_000);
  await fail(30, 1);
  expect(await breaker()).toEqual([{ failures: 1, open: 0, probes: 0 }]);
});

test("what answers costs no row and no statement more where nothing has failed", async () => {
  const bells = await round.accept(1);
  const before = round.counted.statements;
  await round.ring(bells);
  expect(round.counted.statements - before).toBe(3);
  expect(await rows("SELECT * FROM breakers")).toEqual([]);
});

test("while it is open deliveries wait without an attempt, and exactly one probes at once", async () => {
  const probes = await opened();
  expect(round.log.of("breaker.opened")).toMatchObject([{ destination: "first", failures: 10, status: 500 }]);
  expect(round.stopped).toEqual(["first"]);
  expect(await breaker()).toEqual([{ failures: 10, open: 1, probes: 1 }]);
  // The first that waited is the probe, due at once.
  expect(probes).toEqual([{ v: 1, delivery: deliveryId(idOf(10), "first"), attempt: 1, due: round.clock, size: 2 }]);
  expect(await states()).toEqual([
    { state: "held", waits: "breaker", attempts: 0, n: 2 },
    { state: "pending", waits: null, attempts: 10, n: 11 },
  ]);
  // Their bells ring in vain, in whichever isolate.
  const sent = round.sent.length;
  await round.ring(
    [11, 12].map((n) => ({ v: 1, delivery: deliveryId(idOf(n), "first"), attempt: 1, due: 0, size: 2 })),
  );
  expect(round.sent).toHaveLength(sent);
  expect(round.take()).toEqual([]);
});

test("a probe that fails puts the next one off, twice as long each time, up to a minute", async () => {
  let probes = await opened();
  const waits: number[] = [];
  for (let n = 0; n < 3; n += 1) {
    round.clock = Math.max(round.clock, probes[0]?.due ?? 0);
    await round.ring(probes);
    probes = round.take().filter(({ attempt, due }) => attempt === 1 || due - round.clock < 1000);
    if (probes[0] !== undefined) waits.push(probes[0].due - round.clock);
    await rows("UPDATE breakers SET probe_at = 0");
  }
  expect(waits[0]).toBeGreaterThan(500);
  expect(waits[0]).toBeLessThanOrEqual(1000);
  expect(waits[1]).toBeGreaterThan(1500);
  expect(waits[1]).toBeLessThanOrEqual(2000);
  expect(await rows("SELECT probes FROM breakers")).toEqual([{ probes: 3 }]);
});

test("a success closes it, and the sweep lets go what waits, one after another", async () => {
  const probes = await opened();
  round.onSend = () => YES;
  await round.ring(probes);
  expect(round.log.of("breaker.closed")).toMatchObject([{ destination: "first" }]);
  expect(round.reminded).toEqual([round.clock]);
  const released = await swept();
  expect(released.map(({ delivery, due }) => [delivery, due - round.clock])).toEqual([
    [deliveryId(idOf(11), "first"), 20],
    [deliveryId(idOf(12), "first"), 40],
  ]);
  expect(await swept()).toEqual([]);
  expect(await rows("SELECT * FROM breakers")).toEqual([]);
  round.clock += 40;
  await round.ring(released);
  expect(await rows("SELECT count(*) AS n FROM deliveries WHERE state = 'delivered'")).toEqual([{ n: 3 }]);
});

test("one that fails again while it lets go counts on once it has: no sweep comes back for it every ten seconds", async () => {
  const probes = await opened();
  round.onSend = () => YES;
  await round.ring(probes);
  await fail(20, 1);
  expect(await swept()).toHaveLength(2);
  await rows("UPDATE breakers SET release_at = release_at - 10000");
  await swept();
  expect(await rows("SELECT failures, opened_at, closed_at, release_at FROM breakers")).toEqual([
    { failures: 1, opened_at: null, closed_at: null, release_at: null },
  ]);
});

test("a probe whose isolate died, or whose delivery was cancelled, is followed by another", async () => {
  await opened();
  await rows(
    "UPDATE deliveries SET state = 'failed', reason = 'cancelled', look_at = NULL WHERE event = (SELECT probe FROM breakers)",
  );
  const [next] = await swept();
  expect(next?.delivery).toBe(deliveryId(idOf(11), "first"));
  // Claimed, and never heard of again: the lease ends, and it is rung again as what it is.
  await round.store.claim([{ event: idOf(11), destination: "first", attempt: 1 }], round.clock);
  round.clock += 120_000;
  const again = await swept();
  expect(again.map(({ delivery, attempt }) => [delivery, attempt])).toContainEqual([deliveryId(idOf(11), "first"), 2]);
  const sent = round.sent.length;
  await round.ring(again);
  expect(round.sent.length - sent).toBe(1);
});

test("what has waited for longer than its schedule lasts ends, and says why", async () => {
  await opened();
  round.clock += 61_000;
  await swept();
  expect(
    await rows(
      "SELECT state, reason, count(*) AS n FROM deliveries WHERE waits IS NULL AND state = 'failed' GROUP BY 1, 2",
    ),
  ).toEqual([{ state: "failed", reason: "expired", n: 12 }]);
  expect(round.log.of("delivery.failed")).toHaveLength(12);
});

test("no sweep rings for what waits, however many sweeps there are", async () => {
  await opened();
  for (let n = 0; n < 3; n += 1) {
    round.clock += 10_000;
    await swept();
  }
  expect(await rows("SELECT count(*) AS n FROM deliveries WHERE waits = 'breaker' AND look_at IS NULL")).toEqual([
    { n: 2 },
  ]);
});

test("first attempts are not granted while it is open: it travels with the pauses", async () => {
  const known = openKnown(openDatabase(bindings.DB));
  expect((await known([])).paused).toEqual([]);
  await opened();
  expect((await known([])).paused).toEqual(["first"]);
});

test("a destination without a breaker never opens, and one with a rule of its own opens by that", async () => {
  round.configure("first", [1000], { breaker: false });
  await fail(0, 12);
  await age(60_000);
  await fail(20, 1);
  expect(round.log.of("breaker.opened")).toEqual([]);
  round.configure("second", [1000], { breaker: { failures: 2, overMs: 1000 } });
  await round.ring(await round.accept(30, ["second"]));
  await age(1000);
  await round.ring(await round.accept(31, ["second"]));
  expect(round.log.of("breaker.opened")).toMatchObject([{ destination: "second", failures: 2 }]);
});
