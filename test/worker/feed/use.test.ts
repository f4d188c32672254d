// What a whole relay counts of its own use, what /health says of limits and to whom, and what one event costs to keep
// and to forget.
import { runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { openD1 } from "../../../src/d1/open.ts";
import { openFeed, type Telling } from "../../../src/feed/door.ts";
import { FeedCore } from "../../../src/feed/feed.ts";
import { newTally, sourceIn } from "../../../src/feed/tally.ts";
import { Use } from "../../../src/feed/use.ts";
import { sizeBefore } from "../../../src/operate/growth.ts";
import { use as schema } from "../../../src/contract/use.ts";
import { FORGETTING } from "../../bench/price.ts";
import { everything } from "../kit/keeping.ts";
import { countedDatabase } from "../kit/counted.ts";
import { fill } from "../kit/fill.ts";
import { front } from "../kit/front.ts";
import { feedRpc, idOf, Logged } from "../kit/hands.ts";
import { bindings, deliveries, rows, hmac, setUp, signed, until } from "../kit/relay.ts";

setUp();

const TOKEN = "test-admin-token-0123456789abcdef";
const FRONT = { authorization: "Bearer front-admin-token-0123456789abcdef" };
const DAY = 86_400_000;
const ask = async (headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }) =>
  await exports.default.fetch(new Request("https://relay.example.com/health", { headers }));
const today = () => bindings.FEED.getByName("feed").use(Date.now() - (Date.now() % DAY));

/** What was used, of each minute of each telling. */
const usedIn = (tellings: readonly Telling[]) =>
  tellings.flatMap(({ counts }) => Array.from(counts.values(), ({ use = new Map() }) => Object.fromEntries(use)));

test("an event and how its first attempt ended are told in one call", async () => {
  const tellings: Telling[] = [];
  const tell = async (telling: Telling) => {
    tellings.push(telling);
    await Promise.resolve();
  };
  const rpc = feedRpc({ tell });
  const own = new Use(() => Date.now());
  const door = openFeed(
    () => rpc,
    () => Date.now(),
    new Logged(),
    own,
  );
  own.add("d1_rows_written", 3);
  const ended = { event: 1, attempt: 1, reason: null, fault: null, excerpt: "", dueAt: 0, startedAt: 0, size: 2 };
  const first = door.accepted([[idOf(1), 2, ["first"], { source: "acme", type: "push", receivedAt: Date.now() }]]);
  const delivered = {
    ...ended,
    id: idOf(1),
    destination: "first",
    state: "delivered",
    status: 200,
    latencyMs: 7,
  } as const;
  expect(door.settled([delivered])).toBeNull();
  await first;
  expect(tellings).toHaveLength(1);
  expect(tellings[0]?.news.map(({ kind }) => kind)).toEqual(["event", "delivery"]);
  expect(usedIn(tellings)).toEqual([{ d1_rows_written: 3 }]);
});

test("what could not be told is told with the next call", async () => {
  const tellings: Telling[] = [];
  let fails = true;
  const tell = async (telling: Telling) => {
    await Promise.resolve();
    if (fails) throw new Error("gone");
    tellings.push(telling);
  };
  const own = new Use(() => Date.now());
  const rpc = feedRpc({ tell });
  const state = { clock: 0 };
  const door = openFeed(
    () => rpc,
    () => state.clock,
    new Logged(),
    own,
  );
  const refuse = () => door.refused({ source: "acme", reason: "no", status: 401, at: state.clock });
  own.add("queue_operations", 3);
  await refuse();
  fails = false;
  state.clock += 10_000;
  await refuse();
  expect(usedIn(tellings)).toEqual([{ "refused:acme:no": 1, queue_operations: 3 }]);
});

test("a delivered event is counted on every meter that it uses, and told without a call of its own", async () => {
  await signed("lone", "{}", { "x-id": "counted" });
  await deliveries("delivered");
  const counted = await until(async () => {
    const use = await today();
    return (use.get("d1_rows_written") ?? 0) >= 3 && use;
  });
  expect(counted.get("d1_bytes")).toBeGreaterThan(4_096);
  for (const meter of ["worker_requests", "d1_rows_read", "object_rows_written", "object_requests"] as const)
    expect(counted.get(meter) ?? 0, `${meter} in ${JSON.stringify([...counted])}`).toBeGreaterThan(0);
  expect(counted.has("queue_operations")).toBe(false);
});

test("/health tells use, limits and the time until midnight to those who are signed in, and nothing of it to a stranger", async () => {
  await signed("lone", "{}", { "x-id": "healthy" });
  await deliveries("delivered");
  const answer = await ask();
  expect(answer.status).toBe(200);
  const { use } = await answer.json<{ use: unknown }>();
  const { plan, day, resets_in_s: left, meters, reached, queue } = schema.parse(use);
  expect([plan, day]).toEqual(["paid", new Date().toISOString().slice(0, 10)]);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(86_400);
  expect(meters.find(({ name }) => name === "d1_bytes")).toMatchObject({ limit: 10_000_000_000, per: "size" });
  expect(meters.find(({ name }) => name === "worker_cpu_ms")?.used).toBeNull();
  expect(reached).toEqual([]);
  expect(queue?.backlog).toBe(0);
  expect(Object.keys(await (await ask({})).json<object>())).toEqual(["status", "missing"]);
});

test("a D1 that is past its daily writes is named, with what still works, and /health stays 200", async () => {
  const counted = countedDatabase(bindings.DB);
  const relay = front(
    { acme: { provider: "hmac", settings: { header: "X-Signature" } } },
    { DB: counted.database, PLAN: "free", ACME_SECRET: "acme-secret" },
  );
  await relay.api("/events");
  counted.before = () => {
    throw new Error(
      "D1_ERROR: Your account has exceeded D1's free tier daily row write limit. Upgrade to a paid plan or wait until tomorrow (midnight UTC) to continue.",
    );
  };
  const failed = await relay.ask("/api/events", { headers: FRONT });
  expect(failed.status).toBe(500);
  const health = await relay.ask("/health", { headers: FRONT });
  expect(health.status).toBe(200);
  const { use } = await health.json<{ use: unknown }>();
  // A key cannot be looked up: whoever shows one hears what everybody may.
  const key = await relay.ask("/health", {
    headers: { authorization: `Bearer hlk_${"a".repeat(12)}_${"b".repeat(64)}` },
  });
  expect([key.status, Object.keys(await key.json<object>())]).toEqual([200, ["status", "missing"]]);
  const { reached, meters, database } = schema.parse(use);
  expect(database).toMatchObject({ limit: 500_000_000, growth_a_day: null, full_on: null });
  expect(database?.used).toBeGreaterThan(4_096);
  expect(reached.map(({ name }) => name)).toEqual(["d1_rows_written"]);
  expect(reached[0]?.says).toContain("Events are accepted");
  expect(meters.find(({ name }) => name === "d1_rows_written")).toMatchObject({ limit: 100_000, reached: true });
});

test("to forget an event with one delivery writes two rows: what `npm run bench` adds for the retention", async () => {
  await fill(100);
  await rows("UPDATE deliveries SET state = 'delivered', look_at = NULL");
  const use = new Use(() => Date.now());
  const { upkeep } = openD1(bindings.DB, use);
  await upkeep.expire(everything(-DAY), Date.now(), 1);
  use.take();
  const { count } = await upkeep.expire(everything(-DAY), Date.now(), 50);
  expect(count).toBe(50);
  const cost = use.take();
  expect((cost.get("d1_rows_written") ?? 0) / count).toBe(FORGETTING.d1_rows_written);
  expect((cost.get("d1_rows_read") ?? 0) / count).toBeLessThanOrEqual(FORGETTING.d1_rows_read);
});

test("the size of the database a week ago is told along with use, or the oldest that is known", async () => {
  await runInDurableObject(bindings.FEED.getByName("feed-of-sizes"), (_, state) => {
    let clock = Date.parse("2026-11-01T00:00:00Z");
    const core = new FeedCore(state, () => clock);
    const tell = (bytes: number | null) => {
      const tally = newTally();
      sourceIn(tally, "acme").accepted = 1;
      if (bytes !== null) tally.use.set("d1_bytes", bytes);
      core.tell({ counts: new Map([[clock, tally]]), news: [], skipped: 0 });
    };
    const before = () => sizeBefore(core.use(clock - (clock % DAY)));
    tell(null);
    expect(before()).toBeNull();
    for (let hours = 0; hours < 10 * 24; hours += 1) {
      clock += DAY / 24;
      tell(1_000 + hours);
      if (hours === 30) expect(before()).toEqual({ at: Date.parse("2026-11-01T01:00:00Z"), bytes: 1_000 });
    }
    expect(before()).toEqual({ at: clock - 7 * DAY, bytes: 1_000 + 239 - 7 * 24 });
  });
});

test("strangers whose requests are refused cause a row every five seconds at most", async () => {
  await runInDurableObject(bindings.FEED.getByName("feed-of-strangers"), (_, state) => {
    let clock = Date.now();
    const core = new FeedCore(state, () => clock);
    const refuse = () => {
      const tally = newTally();
      sourceIn(tally, "acme").refused = 1;
      core.tell({ counts: new Map([[clock, tally]]), news: [], skipped: 0 });
    };
    refuse();
    clock += 4_900;
    refuse();
    expect(new FeedCore(state, () => clock).totals(0).sources.get("acme")?.refused).toBe(1);
  });
});

const refuses = () => Promise.reject(new Error("Exceeded allowed rows written in Durable Objects free tier."));

test("objects that may write no more are named once, however many events they refuse, and /health says that none is accepted", async () => {
  const written = vi.spyOn(console, "error").mockImplementation(() => {});
  const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
  const real = bindings.INTAKE.getByName("intake-0");
  const object = { accept: refuses, status: () => real.status() };
  const relay = front(
    { acme: { provider: "hmac", settings: { header: "X-Signature" } } },
    { INTAKE: { getByName: () => object }, PLAN: "free", ACME_SECRET: "acme-secret", LOG_LEVEL: "warn" },
  );
  for (let n = 0; n < 5; n += 1) {
    const body = `{"n":${n}}`;
    const answer = await relay.post("acme", body, { "x-signature": await hmac("acme-secret", body) });
    expect(answer.status).toBe(503);
  }
  const lines = [...written.mock.calls, ...warned.mock.calls].map(([line]) => JSON.parse(String(line)));
  written.mockRestore();
  warned.mockRestore();
  expect(lines).toMatchObject([{ event: "limit.reached", limit: "object_rows_written" }]);
  const health = await relay.ask("/health", { headers: FRONT });
  expect(health.status).toBe(503);
  const { status, use } = await health.json<{ status: string; use: unknown }>();
  expect(status).toBe("degraded");
  const { reached } = schema.parse(use);
  expect(reached.map(({ name }) => name)).toEqual(["object_rows_written"]);
  expect(reached[0]?.says).toContain("503");
});
