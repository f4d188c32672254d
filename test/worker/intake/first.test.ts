// First attempts under the grants of one Intake object, with a real D1: what is granted, what D1 has of it, and what nothing may lose.
import { beforeEach, expect, test } from "vitest";
import { openDatabase } from "../../../src/d1/database.ts";
import { migrate } from "../../../src/d1/migrate.ts";
import { openKnown } from "../../../src/d1/repeats.ts";
import type { FirstOutcome } from "../../../src/d1/settlement.ts";
import { openStore } from "../../../src/d1/store.ts";
import { openUpkeep } from "../../../src/d1/upkeep.ts";
import { FIRST_LEASE_MS } from "../../../src/deadlines.ts";
import type { IntakeCore } from "../../../src/intake/intake.ts";
import type { Acceptance } from "../../../src/types.ts";
import { metered } from "../kit/fill.ts";
import { candidate, type Hands, held, idOf, inObject, offering, THEN } from "../kit/hands.ts";
import { bindings, rows, setUp, until } from "../kit/relay.ts";

setUp();

let run = openDatabase(bindings.DB);
let store = openStore(run);
beforeEach(() => {
  run = openDatabase(bindings.DB);
  store = openStore(run);
});

const GONE = "D1_ERROR: Network connection lost.";
const lost = () => Promise.reject(new Error(GONE));
const drained = (hands: Hands) => until(() => hands.journal().length === 0);
/** Of the delivery: what is the same at every run. */
const deliveries = () =>
  rows(
    "SELECT destination, state, attempt, round, reason, status, lease_until FROM deliveries ORDER BY event, destination",
  );
const DELIVERED = { destination: "first", state: "delivered", attempt: 1, status: 200, lease_until: null };

/** An object that has D1 for everything. */
async function withD1(use: (hands: Hands, core: IntakeCore) => Promise<void>): Promise<void> {
  await inObject(async (hands) => {
    connect(hands);
    await use(hands, await hands.start());
  });
}

function connect(hands: Hands): void {
  hands.onCommit = (...group) => store.commit(...group);
  hands.onSettle = (...ended) => store.settleFirsts(...ended);
  hands.known = openKnown(run);
}

/** D1 does not answer, whatever it is asked. */
function disconnect(hands: Hands): void {
  hands.onCommit = lost;
  hands.onSettle = lost;
  hands.known = lost;
}

const first = (answer: Acceptance) => (answer.kind === "accepted" ? answer.first : undefined);

/** What the isolate does with an answer: asks for what it has to wait for. Gives the destinations that it may send to. */
async function granted(core: IntakeCore, one: { id: string; receipt: string }, answer: Acceptance): Promise<string[]> {
  const { go = [], wait = [] } = first(answer) ?? {};
  const asked = await Promise.all(
    wait.map(async (to) => ((await core.grant(one.id, one.receipt, to)) === null ? [] : [to])),
  );
  return [...go, ...asked.flat()];
}

/** Offers an event and gives the destinations that were granted. */
async function offer(core: IntakeCore, one: ReturnType<typeof offering>): Promise<string[]> {
  return await granted(core, one, await core.accept(one));
}

type Sent = Exclude<FirstOutcome, { state: "unsent" }>;
const yes = (change: Partial<Sent> = {}): Sent => ({
  destination: "first",
  state: "delivered",
  reason: null,
  dueAt: THEN,
  startedAt: THEN,
  latencyMs: 3,
  status: 200,
  fault: null,
  excerpt: "thanks",
  ...change,
});
const retry = yes({ state: "pending", dueAt: THEN + 1000, status: 503, excerpt: "no" });
const exhausted = yes({ state: "failed", reason: "exhausted", status: 500, excerpt: "no" });

const end = async (core: IntakeCore, n: number, ...outcomes: FirstOutcome[]) => {
  await core.ended(idOf(n), `receipt-${n}`, 2, outcomes);
};

test("a success at the first try is one row, inserted as delivered, three rows written, and no bell", async () => {
  await migrate(bindings.DB);
  const meter = metered(bindings.DB);
  store = openStore(meter.run);
  await withD1(async (hands, core) => {
    expect(await offer(core, offering(1))).toEqual(["first"]);
    const { written } = await meter.measure(async () => {
      await end(core, 1, yes());
      await drained(hands);
    });
    expect(await deliveries()).toMatchObject([DELIVERED]);
    expect(await rows("SELECT count(*) AS n FROM attempts")).toEqual([{ n: 0 }]);
    expect(written).toBe(3);
    expect(hands.rung).toEqual([]);
    expect(hands.offered).toEqual([[idOf(1)]]);
    expect(hands.ended).toMatchObject([{ id: idOf(1), destination: "first", attempt: 1, state: "delivered" }]);
    expect(hands.heard.map(([id]) => id)).toEqual([idOf(1)]);
  });
});

test("a failure waits for its second attempt, has its story, and is rung with its delay", async () => {
  await withD1(async (hands, core) => {
    await offer(core, offering(1));
    await end(core, 1, retry);
    await drained(hands);
    expect(await rows("SELECT state, attempt, due_at, look_at - due_at AS grace, ended_at FROM deliveries")).toEqual([
      { state: "pending", attempt: 1, due_at: THEN + 1000, grace: 60_000, ended_at: null },
    ]);
    expect(await rows("SELECT n, outcome, status, next_due, excerpt FROM attempts")).toEqual([
      { n: 1, outcome: "retry", status: 503, next_due: THEN + 1000, excerpt: "no" },
    ]);
    expect(hands.rung).toEqual([{ v: 1, delivery: `${idOf(1)}:first`, attempt: 2, due: THEN + 1000, size: 2 }]);
    // And the queue goes on from there.
    const [claim] = await store.claim([{ event: idOf(1), destination: "first", attempt: 2 }], THEN + 1000);
    expect(claim).toMatchObject({ attempt: 2, round: 0 });
  });
});

test("a 410 ends it with its event", async () => {
  await withD1(async (hands, core) => {
    await offer(core, offering(1));
    await end(core, 1, yes({ state: "failed", reason: "gone", status: 410 }));
    await drained(hands);
    expect(await rows("SELECT state, reason, attempt, look_at, ended_at FROM deliveries")).toEqual([
      { state: "failed", reason: "gone", attempt: 1, look_at: null, ended_at: THEN },
    ]);
    expect(await rows("SELECT n, outcome, status FROM attempts")).toEqual([{ n: 1, outcome: "failed", status: 410 }]);
    expect(hands.rung).toEqual([]);
  });
});

test("of several destinations each has its own: delivered, failed, not sent and never offered", async () => {
  await withD1(async (hands, core) => {
    const one = offering(1, ["first", "second", "third", "fourth"]);
    expect(await offer(core, { ...one, first: ["first", "second", "third"] })).toEqual(["first", "second", "third"]);
    await end(core, 1, yes(), { ...retry, destination: "second" }, { destination: "third", state: "unsent" });
    await drained(hands);
    expect(await deliveries()).toMatchObject([
      DELIVERED,
      { destination: "fourth", state: "pending", attempt: 0 },
      { destination: "second", state: "pending", attempt: 1 },
      { destination: "third", state: "pending", attempt: 0 },
    ]);
    const rung = hands.rung.map(({ delivery, attempt }) => `${delivery.split(":")[1] ?? ""} ${attempt}`);
    expect(rung.toSorted()).toEqual(["fourth 1", "second 2", "third 1"]);
  });
});

test("an event waits a second for its outcomes; one that comes after that is settled, told and rung", async () => {
  await withD1(async (hands, core) => {
    await offer(core, offering(1, ["first", "second"]));
    await until(() => hands.journal().length === 1);
    expect(hands.offered).toEqual([]);
    hands.clock += 1000;
    await drained(hands);
    const lease = { state: "delivering", attempt: 1, lease_until: THEN + FIRST_LEASE_MS };
    expect(await deliveries()).toMatchObject([lease, lease]);
    expect([hands.rung, hands.ended]).toEqual([[], []]);
    await end(core, 1, yes(), { ...retry, destination: "second" });
    expect(await deliveries()).toMatchObject([DELIVERED, { destination: "second", state: "pending", attempt: 1 }]);
    await until(() => hands.rung.length === 1);
    expect(hands.rung).toMatchObject([{ delivery: `${idOf(1)}:second`, attempt: 2, due: THEN + 1000 }]);
    expect(hands.ended.map(({ destination }) => destination)).toEqual(["first", "second"]);
    // Told again, after an answer that was lost, it changes nothing.
    const before = await rows("SELECT * FROM deliveries");
    await end(core, 1, yes());
    expect(await rows("SELECT * FROM deliveries")).toEqual(before);
  });
});

test("a commit whose answer is lost is repeated, drops no outcome, and rewrites nothing", async () => {
  await withD1(async (hands, core) => {
    hands.onCommit = async (...group) => {
      const bells = await store.commit(...group);
      return hands.offered.length === 1 ? await lost() : bells;
    };
    await offer(core, offering(1, ["first", "second"]));
    await end(core, 1, yes(), { ...retry, destination: "second" });
    await until(() => hands.log.of("intake.commit_failed").length === 1);
    const all = async () => [await rows("SELECT * FROM deliveries"), await rows("SELECT * FROM attempts")];
    const before = await all();
    hands.clock += 1000;
    await core.alarm();
    await drained(hands);
    expect(hands.offered).toHaveLength(2);
    const after = await all();
    // The same values are written once more to what has not ended by then, if at all.
    expect(after).toEqual(before);
    expect(await deliveries()).toMatchObject([DELIVERED, { destination: "second", state: "pending", attempt: 1 }]);
    expect(hands.rung).toMatchObject([{ delivery: `${idOf(1)}:second`, attempt: 2 }]);
  });
});

test("an outcome that comes after a commit whose answer was lost is in the next one", async () => {
  await withD1(async (hands, core) => {
    hands.onCommit = async (...group) => {
      const bells = await store.commit(...group);
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
    const next = await hands.start();
    connect(hands);
    hands.clock += 60_000;
    await next.alarm();
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

test("an event that D1 has is granted nothing, whatever the object remembers", async () => {
  await withD1(async (hands, core) => {
    await core.accept(candidate(1));
    await drained(hands);
    const other = await hands.start();
    expect(await offer(other, { ...offering(1), receipt: "again" })).toEqual([]);
    await drained(hands);
    expect(hands.rung.map(({ attempt }) => attempt)).toEqual([1, 1]);
  });
});

test("a paused destination is granted nothing, and the others are", async () => {
  await withD1(async (hands, core) => {
    await migrate(bindings.DB);
    await rows("INSERT INTO pauses (destination, at, actor) VALUES ('second', 0, 'admin')");
    expect(await offer(core, offering(1, ["first", "second"]))).toEqual(["first"]);
    await end(core, 1, yes());
    await drained(hands);
    expect(hands.rung.map(({ delivery }) => delivery)).toEqual([`${idOf(1)}:second`]);
  });
});

test("an object that has never read the pauses grants nothing, though it accepts", async () => {
  await inObject(async (hands) => {
    disconnect(hands);
    const core = await hands.start();
    const one = offering(1);
    const answer = await core.accept(one);
    expect(answer.kind).toBe("accepted");
    expect(await granted(core, one, answer)).toEqual([]);
    // An id that was made up needs no question, but the pauses do.
    const made = { ...offering(2), keyed: false };
    expect(await offer(core, made)).toEqual([]);
    connect(hands);
    hands.clock += 60_000;
    await core.alarm();
    await drained(hands);
    expect(hands.rung).toHaveLength(2);
  });
});

test("an isolate of an earlier release, which offers nothing, gets no grant and its events are rung", async () => {
  await withD1(async (hands, core) => {
    expect(first(await core.accept(candidate(1)))).toBeUndefined();
    await drained(hands);
    expect(hands.rung).toMatchObject([{ delivery: `${idOf(1)}:first`, attempt: 1 }]);
  });
});

test("once a pause is confirmed nothing is granted, not even to those who wait, nor by a question that was under way", async () => {
  await withD1(async (hands, core) => {
    for (let n = 1; n <= 64; n += 1) expect(await offer(core, offering(n))).toEqual(["first"]);
    const waits = offering(100);
    const answer = await core.accept(waits);
    const waiting = until(() => first(answer)?.wait.includes("first") === true).then(() =>
      core.grant(waits.id, waits.receipt, "first"),
    );
    // D1 is asked before the pause is committed, and answers after it was confirmed.
    const reached = held<void>();
    const asked = held<void>();
    hands.known = async (ids) => {
      asked.resolve();
      const said = await openKnown(run)(ids);
      await reached.promise;
      return said;
    };
    const onItsWay = offering(101);
    const accepting = core.accept(onItsWay);
    await rows("INSERT INTO pauses (destination, at, actor) VALUES ('first', 0, 'admin')");
    core.pause("first");
    expect(await waiting).toBeNull();
    reached.resolve();
    expect(await granted(core, onItsWay, await accepting)).toEqual([]);
    expect(await offer(core, offering(102))).toEqual([]);
    expect(await offer(core, offering(103, ["second"]))).toEqual(["second"]);
  });
});

test("a grant is told with its age, so that the isolate can tell when it is too old; unused, the event goes the queue's way", async () => {
  await withD1(async (hands, core) => {
    const one = offering(1);
    await offer(core, one);
    hands.clock += 400;
    expect(await core.grant(one.id, one.receipt, "first")).toEqual({ ageMs: 400, heldMs: 0 });
    await end(core, 1, { destination: "first", state: "unsent" });
    await drained(hands);
    expect(await deliveries()).toMatchObject([{ state: "pending", attempt: 0 }]);
    expect(hands.rung).toMatchObject([{ delivery: `${idOf(1)}:first`, attempt: 1 }]);
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
    const upkeep = openUpkeep(run);
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
      return await store.commit(...group);
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
  await store.commit(`[${row}]`, THEN, [{ id, receipt, ...exhausted }]);
  const again = candidate(1, { receipt: "repeat" });
  expect(await store.commit(`[${again.row}]`, THEN)).toMatchObject([{ attempt: 2 }]);
  const late = [{ id, receipt, ...yes() }];
  expect(await store.settleFirsts(late, THEN)).toEqual([]);
  expect(await deliveries()).toMatchObject([{ state: "pending", attempt: 1, round: 1 }]);
  await store.claim([{ event: id, destination: "first", attempt: 2 }], THEN);
  expect(await store.settleFirsts(late, THEN)).toEqual([]);
  expect(await deliveries()).toMatchObject([{ state: "delivering", attempt: 2, round: 1 }]);
});

test("an outcome of another acceptance changes nothing", async () => {
  await migrate(bindings.DB);
  const { row, id, receipt } = offering(1);
  const lease = { destination: "first", state: "delivering", leaseUntil: THEN + FIRST_LEASE_MS } as const;
  await store.commit(`[${row}]`, THEN, [{ id, receipt, ...lease }]);
  expect(await store.settleFirsts([{ id, receipt: "of another", ...yes() }], THEN)).toEqual([]);
  await store.commit(
    `[${candidate(1, { receipt: "of another" }).row}]`,
    THEN,
    [{ id, receipt: "of another", ...yes() }],
    true,
  );
  expect(await deliveries()).toMatchObject([{ state: "delivering", attempt: 1 }]);
});

test("an id that was accepted while the disk failed is granted nothing until the journal is empty", async () => {
  await withD1(async (hands, core) => {
    hands.sync = () => Promise.reject(new Error("the disk is gone"));
    hands.onCommit = () => held<never>().promise;
    await expect(core.accept(offering(1))).rejects.toThrow("the disk is gone");
    hands.sync = () => Promise.resolve();
    // It may be in the journal, and another isolate may have had its answer.
    expect(await offer(core, { ...offering(1), receipt: "again" })).toEqual([]);
  });
});
