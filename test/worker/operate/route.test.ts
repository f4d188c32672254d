// What went nowhere: seen, counted, asked about, and routed once a route wants it; and what a condition could not decide.
import { expect, test } from "vitest";
import { GRACE_MS } from "../../../src/deadlines.ts";
import { encodeParts } from "../../../src/bytes/body.ts";
import { FAILED, ID, NOON, Operator, OTHER } from "../kit/operator.ts";
import { rows } from "../kit/relay.ts";

const operator = new Operator();

const SOURCES = { github: { provider: "github" }, stripe: { provider: "stripe" } };
const BIG = { from: "github", to: "crm", when: "body.size >= 10" };

async function order(path: string, body: object | null = null, headers: Record<string, string> = {}) {
  const response = await operator.call(`/api${path}`, {
    method: "POST",
    body: body === null ? null : JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });
  const answer: Record<string, unknown> = await response.json();
  return Object.assign(answer, { status: response.status });
}

const bodied = (text: string) => ({ body: text, size: text.length });
const unrouted = { matched: [] };
const listed = async (query: string) =>
  (await operator.get<{ events: { id: string }[] }>(`/api/events?${query}`)).events.map(({ id }) => id);

test("an event that no route wants is listed, counted, and says so", async () => {
  await operator.accept();
  await operator.accept({ id: OTHER, ...unrouted });
  expect(await listed("routing=unrouted")).toEqual([OTHER]);
  expect(await listed("routing=undecided")).toEqual([]);
  expect(await listed("")).toHaveLength(2);
  const { backlog } = await operator.get<{ backlog: object }>("/api/overview");
  expect(backlog).toMatchObject({ unrouted: 1, undecided: 0 });
});

test("routed anew, it gets the deliveries that today's routes name: due now, rung, audited, and listed no more", async () => {
  operator.vars = { SOURCES, ROUTES: { big: BIG, all: { from: "github", to: ["billing", "crm"] } } };
  await operator.accept({ ...unrouted, ...bodied('{"size":10}') });
  operator.clock += 1_000;
  const at = NOON + 1_000;
  expect(await order(`/events/${ID}/route`)).toEqual({
    status: 200,
    routed: 2,
    deliveries: [
      { id: `${ID}:crm`, created: true, state: "pending" },
      { id: `${ID}:billing`, created: true, state: "pending" },
    ],
    undecided: [],
  });
  expect(await rows("SELECT destination, route, state, due_at, look_at FROM deliveries ORDER BY 1")).toEqual([
    { destination: "billing", route: "all", state: "pending", due_at: at, look_at: at + GRACE_MS },
    { destination: "crm", route: "big", state: "pending", due_at: at, look_at: at + GRACE_MS },
  ]);
  expect(operator.rung.map(({ delivery }) => delivery).toSorted()).toEqual([`${ID}:billing`, `${ID}:crm`]);
  expect(await rows("SELECT action, target, detail FROM audit")).toEqual([
    { action: "route", target: ID, detail: JSON.stringify([`${ID}:crm`, `${ID}:billing`]) },
  ]);
  expect(await rows("SELECT unrouted FROM events")).toEqual([{ unrouted: null }]);
  expect(await listed("routing=unrouted")).toEqual([]);
});

test("routed twice, or under one Idempotency-Key, it opens once, and what was delivered stays as it is", async () => {
  operator.vars = { SOURCES, ROUTES: { all: { from: "github", to: ["billing", "crm"] } } };
  await operator.accept();
  await operator.attempt(1, FAILED);
  const first = await order(`/events/${ID}/route`, null, { "idempotency-key": "k" });
  expect(first).toMatchObject({ routed: 1, deliveries: [{ created: false, state: "failed" }, { created: true }] });
  expect(await order(`/events/${ID}/route`, null, { "idempotency-key": "k" })).toEqual(first);
  expect(await order(`/events/${ID}/route`)).toMatchObject({ routed: 0 });
  expect(await rows("SELECT count(*) AS n FROM audit")).toEqual([{ n: 1 }]);
  expect(operator.rung).toHaveLength(1);
});

test("what a condition cannot decide stands on the event with its reason, until it can", async () => {
  const undecided = [{ route: "big", error: "No such key: size" }];
  await operator.accept({ ...unrouted, ...bodied('{"length":10}'), undecided });
  operator.vars = { SOURCES, ROUTES: { big: BIG } };
  expect(await operator.get(`/api/events/${ID}`)).toMatchObject({ undecided, deliveries: [] });
  expect(await listed("routing=undecided")).toEqual([ID]);
  expect((await operator.get<{ events: object[] }>("/api/events")).events).toMatchObject([{ undecided: true }]);
  expect(await operator.get("/api/overview")).toMatchObject({ backlog: { unrouted: 1, undecided: 1 } });
  expect(await order(`/events/${ID}/route`)).toMatchObject({ routed: 0, undecided });
  expect(await listed("routing=undecided")).toEqual([ID]);

  operator.vars = { SOURCES, ROUTES: { big: { ...BIG, when: "body.length >= 10" } } };
  expect(await order(`/events/${ID}/route`)).toMatchObject({ routed: 1, undecided: [] });
  expect(await listed("routing=undecided")).toEqual([]);
  expect(await operator.get(`/api/events/${ID}`)).toMatchObject({ undecided: [], deliveries: [{ route: "big" }] });
});

test("sent by hand, an event is unrouted no more", async () => {
  await operator.accept(unrouted);
  await order(`/events/${ID}/send`, { destination: "crm" });
  expect(await rows("SELECT unrouted FROM events")).toEqual([{ unrouted: null }]);
});

test("conditions read a body that is kept in parts, and of a batch every type", async () => {
  const text = JSON.stringify({ size: 11, pad: "é".repeat(700_000) });
  const bytes = new TextEncoder().encode(text);
  const { parts } = encodeParts(bytes);
  const { parts: table } = operator.deps.tables;
  await table.put("receipt-parts", ID, 0, ...parts);
  await operator.accept({ ...unrouted, receipt: "receipt-parts", body: null, parts: parts.length, size: bytes.length });
  operator.vars = { SOURCES, ROUTES: { big: BIG } };
  expect(await order(`/events/${ID}/route`)).toMatchObject({ routed: 1 });
  await operator.accept({ id: OTHER, ...unrouted, type: "push,star.created" });
  operator.vars = { SOURCES, ROUTES: { stars: { from: "github", events: "star.*", to: "billing" } } };
  expect(await order(`/events/${OTHER}/route`)).toMatchObject({ routed: 1 });
});

test("in bulk, step by step, whatever the filter names and nothing else; what is interrupted is begun anew", async () => {
  operator.vars = { SOURCES, ROUTES: { all: { from: ["github", "stripe"], to: "billing" } } };
  const ids = Array.from({ length: 60 }, (_, n) => `evt_${n.toString(16).padStart(32, "0")}`);
  for (const [n, id] of ids.entries()) await operator.accept({ id, ...unrouted, source: n < 50 ? "github" : "stripe" });
  const filter = { routing: "unrouted", source: "github" };
  const first = await order("/routes/apply", { filter });
  expect(first).toMatchObject({ looked: 25, routed: 25, deliveries: 25, next: expect.any(String) });
  // The one who asked is gone: the next asking knows nothing of the first.
  const again = await order("/routes/apply", { filter });
  expect(again).toMatchObject({ looked: 25, routed: 25 });
  expect(await order("/routes/apply", { filter, cursor: again["next"] ?? null })).toMatchObject({
    looked: 0,
    next: null,
  });
  expect(await rows("SELECT source, count(*) AS n FROM events WHERE unrouted IS NOT NULL GROUP BY 1")).toEqual([
    { source: "stripe", n: 10 },
  ]);
  expect(await rows("SELECT count(*) AS n FROM deliveries")).toEqual([{ n: 50 }]);
  expect(await rows("SELECT count(*) AS n FROM audit")).toEqual([{ n: 2 }]);
  expect(operator.rung).toHaveLength(50);
});

test("why not: each route says what it takes, what it read, and what is in its way", async () => {
  operator.vars = {
    SOURCES,
    ROUTES: {
      off: { from: "github", to: "crm", enabled: false },
      money: { from: "stripe", to: "crm" },
      stars: { from: "github", events: "star.*", to: "crm" },
      big: BIG,
      broken: { ...BIG, when: "body.sizes > 1" },
      small: { ...BIG, when: "body.size < 10" },
      all: { from: "github", to: ["crm", "billing"] },
    },
  };
  await operator.accept(bodied('{"size":3}'));
  const said = await operator.get<{ routes: Record<string, unknown>[] }>(`/api/events/${ID}/routes`);
  expect(said.routes.map(({ route, verdict }) => [route, verdict])).toEqual([
    ["off", "disabled"],
    ["money", "source"],
    ["stars", "events"],
    ["big", "when"],
    ["broken", "undecided"],
    ["small", "taken"],
    ["all", "taken"],
  ]);
  expect(said.routes[3]).toMatchObject({ when: BIG.when, reads: [{ path: "body.size", value: "3" }] });
  expect(said.routes[4]).toMatchObject({ error: "No such key: sizes", reads: [{ path: "body.sizes", value: null }] });
  expect(said.routes[6]).toMatchObject({ already_by: ["small"] });
  expect(await rows("SELECT count(*) AS n FROM deliveries")).toEqual([{ n: 1 }]);
});

test("a body that never came is tried without a trace", async () => {
  operator.vars = { SOURCES, ROUTES: { big: BIG } };
  const tried = { source: "github", type: "push", body: '{"size":12}' };
  expect(await order("/routes/try", tried)).toMatchObject({
    event: null,
    type: "push",
    routes: [{ verdict: "taken" }],
  });
  const named = await order("/routes/try", { ...tried, type: null, headers: { "x-github-event": "star" } });
  expect(named).toMatchObject({ type: "star" });
  expect(await order("/routes/try", { ...tried, source: "nobody" })).toMatchObject({ status: 400 });
  expect(await order("/routes/try", { ...tried, headers: { "a b": "c" } })).toMatchObject({ status: 400 });
  // D1 was not even prepared.
  expect(await rows("SELECT name FROM sqlite_master WHERE name = 'events'")).toEqual([]);
});

test("an event that there is not, and an order that cannot be meant", async () => {
  expect(await order(`/events/${ID}/route`)).toMatchObject({ status: 404 });
  expect((await operator.call(`/api/events/${ID}/routes`)).status).toBe(404);
  expect(await order("/routes/apply", { filter: { routing: "delivered" } })).toMatchObject({ status: 400 });
  expect(await order("/routes/apply", { filter: {}, cursor: "x" })).toMatchObject({ status: 400 });
});
