// Bulk replays, step by step: each delivery is opened once whatever fails, and no more of them than the rate allows.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { GRACE_MS } from "../../../src/deadlines.ts";
import { runReplays } from "../../../src/sweep/replays.ts";
import { Bulk, by, isMove, name, STEP } from "../kit/bulk.ts";
import { fill } from "../kit/fill.ts";
import { THEN } from "../kit/hands.ts";
import { bindings, deliveries, intake, rows, setUp, until } from "../kit/relay.ts";

setUp();

let bulk = new Bulk();
beforeEach(() => {
  bulk = new Bulk();
});

test("a step opens what the rate allows for ten seconds, due one after another, and the next comes ten seconds later", async () => {
  for (let n = 1; n <= 7; n += 1) await bulk.ended(n);
  const job = await bulk.start({}, 18);
  const began = bulk.round.clock;
  expect(bulk.reminded).toEqual([began]);
  expect(await runReplays(bulk.deps)).toBe(began + STEP);
  expect(bulk.rung.map(({ delivery, due, attempt }) => [delivery, due - began, attempt])).toEqual([
    [name(7), 0, 2],
    [name(6), 3333, 2],
    [name(5), 6666, 2],
  ]);
  expect(
    await rows(
      "SELECT state, reason, round, due_at - ?1 AS due, look_at - ?1 AS look FROM deliveries WHERE event = 6",
      began,
    ),
  ).toEqual([{ state: "pending", reason: null, round: 1, due: 3333, look: 3333 + GRACE_MS }]);
  expect(await bulk.shown(job)).toMatchObject({ replayed: 3, looked_back_to: new Date(THEN).toISOString() });
  for (const early of [0, 1, STEP - 1]) {
    bulk.round.clock = began + early;
    expect(await bulk.step()).toEqual([]);
  }
  bulk.round.clock = began + STEP;
  expect((await bulk.finish(job)).map((step) => step.length)).toEqual([3, 1]);
});

test.for([
  [1, [1, 60_000]],
  [7, [2, 17_143]],
  [60, [10, 10_000]],
  [6_000, [12, 10_000]],
] as const)("at %i a minute the first step and the wait for the next are %j", async ([rate, [count, wait]]) => {
  for (let n = 1; n <= 12; n += 1) await bulk.ended(n);
  await bulk.start({}, rate);
  const next = await runReplays(bulk.deps);
  expect(bulk.rung).toHaveLength(count);
  // With the last one the job is over, and what it has opened may be overdue after a minute.
  expect(next).toBe(bulk.round.clock + (count === 12 ? GRACE_MS : wait));
});

test("a success at the first try keeps that attempt", async () => {
  await bulk.ended(1, "delivered");
  await bulk.finish(await bulk.start());
  expect(await rows("SELECT n, outcome, status, excerpt FROM attempts")).toEqual([
    { n: 1, outcome: "delivered", status: 200, excerpt: "thanks" },
  ]);
});

test("deliveries to a destination that is no longer configured stay as they are, and are counted", async () => {
  for (let n = 1; n <= 5; n += 1) await bulk.ended(n, "failed", ["first", "second"]);
  bulk.round.destinations.delete("second");
  const job = await bulk.start({}, 12);
  expect(job.expected).toBe(5);
  expect((await bulk.finish(job)).flat()).toEqual([5, 4, 3, 2, 1].map((n) => name(n)));
  expect(await bulk.shown(job)).toMatchObject({ replayed: 5, skipped: 5 });
  expect(await rows("SELECT DISTINCT state, reason FROM deliveries WHERE destination = 'second'")).toEqual([
    { state: "failed", reason: "exhausted" },
  ]);
});

test.for(["before", "after"] as const)(
  "a step that fails %s its commit leaves nothing out and opens nothing twice",
  async (when) => {
    for (let n = 1; n <= 6; n += 1) await bulk.ended(n);
    const job = await bulk.start({}, 12);
    let failures = 0;
    bulk.round.counted[when] = (sql) => {
      if (!isMove(sql) || failures++ > 0) return;
      throw new Error("D1_ERROR: Network connection lost.");
    };
    expect(await bulk.step()).toEqual([]);
    expect(bulk.round.log.of("replays.failed")).toHaveLength(1);
    bulk.round.clock += STEP;
    const opened = (await bulk.finish(job)).flat();
    // What was committed without an answer is open, and its bells are the sweep's.
    expect(opened).toEqual((when === "before" ? [6, 5, 4, 3, 2, 1] : [4, 3, 2, 1]).map((n) => name(n)));
    expect(
      await rows("SELECT count(*) AS n FROM deliveries WHERE state = 'pending' AND round = 1 AND look_at IS NOT NULL"),
    ).toEqual([{ n: 6 }]);
    expect(await bulk.shown(job)).toMatchObject({ state: "done", replayed: 6 });
    expect((await bulk.audited()).filter(({ action }) => action === "replays.done")).toHaveLength(1);
  },
);

test("a step that commits long after it was given up finds that another has made it", async () => {
  for (let n = 1; n <= 4; n += 1) await bulk.ended(n);
  const job = await bulk.start({}, 12);
  const stuck = Promise.withResolvers<void>();
  let waiting = 0;
  bulk.round.counted.before = async (sql) => {
    if (isMove(sql) && waiting++ === 0) await stuck.promise;
  };
  const first = runReplays(bulk.deps);
  await until(() => waiting > 0);
  expect(await bulk.step()).toEqual([name(4), name(3)]);
  // The destination has answered meanwhile, and the answer was bad again.
  await rows(
    "UPDATE deliveries SET state = 'failed', ended_at = ?1, look_at = NULL WHERE state = 'pending'",
    bulk.round.clock,
  );
  stuck.resolve();
  await first;
  expect(bulk.rung).toHaveLength(2);
  expect(await rows("SELECT count(*) AS n FROM deliveries WHERE state = 'failed'")).toEqual([{ n: 4 }]);
  bulk.round.clock += STEP;
  expect((await bulk.finish(job)).flat()).toEqual([name(2), name(1)]);
});

test("five runners at once open each delivery once, and no more than the rate allows", async () => {
  for (let n = 1; n <= 30; n += 1) await bulk.ended(n);
  const job = await bulk.start({}, 60);
  for (let steps = 0; steps < 4; steps += 1) {
    bulk.rung = [];
    await Promise.all([1, 2, 3, 4, 5].map(() => runReplays(bulk.deps)));
    expect(bulk.rung).toHaveLength(steps === 3 ? 0 : 10);
    bulk.round.clock += STEP;
  }
  expect(await bulk.shown(job)).toMatchObject({ state: "done", replayed: 30 });
  expect(await rows("SELECT count(*) AS n FROM deliveries WHERE round = 1")).toEqual([{ n: 30 }]);
  expect((await bulk.audited()).filter(({ action }) => action === "replays.done")).toHaveLength(1);
});

test("what fails again while the job runs, or for the first time, is not opened by it", async () => {
  for (let n = 1; n <= 4; n += 1) await bulk.ended(n);
  const job = await bulk.start({}, 12);
  expect(await bulk.step()).toEqual([name(4), name(3)]);
  bulk.round.clock += 1000;
  await rows(
    "UPDATE deliveries SET state = 'failed', ended_at = ?1, look_at = NULL WHERE state = 'pending' OR event = 1",
    bulk.round.clock,
  );
  bulk.round.clock += STEP;
  expect((await bulk.finish(job)).flat()).toEqual([name(2)]);
});

test("what is open already is left alone", async () => {
  for (let n = 1; n <= 3; n += 1) await bulk.ended(n);
  const job = await bulk.start();
  await rows("UPDATE deliveries SET state = 'pending', ended_at = NULL WHERE event = 2");
  expect((await bulk.finish(job)).flat()).toEqual([name(3), name(1)]);
  expect(await rows("SELECT round FROM deliveries WHERE event = 2")).toEqual([{ round: 0 }]);
});

test("a job that is cancelled while a step is on its way opens nothing more", async () => {
  for (let n = 1; n <= 4; n += 1) await bulk.ended(n);
  const job = await bulk.start({}, 12);
  bulk.round.counted.before = async (sql) => {
    bulk.round.counted.before = isMove(sql) ? () => {} : bulk.round.counted.before;
    if (isMove(sql)) await bulk.operator.cancel(job.id, by());
  };
  expect(await bulk.step()).toEqual([]);
  expect(await bulk.shown(job)).toMatchObject({ state: "cancelled", replayed: 0 });
  expect(await rows("SELECT 1 FROM deliveries WHERE state = 'pending'")).toEqual([]);
});

test("another isolate goes on where the last one stopped", async () => {
  for (let n = 1; n <= 5; n += 1) await bulk.ended(n);
  const job = await bulk.start({}, 12);
  await bulk.step();
  bulk.restart();
  bulk.round.clock += STEP;
  expect((await bulk.finish(job)).flat()).toEqual([name(3), name(2), name(1)]);
});

test("a bell that does not ring is the sweep's: the job goes on", async () => {
  for (let n = 1; n <= 4; n += 1) await bulk.ended(n);
  const job = await bulk.start({}, 12);
  await bulk.step({ ring: () => Promise.reject(new Error("the queue is down")) });
  expect(bulk.round.log.of("queue.ring_failed")).toMatchObject([{ job: job.id, bells: 2 }]);
  expect(await bulk.shown(job)).toMatchObject({ state: "running", replayed: 2 });
});

test("jobs take turns, one step of one of them at a time", async () => {
  for (let n = 1; n <= 3; n += 1) await bulk.ended(n, "failed", ["first", "second", "third"]);
  const all = [];
  for (const destination of ["first", "second", "third"]) all.push(await bulk.start({ destination }, 12));
  const turns: string[][] = [];
  for (let n = 0; n < 3; n += 1) {
    bulk.rung = [];
    expect(await runReplays(bulk.deps)).toBe(bulk.round.clock + (n < 2 ? 0 : STEP));
    turns.push(bulk.rung.map(({ delivery }) => delivery.split(":")[1] ?? ""));
  }
  expect(turns).toEqual(["first", "second", "third"].map((one) => [one, one]));
  bulk.round.clock += STEP;
  for (let n = 0; n < 3; n += 1) await bulk.step();
  for (const job of all) expect(await bulk.shown(job)).toMatchObject({ state: "done", replayed: 3 });
  expect(await runReplays(bulk.deps)).toBeNull();
});

test("a job whose steps fail does not keep the others from having their turn", async () => {
  for (let n = 1; n <= 2; n += 1) await bulk.ended(n, "failed", ["first", "second"]);
  const broken = await bulk.start({ destination: "first" });
  const other = await bulk.start({ destination: "second" });
  await rows("UPDATE replays SET filter = '{\"state\":{}}' WHERE id = ?1", broken.id);
  for (let n = 0; n < 3; n += 1) {
    await bulk.step();
    bulk.round.clock += 1000;
  }
  expect(await rows("SELECT state, replayed FROM replays ORDER BY id")).toEqual([
    { state: "running", replayed: 0 },
    { state: "done", replayed: 2 },
  ]);
  expect(bulk.round.log.of("replays.failed")).toMatchObject([{ job: broken.id }]);
  expect(await bulk.shown(other)).toMatchObject({ state: "done" });
});

test("where matches are rare, a step looks at a bounded part of the history, and the job still finds the last one", async () => {
  await fill(30_000, ["first"]);
  await rows("UPDATE events SET type = 'rare' WHERE seq IN (20, 29990)");
  bulk.round.clock = THEN;
  const job = await bulk.start({ type: "rare" });
  const steps = await bulk.finish(job);
  expect(steps.map(({ length }) => length).filter((length) => length > 0)).toEqual([1, 1]);
  expect(steps.length).toBeGreaterThan(2);
  expect(await bulk.shown(job)).toMatchObject({ state: "done", replayed: 2, expected: 1, expected_complete: false });
});

test("a job since some time, and its preview, look on behind an event that was written a day late", async () => {
  await fill(12_000, ["first"]);
  await rows("UPDATE events SET received_at = 1 WHERE seq IN (7001, 6000, 9000)");
  await rows("UPDATE events SET type = 'rare' WHERE seq IN (6100, 11990)");
  bulk.round.clock = THEN;
  const job = await bulk.start({ type: "rare", since: new Date(6_000_000).toISOString() });
  expect(job).toMatchObject({ expected: 2, expected_complete: true });
  await bulk.finish(job);
  expect(await bulk.shown(job)).toMatchObject({ state: "done", replayed: 2 });
});

test("the alarm takes the steps of a job, and the destinations hear them", async () => {
  await bulk.ended(1, "failed", ["first"], { source: "github" });
  await rows("UPDATE deliveries SET ended_at = 1");
  bulk.round.clock = Date.now() - 1000;
  const job = await bulk.start();
  // One object is enough for them, whatever their number.
  const second = bindings.INTAKE.getByName("intake-1");
  await runInDurableObject(second, async (instance) => await instance.alarm());
  expect(await bulk.shown(job)).toMatchObject({ state: "running", replayed: 0 });
  await intake().remind(Date.now());
  expect([...(await deliveries("delivered")).keys()]).toEqual([name(1)]);
  expect(await bulk.shown(job)).toMatchObject({ state: "done", replayed: 1 });
});
