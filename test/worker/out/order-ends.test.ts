// Events in order: what becomes of those behind one that fails, is held, cancelled, replayed or too old.
import { beforeEach, expect, test } from "vitest";
import { BEHIND_MS } from "../../../src/d1/order.ts";
import { idOf, THEN } from "../kit/hands.ts";
import { numberOf, Ordered, wantedOf } from "../kit/ordered.ts";
import { rows, setUp } from "../kit/relay.ts";
import { NO, YES } from "../kit/round.ts";

setUp();

let on = new Ordered();
beforeEach(() => {
  on = new Ordered();
});

test("skip: once its schedule has ended the next goes, and a replay of it comes before what is open then", async () => {
  on.configure({ retry: [] });
  on.round.onSend = (_, n) => (n === 1 || n === 3 ? NO : YES);
  await on.round.ring(await on.acceptAll(1, 2));
  expect(await on.state(1)).toMatchObject({ state: "failed", reason: "exhausted" });
  expect(on.round.rung.map(numberOf)).toEqual([2]);
  on.configure({ retry: [1000] });
  await on.drain();
  expect(on.sent).toEqual([1, 2]);
  await on.round.ring(await on.accept(3));
  const bells = await on.replay(1);
  on.round.clock += 2000;
  await on.round.ring([...on.round.take(), ...bells]);
  expect(on.sent).toEqual([1, 2, 3, 1]);
  await on.drain();
  expect(on.sent).toEqual([1, 2, 3, 1, 3]);
});

test("wait: what has failed stops those behind it until it is replayed", async () => {
  on.configure({ retry: [] }, true);
  on.round.onSend = (_, n) => (n === 1 ? NO : YES);
  await on.round.ring(await on.acceptAll(1, 2, 3));
  await on.drain();
  expect(on.sent).toEqual([1]);
  expect(await on.state(2)).toMatchObject({ state: "pending", attempt: 0, waits: "order" });
  expect((await on.d1.upkeep.takeOverdue(THEN + BEHIND_MS, 10, ["first"])).bells).toEqual([]);
  await on.round.ring(await on.replay(1));
  await on.drain();
  expect(on.sent).toEqual([1, 1, 2, 3]);
});

test("wait: what has failed and is cancelled holds up nobody any more, and who comes next is rung", async () => {
  on.configure({ retry: [] }, true);
  on.round.onSend = (_, n) => (n === 1 ? NO : YES);
  await on.round.ring(await on.acceptAll(1, 2));
  await on.drain();
  on.round.take();
  await on.cancel(1);
  expect(await on.state(1)).toMatchObject({ state: "failed", reason: "cancelled" });
  const next = await on.d1.next(await on.seq(1), on.round.clock);
  expect(next.map(numberOf)).toEqual([2]);
  await on.round.ring(next);
  expect(on.sent).toEqual([1, 2]);
});

test("a change from wait to skip lets those go that waited", async () => {
  on.configure({ retry: [] }, true);
  on.round.onSend = (_, n) => (n === 1 ? NO : YES);
  await on.round.ring(await on.acceptAll(1, 2));
  await on.drain();
  expect((await on.d1.upkeep.takeOverdue(THEN + BEHIND_MS, 10)).bells.map(numberOf)).toEqual([2]);
});

test("one that waits at the head is cancelled: the next comes at once", async () => {
  on.round.onSend = (_, n) => (n === 1 ? NO : YES);
  await on.round.ring(await on.acceptAll(1, 2));
  await on.cancel(1);
  expect((await on.d1.next(await on.seq(1), on.round.clock)).map(numberOf)).toEqual([2]);
});

test("what was delivered has had its turn: replayed, it waits for nobody and nobody for it", async () => {
  await on.round.ring(await on.accept(1));
  on.round.onSend = () => NO;
  await on.round.ring(await on.accept(2));
  await on.round.ring(await on.accept(3));
  expect(on.sent).toEqual([1, 2]);
  await on.round.ring(await on.replay(1));
  expect(on.sent).toEqual([1, 2, 1]);
  expect(await on.state(1)).toMatchObject({ state: "pending", order_key: null });
  on.round.onSend = () => YES;
  on.round.clock += 2000;
  await on.round.ring(on.round.take().filter((bell) => numberOf(bell) === 2));
  await on.drain();
  expect(on.sent.slice(3)).toContain(3);
});

test("a pause and a breaker hold the first of each key alone; after it, the order goes on", async () => {
  const accepted = (await Promise.all([on.accept(1), on.accept(2), on.accept(3, "b")])).flat();
  await rows("INSERT INTO pauses VALUES ('first', 0, 'admin')");
  await on.round.ring(accepted);
  expect(await on.state(1)).toMatchObject({ state: "held", waits: "pause" });
  expect(await on.state(2)).toMatchObject({ state: "pending", waits: "order" });
  expect(await on.state(3)).toMatchObject({ state: "held", waits: "pause" });
  await rows("DELETE FROM pauses");
  const bells = await on.d1.upkeep.letGo(THEN, 10);
  expect(bells.map(numberOf).toSorted((one, other) => one - other)).toEqual([1, 3]);
  await on.round.ring(bells);
  await on.drain();
  expect(on.sent.filter((n) => n < 3)).toEqual([1, 2]);
});

test("an open breaker probes with the first of a key, and never with one behind it", async () => {
  on.configure({ retry: [60_000, 60_000], breaker: { failures: 1, overMs: 0 } });
  on.round.onSend = () => NO;
  await on.round.ring(await on.acceptAll(1, 2));
  await rows("UPDATE breakers SET opened_at = 1, probe = NULL, probe_at = 1");
  on.round.clock += 60_000;
  await on.round.ring([...on.round.take().filter(({ attempt }) => attempt === 2), ...(await on.accept(3))]);
  expect(await rows("SELECT probe FROM breakers")).toEqual([{ probe: await on.seq(1) }]);
  expect(on.round.rung.map(numberOf)).toEqual([1]);
  expect(await on.state(2)).toMatchObject({ state: "pending", attempt: 0, waits: "order" });
  expect(await on.state(3)).toMatchObject({ state: "pending", attempt: 0, waits: "order" });
});

test("what became too old behind another ends as it comes, one after another, and holds up nobody", async () => {
  on.configure({ retry: [], maxAgeMs: 10_000 });
  on.round.onSend = () => NO;
  await on.round.ring(await on.acceptAll(1, 2, 3));
  on.round.clock += 1_000_000;
  await on.drain();
  expect(on.sent).toEqual([1]);
  expect(await rows("SELECT reason FROM deliveries ORDER BY event")).toEqual([
    { reason: "exhausted" },
    { reason: "expired" },
    { reason: "expired" },
  ]);
});

test("with a rate and a concurrency, what comes behind another spends no place of it", async () => {
  on.configure({ limits: { concurrency: 1 } });
  await on.round.ring(await on.acceptAll(1, 2, 3));
  for (let turns = 0; turns < 20 && on.round.rung.length > 0; turns += 1) {
    on.round.clock += 5_000;
    await on.drain();
  }
  expect(on.sent).toEqual([1, 2, 3]);
});

test("a sender's repeat of what has failed comes before what is open", async () => {
  on.configure({ retry: [] });
  on.round.onSend = (_, n) => (n === 1 ? NO : YES);
  await on.round.ring(await on.accept(1));
  on.round.clock += 1000;
  await on.round.accept(1, ["first"], { receipt: "zzzzzzzzz-later" });
  expect(await on.state(1)).toMatchObject({ state: "pending" });
  await on.round.ring(await on.accept(2));
  expect(on.sent).toEqual([1]);
});

test("who comes next is found by indexes, however many have failed or wait", async () => {
  await on.accept(1);
  const seen: string[] = [];
  on.round.counted.before = (sql) => void seen.push(...sql);
  await on.round.store.claim([wantedOf({ v: 1, delivery: `${idOf(1)}:first`, attempt: 1, due: 0, size: 0 })], THEN, [
    "first",
  ]);
  const claim = seen.find((sql) => sql.includes("order_key")) ?? "";
  const plan = await rows<{ detail: string }>(`EXPLAIN QUERY PLAN ${claim}`, "[]", THEN, "[]");
  const text = plan.map(({ detail }) => detail).join("\n");
  expect(text).toMatch(
    /SEARCH o USING (?:COVERING )?INDEX deliveries_in_order \(destination=\? AND order_key=\? AND event<\?\)/,
  );
  expect(text).toMatch(/INDEX deliveries_out_of_order \(destination=\? AND order_key=\? AND event<\?\)/);
});
