// The whole relay: what is accepted is sent from where it was accepted, and the queue hears only of what that could not end.
import { abortAllDurableObjects } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import worker from "../../../src/index.ts";
import type { Bell } from "../../../src/types.ts";
import { held } from "../kit/hands.ts";
import { carried, deliveries, ringAlarm, rows, setUp, signed, until } from "../kit/relay.ts";

const receiver = setUp();

/** Every bell that the queue has brought. */
let rung: Bell[] = [];
const answer = worker.queue.bind(worker);
worker.queue = (batch, env, ctx) => {
  rung.push(...batch.messages.map(({ body }) => body));
  return answer(batch, env, ctx);
};
beforeEach(() => {
  rung = [];
});

const send = async (id: string, source = "lone", body = "{}") =>
  await (await signed(source, body, { "x-id": id })).json<{ id: string; status: string }>();
const api = async (path: string, method = "POST") => {
  const headers = { authorization: "Bearer test-admin-token-0123456789abcdef" };
  const asked = new Request(`https://relay.example.com/api/${path}`, { method, headers });
  return await (await exports.default.fetch(asked)).json<object>();
};
const shown = async () =>
  await rows("SELECT destination, state, attempt, reason FROM deliveries ORDER BY event, destination");

/** An object grants nothing before it has read the pauses. */
async function warm(): Promise<void> {
  await send("warm");
  await deliveries("delivered");
  receiver.arrivals = [];
}

test("what succeeds at once is delivered at attempt 1, and no message of it ever sees the queue", async () => {
  const one = await send("one", "acme");
  const all = await deliveries("delivered");
  expect([...all.values()].map(({ destination, attempts }) => [destination, attempts])).toEqual([
    ["first", 1],
    ["second", 1],
  ]);
  expect(receiver.arrivals.map(({ url }) => new URL(url).pathname).toSorted()).toEqual(["/first", "/second"]);
  expect(receiver.arrivals.map(({ headers }) => headers.get("webhook-id"))).toEqual([one.id, one.id]);
  // The queue is heard: what fails once is rung.
  receiver.behaviour = (_, n) => new Response(null, { status: n === 3 ? 503 : 200 });
  const other = await send("other");
  await until(() => rung.length > 0);
  await deliveries("delivered");
  expect(rung.map(({ delivery, attempt }) => [delivery, attempt])).toEqual([[`${other.id}:first`, 2]]);
  expect(await rows("SELECT n, outcome, status FROM attempts ORDER BY n")).toMatchObject([
    { n: 1, outcome: "retry", status: 503 },
    { n: 2, outcome: "delivered", status: 200 },
  ]);
  expect(receiver.arrivals.slice(2).map(({ headers }) => headers.get("webhook-id"))).toEqual([other.id, other.id]);
});

test("a receiver that says 410 has ended it at the first attempt", async () => {
  receiver.behaviour = () => new Response(null, { status: 410 });
  await send("one");
  await deliveries("failed");
  expect(await shown()).toEqual([{ destination: "first", state: "failed", attempt: 1, reason: "gone" }]);
  expect(rung).toEqual([]);
});

test("the sender has its answer while the first attempt is still under way, and D1 has it as under way after a second", async () => {
  const slow = held<Response>();
  receiver.behaviour = () => slow.promise;
  expect(await send("one")).toMatchObject({ status: "accepted" });
  await until(() => receiver.arrivals.length === 1);
  await carried();
  expect(await shown()).toMatchObject([{ state: "delivering", attempt: 1 }]);
  slow.resolve(new Response("ok"));
  await deliveries("delivered");
  expect(await shown()).toMatchObject([{ state: "delivered", attempt: 1 }]);
  expect(rung).toEqual([]);
});

test("after a pause was answered nothing more is sent; what came meanwhile is held, and goes when it is resumed", async () => {
  await warm();
  expect(await api("destinations/first/pause")).not.toHaveProperty("unconfirmed");
  for (let n = 0; n < 5; n += 1) await send(`paused ${n}`);
  await carried();
  await until(async () => (await rows("SELECT 1 FROM deliveries WHERE state = 'held'")).length === 5);
  expect(receiver.arrivals).toEqual([]);
  await api("destinations/first/resume");
  await ringAlarm();
  await deliveries("delivered");
  expect(receiver.arrivals).toHaveLength(5);
});

test("a body that is larger than what is kept beside its event goes the queue's way, and what follows it goes at once", async () => {
  await warm();
  const large = await send("large", "lone", "x".repeat(256 * 1024 + 1));
  await deliveries("delivered");
  await send("small");
  await deliveries("delivered");
  expect(rung.map(({ delivery, attempt }) => [delivery, attempt])).toEqual([[`${large.id}:first`, 1]]);
  expect(receiver.arrivals).toHaveLength(2);
});

test(
  "an object that dies while first attempts are under way: each is settled late, none is lost and none is sent twice",
  { meta: { provokes: ["intake.unreachable"] } },
  async () => {
    await warm();
    const slow = held<void>();
    receiver.behaviour = async () => {
      await slow.promise;
      return new Response("ok");
    };
    const ids = await Promise.all(Array.from({ length: 5 }, async (_, n) => (await send(`held ${n}`)).id));
    await until(() => receiver.arrivals.length === 5);
    await abortAllDurableObjects();
    slow.resolve();
    await ringAlarm();
    const all = await deliveries("delivered");
    expect([...all.keys()].toSorted()).toEqual(expect.arrayContaining(ids.map((id) => `${id}:first`).toSorted()));
    expect([...all.values()].map(({ attempts }) => attempts)).toEqual(Array.from({ length: 6 }, () => 1));
    expect(receiver.arrivals).toHaveLength(5);
  },
);
