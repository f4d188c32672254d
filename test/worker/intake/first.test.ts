// First attempts under the grants of one Intake object, with a real D1: what is granted, and what D1 has of it.
import { expect, test } from "vitest";
import { migrate } from "../../../src/d1/migrate.ts";
import { openKnown } from "../../../src/d1/repeats.ts";
import { openStore } from "../../../src/d1/store.ts";
import { FIRST_LEASE_MS } from "../../../src/deadlines.ts";
import { metered } from "../kit/fill.ts";
import {
  connect,
  d1,
  DELIVERED,
  deliveries,
  disconnect,
  drained,
  end,
  first,
  granted,
  offer,
  retry,
  withD1,
  yes,
} from "../kit/firsts.ts";
import { candidate, held, idOf, inObject, offering, THEN } from "../kit/hands.ts";
import { bindings, rows, until, setUp } from "../kit/relay.ts";

setUp();

test("a success at the first try is one row, inserted as delivered, three rows written, and no bell", async () => {
  await migrate(bindings.DB);
  const meter = metered(bindings.DB);
  d1.store = openStore(meter.run);
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
    const [claim] = await d1.store.claim([{ event: idOf(1), destination: "first", attempt: 2 }], THEN + 1000);
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
    const [asked, told] = [held<void>(), held<void>()];
    hands.onKnown = async (ids) => {
      const said = await openKnown(d1.run)(ids);
      asked.resolve();
      await told.promise;
      return said;
    };
    const onItsWay = offering(101);
    const accepting = core.accept(onItsWay);
    await asked.promise;
    await rows("INSERT INTO pauses (destination, at, actor) VALUES ('first', 0, 'admin')");
    core.pause("first");
    expect(await waiting).toBeNull();
    told.resolve();
    expect(await granted(core, onItsWay, await accepting)).toEqual([]);
    // There is room: it is not for want of it that nothing is granted.
    for (let n = 1; n <= 64; n += 1) void end(core, n, yes());
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
