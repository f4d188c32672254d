// How a destination did, as the Feed object counts it: its last attempts, and its latencies over a change of release.
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { FeedCore } from "../../../src/feed/feed.ts";
import { countAttempt, newTally, sourceIn } from "../../../src/feed/tally.ts";
import { bindings, setUp, signed, until } from "../kit/relay.ts";

const receiver = setUp();
const HOUR = 60 * 60_000;
const feed = () => bindings.FEED.getByName("feed");

test("what the last attempts came to is told by itself, whatever the day was like", async () => {
  receiver.behaviour = () => new Response("", { status: 410 });
  for (let n = 0; n < 3; n += 1) await signed("acme", "{}", { "x-id": `bad-${n}` });
  const streak = async (name: string) => (await feed().totals(Date.now() - HOUR)).destinations.get(name)?.streak;
  await until(async () => (await streak("first")) === 3);
  receiver.behaviour = () => new Response("");
  await signed("acme", "{}", { "x-id": "good" });
  await until(async () => (await streak("first")) === 0);
  expect((await feed().totals(Date.now() - HOUR)).destinations.get("first")).toMatchObject({
    failed: 3,
    delivered: 1,
    streakSince: null,
  });
});

test("a row that the release before wrote is counted on in the buckets of today, and becomes part of an hour", async () => {
  await runInDurableObject(bindings.FEED.getByName("feed-of-the-test"), (_, state) => {
    const noon = Date.parse("2090-01-01T12:00:00Z");
    let clock = noon;
    const core = new FeedCore(state, () => clock);
    const row = '[[["acme",2,0]],[["first",2,0,0,[[48,2]],0]]]';
    state.storage.sql.exec("INSERT INTO minutes (at, counts) VALUES (?1, ?2)", noon, row);
    const tally = newTally();
    for (const latencyMs of [1_000, 1_000])
      countAttempt(tally, { destination: "first", state: "delivered", status: 200, latencyMs });
    core.tell({ counts: new Map([[noon, tally]]), news: [], skipped: 0 });
    const first = () => core.totals(0).destinations.get("first");
    // The old bucket from 97 to 107 ms becomes the one from 99 to 108.
    expect(first()).toMatchObject({ delivered: 4, latency: { p50_ms: 103, p99_ms: 981 } });
    clock += 28 * HOUR;
    const later = newTally();
    sourceIn(later, "acme").accepted = 1;
    core.tell({ counts: new Map([[clock, later]]), news: [], skipped: 0 });
    expect([...state.storage.sql.exec("SELECT at FROM hours")]).toEqual([{ at: noon }]);
    expect(first()).toMatchObject({ delivered: 4, latency: { p50_ms: 103, p99_ms: 981 } });
    expect(core.totals(0).sources.get("acme")?.accepted).toBe(3);
  });
});
