// The relay at a glance: counts over time, what waits, and what is said where a part of it cannot be reached.
import { afterEach, beforeEach, expect, test } from "vitest";
import { overview as schema, type Overview } from "../../../src/contract/overview.ts";
import { openBacklog } from "../../../src/d1/backlog.ts";
import { openDatabase } from "../../../src/d1/database.ts";
import { migrate } from "../../../src/d1/migrate.ts";
import { openRefusals } from "../../../src/d1/refusals.ts";
import { openUse } from "../../../src/operate/use.ts";
import { Use } from "../../../src/feed/use.ts";
import { openFeed } from "../../../src/feed/door.ts";
import { openOverview, openTotals, type OverviewDeps } from "../../../src/operate/overview.ts";
import { fill, metered } from "../kit/fill.ts";
import { Logged } from "../kit/hands.ts";
import { bindings, deliveries, post, rows, setUp, signed, until } from "../kit/relay.ts";
import { reset } from "cloudflare:test";

setUp();

const HOUR = 60 * 60_000;
const feed = openFeed(
  () => bindings.FEED.getByName("feed"),
  () => Date.now(),
  new Logged(),
);
const ENDED = { waiting: 0, stuck: 0, bytes: 4096 };

let log = new Logged();
beforeEach(() => {
  log = new Logged();
});
afterEach(async () => {
  await reset();
});

async function look(change: Partial<OverviewDeps> = {}, hours: 1 | 24 | 168 = 24): Promise<Overview> {
  const { overview } = openOverview({
    config: {
      missing: ["ACME_SECRET"],
      ends: [],
      findings: [{ level: "warning", key: "ROUTES", says: "is empty" }],
      destinations: new Map([["billing", {}]]),
    },
    feed,
    backlog: openBacklog(openDatabase(bindings.DB)),
    intake: { status: () => Promise.resolve({ ...ENDED, unreachable: [], seenAt: 0 }) },
    sources: () => Promise.resolve({ sources: [], events_looked_back_to: null }),
    destinations: () => Promise.resolve([]),
    use: openUse({
      config: { plan: "free" },
      feed,
      own: new Use(() => Date.now()),
      backlogOfQueue: () => bindings.DELIVERIES.metrics(),
      now: () => Date.now(),
      log,
    }),
    now: () => Date.now(),
    log,
    ...change,
  });
  return schema.parse(await overview("https://relay.example.com", hours));
}

test("what happened a moment ago is in the last of the points, and in the totals", async () => {
  await signed("lone", "{}");
  await deliveries("delivered");
  await post("/in/lone", "forged");
  const seen = await until(async () => {
    const { totals, points } = await look();
    return totals.delivered === 1 && totals.refused === 1 && { totals, points };
  });
  expect(seen.totals).toEqual({ accepted: 1, delivered: 1, retried: 0, failed: 0, refused: 1 });
  // Of two steps if one began in between.
  const [before, last] = seen.points.slice(-2);
  expect((before?.accepted ?? 0) + (last?.accepted ?? 0)).toBe(1);
  const day = await openTotals(feed, () => Date.now(), log)();
  expect(day.sources.get("lone")).toEqual({ accepted: 1, refused: 1 });
  expect(day.destinations.get("first")).toMatchObject({ delivered: 1, latency: { p50_ms: expect.any(Number) } });
});

test("an hour has 60 points, a day 96 and a week 84, the last of them now", async () => {
  const now = Date.parse("2090-01-01T12:34:56Z");
  for (const [hours, count, last] of [
    [1, 60, "2090-01-01T12:34:00.000Z"],
    [24, 96, "2090-01-01T12:30:00.000Z"],
    [168, 84, "2090-01-01T12:00:00.000Z"],
  ] as const) {
    const { points, step_s, since } = await look({ now: () => now }, hours);
    expect([points.length, points.at(-1)?.at]).toEqual([count, last]);
    expect([points[0]?.at, step_s * count]).toEqual([since, hours * 3600]);
  }
});

test("a feed that cannot be reached leaves zeros and a finding that says so; the rest is there", async () => {
  await migrate(bindings.DB);
  await fill(20);
  const gone = {
    steps: () => Promise.reject(new Error("overloaded")),
    totals: () => Promise.reject(new Error("overloaded")),
  };
  const { findings, points, totals, backlog } = await look({ feed: gone }, 1);
  expect(findings.map(({ key }) => key)).toEqual(["ROUTES", "FEED"]);
  expect(points).toHaveLength(60);
  expect(totals.accepted).toBe(0);
  expect(backlog.open).toBe(10);
  expect(await openTotals(gone, () => Date.now(), log)()).toEqual({
    sources: new Map(),
    destinations: new Map(),
    heard: new Map(),
  });
  expect(log.of("overview.feed_unreachable")).toHaveLength(2);
});

test("an Intake that cannot be reached has no journal to show", async () => {
  const { backlog } = await look({ intake: { status: () => Promise.reject(new Error("overloaded")) } });
  expect(backlog.journal).toBeNull();
  expect((await look()).backlog.journal).toEqual(ENDED);
});

test("the backlog is counted as far as 5,000, with the oldest event that waits", async () => {
  await fill(6_000);
  expect((await look()).backlog).toMatchObject({
    open: 10,
    held: 0,
    more: false,
    oldest_received_at: new Date(1_000).toISOString(),
  });
  await rows("UPDATE deliveries SET state = 'held', look_at = NULL WHERE event <= 20");
  expect((await look()).backlog).toMatchObject({ open: 0, held: 20, more: false, oldest_received_at: null });
  await rows("UPDATE deliveries SET state = 'pending', look_at = event");
  expect((await look()).backlog).toMatchObject({
    open: 5_000,
    held: 0,
    more: true,
    oldest_received_at: new Date(1_000).toISOString(),
  });
  await rows("UPDATE deliveries SET state = 'held', look_at = NULL");
  expect((await look()).backlog).toMatchObject({ open: 0, held: 5_000, more: true });
});

test("the backlog reads what waits, not the history", async () => {
  const costs: number[] = [];
  for (const size of [10_000, 100_000]) {
    await fill(size);
    const { run, measure } = metered(bindings.DB);
    const { read } = await measure(() => openBacklog(run)(["billing"]));
    costs.push(read);
    await reset();
  }
  // A hundred have failed of the first, a thousand of the second, which is as far as the count goes: read in the index, in their rows, and once more when they are counted.
  expect(costs[0]).toBeLessThan(100 + 3 * 100);
  expect(costs[1]).toBeLessThan(100 + 3 * 1_000);
});

test("what waits for a replay is counted: neither what was cancelled, nor what is for a destination that is gone", async () => {
  await fill(900, ["billing", "retired"]);
  expect((await look()).backlog).toMatchObject({ replayable: 9, replayable_more: false });
  await rows("UPDATE deliveries SET reason = 'cancelled' WHERE state = 'failed' AND event <= 300");
  expect((await look()).backlog).toMatchObject({ replayable: 6 });
  await rows("UPDATE deliveries SET state = 'pending', look_at = 0 WHERE state = 'failed' AND destination = 'billing'");
  expect((await look()).backlog).toMatchObject({ replayable: 0 });
  await rows(
    "UPDATE deliveries SET state = 'failed', reason = 'exhausted', look_at = NULL WHERE destination = 'billing'",
  );
  expect((await look()).backlog).toMatchObject({ replayable: 900, replayable_more: false });
  await rows("UPDATE deliveries SET state = 'failed', reason = 'gone', look_at = NULL");
  expect((await look()).backlog).toMatchObject({ replayable_more: true });
});

test("a week holds what is older than the minutes that are kept", async () => {
  const now = Date.now();
  expect((await look({ now: () => now + 100 * HOUR }, 168)).totals.accepted).toBe(0);
  await signed("lone", "{}");
  await until(async () => (await look()).totals.accepted === 1);
  expect((await look({ now: () => now + 100 * HOUR }, 168)).totals.accepted).toBe(1);
  expect((await look({ now: () => now + 100 * HOUR }, 24)).totals.accepted).toBe(0);
});

test("when each source was last heard is read of a few hundred rows, however often a page asks", async () => {
  await fill(10_000);
  const { run, measure } = metered(bindings.DB);
  const { read } = await measure(() => openRefusals(run).lasts());
  expect(read).toBeLessThanOrEqual(500);
});
