// Use of the plan: what is counted and told once, which words name a limit, that a limit is one line, and how long an
// object is awake.
import { expect, test } from "vitest";
import { METERS } from "../../../src/contract/prices.ts";
import { limitIn } from "../../../src/feed/limits.ts";
import { addTally, newTally, packTally, unpackTally } from "../../../src/feed/tally.ts";
import { MeteredObject } from "../../../src/feed/metered.ts";
import { Use } from "../../../src/feed/use.ts";

const MINUTE = 60_000;

function clocked() {
  const state = { clock: Date.parse("2026-11-29T12:00:00Z") };
  const lines: { level: string; event: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const use = new Use(() => state.clock);
  const write = (level: string) => (event: string, fields: Readonly<Record<string, unknown>>) =>
    void lines.push({ level, event, fields });
  const log = use.quiet({ info: write("info"), warn: write("warn"), error: write("error") });
  return { state, lines, use, log };
}

/** As D1, Durable Objects and SQLite word them. */
const WORDS = [
  [
    "D1_ERROR: Your account has exceeded D1's free tier daily row write limit. Upgrade to a paid plan or wait until tomorrow (midnight UTC) to continue.",
    "d1_rows_written",
  ],
  [
    "D1_ERROR: Your account has exceeded D1's free tier daily row read limit. Upgrade to a paid plan or wait until tomorrow (midnight UTC) to continue.",
    "d1_rows_read",
  ],
  ["D1_ERROR: Exceeded maximum DB size", "d1_bytes"],
  ["Error: Exceeded allowed volume of requests in Durable Objects free tier.", "object_requests"],
  ["Error: Exceeded allowed duration in Durable Objects free tier.", "object_gb_s"],
  ["Error: Exceeded allowed rows written in Durable Objects free tier.", "object_rows_written"],
  ["Error: Exceeded allowed rows read in Durable Objects free tier.", "object_rows_read"],
] as const;

test.each(WORDS)("%s names its limit", (words, meter) => {
  expect(limitIn(words)).toBe(meter);
});

test.each([
  "D1_ERROR: UNIQUE constraint failed: events.id",
  "D1 DB is overloaded. Too many requests queued.",
  "the queue did not answer within 5000 ms",
  "intake did not answer within 2500 ms",
  "Error: Network connection lost.",
])("%s names none", (words) => {
  expect(limitIn(words)).toBeNull();
});

test("what is counted is told once; what could not be told is told with what follows; a size is what was said last", () => {
  const { use } = clocked();
  use.add("d1_rows_written", 3);
  use.add("d1_bytes", 900);
  const told = use.take();
  expect(use.take().size).toBe(0);
  use.add("d1_rows_written", 2);
  use.addAll(told);
  use.add("d1_bytes", 1_000);
  expect(Object.fromEntries(use.take())).toEqual({ d1_bytes: 1_000, d1_rows_written: 5 });
});

test("a platform that says no numbers counts as nothing", () => {
  const { use } = clocked();
  use.add("d1_rows_read", Number.NaN);
  expect(use.take().size).toBe(0);
});

test("a limit is one line an hour, however many events fail because of it, and refused events are no lines beside it", () => {
  const { state, lines, log } = clocked();
  const error = "Error: Exceeded allowed rows written in Durable Objects free tier.";
  for (let n = 0; n < 1_000; n += 1) {
    log.warn("intake.unreachable", { id: `evt_${n}`, error });
    log.error("intake.unreachable", { id: `evt_${n}`, error });
    log.warn("ingest.rejected", { source: "acme", status: 503, reason: "busy", why: "it could not be reached" });
    state.clock += 10;
  }
  expect(lines).toEqual([
    {
      level: "error",
      event: "limit.reached",
      fields: { limit: "object_rows_written", during: "intake.unreachable", error },
    },
  ]);
  state.clock += 60 * MINUTE;
  log.error("intake.unreachable", { id: "evt_late", error });
  expect(lines).toHaveLength(2);
});

test("other lines are written as they are, and a busy relay without a limit is said each time", () => {
  const { state, lines, log } = clocked();
  log.warn("ingest.rejected", { reason: "busy" });
  log.error("intake.commit_failed", { error: "D1_ERROR: Network connection lost" });
  log.error("limit", { error: "Exceeded maximum DB size" });
  // A full database keeps no event out.
  log.warn("ingest.rejected", { reason: "busy" });
  log.error("limit", { error: "Exceeded allowed duration in Durable Objects free tier." });
  state.clock += MINUTE;
  log.warn("ingest.rejected", { reason: "busy" });
  expect(lines.filter(({ event }) => event === "ingest.rejected")).toHaveLength(3);
  expect(lines.filter(({ event }) => event === "intake.commit_failed")).toHaveLength(1);
});

test("what fails because of a limit is counted with it, and seen", () => {
  const { state, use } = clocked();
  use.failed(new Error("D1_ERROR: Exceeded maximum DB size"));
  use.failed(new Error("D1_ERROR: Exceeded maximum DB size"));
  use.failed(new Error("D1_ERROR: something else"));
  expect([...use.take()]).toEqual([["over:d1_bytes", 2]]);
  expect([...use.seen()]).toEqual([["d1_bytes", state.clock]]);
});

test("an object is awake while it works and for pauses of less than a second, once for whatever it does at once", async () => {
  const { state, use } = clocked();
  const awake = new MeteredObject(null, use, () => state.clock);
  const [one, other] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const working = [awake.during(one.promise), awake.during(other.promise)];
  state.clock += 1_000;
  one.resolve();
  await working[0];
  state.clock += 1_000;
  other.resolve();
  await working[1];
  state.clock += 500;
  await awake.during(Promise.resolve());
  state.clock += 30_000;
  await awake.during(Promise.resolve());
  expect(use.take().get("object_gb_s")).toBeCloseTo(2.5 * 0.128);
});

test("use is kept with the counts of its minute; rows of earlier releases have none, and they read today's", () => {
  const tally = newTally();
  for (const meter of METERS) tally.use.set(meter, 2);
  const stored = packTally(tally);
  expect(unpackTally(stored).use).toEqual(tally.use);
  const [sources, destinations] = JSON.parse(stored);
  expect([sources, destinations]).toEqual([[], []]);
  const total = newTally();
  addTally(total, unpackTally("[[],[]]"));
  addTally(total, unpackTally(stored));
  addTally(total, unpackTally(stored));
  expect(total.use.get("queue_operations")).toBe(4);
  expect(total.use.get("d1_bytes")).toBe(2);
});
