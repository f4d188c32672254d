// Routes that transform, through the whole relay: what leaves, what stays, what is said where nothing can be made, and that neighbours do not notice.
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { openReshape } from "../../../src/in/transformed.ts";
import { match } from "../../../src/in/route.ts";
import { namesOf } from "../../../src/filter/names.ts";
import type { Bell, Event } from "../../../src/types.ts";
import { front } from "../kit/front.ts";
import { carried, deliveries, hmac, rows, setUp } from "../kit/relay.ts";
import { Round } from "../kit/round.ts";

const receiver = setUp();

const HOOK = { provider: "hmac", settings: { header: "X-Signature" } };
const TEXT = `{ "text": body.user.name & " asks for help" }`;
const VARS = { ACME_SECRET: "acme-secret", SIGNING_KEY: "test-signing-key-0123456789abcdef", SOURCES: { acme: HOOK } };
const DESTINATIONS = {
  first: { url: "https://first.example.com/first" },
  second: { url: "https://second.example.com/second" },
};
const BODY = '{"user":{"name":"Ada"},"secret":"s3cret"}';

/** A round by these routes, and the events that they match. */
function routed(ROUTES: object, destinations: object = DESTINATIONS) {
  const config = readConfig({ ...VARS, DESTINATIONS: destinations, ROUTES });
  const round = new Round();
  for (const [name, one] of config.destinations) round.destinations.set(name, { ...one, retry: [1000, 2000] });
  round.reshape = openReshape(config);
  const accept = async (n: number, body: string, change: Partial<Event> = {}) => {
    const told = { id: "evt", type: "push", receivedAt: 0, source: "acme", headers: {} };
    const { matched } = match(
      config.routes,
      "acme",
      ["push"],
      namesOf(told, () => null),
    );
    const to = matched.map(({ destination }) => destination);
    const headers = { "content-type": "application/json" };
    return await round.accept(n, to, { source: "acme", matched, body, size: body.length, headers, ...change });
  };
  return { round, accept, findings: config.findings };
}
const atOnce = (bell: Bell): Bell => Object.assign({}, bell, { due: 0 });
const textOf = (body: Uint8Array | undefined) => new TextDecoder().decode(body);
const sentTo = ({ sent }: Round, to: string) => sent.filter((one) => one.to === to).map(({ body }) => textOf(body));

test("what a route makes of an event leaves at once, signed as it leaves; beside it the event goes out and is kept as it came", async () => {
  const relay = front(VARS.SOURCES, {
    ...VARS,
    DESTINATIONS,
    ROUTES: { chat: { from: "acme", to: "first", transform: TEXT }, all: { from: "acme", to: ["first", "second"] } },
  });
  const answer = await relay.post("acme", BODY, {
    "x-signature": await hmac("acme-secret", BODY),
    "content-type": "application/json",
  });
  expect(answer.status).toBe(200);
  await deliveries("delivered");
  const [changed, plain] = [receiver.to("first"), receiver.to("second")];
  expect([changed.length, plain.length]).toEqual([1, 1]);
  expect(textOf(changed[0]?.body)).toBe('{"text":"Ada asks for help"}');
  expect(textOf(plain[0]?.body)).toBe(BODY);
  expect(changed[0]?.headers.get("content-type")).toBe("application/json");
  expect(await rows("SELECT body FROM events")).toEqual([{ body: BODY }]);
  expect(await rows("SELECT destination, route, transform FROM deliveries ORDER BY 1")).toEqual([
    { destination: "first", route: "chat", transform: 1 },
    { destination: "second", route: "all", transform: null },
  ]);
  await carried();
});

test("the official verifier takes the signature of what was sent, in every attempt the same body", async () => {
  const { round, accept } = routed(
    { chat: { from: "acme", to: "first", transform: TEXT } },
    { first: { url: "https://first.example.com/", secret: "FIRST_KEY" } },
  );
  const key = `whsec_${btoa("0123456789abcdef0123456789abcdef")}`;
  round.destinations.set("first", {
    name: "first",
    url: "https://first.example.com/",
    retry: [1000],
    keys: [{ kind: "own", secret: { name: "FIRST_KEY", value: key } }],
  });
  round.onSend = (_, n) => ({ status: n === 1 ? 500 : 200, fault: null, latencyMs: 1, excerpt: "", retryAfter: null });
  await round.ring(await accept(1, BODY));
  round.clock += 5_000;
  await round.ring(round.take().map(atOnce));
  expect(round.sent).toHaveLength(2);
  for (const { headers, body } of round.sent)
    expect(
      new Webhook(key.slice("whsec_".length)).sign(
        headers["webhook-id"] ?? "",
        new Date(Number(headers["webhook-timestamp"]) * 1000),
        textOf(body),
      ),
    ).toBe(headers["webhook-signature"]);
  expect(sentTo(round, "first")).toEqual(['{"text":"Ada asks for help"}', '{"text":"Ada asks for help"}']);
});

test.each([
  ["text is sent as text", '"hello " & body.user.name', {}, "hello Ada", "text/plain; charset=utf-8"],
  [
    "or as what the destination calls it",
    '"a=" & $encodeUrlComponent("ü&")',
    { content_type: "application/x-www-form-urlencoded" },
    "a=%C3%BC%26",
    "application/x-www-form-urlencoded",
  ],
  ["a list is JSON", "[1, body.user.name]", {}, '[1,"Ada"]', "application/json"],
])("%s", async (_, transform, keys, body, type) => {
  const { round, accept } = routed(
    { chat: { from: "acme", to: "first", transform } },
    { first: { ...DESTINATIONS.first, ...keys } },
  );
  await round.ring(
    await accept(1, BODY, { headers: { "content-type": "application/json", "content-encoding": "br" } }),
  );
  expect(sentTo(round, "first")).toEqual([body]);
  expect(round.sent[0]?.headers).toMatchObject({ "content-type": type });
  expect(round.sent[0]?.headers).not.toHaveProperty("content-encoding");
});

test("with cloudevents-structured, what was made is the data of the event", async () => {
  const { round, accept } = routed(
    { chat: { from: "acme", to: "first", transform: TEXT } },
    { first: { ...DESTINATIONS.first, format: "cloudevents-structured" } },
  );
  await round.ring(await accept(1, BODY));
  expect(JSON.parse(sentTo(round, "first")[0] ?? "")).toMatchObject({
    datacontenttype: "application/json",
    data: { text: "Ada asks for help" },
  });
});

test.each([
  ["a path that leads nowhere", "body.customer.name", /gives nothing/],
  ["work without an end", "($f := function($n) { $f($n + 1) }; $f(0))", /200000 steps/],
  ["a list without an end", "[1..9999999]", /list of more than/],
  ["a hundred megabytes", "$join($map([1..9999], function() { $pad('', 10000) }))", /steps|text of more/],
  ["a recursion that waits for itself", "($f := function($n) { 1 + $f($n) }; $f(0))", /deep/],
])("%s is a failed attempt that says so, is tried again, and holds nobody up", async (_, transform, says) => {
  const { round, accept } = routed({
    chat: { from: "acme", to: "first", transform },
    all: { from: "acme", to: "second" },
  });
  const bells = (await Promise.all([1, 2, 3, 4].map((n) => accept(n, BODY)))).flat();
  await round.ring(bells);
  expect(sentTo(round, "first")).toEqual([]);
  expect(sentTo(round, "second")).toEqual([BODY, BODY, BODY, BODY]);
  const failed = await rows<{ excerpt: string }>(
    "SELECT state, fault, attempt, excerpt FROM deliveries WHERE destination = 'first'",
  );
  expect(failed).toHaveLength(4);
  for (const one of failed) {
    expect(one).toMatchObject({ state: "pending", fault: "untransformed", attempt: 1 });
    expect(one.excerpt).toMatch(says);
  }
  // Its own fault is none of the receiver's.
  expect(await rows("SELECT * FROM breakers")).toEqual([]);
  for (let n = 0; n < 2; n += 1) {
    round.clock += 10_000;
    await round.ring(round.take().map(atOnce));
  }
  expect(await rows("SELECT DISTINCT state, reason FROM deliveries WHERE destination = 'first'")).toEqual([
    { state: "failed", reason: "exhausted" },
  ]);
});

test("a deploy that mends the transform is what the next attempt goes by", async () => {
  const { round, accept } = routed({ chat: { from: "acme", to: "first", transform: "body.custmer.name" } });
  await round.ring(await accept(1, BODY));
  round.reshape = routed({ chat: { from: "acme", to: "first", transform: TEXT } }).round.reshape;
  round.clock += 5_000;
  await round.ring(round.take().map(atOnce));
  expect(sentTo(round, "first")).toEqual(['{"text":"Ada asks for help"}']);
});

test.each([
  ["is gone, and every other with it", {}, /route chat.*not in the configuration any more/],
  [
    "is gone",
    { other: { from: "acme", to: "first", transform: TEXT } },
    /route chat.*not in the configuration any more/,
  ],
  ["cannot be read", { chat: { from: "acme", to: "first", transform: "body.(" } }, /run config:check/],
  [
    "has nothing for the destination",
    { chat: { from: "acme", to: "first", transform: { v2: TEXT } } },
    /no transform for the version/,
  ],
])("where its route %s, an event that was to be transformed does not leave as it came", async (_, ROUTES, says) => {
  const { round, accept } = routed({ chat: { from: "acme", to: "first", transform: TEXT } });
  const bells = await accept(1, BODY);
  round.reshape = routed(ROUTES).round.reshape;
  await round.ring(bells);
  expect(round.sent).toEqual([]);
  const [one] = await rows<{ excerpt: string }>("SELECT fault, excerpt FROM deliveries");
  expect(one).toMatchObject({ fault: "untransformed" });
  expect(one?.excerpt).toMatch(says);
});

test("each destination gets the shape of the version that it has pinned, and is told which", async () => {
  const { round, accept } = routed(
    {
      chat: {
        from: "acme",
        to: ["first", "second", "third"],
        transform: { default: "{ 'v': 0 }", "2026-11-01": "{ 'v': 1 }", v2: "{ 'v': 2 }" },
      },
    },
    {
      first: { ...DESTINATIONS.first, version: "2026-11-01" },
      second: { ...DESTINATIONS.second, version: "v2" },
      third: { url: "https://third.example.com/", version: "1" },
    },
  );
  await round.ring(await accept(1, BODY));
  expect(["first", "second", "third"].map((name) => sentTo(round, name))).toEqual([
    ['{"v":1}'],
    ['{"v":2}'],
    ['{"v":0}'],
  ]);
  expect(Object.fromEntries(round.sent.map(({ to, headers }) => [to, headers["hookline-version"]]))).toEqual({
    first: "2026-11-01",
    second: "v2",
    third: "1",
  });
});
