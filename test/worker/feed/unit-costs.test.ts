// What one event, one attempt and one replayed delivery use: the table of estimates against the platform's own counts.
import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Meter } from "../../../src/contract/prices.ts";
import {
  KEPT,
  REPLAY_JOB,
  REPLAY_STEP,
  REPLAYED,
  UNIT_COSTS,
  type UnitCosts,
} from "../../../src/contract/unit-costs.ts";
import { bindings, deliveries, setUp, signed, until } from "../kit/relay.ts";

const receiver = setUp();

const DAY = 86_400_000;
const AUTHORIZED = { authorization: "Bearer test-admin-token-0123456789abcdef" };
const EACH = 10;
/** The sweep beside a job notes where it has looked, and whether something is wrong. */
const BESIDE = 5;

const today = () => bindings.FEED.getByName("feed").use(Date.now() - (Date.now() % DAY));

/** Once nothing more is told: a telling waits five seconds at most. */
async function settled(): Promise<ReadonlyMap<string, number>> {
  let last = "";
  let same = 0;
  return await until(async () => {
    await new Promise((resolve) => {
      setTimeout(resolve, 500);
    });
    const use = await today();
    const now = JSON.stringify([use.get("d1_rows_written"), use.get("object_requests"), use.get("queue_operations")]);
    same = now === last ? same + 1 : 0;
    last = now;
    return same >= 5 && use;
  });
}

const sumOf = (costs: UnitCosts, meter: Meter) => costs[meter] ?? 0;

/** No less than was said; a first attempt that takes longer than a second on a busy machine is settled in two rows more. */
function expectAbout(rows: number, said: number): void {
  expect(rows).toBeGreaterThanOrEqual(said);
  expect(rows).toBeLessThanOrEqual(said + 2);
}

let flushes = 0;

/** What the Intake object has counted is told along with the next event. */
async function flushed(): Promise<ReadonlyMap<string, number>> {
  await settled();
  const before = receiver.behaviour;
  receiver.behaviour = () => new Response("ok");
  await signed("lone", "{}", { "x-id": `flush-${(flushes += 1)}` });
  await deliveries("delivered", "failed");
  receiver.behaviour = before;
  return await settled();
}

/** What each of `EACH` events has used, by meter, without the one that has it told. */
async function used(work: (n: number) => Promise<unknown>): Promise<(meter: Meter) => number> {
  const before = await flushed();
  for (let n = 0; n < EACH; n += 1) await work(n);
  await deliveries("delivered", "failed");
  const after = await flushed();
  return (meter) => ((after.get(meter) ?? 0) - (before.get(meter) ?? 0) - atOnce(meter)) / EACH;
}

/** Of an event that is delivered at once. */
function atOnce(meter: Meter): number {
  return sumOf(UNIT_COSTS.accepted, meter) + sumOf(UNIT_COSTS.delivered, meter);
}

test("an event that is delivered at once uses what the table says", async () => {
  await signed("lone", "{}", { "x-id": "the-first" });
  const one = await used((n) => signed("lone", "{}", { "x-id": `delivered-${n}` }));
  for (const meter of ["queue_operations", "worker_requests"] as const) expect(one(meter), meter).toBe(atOnce(meter));
  expectAbout(one("d1_rows_written"), atOnce("d1_rows_written"));
  // Those that come together share these; on a slow machine an object writes a row more, of an alarm or of a minute.
  for (const meter of ["object_requests", "object_rows_written", "d1_rows_read"] as const) {
    expect(one(meter), meter).toBeGreaterThan(0);
    expect(one(meter), meter).toBeLessThanOrEqual(atOnce(meter) * 2);
  }
});

test("an event that fails for good at once uses what the table says", async () => {
  await signed("lone", "{}", { "x-id": "the-first" });
  receiver.behaviour = () => new Response("no", { status: 410 });
  const one = await used((n) => signed("lone", "{}", { "x-id": `failed-${n}` }));
  const said = sumOf(UNIT_COSTS.accepted, "d1_rows_written") + sumOf(UNIT_COSTS.failed, "d1_rows_written");
  expectAbout(one("d1_rows_written"), said);
  expect(one("queue_operations")).toBe(0);
});

test("each retry takes three operations of the queue, and about the rows that the table says", async () => {
  await signed("lone", "{}", { "x-id": "the-first" });
  const tries = new Map<string, number>();
  receiver.behaviour = ({ headers }) => {
    const id = headers.get("webhook-id") ?? "";
    tries.set(id, (tries.get(id) ?? 0) + 1);
    return new Response("", { status: (tries.get(id) ?? 0) <= retries ? 503 : 200 });
  };
  const rowsOf: number[] = [];
  let retries = 1;
  for (; retries <= 2; retries += 1) {
    const one = await used((n) => signed("lone", "{}", { "x-id": `retried-${retries}-${n}` }));
    expect(one("queue_operations")).toBe(retries * sumOf(UNIT_COSTS.retried, "queue_operations"));
    rowsOf.push(one("d1_rows_written") - 3);
  }
  const [once = 0, twice = 0] = rowsOf;
  // The first writes more than those after it, and less where several fail together: 6 to 8, and 11 to 12 for two.
  const each = sumOf(UNIT_COSTS.retried, "d1_rows_written");
  expect(once).toBeGreaterThanOrEqual(each - 1);
  expect(once).toBeLessThanOrEqual(each + 2.5);
  expect(twice).toBeGreaterThanOrEqual(2 * each - 2);
  expect(twice).toBeLessThanOrEqual(2 * each + 1);
});

test("a replayed delivery uses what the forecast says, and what was delivered at the first try a row more", async () => {
  receiver.behaviour = () => new Response("no", { status: 410 });
  for (let n = 0; n < EACH; n += 1) await signed("lone", "{}", { "x-id": `replayed-${n}` });
  await deliveries("failed");
  receiver.behaviour = () => new Response("ok");
  const said = (meter: Meter, count: number) =>
    count * sumOf(REPLAYED, meter) + sumOf(REPLAY_JOB, meter) + sumOf(REPLAY_STEP, meter);
  const failed = await replayed("failed");
  expect(failed.count).toBe(EACH);
  expect(failed.operations).toBe(said("queue_operations", EACH));
  expect(failed.rows).toBeLessThanOrEqual(said("d1_rows_written", EACH) + BESIDE);
  expect(failed.rows).toBeGreaterThanOrEqual(said("d1_rows_written", EACH) - 2);
  const { count, rows, operations } = await replayed("delivered");
  expect(operations).toBe(said("queue_operations", count));
  expect(rows).toBeGreaterThan(said("d1_rows_written", count) - 2);
  const kept = count * sumOf(KEPT, "d1_rows_written");
  expect(rows).toBeLessThanOrEqual(said("d1_rows_written", count) + kept + BESIDE);
});

/** What each delivery of a bulk replay has used, and how many there were. */
async function replayed(state: string): Promise<{ count: number; rows: number; operations: number }> {
  let count = 0;
  const of = await used(async (n) => {
    if (n > 0) return;
    const { id } = await asked<{ id: string }>("/api/replays", {
      method: "POST",
      body: JSON.stringify({ filter: { state }, rate: 6_000 }),
    });
    count = await until(async () => {
      const job = await asked<{ state: string; replayed: number }>(`/api/replays/${id}`, {});
      return job.state === "done" && job.replayed;
    });
  });
  return { count, rows: of("d1_rows_written") * EACH, operations: of("queue_operations") * EACH };
}

async function asked<Answer>(path: string, init: RequestInit): Promise<Answer> {
  const request = new Request(`https://relay.example.com${path}`, { ...init, headers: AUTHORIZED });
  const answer = await exports.default.fetch(request);
  expect(answer.status).toBe(200);
  return await answer.json<Answer>();
}
