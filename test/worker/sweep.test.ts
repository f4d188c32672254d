// The rescuer: what is overdue rings, what a dead isolate held is freed, what retention forbids goes; and nothing more than that.
import { createExecutionContext, createScheduledController } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { openDatabase } from "../../src/bindings/database.ts";
import { migrate } from "../../src/bindings/migrate.ts";
import { openUpkeep } from "../../src/bindings/upkeep.ts";
import { receiptId } from "../../src/ids.ts";
import worker from "../../src/index.ts";
import { sweep, type SweepDeps } from "../../src/sweep.ts";
import type { Bell } from "../../src/types.ts";
import { fill, metered } from "./fill.ts";
import { idOf, THEN } from "./hands.ts";
import { bindings, deliveries, rows, setUp } from "./relay.ts";
import { Round, YES } from "./round.ts";

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
  return {
    upkeep: openUpkeep(openDatabase(bindings.DB)),
    ring: async (bells) => {
      rung.push(...bells);
      await Promise.resolve();
    },
    deliverNow: (bells) => round.ring(bells),
    retentionMs: 30 * DAY,
    destinations: ["first", "second"],
    now: () => round.clock,
    log: round.log,
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

test("what is older than the retention goes with its deliveries, attempts and parts, and what is open stays whatever its age", async () => {
  const states = ["delivered", "failed", "pending", "delivering", "held"];
  for (const [n, state] of states.entries()) {
    await round.accept(n, ["first", "second"], { body: null, parts: 2, receivedAt: THEN });
    await rows("UPDATE deliveries SET state = ?2 WHERE event = ?1 AND destination = 'second'", n + 1, state);
    await rows("UPDATE deliveries SET state = 'delivered' WHERE event = ?1 AND destination = 'first'", n + 1);
    await rows(
      "INSERT INTO attempts (event, destination, n, started_at, outcome) VALUES (?1, 'first', 1, 0, 'retry')",
      n + 1,
    );
    for (const part of [0, 1]) await round.parts.put(`receipt-${n}`, idOf(n), part, "x");
  }
  await rows("UPDATE deliveries SET look_at = NULL");
  await round.accept(9, ["first"], { receivedAt: THEN + 1 });
  await rows("UPDATE deliveries SET state = 'delivered', look_at = NULL WHERE event = 6");

  round.clock = THEN + 30 * DAY;
  await sweep(deps());
  expect(await rows("SELECT count(*) AS n FROM events")).toEqual([{ n: 6 }]);
  round.clock += 1;
  await sweep(deps());
  const kept = [3, 4, 5, 6];
  expect((await rows("SELECT seq FROM events")).map(({ seq }) => seq)).toEqual(kept);
  expect((await rows("SELECT DISTINCT event FROM deliveries")).map(({ event }) => event)).toEqual(kept);
  expect((await rows("SELECT event FROM attempts")).map(({ event }) => event)).toEqual(kept.slice(0, 3));
  expect((await rows("SELECT DISTINCT receipt FROM event_parts")).map(({ receipt }) => receipt)).toEqual([
    "receipt-2",
    "receipt-3",
    "receipt-4",
  ]);
});

const left = async () => (await rows<{ n: number }>("SELECT count(*) AS n FROM events"))[0]?.n;

test("while there is more to delete than one sweep takes, it comes back at once", async () => {
  await fill(500);
  await rows("UPDATE deliveries SET state = 'delivered', look_at = NULL");
  const seen: unknown[] = [];
  for (let sweeps = 0; sweeps < 4; sweeps += 1) seen.push([await sweep(deps()), await left()]);
  expect(seen).toEqual([
    [THEN, 300],
    [THEN, 100],
    [null, 0],
    [null, 0],
  ]);
});

test("what has to stay does not hide what is behind it: however many events are kept, those that have ended go", async () => {
  await fill(1_000);
  // Held for a destination that is paused for months, and behind them some that may go.
  await rows("UPDATE deliveries SET state = iif(event <= 900, 'held', 'delivered'), look_at = NULL");
  await rows("INSERT INTO pauses VALUES ('billing', 0, 'admin')");
  let sweeps = 0;
  while ((await left()) === 1_000) {
    await sweep(deps({ destinations: ["billing"] }));
    expect((sweeps += 1)).toBeLessThan(10);
  }
  expect(await left()).toBe(900);
  // Later the pause is over, and they are looked at again.
  await rows("UPDATE deliveries SET state = 'delivered'");
  for (sweeps = 0; (await left()) !== 0;) {
    await sweep(deps({ destinations: ["billing"] }));
    expect((sweeps += 1)).toBeLessThan(10);
  }
});

const kept = async () =>
  (await rows("SELECT DISTINCT receipt FROM event_parts ORDER BY receipt")).map(({ receipt }) => receipt);

test("parts that belong to no event go after a week; those of living events stay, however often it is looked", async () => {
  const receipts = {
    old: receiptId(THEN - 7 * DAY - 1, "a".repeat(32)),
    young: receiptId(THEN - 7 * DAY + 1, "b".repeat(32)),
  };
  const living = receiptId(THEN - 20 * DAY, "c".repeat(32));
  await round.accept(1, ["first"], { receipt: living, body: null, parts: 2, receivedAt: THEN - 20 * DAY });
  for (const receipt of [...Object.values(receipts), living])
    for (const part of [0, 1]) await round.parts.put(receipt, receipt === living ? idOf(1) : idOf(2), part, "x");
  // A repeat of event 1, whose parts nobody needs.
  const repeat = receiptId(THEN - 10 * DAY, "d".repeat(32));
  await round.parts.put(repeat, idOf(1), 0, "x");

  await sweep(deps());
  await sweep(deps());
  expect(await kept()).toEqual([living, receipts.young].toSorted());
  round.clock += 2;
  await sweep(deps());
  expect(await kept()).toEqual([living]);
});

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
    expire: (await measure(() => upkeep.expire(0, THEN, 200))).read,
    orphans: (await measure(() => upkeep.dropOrphans("0", THEN, 200))).read,
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
    const values = sql.includes("?2") ? [THEN, 500] : sql.includes("?1") ? [THEN] : [];
    const plan = (await rows<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values)).map(({ detail }) => detail);
    expect(plan.join("\n")).toContain("INDEX deliveries_look_at");
    expect(plan.filter((line) => /^SCAN deliveries(?! USING (COVERING )?INDEX deliveries_look_at)/.test(line))).toEqual(
      [],
    );
  }
});
