// A repeat gets its first id and is kept and sent once; it opens again what has failed, and nothing else.
import { abortAllDurableObjects } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { front } from "../kit/front.ts";
import { carried, deliveries, github, hmac, post, rows, setUp, signed, until } from "../kit/relay.ts";

const receiver = setUp();

interface Answer {
  id: string;
  status: string;
}

const told = async (answer: Promise<Response>) => await (await answer).json<Answer>();
/** Failures are told as those of a schedule that has ended, which would take its time. */
const exhausted = async () =>
  await rows("UPDATE deliveries SET reason = 'exhausted' WHERE state = 'failed' RETURNING event");
const stripe = async (body: string) => {
  const t = Math.floor(Date.now() / 1000);
  return await post("/in/stripe", body, {
    "stripe-signature": `t=${t},v1=${await hmac("whsec_stripe_secret", `${t}.${body}`)}`,
  });
};

test("a repeat gets its first id and is sent once: beside the first, after it, and after a restart", async () => {
  const [first, beside] = await Promise.all([told(github("{}", "one")), told(github("{}", "one"))]);
  expect([first.status, beside.status].toSorted()).toEqual(["accepted", "duplicate"]);
  await deliveries("delivered");
  expect(await told(github("{}", "one"))).toEqual({ id: first.id, status: "duplicate" });
  await abortAllDurableObjects();
  // What the object knew is gone; the id is right without it.
  expect((await told(github("{}", "one"))).id).toBe(first.id);
  await carried();
  expect(beside.id).toBe(first.id);
  expect(await rows("SELECT count(*) AS n FROM events")).toEqual([{ n: 1 }]);
  expect([...(await deliveries("delivered")).keys()]).toEqual([`${first.id}:first`]);
  expect(receiver.arrivals).toHaveLength(1);
});

test("twenty repeats at once are one event", async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => told(github("{}", "one"))));
  expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
  expect(answers.filter(({ status }) => status === "accepted")).toHaveLength(1);
  await deliveries("delivered");
  expect(receiver.arrivals).toHaveLength(1);
});

test("GitHub's delivery id is not signed: with another body it is another event, and uses up nobody's key", async () => {
  const [first, second] = [await told(github('{"a":1}', "same")), await told(github('{"a":2}', "same"))];
  expect(second.status).toBe("accepted");
  expect(second.id).not.toBe(first.id);
  await until(() => receiver.arrivals.length === 2);
});

test("Stripe's id is under the signature: the same id is the same event, whatever else the body says", async () => {
  const first = await told(stripe('{"id":"evt_1","type":"charge","pending_webhooks":2}'));
  expect(await told(stripe('{"id":"evt_1","type":"charge","pending_webhooks":1}'))).toEqual({
    id: first.id,
    status: "duplicate",
  });
});

test("two sources never share an id", async () => {
  const key = { "x-id": "the same" };
  const [one, other] = [await told(signed("lone", "{}", key)), await told(signed("acme", "{}", key))];
  expect(one.id).not.toBe(other.id);
});

test("a source that names no key has no repeats", async () => {
  const answers = [
    await told(signed("lone", "{}")),
    await told(signed("lone", "{}")),
    await told(signed("lone", "{}", { "x-id": " " })),
  ];
  expect(answers.map(({ status }) => status)).toEqual(["accepted", "accepted", "accepted"]);
  expect(new Set(answers.map(({ id }) => id)).size).toBe(3);
});

test("a forged request uses up no key", async () => {
  expect((await github("{}", "one", "push", "not-the-secret")).status).toBe(401);
  expect((await told(github("{}", "one"))).status).toBe("accepted");
});

test("a repeat of an event whose delivery has failed opens that delivery, and leaves the one that arrived alone", async () => {
  receiver.behaviour = ({ url }) => new Response(null, { status: url.endsWith("/first") ? 410 : 200 });
  const key = { "x-id": "one" };
  const { id } = await told(signed("acme", "{}", key));
  await deliveries("delivered", "failed");
  await exhausted();
  receiver.behaviour = () => new Response("ok");
  expect(await told(signed("acme", "{}", key))).toEqual({ id, status: "duplicate" });
  const done = await deliveries("delivered");
  expect([...done.values()].map(({ destination, attempts, reason }) => ({ destination, attempts, reason }))).toEqual([
    { destination: "first", attempts: 2, reason: null },
    { destination: "second", attempts: 1, reason: null },
  ]);
  expect(receiver.to("second")).toHaveLength(1);
  const again = receiver.to("first");
  expect(again.map(({ headers }) => headers.get("hookline-attempt"))).toEqual(["1", "2"]);
  expect(new Set(again.map(({ headers }) => headers.get("webhook-id")))).toEqual(new Set([id]));
  expect(
    await rows("SELECT attempt, outcome FROM attempt_history WHERE destination = 'first' ORDER BY attempt"),
  ).toEqual([
    { attempt: 1, outcome: "failed" },
    { attempt: 2, outcome: "delivered" },
  ]);
});

test("ten repeats of a failed delivery open it once", async () => {
  receiver.behaviour = () => new Response(null, { status: 410 });
  await github("{}", "one");
  await deliveries("failed");
  await exhausted();
  const answers = await Promise.all(Array.from({ length: 10 }, () => github("{}", "one")));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  await carried();
  await until(() => receiver.arrivals.length === 2);
  await deliveries("failed");
  expect(await rows("SELECT attempt FROM deliveries")).toEqual([{ attempt: 2 }]);
});

test("a repeat of an event that still waits changes nothing", async () => {
  // An hour: no further attempt begins while the test looks.
  receiver.behaviour = () => new Response(null, { status: 503, headers: { "retry-after": "3600" } });
  await github("{}", "one");
  await until(async () => [...(await deliveries("pending")).values()].some((row) => row["attempts"] === 1));
  const before = await rows("SELECT * FROM deliveries");
  await github("{}", "one");
  await carried();
  expect(await rows("SELECT * FROM deliveries")).toEqual(before);
});

test("a large repeat whose first is in D1 keeps the first's parts and body", async () => {
  const body = new Uint8Array(300_000).fill(0x30);
  const key = { "x-id": "large" };
  const { id } = await told(signed("lone", body, key));
  await deliveries("delivered");
  expect(await told(signed("lone", body, key))).toEqual({ id, status: "duplicate" });
  await carried();
  expect(await rows("SELECT count(*) AS n FROM event_parts JOIN events USING (receipt)")).toEqual([{ n: 1 }]);
});

describe("a source that chooses", () => {
  const token = { provider: "token", settings: { header: "x-token" } };
  const relay = (dedupe: unknown) => front({ shop: { ...token, dedupe } }, { SHOP_SECRET: "s" });
  const sent = async (dedupe: unknown, body: string, headers: Record<string, string> = {}) =>
    await told(relay(dedupe).post("shop", body, { "x-token": "s", ...headers }));

  test("the body: the same bytes are one event", async () => {
    const first = await sent("body", "a=1");
    expect(await sent("body", "a=1")).toEqual({ id: first.id, status: "duplicate" });
    expect((await sent("body", "a=2")).status).toBe("accepted");
  });

  test("a window: within its turn the same bytes are one event", async () => {
    const first = await sent({ by: "body", window: "7d" }, "a=1");
    expect(await sent({ by: "body", window: "7d" }, "a=1")).toEqual({ id: first.id, status: "duplicate" });
  });

  test("nothing: each request is an event", async () => {
    expect([(await sent("none", "a=1")).status, (await sent("none", "a=1")).status]).toEqual(["accepted", "accepted"]);
  });

  test("a template of its own: places that nobody signed count with the body", async () => {
    const first = await sent("{header:x-id}", "a=1", { "x-id": "1" });
    expect(await sent("{header:x-id}", "a=1", { "x-id": "1" })).toEqual({ id: first.id, status: "duplicate" });
    expect((await sent("{header:x-id}", "a=2", { "x-id": "1" })).status).toBe("accepted");
  });

  test("another rule than before meets no id of the old one", async () => {
    const rules = [
      "body",
      { by: "body", window: "7d" },
      { by: "body", window: "6d" },
      "{header:x-id}",
      "{header:X-ID}{json:none|default:}",
    ];
    const ids = [];
    for (const rule of rules) ids.push(await sent(rule, "a=1", { "x-id": "1" }));
    expect(ids.map(({ status }) => status)).toEqual(rules.map(() => "accepted"));
    expect(new Set(ids.map(({ id }) => id)).size).toBe(rules.length);
  });

  test("Mollie (classic) posts the same bytes for paid and for refunded: both are events", async () => {
    const mollie = front({ mollie: { provider: "mollie-classic" } }, { MOLLIE_SECRET: "s" });
    const answers = [
      await told(mollie.post("mollie?token=s", "id=tr_1")),
      await told(mollie.post("mollie?token=s", "id=tr_1")),
    ];
    expect(answers.map(({ status }) => status)).toEqual(["accepted", "accepted"]);
  });
});
