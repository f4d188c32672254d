// A paused destination gets nothing, and loses nothing: what is due is held, and goes out when it is resumed.
import { beforeEach, expect, test } from "vitest";
import { openDatabase } from "../../../src/d1/database.ts";
import { openUpkeep } from "../../../src/d1/upkeep.ts";
import { GRACE_MS, LEASE_MS } from "../../../src/deadlines.ts";
import { sweep } from "../../../src/sweep/sweep.ts";
import type { Bell } from "../../../src/types.ts";
import { fill, metered } from "../kit/fill.ts";
import { idOf } from "../kit/hands.ts";
import { NOON, Operator } from "../kit/operator.ts";
import { bindings, rows } from "../kit/relay.ts";
import { NO, Round } from "../kit/round.ts";

const operator = new Operator();

/** Deliveries to `billing`, with bells and clock in the test's hands. */
let round = new Round();
beforeEach(() => {
  round = new Round();
  round.clock = NOON;
  round.configure("billing");
});

async function ask(path: string, headers: Record<string, string> = {}) {
  operator.clock = round.clock;
  const response = await operator.call(`/api/destinations/${path}`, { method: "POST", headers });
  return { status: response.status, ...(await response.json<{ state?: string; paused_by?: string | null }>()) };
}
const pause = (headers?: Record<string, string>) => ask("billing/pause", headers);
const resume = (headers?: Record<string, string>) => ask("billing/resume", headers);

/** Sweeps, and gives what was rung. */
async function swept(destinations: string[] | null = [...round.destinations.keys()]): Promise<Bell[]> {
  const rung: Bell[] = [];
  await sweep({
    ...round.tending,
    upkeep: openUpkeep(openDatabase(bindings.DB)),
    cleanup: () => Promise.resolve(false),
    ring: async (bells) => void rung.push(...(await Promise.resolve(bells))),
    deliverNow: (bells) => round.ring(bells),
    destinations,
  });
  return rung;
}

const state = async () =>
  await rows("SELECT state, attempt, lease_until, look_at FROM deliveries ORDER BY event, destination");
const audit = async () =>
  (await rows<{ action: string }>("SELECT action FROM audit ORDER BY seq")).map(({ action }) => action);
const HELD = { state: "held", attempt: 0, lease_until: null, look_at: null };

test("what rings for a paused destination is held: nothing is sent, no attempt is counted, and others go on", async () => {
  const bells = await round.accept(1, ["billing", "first"]);
  expect(await pause()).toMatchObject({ status: 200, state: "paused", paused_by: "admin" });
  await round.ring(bells);
  expect(round.sent.map(({ to }) => to)).toEqual(["first"]);
  expect(await state()).toMatchObject([HELD, { state: "delivered" }]);
  round.clock += 10 * GRACE_MS;
  expect(await swept()).toEqual([]);
  expect(await state()).toMatchObject([HELD, { state: "delivered" }]);
});

test("a delivery that was tried before is held at its next attempt, with its count", async () => {
  round.onSend = () => NO;
  await round.ring(await round.accept(1, ["billing"]));
  await pause();
  round.clock += 1_000;
  await round.ring(round.take());
  expect(await state()).toEqual([{ ...HELD, attempt: 1 }]);
});

test("an attempt that was begun before the pause ends as it would have", async () => {
  const bells = await round.accept(1, ["billing"]);
  round.onSend = async () => {
    await pause();
    return NO;
  };
  await round.ring(bells);
  expect(await state()).toMatchObject([{ state: "pending", attempt: 1 }]);
});

test("resumed, the sweep makes all of it due and rings; the next attempt has the number that it would have had", async () => {
  const bells = await round.accept(1, ["billing"]);
  await pause();
  await round.ring(bells);
  round.clock += 3_600_000;
  expect(await resume()).toMatchObject({ status: 200, state: "active", paused_by: null });
  expect(operator.reminded).toBe(round.clock);
  const rung = await swept();
  expect(rung).toEqual([{ v: 1, delivery: `${idOf(1)}:billing`, attempt: 1, due: round.clock, size: 2 }]);
  expect(await state()).toEqual([{ state: "pending", attempt: 0, lease_until: null, look_at: round.clock + GRACE_MS }]);
  await round.ring(rung);
  expect(round.sent).toHaveLength(1);
  expect(await state()).toMatchObject([{ state: "delivered", attempt: 1 }]);
});

test("a bell of the release that is lost is rung again by a later sweep", async () => {
  const bells = await round.accept(1, ["billing"]);
  await pause();
  await round.ring(bells);
  await resume();
  await swept();
  round.clock += GRACE_MS;
  expect(await swept()).toHaveLength(1);
});

test("pausing twice is pausing once, and so is resuming: one row of the audit for each change", async () => {
  await Promise.all([pause(), pause()]);
  await pause();
  expect(await audit()).toEqual(["pause"]);
  await Promise.all([resume(), resume()]);
  expect(await audit()).toEqual(["pause", "resume"]);
});

test("a repeat with the same Idempotency-Key does not pause again what was resumed in the meantime", async () => {
  await pause({ "idempotency-key": "monday" });
  await resume();
  expect(await pause({ "idempotency-key": "monday" })).toMatchObject({ status: 200, state: "active" });
  expect(await audit()).toEqual(["pause", "resume"]);
});

test("more than one round holds come out all the same, in one sweep and each once", async () => {
  await fill(900);
  await rows("UPDATE deliveries SET state = 'held', look_at = NULL");
  const rung = await swept();
  expect(rung).toHaveLength(900);
  expect(new Set(rung.map(({ delivery }) => delivery)).size).toBe(900);
  expect(await rows("SELECT DISTINCT state FROM deliveries")).toEqual([{ state: "pending" }]);
});

test("two sweeps at once release different deliveries", async () => {
  await fill(40);
  await rows("UPDATE deliveries SET state = 'held', look_at = NULL");
  const upkeep = openUpkeep(openDatabase(bindings.DB));
  const released = await Promise.all([1, 2, 3, 4].map(() => upkeep.letGo(NOON, 15)));
  expect(new Set(released.flat().map(({ delivery }) => delivery)).size).toBe(40);
  expect(released.flat()).toHaveLength(40);
});

test("with a queue that refuses, what was released stays due for the next sweep", async () => {
  await fill(30);
  await rows("UPDATE deliveries SET state = 'held', look_at = NULL");
  const deps = {
    ...round.tending,
    upkeep: openUpkeep(openDatabase(bindings.DB)),
    ring: () => Promise.reject(new Error("Too many operations")),
    deliverNow: (bells: readonly Bell[]) => round.ring(bells),
  };
  const next = await sweep({
    ...deps,
    cleanup: () => Promise.resolve(false),
    destinations: ["billing"],
  });
  expect(round.sent).toHaveLength(10);
  expect(await rows("SELECT state, count(*) AS n FROM deliveries GROUP BY state ORDER BY state")).toEqual([
    { state: "delivered", n: 10 },
    { state: "pending", n: 20 },
  ]);
  expect(next).toBe(round.clock + GRACE_MS);
});

test("a destination that leaves the configuration while it is paused is waited for as long as a deployment may take: then its deliveries end as cancelled", async () => {
  const bells = await round.accept(1, ["billing"]);
  await pause();
  await round.ring(bells);
  round.destinations.delete("billing");
  // Until then it may be the older of two versions that sweeps, in a deployment that is under way.
  round.clock += 86_400_000 - 1;
  expect(await swept()).toEqual([]);
  round.clock += 1;
  // Nor while the configuration is wrong anywhere: its entry may be what could not be read.
  expect(await swept(null)).toEqual([]);
  const rung = await swept();
  await round.ring(rung);
  expect(await rows("SELECT state, reason FROM deliveries")).toEqual([{ state: "failed", reason: "cancelled" }]);
  expect(await rows("SELECT actor, action, target, detail FROM audit ORDER BY seq DESC LIMIT 1")).toEqual([
    { actor: "hookline", action: "resume", target: "billing", detail: "not configured" },
  ]);
  expect(await rows("SELECT 1 FROM pauses")).toEqual([]);
});

test("a held delivery can be cancelled, a late 2xx still settles it, and a replay leaves it as it is", async () => {
  await round.accept(1, ["billing"]);
  await round.accept(2, ["billing"]);
  // The answer to the first attempt is a long time coming: its lease ends, and the second one finds the pause.
  await round.store.claim([{ event: idOf(1), destination: "billing", attempt: 1 }], NOON);
  await pause();
  round.clock = NOON + LEASE_MS;
  await round.ring(await swept());
  expect(await operator.replay(idOf(1))).toMatchObject({ replayed: 0, deliveries: [{ state: "held" }] });
  const late = {
    event: 1,
    destination: "billing",
    attempt: 1,
    dueAt: NOON,
    startedAt: NOON,
    latencyMs: 1,
    excerpt: "ok",
  };
  await round.store.settle([{ ...late, state: "delivered", reason: null, status: 200, fault: null }], round.clock + 1);
  const answer = await operator.call(`/api/events/${idOf(2)}/cancel`, { method: "POST" });
  expect(await answer.json()).toMatchObject({ cancelled: 1 });
  expect(await state()).toMatchObject([{ state: "delivered" }, { state: "failed", look_at: null }]);
});

test("what holding costs D1 is asked only where a bell found nothing to claim", async () => {
  const bells = await round.accept(1, ["billing"]);
  const seen: string[] = [];
  round.counted.before = (sql) => void seen.push(...sql);
  await round.ring(bells);
  expect(seen.filter((sql) => sql.includes("SET state = iif("))).toEqual([]);
});

/** Rows that are read to find nothing to release. */
const cost = async (): Promise<number> => {
  const { database, measure } = metered(bindings.DB);
  const upkeep = openUpkeep((work) => work(database));
  return (await measure(async () => expect(await upkeep.letGo(NOON, 500)).toEqual([]))).read;
};

test("a sweep reads as much with a hundred thousand held deliveries of a paused destination as with a hundred", async () => {
  const costs: number[] = [];
  for (const size of [100, 100_000]) {
    await rows("DELETE FROM deliveries").catch(() => []);
    await rows("DELETE FROM events").catch(() => []);
    await fill(size);
    await rows("UPDATE deliveries SET state = 'held', look_at = NULL");
    await rows("INSERT INTO pauses VALUES ('billing', 0, 'admin') ON CONFLICT DO NOTHING");
    costs.push(await cost());
  }
  expect(costs[1]).toBe(costs[0]);
  expect(costs[0]).toBeLessThan(20);
});

test("a page of what is held is whole, however long the history that follows", async () => {
  await fill(20_000);
  await rows("UPDATE deliveries SET state = 'held', look_at = NULL WHERE event <= 10");
  const page = await operator.get<{ deliveries: unknown[]; complete: boolean }>("/api/deliveries?state=held");
  expect([page.deliveries.length, page.complete]).toEqual([10, true]);
});

test("an unknown destination is 404", async () => {
  expect(await ask("nowhere/pause")).toMatchObject({ status: 404 });
  expect(await rows("SELECT 1 FROM d1_migrations").catch(() => [])).toEqual([]);
});
