// The rescuer: what is overdue rings, what a dead isolate held is freed; and nothing more than that.
import { createExecutionContext, createScheduledController } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { openDatabase } from "../../../src/d1/database.ts";
import { migrate } from "../../../src/d1/migrate.ts";
import { openUpkeep } from "../../../src/d1/upkeep.ts";
import { openCleanup } from "../../../src/sweep/cleanup.ts";
import worker from "../../../src/index.ts";
import { sweep, type SweepDeps } from "../../../src/sweep/sweep.ts";
import type { Bell } from "../../../src/types.ts";
import { everything } from "../kit/keeping.ts";
import { fill, metered } from "../kit/fill.ts";
import { idOf, THEN } from "../kit/hands.ts";
import { bindings, deliveries, rows, setUp } from "../kit/relay.ts";
import { Round, YES } from "../kit/round.ts";

setUp();

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let round = new Round();
let rung: Bell[] = [];
beforeEach(() => {
  round = new Round();
  rung = [];
});

function deps(change: Partial<SweepDeps> = {}): SweepDeps {
  const upkeep = openUpkeep(openDatabase(bindings.DB));
  const now = () => round.clock;
  return {
    ...round.tending,
    upkeep,
    ring: async (bells) => {
      rung.push(...bells);
      await Promise.resolve();
    },
    deliverNow: (bells) => round.ring(bells),
    cleanup: openCleanup({ upkeep, keepings: [everything(30 * DAY)], now, log: round.log }),
    destinations: ["first", "second"],
    ...change,
  };
}

/** Sweeps, and gives what was rung. */
async function swept(): Promise<Bell[]> {
  rung = [];
  await sweep(deps());
  return rung;
}

const looks = async () =>
  (await rows<{ look: number }>("SELECT look_at - ?1 AS look FROM deliveries", round.clock)).map(({ look }) => look);

test("a delivery whose bell was lost rings a minute after it was due, and not before", async () => {
  const bells = await round.accept(1);
  round.clock += MINUTE - 1;
  expect(await swept()).toEqual([]);
  round.clock += 1;
  expect(await swept()).toEqual(bells);
});

test("it then rings again after a minute, and from then on every minute and a half, whatever the sweep's own pace", async () => {
  await round.accept(1);
  const upkeep = openUpkeep(openDatabase(bindings.DB));
  const times: number[] = [];
  for (let seconds = 0; seconds <= 420; seconds += 10) {
    if ((await upkeep.takeOverdue(round.clock, 10)).bells.length > 0) times.push(seconds);
    round.clock += 10_000;
  }
  expect(times).toEqual([60, 120, 210, 300, 390]);
});

test("two sweeps at once ring different deliveries", async () => {
  for (let n = 0; n < 40; n += 1) await round.accept(n);
  round.clock += MINUTE;
  const upkeep = openUpkeep(openDatabase(bindings.DB));
  const taken = await Promise.all([1, 2, 3, 4].map(() => upkeep.takeOverdue(round.clock, 15)));
  const all = taken.flatMap(({ bells }) => bells.map(({ delivery }) => delivery));
  expect(all).toHaveLength(40);
  expect(new Set(all).size).toBe(40);
});

test("what is due beyond the queue's reach rings at its time", async () => {
  await round.accept(1);
  await rows("UPDATE deliveries SET due_at = ?1, look_at = ?1", THEN + 2 * 60 * MINUTE);
  expect(await sweep(deps())).toBe(THEN + 2 * 60 * MINUTE);
  round.clock = THEN + 2 * 60 * MINUTE - 1;
  expect(await swept()).toEqual([]);
  round.clock += 1;
  expect(await swept()).toMatchObject([{ attempt: 1, due: round.clock }]);
});

test("a lease that has ended is freed: the attempt is on record as lost, and the next is due", async () => {
  const bells = await round.accept(1);
  await round.store.claim([{ event: idOf(1), destination: "first", attempt: 1 }], THEN);
  round.clock = THEN + 90_000 - 1;
  expect(await swept()).toEqual([]);
  expect(await looks()).toEqual([1]);
  round.clock += 1;
  expect(await swept()).toEqual([{ ...bells[0], attempt: 2, due: round.clock }]);
  expect(await rows("SELECT state, attempt, lease_until FROM deliveries")).toEqual([
    { state: "pending", attempt: 1, lease_until: null },
  ]);
  expect(await rows("SELECT n, started_at, outcome, fault FROM attempts")).toEqual([
    { n: 1, started_at: THEN, outcome: "lost", fault: "lost" },
  ]);
  round.onSend = () => YES;
  await round.ring(rung);
  expect(await rows("SELECT attempt, outcome FROM attempt_history ORDER BY attempt")).toEqual([
    { attempt: 1, outcome: "lost" },
    { attempt: 2, outcome: "delivered" },
  ]);
});

test("a delivery that is being sent, or has ended, is left alone", async () => {
  for (const n of [1, 2]) await round.accept(n);
  await round.store.claim([{ event: idOf(1), destination: "first", attempt: 1 }], THEN + 50_000);
  await round.ring([{ v: 1, delivery: `${idOf(2)}:first`, attempt: 1, due: THEN, size: 2 }]);
  round.clock = THEN + 130_000;
  expect(await swept()).toEqual([]);
  expect(await rows("SELECT state FROM deliveries ORDER BY event")).toEqual([
    { state: "delivering" },
    { state: "delivered" },
  ]);
});

test("with nothing open there is nothing to come back for", async () => {
  await round.ring(await round.accept(1));
  expect(await sweep(deps())).toBeNull();
});

test("a queue that refuses: ten are delivered directly, and the others stay for the next sweep", async () => {
  for (let n = 0; n < 25; n += 1) await round.accept(n);
  round.clock += MINUTE;
  const next = await sweep(deps({ ring: () => Promise.reject(new Error("Too many operations")) }));
  expect(round.sent).toHaveLength(10);
  expect(await rows("SELECT state, count(*) AS n FROM deliveries GROUP BY state ORDER BY state")).toEqual([
    { state: "delivered", n: 10 },
    { state: "pending", n: 15 },
  ]);
  expect(next).toBe(round.clock + MINUTE);
  expect(round.log.of("sweep.delivers_directly")).toMatchObject([{ overdue: 25 }]);
});

test("retries that are due at a moment of their own each are not each a sweep of its own", async () => {
  await round.accept(1);
  for (const [due, look] of [
    [THEN + 1, THEN + 10_000],
    [THEN + 77_000, THEN + 77_000],
  ] as const) {
    await rows("UPDATE deliveries SET due_at = ?1, look_at = ?1", due);
    expect(await sweep(deps())).toBe(look);
  }
});

test("what is overdue beyond one sweep's reach is not left waiting", async () => {
  await fill(3_001);
  await rows("UPDATE deliveries SET state = 'pending', look_at = 1");
  expect(await sweep(deps())).toBe(THEN);
  expect(rung).toHaveLength(2_000);
});

test("cleaning fails: the sweep says all the same when it must look again", async () => {
  await round.accept(1);
  const next = await sweep(deps({ cleanup: openCleanup({ ...cleaning(), upkeep: { ...upkeepOf(), due: down } }) }));
  expect(next).toBe(THEN + MINUTE);
  expect(round.log.of("cleanup.failed")).toHaveLength(1);
});

const upkeepOf = () => openUpkeep(openDatabase(round.counted.database));
const cleaning = () => ({
  upkeep: upkeepOf(),
  keepings: [everything(30 * DAY)],
  now: () => round.clock,
  log: round.log,
});
const down = () => Promise.reject(new Error("D1_ERROR: Network connection lost."));

test("cron sweeps", async () => {
  await migrate(bindings.DB);
  round.clock = Date.now() - 2 * MINUTE;
  await round.accept(1);
  await worker.scheduled(createScheduledController(), bindings, createExecutionContext());
  expect([...(await deliveries("delivered")).keys()]).toEqual([`${idOf(1)}:first`]);
});

const cost = async () => {
  const { database, measure } = metered(bindings.DB);
  const upkeep = openUpkeep((work) => work(database));
  return {
    take: (await measure(() => upkeep.takeOverdue(THEN, 500))).read,
    next: (await measure(() => upkeep.nextLook())).read,
    expire: (await measure(() => upkeep.expire(everything(THEN), THEN, 200))).read,
    orphans: (await measure(() => upkeep.dropOrphans("0", "0", THEN, 200))).read,
  };
};

test("what a sweep reads grows with what is open, not with history", async () => {
  await fill(10_000);
  // The first look for orphans leaves its mark, which the second reads.
  await cost();
  await rows("UPDATE deliveries SET look_at = 0 WHERE look_at IS NOT NULL");
  const small = await cost();
  await rows("DELETE FROM deliveries");
  await rows("DELETE FROM events");
  await fill(100_000);
  expect(await cost()).toEqual(small);
  expect(small.take).toBeLessThan(200);
  expect(small.next).toBeLessThan(10);
  expect(small.expire).toBeLessThanOrEqual(800);
  expect(small.orphans).toBeLessThan(10);
});

test("the sweep's statements walk the partial index on look_at", async () => {
  await migrate(bindings.DB);
  const seen: string[] = [];
  round.counted.before = (sql) => void seen.push(...sql);
  const upkeep = openUpkeep(openDatabase(round.counted.database));
  await upkeep.takeOverdue(THEN, 500);
  await upkeep.nextLook();
  const statements = seen.filter((sql) => sql.includes("look_at"));
  expect(statements).toHaveLength(3);
  for (const sql of statements) {
    const values = sql.includes("?3") ? [THEN, 500, "[]"] : sql.includes("?1") ? [THEN] : [];
    const plan = (await rows<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values)).map(({ detail }) => detail);
    expect(plan.join("\n")).toContain("INDEX deliveries_look_at");
    expect(plan.filter((line) => /^SCAN deliveries(?! USING (COVERING )?INDEX deliveries_look_at)/.test(line))).toEqual(
      [],
    );
  }
});
