// The relay's whole way: a signed request in, one delivery out, and what D1 says of it.
import { expect, test } from "vitest";
import { deliveries, github, post, rows, setUp, signed, until } from "../kit/relay.ts";

const receiver = setUp();

test("a signed event is answered with its id, kept, and delivered byte for byte under that id", async () => {
  const body = '{"ref":"refs/heads/main","emoji":"\u2603"}';
  const answer = await github(body, "72d3162e-cc78-11e3-81ab-4c9367dc0958");
  expect(answer.status).toBe(200);
  const { id, status } = await answer.json<{ id: string; status: string }>();
  expect(id).toMatch(/^evt_[0-9a-f]{32}$/);
  expect(status).toBe("accepted");

  const done = await deliveries("delivered");
  expect([...done.keys()]).toEqual([`${id}:first`]);
  const [arrival] = receiver.arrivals;
  expect(new TextDecoder().decode(arrival?.body)).toBe(body);
  expect(arrival?.headers.get("webhook-id")).toBe(id);
  expect(arrival?.headers.get("webhook-signature")).toMatch(/^v1,/);
  expect(arrival?.headers.get("hookline-source")).toBe("github");
  expect(arrival?.headers.get("hookline-event-type")).toBe("push");
  expect(arrival?.headers.get("hookline-attempt")).toBe("1");
  expect(arrival?.headers.get("x-hub-signature-256")).toBeNull();
});

test("a forged request is refused with 401 and writes nothing", async () => {
  const answer = await github("{}", "1", "push", "not-the-secret");
  expect(answer.status).toBe(401);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(await answer.json()).toEqual({ type: "about:blank", title: "Unauthorized", status: 401 });
  await signed("acme", "after");
  await deliveries("delivered");
  expect(await rows("SELECT source FROM events")).toEqual([{ source: "acme" }]);
});

test("an unknown source is 404, a wrong method 405, and both say no more", async () => {
  expect((await post("/in/nobody", "{}")).status).toBe(404);
  expect((await post("/in/__proto__", "{}")).status).toBe(404);
  expect((await post("/in/secretless", "{}")).status).toBe(401);
});

test("a failing receiver is tried again by the schedule, and every attempt is on record", async () => {
  receiver.behaviour = (_, n) => (n <= 2 ? new Response("not yet", { status: 503 }) : new Response("thanks"));
  await github("{}", "retry-me");
  const done = await deliveries("delivered");
  expect([...done.values()].map(({ attempts }) => attempts)).toEqual([3]);
  expect(await rows("SELECT attempt, outcome, status, answer FROM attempt_history ORDER BY attempt")).toEqual([
    { attempt: 1, outcome: "retry", status: 503, answer: "not yet" },
    { attempt: 2, outcome: "retry", status: 503, answer: "not yet" },
    { attempt: 3, outcome: "delivered", status: 200, answer: "thanks" },
  ]);
  expect(receiver.arrivals.map(({ headers }) => headers.get("hookline-attempt"))).toEqual(["1", "2", "3"]);
  expect(new Set(receiver.arrivals.map(({ headers }) => headers.get("webhook-id"))).size).toBe(1);
});

test("a schedule that ends leaves a failed delivery with its reason", async () => {
  receiver.behaviour = () => new Response("never", { status: 500 });
  await github("{}", "hopeless");
  const done = await deliveries("failed");
  expect([...done.values()].map(({ state, reason, attempts }) => ({ state, reason, attempts }))).toEqual([
    { state: "failed", reason: "exhausted", attempts: 3 },
  ]);
  expect(await rows("SELECT count(*) AS n FROM failing")).toEqual([{ n: 1 }]);
});

test("410 ends a delivery at once", async () => {
  receiver.behaviour = () => new Response(null, { status: 410 });
  await github("{}", "gone");
  expect([...(await deliveries("failed")).values()][0]).toMatchObject({ reason: "gone", attempts: 1 });
});

test("one destination that fails does not hold up the other", async () => {
  receiver.behaviour = ({ url }) => new Response(null, { status: url.endsWith("/first") ? 500 : 200 });
  await signed("acme", "fan out");
  await until(() => receiver.to("second").length === 1 && true);
});
