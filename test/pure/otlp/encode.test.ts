// A push as its definitions have it, and with the numbers that a scraper gets.
import { expect, test } from "vitest";
import { observe } from "../../../src/feed/histogram.ts";
import { lifetimeOf } from "../../../src/feed/lifetime.ts";
import { countAttempt, newTally, sourceIn } from "../../../src/feed/tally.ts";
import { type Family, openMeasure } from "../../../src/operate/metrics.ts";
import { encodeMetrics } from "../../../src/otlp/encode.ts";
import { labelsOf, readOtlp } from "../../kit/otlp.ts";

const NOW = Date.parse("2090-01-01T12:00:00Z");
const times = { from: NOW - 60_000, at: NOW - 1_000, now: NOW };
const LATENCIES = [0, 1, 2, 7, 8, 9, 40, 512, 513, 15_000, 200_000];

async function families(): Promise<readonly Family[]> {
  const tally = newTally();
  sourceIn(tally, "acme").accepted = 12;
  for (const latencyMs of LATENCIES)
    countAttempt(tally, { destination: "crm", state: "delivered", status: 200, latencyMs });
  countAttempt(tally, { destination: "gone", state: "failed", status: null, latencyMs: 0 });
  tally.use
    .set("refused:acme:signature_missing", 3)
    .set("ack:40", 2)
    .set("object_gb_s", 0.1234567)
    .set("d1_bytes", 4096);
  const stand = { name: "crm", waiting: 2, held: 0, failures_in_a_row: 1, paused_at: null, breaker: { state: "open" } };
  const measure = openMeasure({
    feed: { lifetime: async () => await Promise.reject(new Error("is asked elsewhere")) },
    backlog: async () =>
      await Promise.resolve({
        open: 7,
        more: false,
        oldest_received_at: "2090-01-01T11:59:00.000Z",
        journal: { waiting: 1, stuck: 0, bytes: 10 },
        held: 0,
        replayable: 0,
        replayable_more: false,
        unrouted: 2,
        undecided: 1,
        alerts: 2,
      }),
    use: async () =>
      await Promise.resolve({
        plan: "paid",
        day: "",
        resets_at: "",
        resets_in_s: 0,
        meters: [],
        database: null,
        reached: [],
        queue: null,
      }),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the rest of a destination is not measured
    destinations: async () => await Promise.resolve([stand] as never),
    now: () => NOW,
    log: { info: () => {}, warn: () => {}, error: () => {} },
  });
  return await measure(lifetimeOf(times.from, tally));
}

test.each(["cumulative", "delta"] as const)(
  "%s: the definitions of OTLP take every family that a scraper gets, under its name, with its labels and its numbers",
  async (temporality) => {
    const all = await families();
    const { resource, metrics } = readOtlp(encodeMetrics(all, { "service.name": "hookline" }, { times, temporality }));
    expect(resource).toEqual({ "service.name": "hookline" });
    const told = all.filter(({ samples }) => samples.length > 0);
    expect([...metrics.keys()]).toEqual(told.map(({ name }) => name.replace(/_(?:seconds|bytes)$/, "")));
    expect([...metrics.values()].map(({ description }) => description)).toEqual(told.map(({ help }) => help));
    for (const { name, type, unit, samples, distributions = [] } of told) {
      const metric = metrics.get(name.replace(/_(?:seconds|bytes)$/, ""));
      if (type === "histogram") {
        expect(metric?.unit).toBe("ms");
        expect(metric?.exponentialHistogram?.aggregationTemporality).toBe(temporality === "delta" ? 1 : 2);
        const points = metric?.exponentialHistogram?.dataPoints ?? [];
        expect(points.map(({ attributes }) => labelsOf(attributes))).toEqual(distributions.map(({ labels }) => labels));
        const counts = samples.filter(({ suffix }) => suffix === "_count").map(({ value }) => value);
        expect(points.map(({ count }) => Number(count))).toEqual(counts);
        continue;
      }
      expect(metric?.unit).toBe(unit === undefined ? undefined : { seconds: "s", bytes: "By" }[unit]);
      const data = type === "counter" ? metric?.sum : metric?.gauge;
      const points = data?.dataPoints.map(({ attributes, asDouble: value }) => ({
        labels: labelsOf(attributes),
        value,
      }));
      expect([name, points]).toEqual([name, samples.map(({ labels, value }) => ({ labels, value }))]);
    }
    const accepted = metrics.get("hookline_events_accepted")?.sum;
    expect([accepted?.isMonotonic, accepted?.aggregationTemporality]).toEqual([true, temporality === "delta" ? 1 : 2]);
    expect(accepted?.dataPoints[0]).toMatchObject({
      startTimeUnixNano: `${times.from}000000`,
      timeUnixNano: `${times.at}000000`,
    });
    const open = metrics.get("hookline_deliveries_open")?.gauge?.dataPoints[0];
    expect([open?.startTimeUnixNano, open?.timeUnixNano]).toEqual([undefined, `${NOW}000000`]);
  },
);

test("the buckets of a histogram are those of an exponential histogram: each time lies within its own", async () => {
  const { metrics } = readOtlp(encodeMetrics(await families(), {}, { times, temporality: "cumulative" }));
  const [crm, gone] = metrics.get("hookline_attempt_duration")?.exponentialHistogram?.dataPoints ?? [];
  const { scale = 0, zeroCount, count, positive } = crm ?? {};
  const { offset = 0, bucketCounts = [] } = positive ?? {};
  expect([zeroCount, count]).toEqual(["0", String(LATENCIES.length)]);
  expect(bucketCounts.reduce((sum, n) => sum + Number(n), 0)).toBe(LATENCIES.length);
  const base = 2 ** (2 ** -scale);
  const expected = new Map<number, number>();
  // No time is less than 1 ms, and the last bucket takes what is longer than it.
  for (const ms of LATENCIES.map((one) => Math.min(Math.max(one, 1), 90_000))) {
    const index = bucketCounts.findIndex((_, n) => ms <= base ** (offset + n + 1) * (1 + 1e-9));
    expected.set(index, (expected.get(index) ?? 0) + 1);
  }
  for (const [n, found] of bucketCounts.entries()) expect([n, Number(found)]).toEqual([n, expected.get(n) ?? 0]);
  // What was never sent has no time: a histogram without buckets.
  expect(gone).toMatchObject({ count: "0", zeroCount: "0", sum: 0 });
  expect(gone?.positive).toBeUndefined();
});

test("the reader takes nothing that is not exactly right", async () => {
  const right = encodeMetrics(await families(), { "service.name": "x" }, { times, temporality: "delta" });
  expect(() => readOtlp(right)).not.toThrow();
  for (const [from, to] of [
    ['"resourceMetrics"', '"resource_metrics"'],
    [`"timeUnixNano":"${times.at}000000"`, `"timeUnixNano":${times.at}`],
    ['"aggregationTemporality":1', '"aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA"'],
    ['"zeroCount":"0"', '"zeroCount":0'],
    ['"bucketCounts"', '"buckets"'],
  ] as const) {
    expect(right).toContain(from);
    expect(() => readOtlp(right.replace(from, to))).toThrow();
  }
});

test("a long time is in the last bucket, and a relay that has counted nothing says so", () => {
  const latencies = new Map<number, number>();
  observe(latencies, 10_000_000);
  const { acks } = lifetimeOf(0, newTally());
  expect([acks.count, acks.buckets.size, acks.scale]).toEqual([0, 0, 3]);
  expect(Math.max(...latencies.keys())).toBe(131);
});
