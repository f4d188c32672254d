// From the journal to D1: a D1 that fails, answers into the void, or refuses one event, costs nobody an event and opens nothing twice.
import { exports } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { openDatabase } from "../../../src/d1/database.ts";
import type { IntakeCore } from "../../../src/intake/intake.ts";
import { openStore } from "../../../src/d1/store.ts";
import { holdsBelow } from "../../../src/intake/journal.ts";
import { candidate, type Hands, held, idOf, inObject, THEN } from "../kit/hands.ts";
import { bindings, github, intake, rows, setUp, signed, until } from "../kit/relay.ts";

setUp();

let store = openStore(openDatabase(bindings.DB));
beforeEach(() => {
  store = openStore(openDatabase(bindings.DB));
});

const drained = (hands: Hands) => until(() => hands.journal().length === 0);
const stored = () => rows("SELECT id, receipt FROM events ORDER BY id");

test("while D1 is down everything is accepted, and D1 is asked at growing intervals only", async () => {
  await inObject(async (hands) => {
    hands.onCommit = () => Promise.reject(new Error("D1_ERROR: Network connection lost."));
    const core = await hands.start();
    const asked: number[] = [];
    for (let second = 0; second < 90; second += 1) {
      const before = hands.offered.length;
      expect((await core.accept(candidate(second))).kind).toBe("accepted");
      await until(() => hands.log.of("intake.commit_failed").length === hands.offered.length);
      if (hands.offered.length > before) asked.push(second);
      hands.clock += 1000;
    }
    expect(asked).toEqual([0, 1, 3, 7, 15, 31, 61]);
    expect(hands.journal().flat()).toHaveLength(90);

    hands.onCommit = (events, due) => store.commit(events, due);
    await core.alarm();
    await drained(hands);
    expect(await stored()).toHaveLength(90);
    expect(hands.rung).toHaveLength(90);
  });
});

test("a failed commit sets the alarm to the next try", async () => {
  await inObject(async (hands) => {
    hands.onCommit = () => Promise.reject(new Error("D1_ERROR: overloaded"));
    const core = await hands.start();
    await core.accept(candidate(1));
    await until(() => hands.log.of("intake.commit_failed").length === 1);
    expect(await hands.storage.getAlarm()).toBe(THEN + 1000);
    expect(hands.log.of("intake.commit_failed")).toEqual([
      { error: "Error: D1_ERROR: overloaded", failures: 1, retryAt: THEN + 1000 },
    ]);
  });
});

test("a commit whose answer is lost is repeated, and opens no delivery twice", async () => {
  await inObject(async (hands) => {
    hands.onCommit = async (events, due) => {
      const bells = await store.commit(events, due);
      if (hands.offered.length === 1) throw new Error("D1_ERROR: Network connection lost.");
      return bells;
    };
    const core = await hands.start();
    const matched = [
      { destination: "first", route: "acme" },
      { destination: "second", route: "acme" },
    ];
    await Promise.all([1, 2, 3].map((n) => core.accept(candidate(n, { matched }))));
    await until(() => hands.log.of("intake.commit_failed").length === 1);
    const [before] = await rows("SELECT group_concat(seq || receipt) AS all_of_them FROM events");
    hands.clock += 1000;
    await core.alarm();
    await drained(hands);
    expect(hands.offered.flat().filter((id) => id === idOf(1))).toHaveLength(2);
    expect(await stored()).toEqual([1, 2, 3].map((n) => ({ id: idOf(n), receipt: `receipt-${n}` })));
    expect(await rows("SELECT group_concat(seq || receipt) AS all_of_them FROM events WHERE seq = 1")).toEqual([
      before,
    ]);
    expect(await rows("SELECT count(*) AS n FROM deliveries WHERE attempt = 0 AND state = 'pending'")).toEqual([
      { n: 6 },
    ]);
  });
});

test("a repeat opens a failed delivery once, even when its group is committed twice", async () => {
  await inObject(async (hands) => {
    const core = await hands.start();
    hands.onCommit = (events, due) => store.commit(events, due);
    await core.accept(candidate(1));
    await drained(hands);
    await fail(1);

    hands.onCommit = async (events, due) => {
      const bells = await store.commit(events, due);
      if (bells.length > 0) throw new Error("D1_ERROR: Network connection lost.");
      return bells;
    };
    await core.accept(candidate(1, { receipt: "repeat-1" }));
    await until(() => hands.log.of("intake.commit_failed").length === 1);
    expect(await rows("SELECT state, attempt, round FROM deliveries")).toEqual([
      { state: "pending", attempt: 1, round: 1 },
    ]);
    await fail(2);
    await core.alarm();
    await drained(hands);
    expect(await rows("SELECT state, attempt, round FROM deliveries")).toEqual([
      { state: "failed", attempt: 2, round: 1 },
    ]);
    expect(await stored()).toEqual([{ id: idOf(1), receipt: "receipt-1" }]);
  });
});

const commit = async (receipt: string) => await store.commit(`[${candidate(1, { receipt }).row}]`, THEN);

test("a repeat that is committed once more after a later one opens nothing", async () => {
  await commit("receipt-1");
  await fail(1);
  expect(await commit("repeat-1")).toHaveLength(1);
  await fail(2);
  expect(await commit("repeat-2")).toHaveLength(1);
  await fail(3);
  expect(await commit("repeat-1")).toEqual([]);
  expect(await rows("SELECT state, attempt, receipt FROM deliveries")).toEqual([
    { state: "failed", attempt: 3, receipt: "repeat-2" },
  ]);
});

const health = async (headers: Record<string, string> = {}) =>
  await (await exports.default.fetch(new Request("https://relay.example.com/health", { headers }))).json();

test("a repeat opens nothing new: which destinations an event has was decided when it was first accepted", async () => {
  await inObject(async (hands) => {
    hands.onCommit = (events, due) => store.commit(events, due);
    const core = await hands.start();
    await core.accept(candidate(1));
    await drained(hands);
    await core.accept(candidate(1, { receipt: "repeat-1", matched: [{ destination: "second", route: "new" }] }));
    await drained(hands);
    expect(await rows("SELECT destination, route FROM deliveries")).toEqual([{ destination: "first", route: "acme" }]);
  });
});

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the point of it is that it is none
const BROKEN = { encoding: "rot13" as "text" };

test("an event that D1 refuses for what it is stands alone, named in /health, and the others arrive", async () => {
  await inObject(async (hands) => {
    hands.onCommit = (events, due) => store.commit(events, due);
    const disk = held<void>();
    hands.sync = () => disk.promise;
    const core = await hands.start();
    const accepting = Array.from({ length: 20 }, (_, n) => core.accept(n === 13 ? candidate(n, BROKEN) : candidate(n)));
    disk.resolve();
    await Promise.all(accepting);
    await drained(hands);
    expect((await stored()).map(({ id }) => id)).toEqual(
      Array.from({ length: 20 }, (_, n) => idOf(n)).filter((id) => id !== idOf(13)),
    );
    expect(hands.rung.map(({ delivery }) => delivery)).not.toContain(`${idOf(13)}:first`);
    expect(core.status()).toMatchObject({ waiting: 0, stuck: 1 });
    expect(hands.log.of("intake.event_refused")).toMatchObject([
      { id: idOf(13), error: expect.stringContaining("CHECK") },
    ]);
    // Not a fault of D1's: nothing is put off.
    expect(hands.log.of("intake.commit_failed")).toEqual([]);
  }, "intake-0");
  expect(await health({ authorization: "Bearer test-admin-token-0123456789abcdef" })).toMatchObject({
    intake: { stuck: 1 },
  });
  expect(await health()).not.toHaveProperty("intake");
});

test("what D1 has refused is tried again after a restart, and arrives once D1 takes it", async () => {
  await inObject(async (hands) => {
    hands.onCommit = () => Promise.reject(new Error("D1_ERROR: datatype mismatch: SQLITE_MISMATCH"));
    const core = await hands.start();
    await core.accept(candidate(1));
    await until(() => core.status().stuck === 1);
    expect(core.status()).toMatchObject({ waiting: 0, stuck: 1 });
    // Whoever deletes all of a subject waits for it.
    expect(holdsBelow(hands.storage.sql, "receipt-2")).toBe(true);
    expect(holdsBelow(hands.storage.sql, "receipt-1")).toBe(false);
    hands.onCommit = (events, due) => store.commit(events, due);
    const next = await hands.start();
    await until(() => next.status().waiting + next.status().stuck === 0);
    expect(await stored()).toEqual([{ id: idOf(1), receipt: "receipt-1" }]);
    expect(holdsBelow(hands.storage.sql, "receipt-2")).toBe(false);
    expect(hands.rung).toMatchObject([{ delivery: `${idOf(1)}:first`, attempt: 1 }]);
  });
});

test("a queue that hangs or refuses holds up neither D1 nor the next group", async () => {
  await inObject(async (hands) => {
    const rings = [() => held<never>().promise, () => Promise.reject(new Error("the queue is down"))];
    hands.ring = () => (rings.shift() ?? (() => Promise.resolve()))();
    const core = await hands.start();
    for (const n of [1, 2, 3]) {
      await core.accept(candidate(n));
      await drained(hands);
    }
    expect(hands.offered).toHaveLength(3);
    await until(() => hands.log.of("queue.ring_failed").length === 1);
  });
});

test("under steady traffic the alarm's sweep has its turn", async () => {
  await inObject(async (hands) => {
    let n = 0;
    let swept = false;
    const core = await hands.start();
    hands.onSweep = () => {
      swept = true;
      return Promise.resolve(null);
    };
    hands.onCommit = async () => {
      n += 1;
      // There is always a next one before this one is in D1.
      if (!swept) await core.accept(candidate(n));
      return [];
    };
    await core.accept(candidate(0));
    const alarm = core.alarm();
    await until(() => swept).finally(() => (swept = true));
    await alarm;
  });
});

test("the alarm comes back: for what the sweep says, for what is in the journal, after a sweep that failed", async () => {
  await inObject(async (hands) => {
    const after = async (
      sweep: () => Promise<number | null>,
      work: (core: IntakeCore) => Promise<unknown> = () => Promise.resolve(),
    ) => {
      await hands.storage.deleteAlarm();
      hands.onSweep = sweep;
      const core = await hands.start();
      await work(core);
      await core.alarm();
      return await hands.storage.getAlarm();
    };
    expect(await after(() => Promise.resolve(null))).toBeNull();
    expect(await after(() => Promise.resolve(THEN + 77_000))).toBe(THEN + 77_000);
    // Never at once: an alarm that finds the same row again must not spin.
    expect(await after(() => Promise.resolve(THEN - 5))).toBe(THEN + 1000);
    expect(await after(() => Promise.reject(new Error("D1_ERROR")))).toBe(THEN + 30_000);
    expect(hands.log.of("sweep.failed")).toHaveLength(1);
    // The sweep may have looked before it was in D1.
    const next = await after(
      () => Promise.resolve(null),
      (core) => core.accept(candidate(1)),
    );
    expect(next).toBeGreaterThanOrEqual(THEN + 30_000);
  });
});

const delivered = async () => (await rows("SELECT 1 FROM deliveries WHERE state = 'delivered'").catch(() => [])).length;

test(
  "a database that is gone and comes back empty gets its schema and everything that was accepted meanwhile",
  { meta: { provokes: ["intake.commit_failed"] } },
  async () => {
    await signed("acme", "before");
    await until(async () => (await delivered()) === 2);
    const made = await rows("SELECT type, name FROM sqlite_master WHERE type IN ('view', 'table') ORDER BY type DESC");
    const drop = made
      .filter(({ name }) => !/^(_cf|sqlite|d1_)/.test(String(name)))
      .map(({ type, name }) => `DROP ${String(type)} ${String(name)}`);
    // The record stays: a schema that says it is there and is not.
    await bindings.DB.batch(drop.map((sql) => bindings.DB.prepare(sql)));
    for (const n of [1, 2, 3]) expect((await github("{}", `meanwhile-${n}`)).status).toBe(200);
    expect((await intake().status()).waiting).toBeGreaterThan(0);

    await bindings.DB.prepare("DROP TABLE d1_migrations").run();
    await until(async () => (await delivered()) === 3);
    expect(await intake().status()).toMatchObject({ waiting: 0, stuck: 0 });
  },
);

/** Makes attempt `n` of event 1's only delivery its last. */
async function fail(n: number): Promise<void> {
  const wanted = [{ event: idOf(1), destination: "first", attempt: n }];
  const [claim] = await store.claim(wanted, THEN + 1_000_000);
  if (claim === undefined) throw new Error(`attempt ${n} is not waiting`);
  const times = { dueAt: THEN, startedAt: THEN, latencyMs: 1 };
  const end = { state: "failed", reason: "exhausted", status: 500, fault: null, excerpt: "" } as const;
  await store.settle([{ event: claim.event, destination: "first", attempt: n, ...times, ...end }], THEN);
}
