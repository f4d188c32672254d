// What people read of the past: in which order, how far, and what it costs.
import { reset } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import { migrate } from "../../../src/d1/migrate.ts";
import { openRecords } from "../../../src/d1/records.ts";
import { endOf, SCAN_ROWS } from "../../../src/d1/moment.ts";
import { openStore } from "../../../src/d1/store.ts";
import { bindings, rows } from "../kit/relay.ts";
import { fill, metered } from "../kit/fill.ts";
import type { DeliveryFilter, EventFilter, Place } from "../../../src/contract/filter.ts";
import type { Walk } from "../../../src/d1/rows.ts";

afterEach(async () => {
  await reset();
});

const ALL: DeliveryFilter = {
  source: null,
  type: null,
  destination: null,
  state: null,
  since: null,
  until: null,
};
const ANY: EventFilter = { source: null, type: null, since: null, until: null, text: null, routing: null };
const records = openRecords((work) => work(bindings.DB));

/** Everything that a walk finds. */
async function walk<Row>(read: (after: Place | null) => Promise<Walk<Row>>): Promise<Row[]> {
  const found: Row[] = [];
  for (let after: Place | null = null; ;) {
    const page: Walk<Row> = await read(after);
    found.push(...page.rows);
    if (page.next === null) return found;
    after = page.next;
  }
}

/**
 * Pages of 50 by what they are of: which list, which filter, whether from a place nine tenths up the history, and the most
 * rows that one may read. A delivery is read with its event; a page that finds nothing also looks where it stopped.
 */
type Page =
  | ["events", Partial<EventFilter>, boolean, number]
  | ["deliveries", Partial<DeliveryFilter>, boolean, number];
const PAGES: Record<string, Page> = {
  "events, first page": ["events", {}, false, 51],
  "events, page by cursor": ["events", {}, true, 51],
  "events of a frequent source": ["events", { source: "github" }, false, 60],
  "events of an unknown source": ["events", { source: "nobody" }, true, 2 * SCAN_ROWS],
  "deliveries, first page": ["deliveries", {}, false, 2 * 51],
  "deliveries, page by cursor": ["deliveries", {}, true, 2 * 52],
  "failed, first page": ["deliveries", { state: "failed" }, false, 2 * 51],
  "failed, page by cursor": ["deliveries", { state: "failed" }, true, 2 * 52],
  "pending, of which there are ten": ["deliveries", { state: "pending" }, false, 60],
  "deliveries to an unknown destination": ["deliveries", { destination: "nobody" }, false, 2 * SCAN_ROWS + 1],
  "deliveries of an unknown type": ["deliveries", { type: "nothing" }, true, 3 * SCAN_ROWS + 3],
};

test("the cost of a page does not grow with the history", async () => {
  const costs = new Map<string, number[]>();
  for (const size of [10_000, 100_000]) {
    await fill(size);
    const { run, measure } = metered(bindings.DB);
    const read = openRecords(run);
    for (const [name, [list, filter, byCursor, most]] of Object.entries(PAGES)) {
      const after = byCursor ? { event: size * 0.9, destination: "billing" } : null;
      const { read: cost } = await measure(() =>
        list === "events"
          ? read.events({ ...ANY, ...filter }, after, 50)
          : read.deliveries({ ...ALL, ...filter }, after, 50),
      );
      expect(cost, name).toBeLessThanOrEqual(most);
      costs.set(name, [...(costs.get(name) ?? []), cost]);
    }
    await reset();
  }
  for (const [name, [small = 0, large = 0]] of costs) {
    expect(small, name).toBeGreaterThan(0);
    expect(large / small, name).toBeLessThanOrEqual(1.1);
  }
});

test("a page that finds too little looks at 5,000 rows and says how far it came", async () => {
  await fill(12_000);
  const first = await records.deliveries({ ...ALL, destination: "nobody" }, null, 50);
  expect(first).toEqual({
    rows: [],
    next: { event: 7_001, destination: "billing" },
    stopped: { scanned: SCAN_ROWS, receivedAt: 7_001_000 },
  });
  const events = await records.events({ ...ANY, source: "nobody" }, null, 50);
  expect(events.next).toEqual({ event: 7_001, destination: "" });
  const last = await records.deliveries({ ...ALL, destination: "nobody" }, { event: 5_001, destination: "" }, 50);
  expect(last).toEqual({
    rows: [],
    next: { event: 1, destination: "billing" },
    stopped: { scanned: SCAN_ROWS, receivedAt: 1_000 },
  });
});

test("what is found is handed out once, newest first, whatever the filter and the size of a page", async () => {
  await fill(300, ["alpha", "beta", "gamma"]);
  await bindings.DB.exec("UPDATE deliveries SET state = 'held', look_at = NULL WHERE event = 150");
  await bindings.DB.exec(
    "UPDATE deliveries SET state = 'delivering', lease_until = 1, look_at = 0 WHERE event IN (5, 250) AND destination <> 'beta'",
  );
  const filters: Partial<DeliveryFilter>[] = [
    {},
    { source: "stripe" },
    { type: "pull" },
    { destination: "beta" },
    { since: 50_000, until: 100_000 },
    { until: 0 },
    { state: "failed" },
    { state: "failed", destination: "alpha", source: "stripe", since: 150_000 },
    { state: "pending" },
    { state: "pending", destination: "gamma" },
    { state: "delivering" },
    { state: "held", source: "stripe" },
    { state: "delivered", until: 125_000 },
  ];
  for (const change of filters) {
    const filter = { ...ALL, ...change };
    const expected = await rows<Place>(
      `SELECT d.event, d.destination FROM deliveries d JOIN events e ON e.seq = d.event
       WHERE coalesce(e.source = ?1, 1) AND coalesce(e.type = ?2, 1) AND coalesce(d.destination = ?3, 1) AND coalesce(d.state = ?4, 1)
         AND coalesce(e.received_at >= ?5, 1) AND coalesce(e.received_at < ?6, 1)
       ORDER BY d.event DESC, d.destination DESC`,
      filter.source,
      filter.type,
      filter.destination,
      filter.state,
      filter.since,
      filter.until,
    );
    for (const limit of [1, 13, 200]) {
      if (limit === 1 && expected.length > 12) continue;
      const found = await walk((after) => records.deliveries(filter, after, limit));
      expect(
        found.map(({ event, destination }) => ({ event, destination })),
        JSON.stringify([change, limit]),
      ).toEqual(expected);
    }
  }
  const found = await walk((after) => records.events({ ...ANY, source: "stripe" }, after, 7));
  expect(found.map(({ event }) => event)).toEqual(Array.from({ length: 30 }, (_, index) => 300 - index * 10));
});

test("what arrived before a day long past is found at once, in a long history too", async () => {
  await fill(100_000);
  const { run, measure } = metered(bindings.DB);
  const read = openRecords(run);
  for (const until of [20_001_000, 99_000_000, 5_000, 1_000, 0, 200_000_000]) {
    const newest = Math.min(until / 1_000 - 1, 100_000);
    const expected = Array.from({ length: Math.max(0, Math.min(3, newest)) }, (_, index) => newest - index);
    const cost = await measure(async () => {
      const { rows: events } = await read.events({ ...ANY, until }, null, 3);
      expect(events.map(({ event }) => event)).toEqual(expected);
      const { rows: deliveries } = await read.deliveries({ ...ALL, until }, null, 3);
      expect(deliveries.map(({ event }) => event)).toEqual(expected);
    });
    expect(cost.read).toBeLessThan(5 * SCAN_ROWS);
  }
});

const unmetered = <T>(work: (db: D1Database) => Promise<T>) => work(bindings.DB);

test("a moment is found between the event before it and the one after, in a short history and in a long one", async () => {
  const HOUR = 60 * 60_000;
  await migrate(bindings.DB);
  expect(await endOf(0, unmetered)).toBe(0);
  await fill(SCAN_ROWS);
  expect(await endOf(0, unmetered)).toBe(SCAN_ROWS + 1);
  await reset();
  await fill(20_000);
  // What a retention has left, with holes in it.
  await bindings.DB.exec("DELETE FROM events WHERE seq < 777 OR seq BETWEEN 9000 AND 9999");
  const { results } = await bindings.DB.prepare("SELECT seq, received_at AS at FROM events ORDER BY seq").all<{
    seq: number;
    at: number;
  }>();
  for (const time of [
    0, 777_000, 777_001, 5_000_500, 8_999_000, 8_999_001, 10_000_000, 10_000_001, 19_999_999, 20_000_000, 30_000_000,
  ]) {
    const before = results.filter(({ at }) => at < time).length;
    const found = await endOf(time - HOUR, unmetered);
    expect(results.filter(({ seq }) => seq < found).length, String(time)).toBe(before);
  }
});

test("an event that D1 got an hour late is found by the time of its arrival", async () => {
  await fill(12_000);
  await bindings.DB.exec("UPDATE events SET received_at = 1000000 WHERE seq = 4500");
  const filter = { ...ANY, since: 999_000, until: 1_002_000 };
  const found = await walk((after) => records.events(filter, after, 10));
  expect(found.map(({ event }) => event)).toEqual([4_500, 1_001, 1_000, 999]);
});

test("a walk since some time goes on behind an event that was written a day late, and ends where nothing newer was looked at", async () => {
  await fill(12_000);
  // Where the first page's look ends stands one that was stuck for long.
  await bindings.DB.exec("UPDATE events SET received_at = 1 WHERE seq = 7001");
  const since = 6_000_000;
  const events = await walk((after) => records.events({ ...ANY, source: "stripe", since }, after, 1_000));
  expect(events).toHaveLength(601);
  const deliveries = await walk((after) => records.deliveries({ ...ALL, source: "stripe", since }, after, 1_000));
  expect(deliveries).toHaveLength(601);
  await reset();
  await fill(30_000);
  const late = await records.events({ ...ANY, since: 29_000_000 }, null, 2_000);
  expect(late.rows).toHaveLength(1_001);
  const { run, measure } = metered(bindings.DB);
  const read = openRecords(run);
  const { read: cost } = await measure(async () => {
    const found = await walk((after) => read.events({ ...ANY, source: "nobody", since: 29_000_000 }, after, 50));
    expect(found).toEqual([]);
  });
  expect(cost).toBeLessThanOrEqual(5 * SCAN_ROWS + 5);
});

test("more open deliveries than a page may look at are walked like any others", async () => {
  await fill(SCAN_ROWS + 1_000);
  await bindings.DB.exec("UPDATE deliveries SET state = 'pending', look_at = 0");
  const filter: DeliveryFilter = { ...ALL, state: "pending", source: "stripe" };
  expect(await walk((after) => records.deliveries(filter, after, 200))).toHaveLength((SCAN_ROWS + 1_000) / 10);
  const { run, measure } = metered(bindings.DB);
  const { read } = await measure(() => openRecords(run).deliveries(filter, null, 1));
  expect(read).toBeLessThan(SCAN_ROWS + 100);
});

test("how far the events of a page have come costs their deliveries and no more", async () => {
  await fill(2_000, ["billing", "crm"]);
  const { run, measure } = metered(bindings.DB);
  const { read } = await measure(() => openRecords(run).states([100, 101, 1_999]));
  // Each of the three, its two deliveries, and the one at which they end.
  expect(read).toBeLessThanOrEqual(3 * (1 + 2 + 1));
  const states = await records.states([100, 101, 5_000]);
  expect(states.map(({ event, destination, state }) => [event, destination, state].join(" "))).toEqual([
    "100 billing failed",
    "100 crm failed",
    "101 billing delivered",
    "101 crm delivered",
  ]);
});

test("an event costs six rows from its acceptance to its delivery at the first try", async () => {
  await migrate(bindings.DB);
  const { database, measure } = metered(bindings.DB);
  const store = openStore((work) => work(database));
  const event = {
    id: `evt_${"0".repeat(32)}`,
    receipt: "r1",
    source: "github",
    type: "push",
    receivedAt: 1_000,
    verifiedBy: null,
    headers: {},
    encoding: "text",
    size: 2,
    body: "{}",
    parts: 0,
    matched: [{ destination: "billing", route: "all" }],
  };
  const commit = await measure(() => store.commit(JSON.stringify([event]), 1_000));
  let claimed: Awaited<ReturnType<typeof store.claim>> = [];
  const claim = await measure(async () => {
    claimed = await store.claim([{ event: event.id, destination: "billing", attempt: 1 }], 2_000);
  });
  const settle = await measure(() =>
    store.settle(
      claimed.map((one) => ({
        event: one.event,
        destination: one.destination,
        attempt: 1,
        state: "delivered" as const,
        reason: null,
        dueAt: 2_000,
        startedAt: 2_000,
        latencyMs: 5,
        status: 200,
        fault: null,
        excerpt: "ok",
      })),
      3_000,
    ),
  );
  expect(await rows("SELECT state FROM deliveries")).toEqual([{ state: "delivered" }]);
  expect({ commit: commit.written, claim: claim.written, settle: settle.written }).toEqual({
    commit: 4,
    claim: 1,
    settle: 1,
  });
});
