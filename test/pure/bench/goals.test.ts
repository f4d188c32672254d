// What a run of the bench says of its goals: met, missed, and not measured.
import { describe, expect, test } from "vitest";
import { type Goal, goals, HUNDRED } from "../../bench/goals.ts";

const spread = { count: 1, p50: 5, p99: 9, max: 9 };
const speed = { accepted: 100, others: {}, lost: 0, repeats: 0, deliveredPerSecond: 900, cpuUs: 300 };
const alone = { ...speed, ackToFirstByteMs: spread, minimumPerSecond: null, beforePerSecond: null, sendRatio: null };
const ingest = {
  connections: 32,
  noop: 20_000,
  hop: 10_000,
  durable: 6_000,
  accepted: 4_200,
  before: null,
  beforeRatio: null,
  ratio: 0.21,
  durableRatio: 0.7,
  durableRatios: [0.6, 0.8] as const,
  latencyMs: spread,
  noopLatencyMs: spread,
  durableLatencyMs: spread,
  cpuUs: null,
  others: {},
  lost: 0,
  drainMs: 90,
  generatorBusy: 0.2,
};
const run = {
  ingest: [ingest, { ...ingest, connections: 128, durableRatio: 0.69 }],
  delivery: [
    { ...alone, load: "idle: 20 events a second" },
    { ...alone, load: "steady: half of that, 450 a second", ackToFirstByteMs: { ...spread, p50: 16 } },
    { ...alone, load: "burst: 4000 events", minimumPerSecond: 1_000, sendRatio: 0.9 },
  ],
  beside: { hanging: 3, perSecond: 50, accepted: 100, lost: 0, ackToFirstByteMs: spread },
  cost: [
    {
      load: HUNDRED,
      perEvent: {
        "D1 rows written": 3,
        "queue messages written": 1,
        "queue messages read": 1,
        "Feed rows written": 0.1,
      },
    },
  ],
};

const find = (all: readonly Goal[], name: string) => all.find((one) => one.name.startsWith(name));

describe("the goals of the bench", () => {
  test("a figure on its bound is met, one beyond it is missed", () => {
    const all = goals(run);
    expect(find(all, "accepted : durable minimum, 32")).toMatchObject({ figure: 0.7, met: true });
    expect(find(all, "accepted : durable minimum, 128")).toMatchObject({ figure: 0.69, met: false });
    expect(find(all, "delivered")).toMatchObject({ figure: 0.9, met: true });
    expect(find(all, "ack to first byte p50, idle")).toMatchObject({ figure: 5, met: true });
    expect(find(all, "ack to first byte p50, at half")).toMatchObject({ figure: 16, met: false });
    expect(find(all, "D1 rows")).toMatchObject({ figure: 3, met: true });
  });

  test("a message is three operations: it is written, read and deleted", () => {
    expect(find(goals(run), "queue operations")).toMatchObject({ figure: 3, met: false });
  });

  test("rows of the feed count with those of the journal", () => {
    expect(find(goals(run), "rows in objects")).toMatchObject({ figure: 0.1, met: true });
  });

  test("one event that is lost anywhere is one too many", () => {
    const lost = { ...run, beside: { ...run.beside, lost: 1 } };
    expect(find(goals(run), "events lost")?.met).toBe(true);
    expect(find(goals(lost), "events lost")).toMatchObject({ figure: 1, met: false });
  });

  test("what was not measured is missed, and no number", () => {
    const all = goals({ ...run, delivery: [], cost: [] });
    expect(find(all, "delivered")).toMatchObject({ figure: Number.NaN, met: false });
    expect(find(all, "D1 rows")).toMatchObject({ figure: Number.NaN, met: false });
    expect(find(all, "queue operations")?.met).toBe(false);
  });
});
