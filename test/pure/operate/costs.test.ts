// What a month comes to: by meter, by name, by its end; and what a bulk replay would use.
import { expect, test } from "vitest";
import { costs as schema, forecast as forecastSchema } from "../../../src/contract/costs.ts";
import { METERS, PLAN_USD, PRICES } from "../../../src/contract/prices.ts";
import { REPLAYED, UNIT_COSTS } from "../../../src/contract/unit-costs.ts";
import type { Spent } from "../../../src/feed/tally.ts";
import { costsOf, openCosts } from "../../../src/operate/costs.ts";
import { forecastOf } from "../../../src/operate/forecast.ts";
import { partsOf, restOf, usedIn } from "../../../src/operate/spending.ts";
import { costs, costsOfNothing } from "../../kit/fixture-costs.ts";

const DAY = 86_400_000;
const NOON = Date.parse("2026-12-11T12:00:00Z");
const TODAY = NOON - DAY / 2;

const NOTHING: Omit<Spent, "at"> = { use: new Map(), sources: new Map(), destinations: new Map() };

/** So many events of each source, delivered at once, counted by the meters of D1 and objects. */
function day(at: number, events: Readonly<Record<string, number>>, rows = 3): Spent {
  const all = Object.values(events).reduce((sum, n) => sum + n, 0);
  return {
    at,
    use: new Map([
      ["d1_rows_written", rows * all],
      ["object_requests", 3 * all],
      ["worker_requests", all],
      ["d1_bytes", 2_000_000_000],
      ["log_lines", all],
      ["ack:7", all],
    ]),
    sources: new Map(Object.entries(events).map(([name, accepted]) => [name, { accepted, refused: 0 }])),
    destinations: new Map([["first", { delivered: all, retried: 0, failed: 0 }]]),
  };
}

/** The last 31 days, of which the last so many had this traffic. */
function days(count: number, events: Readonly<Record<string, number>>, share = 1): Spent[] {
  return Array.from({ length: 31 }, (_, n) => {
    const at = TODAY - (30 - n) * DAY;
    if (n < 31 - count) return { at, ...NOTHING };
    const part = n === 30 ? share : 1;
    return day(at, Object.fromEntries(Object.entries(events).map(([name, all]) => [name, all * part])));
  });
}

const of = (answer: typeof costs, name: string) => answer.meters.find((one) => one.name === name);

test("the month so far has only its own days, and its end is foretold by the pace of the last seven", () => {
  const answer = schema.parse(costsOf(days(20, { acme: 1_000 }, 0.5), day(NOON - DAY, { acme: 1_000 }), "paid", NOON));
  expect(answer).toMatchObject({
    month: "2026-12",
    month_ends: "2027-01-01T00:00:00.000Z",
    counted_since: "2026-11-22",
  });
  // Ten whole days and a half one of December; twenty days and a half are to come.
  expect(of(answer, "d1_rows_written")).toMatchObject({
    today: 1_500,
    last_day: 3_000,
    month: 31_500,
    projected: 93_000,
  });
  expect(answer.days).toHaveLength(31);
  expect(answer.days.at(-1)).toMatchObject({ day: "2026-12-11", accepted: 500, d1_rows_written: 1_500 });
});

test("a relay that is hours old is taken to go on as it began, a day's worth a day", () => {
  const answer = costsOf(days(1, { acme: 100 }), day(NOON - DAY, { acme: 100 }), "paid", NOON);
  expect(of(answer, "d1_rows_written")).toMatchObject({ month: 300, projected: 300 + 300 * 20.5 });
});

test("what the plan includes is not billed, and its fee is", () => {
  const small = costsOf(days(20, { acme: 1_000 }), day(NOON - DAY, { acme: 1_000 }), "paid", NOON);
  expect(small.usd.billed).toEqual({ fee: PLAN_USD, month: PLAN_USD, projected: PLAN_USD });
  expect(small.usd.month).toBeGreaterThan(0);
  const large = costsOf(days(20, { acme: 2_000_000 }), day(NOON - DAY, { acme: 1 }), "paid", NOON);
  // Eleven days of six million rows are 66 million, 16 beyond the 50 that are included; as many requests to objects, less a million.
  const { usd, per, included } = PRICES.object_requests;
  expect(of(large, "d1_rows_written")?.billed.month).toBeCloseTo(16, 6);
  expect(of(large, "object_requests")?.billed.month).toBeCloseTo(((66_000_000 - included) / per) * usd, 6);
});

const names = (answer: typeof costs) => answer.meters.map(({ name }) => name);

test("meters and prices are those of the day: lines of the log until November, bytes from December on", () => {
  const before = costsOf(
    days(2, { acme: 1 }).map((one) => Object.assign(one, { at: one.at - 20 * DAY })),
    day(0, {}),
    "paid",
    NOON - 20 * DAY,
  );
  expect([names(before).includes("log_lines"), names(before).includes("log_bytes")]).toEqual([true, false]);
  const after = costsOf(days(2, { acme: 1 }), day(0, {}), "paid", NOON);
  expect([names(after).includes("log_lines"), names(after).includes("log_bytes")]).toEqual([false, true]);
});

test("the parts of all names and the rest are what was counted, of every meter", () => {
  for (const rows of [1, 3, 50]) {
    const spent = day(TODAY, { acme: 700, github: 300 }, rows);
    const used = usedIn(spent);
    const parts = partsOf(used, spent);
    const all = [...parts.sources, ...parts.destinations];
    const rest = restOf(used, all);
    for (const meter of METERS) {
      const sum = all.reduce((total, { amounts }) => total + (amounts.get(meter) ?? 0), 0);
      expect(sum + (rest.get(meter) ?? 0), meter).toBeCloseTo(used.get(meter) ?? 0, 6);
    }
    const [acme, github] = parts.sources.map(({ amounts }) => amounts.get("d1_rows_written") ?? 0);
    expect(acme).toBeCloseTo(((github ?? 0) * 7) / 3, 6);
  }
});

test("where the counts are as measured, a source has two rows an event and the destination one", () => {
  const answer = costsOf(days(1, { acme: 1_000 }), day(NOON - DAY, { acme: 1_000 }), "paid", NOON);
  expect(answer.sources).toMatchObject([{ name: "acme", month: { accepted: 1_000, d1_rows_written: 2_000 } }]);
  expect(answer.destinations).toMatchObject([{ name: "first", month: { delivered: 1_000, d1_rows_written: 1_000 } }]);
  const shares = [...answer.sources, ...answer.destinations].map(({ month }) => month.share ?? 0);
  expect(shares.reduce((sum, one) => sum + one, answer.rest.month.share ?? 0)).toBeCloseTo(1, 3);
});

test("CPU time is an estimate from what each event, attempt and other request takes", () => {
  const answer = costsOf(days(1, { acme: 100 }), day(NOON - DAY, { acme: 100 }), "paid", NOON);
  expect(of(answer, "worker_cpu_ms")).toMatchObject({
    estimated: true,
    month: 100 * UNIT_COSTS.accepted.worker_cpu_ms,
  });
});

test("a relay that has counted nothing says so, and every answer is of its schema", () => {
  expect(costsOfNothing.counted_since).toBeNull();
  expect(costsOfNothing.usd).toMatchObject({ last_day: 0, month: 0 });
  expect(schema.parse(costsOfNothing)).toEqual(costsOfNothing);
  expect(schema.parse(costs)).toEqual(costs);
});

test("a Feed object that cannot be reached is a 503 with what to do, and an answer is kept for a minute", async () => {
  const feed = { asked: 0, fails: true };
  const clock = { now: NOON };
  const ask = openCosts({
    config: { plan: "free" },
    feed: {
      spent: async (_since, _step, count) => {
        feed.asked += 1;
        if (feed.fails) throw new Error("gone");
        return await Promise.resolve(count === 1 ? [day(NOON - DAY, { acme: 1 })] : days(1, { acme: 1 }));
      },
    },
    now: () => clock.now,
    log: { info: () => {}, warn: () => {}, error: () => {} },
  });
  expect(await ask()).toMatchObject({
    ok: false,
    problem: { status: 503, detail: expect.stringContaining("ask again") },
  });
  feed.fails = false;
  feed.asked = 0;
  expect(await ask()).toMatchObject({ ok: true, value: { plan: "free" } });
  clock.now += 59_000;
  await ask();
  expect(feed.asked).toBe(2);
  clock.now += 1_000;
  await ask();
  expect(feed.asked).toBe(4);
});

const meter = (name: "d1_rows_written" | "queue_operations", used: number) =>
  ({ name, used, limit: null, per: "day", estimated: false, reached: false }) as const;

test("a forecast has the time at the rate, what each delivery uses, and the free quotas that today passes with it", () => {
  const used = [meter("d1_rows_written", 96_000), meter("queue_operations", 1_000)];
  const wish = { deliveries: 600, rate: 60, delivered: false };
  const found = forecastSchema.parse(forecastOf(wish, "free", used, NOON));
  expect(found).toMatchObject({ takes_s: 600, deliveries: 600, rate: 60, passes: [] });
  const rows = found.meters.find(({ name }) => name === "d1_rows_written");
  // Sixty steps and the job itself beside five rows for each delivery.
  expect(rows).toMatchObject({ uses: 600 * REPLAYED.d1_rows_written + 65, used: 96_000, free: 100_000, passes: false });
  expect(found.meters.find(({ name }) => name === "queue_operations")).toMatchObject({ uses: 1_800 });
  expect(forecastOf({ ...wish, deliveries: 800 }, "free", used, NOON).passes).toEqual(["d1_rows_written"]);
  expect(forecastOf({ ...wish, deliveries: 3_100, rate: 6_000 }, "free", used, NOON).passes).toEqual([
    "d1_rows_written",
    "queue_operations",
  ]);
});

test("what falls after midnight UTC is not on today's quota", () => {
  const wish = { deliveries: 6_000, rate: 60, delivered: false };
  const late = Date.parse("2026-12-11T23:30:00Z");
  const [noon, night] = [NOON, late].map((now) =>
    forecastOf(wish, "free", [], now).meters.find(({ name }) => name === "queue_operations"),
  );
  expect([noon?.today, noon?.passes]).toEqual([18_000, true]);
  // Half an hour of a hundred minutes.
  expect([night?.uses, night?.today, night?.passes]).toEqual([18_000, 5_400, false]);
});

test("nothing to replay uses nothing, and what was delivered at the first attempt a row more", () => {
  expect(forecastOf({ deliveries: 0, rate: 600, delivered: true }, "free", [], NOON)).toMatchObject({
    meters: [],
    usd: 0,
  });
  const [failed, delivered] = [false, true].map(
    (some) => forecastOf({ deliveries: 100, rate: 600, delivered: some }, "free", [], NOON).meters[0],
  );
  expect((delivered?.uses ?? 0) - (failed?.uses ?? 0)).toBe(100);
});
