// First attempts where something goes lost: an answer of D1, D1 itself, the object, the isolate. No outcome does, and none is another's.
import { expect, test } from "vitest";
import { migrate } from "../../../src/d1/migrate.ts";
import { openUpkeep } from "../../../src/d1/upkeep.ts";
import { FIRST_LEASE_MS } from "../../../src/deadlines.ts";
import {
  connect,
  d1,
  DELIVERED,
  deliveries,
  disconnect,
  drained,
  end,
  exhausted,
  lost,
  offer,
  retry,
  withD1,
  yes,
} from "../kit/firsts.ts";
import { candidate, held, idOf, offering, THEN } from "../kit/hands.ts";
import { bindings, rows, until, setUp } from "../kit/relay.ts";

setUp();

const everything = async () => [await rows("SELECT * FROM deliveries"), await rows("SELECT * FROM attempts")];

test("an outcome that comes while D1 takes its event is settled right after it", async () => {
  await withD1(async (hands, core) => {
    const answer = held<void>();
    hands.onCommit = async (...group) => {
      const bells = await d1.store.commit(...group);
      await answer.promise;
      return bells;
    };
    await offer(core, offering(1));
    hands.clock += 1000;
    await until(async () => (await deliveries().catch(() => [])).length === 1);
    const ending = end(core, 1, yes());
    answer.resolve();
    await ending;
    expect(await deliveries()).toMatchObject([DELIVERED]);
    await drained(hands);
    expect(hands.ended).toMatchObject([{ id: idOf(1), state: "delivered" }]);
  });
});

test("a commit whose answer is lost is repeated, drops no outcome, and rewrites nothing", async () => {
  await withD1(async (hands, core) => {
    hands.onCommit = async (...group) => {
      const bells = await d1.store.commit(...group);
      return hands.offered.length === 1 ? await lost() : bells;
    };
    await offer(core, offering(1, ["first", "second"]));
    await end(core, 1, yes(), { ...retry, destination: "second" });
    await until(() => hands.log.of("intake.commit_failed").length === 1);
    const before = await everything();
    hands.clock += 1000;
    await core.alarm();
    await drained(hands);
    expect(hands.offered).toHaveLength(2);
    const after = await everything();
    // The same values are written once more to what has not ended by then, if at all.
    expect(after).toEqual(before);
    expect(await deliveries()).toMatchObject([DELIVERED, { destination: "second", state: "pending", attempt: 1 }]);
    expect(hands.rung).toMatchObject([{ delivery: `${idOf(1)}:second`, attempt: 2 }]);
  });
});

test("an outcome that comes after a commit whose answer was lost is in the next one", async () => {
  await withD1(async (hands, core) => {
    hands.onCommit = async (...group) => {
      const bells = await d1.store.commit(...group);
      return hands.offered.length === 1 ? await lost() : bells;
    };
    await offer(core, offering(1));
    hands.clock += 1000;
    await until(() => hands.log.of("intake.commit_failed").length === 1);
    expect(await deliveries()).toMatchObject([{ state: "delivering" }]);
    // D1 does not answer, so the journal takes it.
    await end(core, 1, yes());
    expect(hands.storage.sql.exec("SELECT event FROM outcomes").toArray()).toEqual([{ event: idOf(1) }]);
    hands.clock += 1000;
    await core.alarm();
    await drained(hands);
    await until(async () => (await deliveries())[0]?.["state"] === "delivered");
    expect(await deliveries()).toMatchObject([DELIVERED]);
    expect(hands.storage.sql.exec("SELECT event FROM outcomes").toArray()).toEqual([]);
  });
});

test("while D1 is gone events are accepted and delivered at once, and D1 has them as delivered afterwards", async () => {
  await withD1(async (hands, core) => {
    // Once it has heard what is paused.
    await offer(core, offering(0));
    await end(core, 0, yes());
    await drained(hands);
    disconnect(hands);
    for (let n = 1; n <= 5; n += 1) {
      hands.clock += 5000;
      expect(await offer(core, offering(n))).toEqual(["first"]);
      await end(core, n, n === 5 ? retry : yes());
    }
    // Another object, which finds it all in the journal.
    connect(hands);
    hands.clock += 60_000;
    await hands.start();
    await drained(hands);
    const state = (await deliveries()).map((row) => `${String(row["state"])} ${String(row["attempt"])}`);
    expect(state).toEqual([...Array.from({ length: 5 }, () => "delivered 1"), "pending 1"]);
    expect(hands.rung).toMatchObject([{ delivery: `${idOf(5)}:first`, attempt: 2 }]);
    expect(hands.storage.sql.exec("SELECT event FROM outcomes").toArray()).toEqual([]);
  });
});

test("an event that D1 refuses keeps its outcome, through a restart, until D1 takes it", async () => {
  await withD1(async (hands, core) => {
    hands.onCommit = () => Promise.reject(new Error("D1_ERROR: datatype mismatch: SQLITE_MISMATCH"));
    await offer(core, offering(1));
    await end(core, 1, yes());
    await until(() => core.status().stuck === 1);
    await until(() => hands.storage.sql.exec("SELECT event FROM outcomes").toArray().length === 1);
    connect(hands);
    const next = await hands.start();
    // For all that it knows, the attempt is still under way: it waits its second.
    hands.clock += 1000;
    await until(() => next.status().waiting + next.status().stuck === 0);
    expect(await deliveries()).toMatchObject([DELIVERED]);
    expect(hands.rung).toEqual([]);
    expect(hands.storage.sql.exec("SELECT event FROM outcomes").toArray()).toEqual([]);
  });
});

test("an object that dies after a grant: the next one opens it as under way, takes its outcome, and grants it to nobody", async () => {
  await withD1(async (hands, core) => {
    const one = offering(1);
    await offer(core, one);
    const next = await hands.start();
    expect(await next.grant(one.id, one.receipt, "first")).toBe("unknown");
    expect(await next.accept({ ...one, receipt: "repeat" })).toMatchObject({ kind: "duplicate" });
    await end(next, 1, yes());
    await until(async () => (await deliveries().catch(() => []))[0]?.["state"] === "delivered");
    expect(await deliveries()).toMatchObject([DELIVERED]);
    expect(hands.rung).toEqual([]);
  });
});

test("where object and isolate both die, the lease ends: the attempt is lost, and the delivery is rung again", async () => {
  await withD1(async (hands, core) => {
    await offer(core, offering(1));
    hands.clock += 1000;
    await drained(hands);
    const upkeep = openUpkeep(d1.run);
    expect((await upkeep.takeOverdue(THEN + FIRST_LEASE_MS - 1, 10)).bells).toEqual([]);
    const { bells } = await upkeep.takeOverdue(THEN + FIRST_LEASE_MS, 10);
    expect(bells).toMatchObject([{ delivery: `${idOf(1)}:first`, attempt: 2 }]);
    expect(await rows("SELECT n, outcome FROM attempts")).toEqual([{ n: 1, outcome: "lost" }]);
    // It had arrived: a late word still ends it, and is in its story.
    hands.clock = THEN + 120_000;
    await end(core, 1, yes());
    expect(await deliveries()).toMatchObject([DELIVERED]);
    expect(await rows("SELECT n, outcome, status FROM attempts")).toEqual([
      { n: 1, outcome: "delivered", status: 200 },
    ]);
  });
});

test("a repeat opens an event again whose first attempt has used up its schedule, though D1 has not heard of it", async () => {
  await withD1(async (hands, core) => {
    const one = offering(1);
    const disk = held<never[]>();
    hands.onCommit = async (...group) => {
      if (hands.offered.length === 1) await disk.promise;
      return await d1.store.commit(...group);
    };
    // D1 is busy with another.
    await core.accept(candidate(7));
    await offer(core, one);
    void end(core, 1, exhausted);
    await until(async () => (await core.accept({ ...one, receipt: "repeat" })).kind === "duplicate");
    disk.resolve([]);
    await drained(hands);
    await until(async () => (await rows("SELECT 1 FROM deliveries WHERE round = 1").catch(() => [])).length === 1);
    const [, reopened] = await deliveries();
    expect(reopened).toMatchObject({ state: "pending", attempt: 1, round: 1 });
    expect(hands.rung).toContainEqual(expect.objectContaining({ delivery: `${idOf(1)}:first`, attempt: 2 }));
  });
});

test("so it does where D1 is gone and the outcome is in the journal", async () => {
  await withD1(async (hands, core) => {
    await offer(core, offering(0));
    await end(core, 0, yes());
    await drained(hands);
    disconnect(hands);
    await core.accept(candidate(7));
    await until(() => hands.log.of("intake.commit_failed").length === 1);
    const one = offering(1);
    expect(await offer(core, one)).toEqual(["first"]);
    await end(core, 1, exhausted);
    expect((await core.accept({ ...one, receipt: "repeat" })).kind).toBe("duplicate");
    connect(hands);
    hands.clock += 60_000;
    await core.alarm();
    await drained(hands);
    expect(await rows("SELECT state, attempt, round FROM deliveries WHERE round > 0")).toEqual([
      { state: "pending", attempt: 1, round: 1 },
    ]);
  });
});

test("a late 2xx of the first attempt does not end what was opened once more after it", async () => {
  await migrate(bindings.DB);
  const { row, id, receipt } = offering(1);
  await d1.store.commit(`[${row}]`, THEN, [{ id, receipt, ...exhausted }]);
  const again = candidate(1, { receipt: "repeat" });
  expect(await d1.store.commit(`[${again.row}]`, THEN)).toMatchObject([{ attempt: 2 }]);
  const late = [{ id, receipt, ...yes() }];
  expect(await d1.store.settleFirsts(late, THEN)).toEqual([]);
  expect(await deliveries()).toMatchObject([{ state: "pending", attempt: 1, round: 1 }]);
  await d1.store.claim([{ event: id, destination: "first", attempt: 2 }], THEN);
  expect(await d1.store.settleFirsts(late, THEN)).toEqual([]);
  expect(await deliveries()).toMatchObject([{ state: "delivering", attempt: 2, round: 1 }]);
});

test("an outcome of another acceptance changes nothing", async () => {
  await migrate(bindings.DB);
  const { row, id, receipt } = offering(1);
  const lease = { destination: "first", state: "delivering", leaseUntil: THEN + FIRST_LEASE_MS } as const;
  await d1.store.commit(`[${row}]`, THEN, [{ id, receipt, ...lease }]);
  expect(await d1.store.settleFirsts([{ id, receipt: "of another", ...yes() }], THEN)).toEqual([]);
  await d1.store.commit(
    `[${candidate(1, { receipt: "of another" }).row}]`,
    THEN,
    [{ id, receipt: "of another", ...yes() }],
    true,
  );
  expect(await deliveries()).toMatchObject([{ state: "delivering", attempt: 1 }]);
});

test("an event that D1 has refused is granted nothing when it comes again, whatever the object remembers", async () => {
  await withD1(async (hands, core) => {
    await offer(core, offering(99));
    await end(core, 99, yes());
    await drained(hands);
    hands.onCommit = () => Promise.reject(new Error("D1_ERROR: datatype mismatch: SQLITE_MISMATCH"));
    // One more than is tried again at a restart.
    for (let n = 1; n <= 11; n += 1) await core.accept(candidate(n));
    await until(() => core.status().stuck === 11);
    hands.onCommit = lost;
    const next = await hands.start();
    await until(() => next.status().stuck === 1);
    expect(await offer(next, { ...offering(11), receipt: "again" })).toEqual([]);
    expect(await offer(next, offering(12))).toEqual(["first"]);
  });
});
