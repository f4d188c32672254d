// Replays: an ended delivery is opened again, once for each asking, and nothing of its story is lost.
import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { GRACE_MS, LEASE_MS } from "../../../src/deadlines.ts";
import { FAILED, ID, NOON, Operator, TOKEN } from "../kit/operator.ts";
import { deliveries, github, rows, until } from "../kit/relay.ts";

const operator = new Operator();

test("a replay opens a failed delivery with the schedule before it, keeps its story, and rings", async () => {
  await operator.accept();
  await operator.attempt(1, { state: "pending", status: 503, excerpt: "not yet" });
  await operator.attempt(2, FAILED);
  operator.clock += 60_000;
  expect(await operator.replay(`${ID}:billing`)).toEqual({
    status: 200,
    replayed: 1,
    deliveries: [{ id: `${ID}:billing`, replayed: true, state: "pending" }],
  });
  expect(await rows("SELECT state, reason, attempt, round, due_at, look_at, ended_at FROM deliveries")).toEqual([
    {
      state: "pending",
      reason: null,
      attempt: 2,
      round: 2,
      due_at: operator.clock,
      look_at: operator.clock + GRACE_MS,
      ended_at: null,
    },
  ]);
  expect(operator.rung).toEqual([{ v: 1, delivery: `${ID}:billing`, attempt: 3, due: operator.clock, size: 2 }]);
  expect(await rows("SELECT at, actor, action, target, detail FROM audit")).toEqual([
    {
      at: operator.clock,
      actor: "admin",
      action: "replay",
      target: `${ID}:billing`,
      detail: '["billing"]',
    },
  ]);
  await operator.attempt(3, {});
  const event = await operator.get<{
    deliveries: { attempts: { attempt: number; outcome: string }[] }[];
  }>(`/api/events/${ID}`);
  expect(event.deliveries[0]?.attempts.map((one) => `${one.attempt} ${one.outcome}`)).toEqual([
    "1 retry",
    "2 failed",
    "3 delivered",
  ]);
});

test("a replay of a success at the first try keeps that attempt", async () => {
  await operator.accept();
  await operator.attempt(1, {});
  operator.clock += 1_000;
  expect(await operator.replay(`${ID}:billing`)).toMatchObject({ replayed: 1 });
  await operator.attempt(2, FAILED);
  expect(await rows("SELECT n, started_at, latency_ms, status, outcome, excerpt FROM attempts ORDER BY n")).toEqual([
    { n: 1, started_at: NOON, latency_ms: 12, status: 200, outcome: "delivered", excerpt: "ok" },
    {
      n: 2,
      started_at: operator.clock,
      latency_ms: 12,
      status: 410,
      outcome: "failed",
      excerpt: "gone",
    },
  ]);
  expect(await rows("SELECT attempt, outcome FROM attempt_history ORDER BY attempt")).toEqual([
    { attempt: 1, outcome: "delivered" },
    { attempt: 2, outcome: "failed" },
  ]);
});

test("asking twice opens once, and a delivery that is under way is left alone", async () => {
  await operator.accept();
  await operator.attempt(1, FAILED);
  const answers = await Promise.all([
    operator.replay(`${ID}:billing`),
    operator.replay(ID),
    operator.replay(`${ID}:billing`),
  ]);
  expect(answers.map(({ replayed }) => replayed).toSorted((one = 0, other = 0) => one - other)).toEqual([0, 0, 1]);
  await operator.attempt(2, null);
  expect(await operator.replay(ID)).toEqual({
    status: 200,
    replayed: 0,
    deliveries: [{ id: `${ID}:billing`, replayed: false, state: "delivering" }],
  });
  expect(await rows("SELECT state, attempt, lease_until FROM deliveries")).toEqual([
    { state: "delivering", attempt: 2, lease_until: operator.clock + LEASE_MS },
  ]);
  expect(operator.rung).toHaveLength(1);
  expect(await rows("SELECT count(*) AS n FROM audit")).toEqual([{ n: 1 }]);
});

test("a repeat with the same Idempotency-Key gets the first answer and opens nothing, even after the end and another replay", async () => {
  await operator.accept();
  await operator.attempt(1, FAILED);
  const first = await operator.replay(ID, { "idempotency-key": "monday" });
  await operator.attempt(2, FAILED);
  expect(await operator.replay(ID, { "idempotency-key": "tuesday" })).toMatchObject({
    replayed: 1,
  });
  await operator.attempt(3, FAILED);
  expect(first).toMatchObject({ status: 200, replayed: 1 });
  expect(await operator.replay(ID, { "idempotency-key": "monday" })).toEqual(first);
  expect(await rows("SELECT state, attempt FROM deliveries")).toEqual([{ state: "failed", attempt: 3 }]);
  expect(await rows("SELECT count(*) AS n FROM audit")).toEqual([{ n: 2 }]);
  expect(operator.rung).toHaveLength(2);
  expect(await operator.replay(`${ID}:billing`, { "idempotency-key": "monday" })).toMatchObject({
    replayed: 1,
  });
});

test("an Idempotency-Key that found nothing to open goes on finding nothing", async () => {
  await operator.accept();
  expect(await operator.replay(ID, { "idempotency-key": "early" })).toMatchObject({ replayed: 0 });
  await operator.attempt(1, FAILED);
  expect(await operator.replay(ID, { "idempotency-key": "early" })).toMatchObject({ replayed: 0 });
  expect(await rows("SELECT state FROM deliveries")).toEqual([{ state: "failed" }]);
  expect(await operator.replay(ID, { "idempotency-key": "" })).toMatchObject({ status: 400 });
  expect(await operator.replay(ID, { "idempotency-key": "x".repeat(256) })).toMatchObject({
    status: 400,
    detail: expect.stringContaining("Idempotency-Key"),
  });
});

test("a destination that is no longer configured is 409 with the fix; an event's other deliveries are replayed", async () => {
  await operator.accept({
    matched: ["billing", "retired"].map((destination) => ({ destination, route: "all" })),
  });
  await operator.attempt(1, FAILED);
  await operator.attempt(1, { ...FAILED, reason: "cancelled" }, "retired");
  const refused = await operator.replay(`${ID}:retired`);
  expect(refused).toMatchObject({
    status: 409,
    detail: expect.stringMatching(/no destination "retired": put it back under \[vars\.DESTINATIONS\]/),
  });
  expect(await operator.replay(ID)).toEqual({
    status: 200,
    replayed: 1,
    deliveries: [{ id: `${ID}:billing`, replayed: true, state: "pending" }],
    not_configured: [`${ID}:retired`],
  });
  expect(await rows("SELECT destination, state FROM deliveries ORDER BY destination")).toEqual([
    { destination: "billing", state: "pending" },
    { destination: "retired", state: "failed" },
  ]);
});

const deaf = () => Promise.reject(new Error("the queue is down"));

test("a bell that does not ring is the sweep's: the replay counts all the same", async () => {
  await operator.accept();
  await operator.attempt(1, FAILED);
  const response = await operator.call(`/api/events/${ID}/replay`, { method: "POST" }, { ring: deaf });
  expect(response.status).toBe(200);
  expect(await rows("SELECT state, look_at FROM deliveries")).toEqual([{ state: "pending", look_at: NOON + GRACE_MS }]);
  expect(operator.logged.join()).toContain("queue.ring_failed");
});

test("a replay through the front door brings the event to its receiver again, byte for byte under the same id", async () => {
  const body = '{"zen":"Half measures are as bad as nothing at all."}';
  const { id } = await (await github(body, "replay-me")).json<{ id: string }>();
  await deliveries("delivered");
  const request = { method: "POST", headers: { authorization: `Bearer ${TOKEN}` } };
  const url = `https://relay.example.com/api/deliveries/${id}:first/replay`;
  expect(await (await exports.default.fetch(new Request(url, request))).json()).toMatchObject({ replayed: 1 });

  const { arrivals } = operator.receiver;
  await until(() => arrivals.length === 2);
  expect(arrivals.map(({ headers }) => [headers.get("webhook-id"), headers.get("hookline-attempt")])).toEqual([
    [id, "1"],
    [id, "2"],
  ]);
  expect(arrivals.map((arrival) => new TextDecoder().decode(arrival.body))).toEqual([body, body]);
  await deliveries("delivered");
  expect(await rows("SELECT attempt, outcome FROM attempt_history ORDER BY attempt")).toEqual([
    { attempt: 1, outcome: "delivered" },
    { attempt: 2, outcome: "delivered" },
  ]);
});
