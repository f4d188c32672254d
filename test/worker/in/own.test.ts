// An app of the operator's own sends: POST /api/events and its source's address are one walk, a name stands for one
// content, and what is wrong is told to whoever has proven themselves and to nobody else.
import { expect, test } from "vitest";
import { encodeBase64 } from "../../../src/bytes/encoding.ts";
import { front, TOKEN } from "../kit/front.ts";
import { bytes, carried, post, rows, setUp, until } from "../kit/relay.ts";

const receiver = setUp();

const BEARER = { authorization: "Bearer app-token-0123456789" };
const ADMIN = { authorization: "Bearer test-admin-token-0123456789abcdef" };
const JSON_TYPE = { "content-type": "application/json" };

interface Told {
  readonly id: string;
  readonly status: string;
}

/** Both addresses, and both rights. */
const WAYS = [
  ["by the source's address", "/in/app", BEARER],
  ["by the API, with the source's token", "/api/events", BEARER],
  ["by the API, with the source named", "/api/events?source=app", BEARER],
  ["by the API, as an operator", "/api/events", ADMIN],
] as const;

const event = (more: object = {}) => JSON.stringify({ type: "invoice.paid", data: { amount: 1 }, ...more });

test.each(WAYS)(
  "%s: what is said is delivered, with the id and the time that it lacks and every other byte as it came",
  async (_, path, right) => {
    const sent = ' {"type": "invoice.paid",  "data": {"n": 12345678901234567890, "s": "\\u00e4"}}\n';
    const answer = await post(path, sent, { ...right, "content-type": "text/plain" });
    expect(answer.status).toBe(200);
    const { id, status }: Told = await answer.json();
    expect(status).toBe("accepted");
    const [arrival] = await until(() => receiver.arrivals.length > 0 && receiver.arrivals);
    const text = new TextDecoder().decode(arrival?.body);
    const [, made = ""] = /^ \{"id":"([^"]+)","timestamp":"\d{4}-[\d:.T-]+Z",/.exec(text) ?? [];
    expect(made).toBe(id);
    expect(text.replace(/"id":"[^"]+","timestamp":"[^"]+",/, "")).toBe(sent);
    expect(arrival?.headers.get("content-type")).toBe("application/json");
    expect(arrival?.headers.get("webhook-id")).toBe(id);
    expect(arrival?.headers.get("hookline-event-type")).toBe("invoice.paid");
    expect(arrival?.headers.get("hookline-source")).toBe("app");
    expect(arrival?.headers.get("authorization")).toBe(null);
  },
);

test("what says its id and its time arrives byte for byte, whichever way its time is written", async () => {
  const times = ["2026-11-29T18:00:00Z", "2026-11-29T18:00:00.123456+05:30", 1_796_000_000];
  for (const [n, timestamp] of times.entries())
    expect((await post("/in/app", event({ id: `e${n}`, timestamp }), { ...BEARER, ...JSON_TYPE })).status).toBe(200);
  await until(() => receiver.arrivals.length === times.length);
  const got = receiver.arrivals.map(({ body }) => new TextDecoder().decode(body)).toSorted();
  expect(got).toEqual(times.map((timestamp, n) => event({ id: `e${n}`, timestamp })));
});

test("any body is taken whose type stands in a header, and nothing in it is read", async () => {
  const body = Uint8Array.from([0xff, 0x00, 0x7b, 0x22]);
  for (const [type, id] of [
    ["hookline-event-type", "webhook-id"],
    ["x-event-type", "x-event-id"],
    ["ce-type", "ce-id"],
  ] as const) {
    receiver.arrivals = [];
    const headers = { ...BEARER, [type]: "picture.taken", [id]: `${type} 7`, "content-type": "image/x-own" };
    const first: Told = await (await post("/api/events", body, headers)).json();
    const again: Told = await (await post("/api/events", body, headers)).json();
    expect([first.status, again]).toEqual(["accepted", { id: first.id, status: "duplicate" }]);
    const [arrival] = await until(() => receiver.arrivals.length > 0 && receiver.arrivals);
    expect(arrival?.body).toEqual(body);
    expect(arrival?.headers.get("content-type")).toBe("image/x-own");
    expect(arrival?.headers.get("hookline-event-type")).toBe("picture.taken");
  }
  // Neither the id nor the type of such a body is the event's.
  const plain = { ...BEARER, ...JSON_TYPE, "hookline-event-type": "order.seen" };
  for (const data of ["a", "b"])
    expect(await (await post("/in/app", JSON.stringify({ id: 1, type: "x", data }), plain)).json()).toMatchObject({
      status: "accepted",
    });
});

const MALFORMED: readonly (readonly [string, string | Uint8Array, Record<string, string>?])[] = [
  ["type", JSON.stringify({ data: 1 })],
  ["type", JSON.stringify({ type: "", data: 1 })],
  ["type", JSON.stringify({ type: "a,b", data: 1 })],
  ["type", JSON.stringify({ type: " a", data: 1 })],
  ["type", JSON.stringify({ type: "a\nb", data: 1 })],
  ["type", JSON.stringify({ type: "x".repeat(201), data: 1 })],
  ["type", JSON.stringify({ type: ["a"], data: 1 })],
  ["data", JSON.stringify({ type: "a" })],
  ["id", event({ id: 7 })],
  ["id", event({ id: "" })],
  ["id", event({ id: "\u00e4" })],
  ["id", event({ id: null })],
  ["timestamp", event({ timestamp: "yesterday" })],
  ["timestamp", event({ timestamp: "2026-02-30T00:00:00Z" })],
  ["timestamp", event({ timestamp: "2026-02-20" })],
  ["timestamp", event({ timestamp: 1_796_000_000_000 })],
  ["timestamp", event({ timestamp: -1 })],
  ["timestamp", event({ timestamp: null })],
  ["extra", event({ extra: 1 })],
  ["__proto__", '{"type":"a","data":1,"__proto__":{}}'],
  ["body", "[1]"],
  ["body", "null"],
  ["body", ""],
  ["body", "type=a&data=1"],
  ["body", Uint8Array.from([...bytes('{"type":"a","data":"'), 0xff, ...bytes('"}')])],
  ["idempotency-key", event(), { "idempotency-key": "" }],
  ["idempotency-key", event(), { "idempotency-key": "a b".repeat(100) }],
  ["hookline-event-type", "x", { "hookline-event-type": "a,b" }],
  ["webhook-id", event(), { "webhook-id": "x".repeat(300) }],
];

test("what is no message is refused with the name of its field, and nothing is kept", async () => {
  for (const [field, body, headers = {}] of MALFORMED) {
    for (const path of ["/in/app", "/api/events"]) {
      const answer = await post(path, body, { ...BEARER, ...JSON_TYPE, ...headers });
      const told: { field: string; detail: string } = await answer.json();
      expect([body, answer.status, answer.headers.get("content-type"), told.field, told.detail]).toEqual([
        body,
        400,
        "application/problem+json",
        field,
        expect.stringMatching(new RegExp(`^${field}: \\S`)),
      ]);
    }
  }
  await carried();
  expect(await rows("SELECT 1 FROM events").catch(() => [])).toEqual([]);
});

const keyed = (key: string, body: string, more: Record<string, string> = {}) =>
  post("/api/events", body, { ...BEARER, ...JSON_TYPE, "idempotency-key": key, ...more });

test("the same Idempotency-Key with the same content gets the same event, and with another 422: at once, and from D1", async () => {
  const first: Told = await (await keyed("k1", event())).json();
  const judge = async () => {
    const same: Told = await (await keyed("k1", event())).json();
    expect(same).toEqual({ id: first.id, status: "duplicate" });
    for (const answer of [
      await keyed("k1", event({ data: 2 })),
      await keyed("k1", event({ type: "invoice.sent" })),
      await keyed("k1", event(), { "hookline-event-type": "invoice.paid", "x-odd": "1" }).then(() =>
        keyed("k1", event({ id: "own" })),
      ),
    ]) {
      expect(answer.status).toBe(422);
      expect(await answer.json()).toMatchObject({
        field: "idempotency-key",
        detail: expect.stringContaining("another content"),
      });
    }
  };
  await judge();
  await carried();
  await judge();
  const other: Told = await (await keyed("k2", event())).json();
  expect([other.status, other.id === first.id]).toEqual(["accepted", false]);
  await carried();
  // What was refused has left nothing, and has reached nobody.
  const kept = await rows<{ id: string }>("SELECT id FROM events ORDER BY seq");
  expect(kept.map(({ id }) => id)).toEqual([first.id, other.id]);
});

test("the id of an event names one content as well, and each source has names of its own", async () => {
  const own: Told = await (await post("/in/app", event({ id: "inv_1" }), BEARER)).json();
  expect(await (await post("/in/app", event({ id: "inv_1" }), BEARER)).json()).toEqual({
    id: own.id,
    status: "duplicate",
  });
  const answer = await post("/in/app", event({ id: "inv_1", data: 2 }), BEARER);
  expect([answer.status, await answer.json()]).toEqual([422, expect.objectContaining({ field: "id" })]);
});

test("of many contents at once under one key one is accepted, and all others are refused", async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => post("/in/app", event({ data: n }), { ...BEARER, "idempotency-key": "race" })),
  );
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, ...Array<number>(19).fill(422)]);
  await carried();
  expect(await rows("SELECT 1 FROM events")).toHaveLength(1);
});

const STRANGE: readonly (readonly [path: string, headers: Record<string, string>])[] = [
  ["/api/events", { authorization: "Bearer app-token-012345678" }],
  ["/api/events?source=app", { authorization: "Bearer app-token-012345678" }],
  ["/api/events?source=nobody", { authorization: "Bearer app-token-012345678" }],
  ["/api/events?source=acme", BEARER],
  ["/api/events", { authorization: "app-token-0123456789" }],
  ["/api/events", {}],
  ["/api/events", { authorization: "Basic YXBwOnRva2Vu" }],
];

test("a stranger hears the same whatever they ask for, and leaves the source's operator a trace", async () => {
  const told = await Promise.all(
    STRANGE.map(async ([path, headers]) => {
      const answer = await post(path, event(), { ...headers, ...JSON_TYPE });
      return [answer.status, Object.fromEntries(answer.headers), await answer.text()];
    }),
  );
  expect(new Set(told.map((one) => JSON.stringify(one))).size).toBe(1);
  expect(told[0]?.[0]).toBe(401);
  const seen = await until(async () => {
    const kept = await rows("SELECT reason FROM refusals WHERE source = 'app'").catch(() => []);
    return kept.length > 0 && kept;
  });
  expect(seen).toContainEqual({ reason: "signature_mismatch" });
  await carried();
  expect(await rows("SELECT 1 FROM events").catch(() => [])).toEqual([]);
});

const SEVERAL = { app: { provider: "bearer" }, shop: { provider: "bearer" }, acme: { provider: "token" } };
const TOKENS = { APP_SECRET: "token-of-app", SHOP_SECRET: "token-of-shop", ACME_SECRET: "token-of-acme" };

test("of several sources the token says which, an operator names one, and an app that signs is found by its name", async () => {
  const own = { like: "standard-webhooks", message: "own" };
  const relay = front({ ...SEVERAL, erp: { provider: own } }, { ...TOKENS, ERP_SECRET: "whsec_c2VjcmV0LW9mLWVycA==" });
  const ask = async (query: string, headers: Record<string, string>, body = event()) =>
    await relay.ask(`/api/events${query}`, {
      method: "POST",
      body,
      headers: { "cf-connecting-ip": "192.0.2.7", ...headers },
    });
  for (const name of ["app", "shop"])
    for (const query of ["", `?source=${name}`])
      expect((await ask(query, { authorization: `bearer token-of-${name}` })).status).toBe(200);
  expect((await ask("?source=shop", { authorization: "Bearer token-of-app" })).status).toBe(401);
  expect((await ask("", { authorization: "Bearer token-of-acme" })).status).toBe(401);

  const admin = { authorization: `Bearer ${TOKEN}` };
  expect(await (await ask("", admin)).json()).toMatchObject({
    status: 400,
    detail: "source: is missing: take app or shop or erp",
  });
  expect(await (await ask("?source=acme", admin)).json()).toMatchObject({
    status: 404,
    detail: expect.stringContaining("take app or shop or erp"),
  });
  expect((await ask("?source=shop", admin)).status).toBe(200);

  const id = "msg_1";
  const at = Math.floor(Date.now() / 1000);
  const key = new TextEncoder().encode("secret-of-erp");
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const code = await crypto.subtle.sign("HMAC", imported, new TextEncoder().encode(`${id}.${at}.${event()}`));
  const signed = {
    "webhook-id": id,
    "webhook-timestamp": String(at),
    "webhook-signature": `v1,${encodeBase64(new Uint8Array(code))}`,
  };
  expect((await ask("?source=erp", signed)).status).toBe(200);
  expect((await ask("?source=erp", { ...signed, "webhook-id": "msg_2" })).status).toBe(401);
  await carried();
  const kept = await rows("SELECT source, verified_by FROM events ORDER BY source, verified_by");
  expect(kept).toEqual([
    { source: "app", verified_by: "APP_SECRET" },
    { source: "app", verified_by: "APP_SECRET" },
    { source: "erp", verified_by: "ERP_SECRET" },
    { source: "shop", verified_by: "SHOP_SECRET" },
    { source: "shop", verified_by: "SHOP_SECRET" },
    { source: "shop", verified_by: "admin" },
  ]);
});

test("the limits of a source hold at either address: its networks, its size and its rate", async () => {
  const sources = {
    app: { provider: "bearer", allow: ["192.0.2.0/24"], max_body: "1KiB", rate: "2/h" },
  };
  const relay = front(sources, { APP_SECRET: "token-of-app" });
  const headers = { authorization: "Bearer token-of-app", "cf-connecting-ip": "192.0.2.7" };
  for (const path of ["/in/app", "/api/events"]) {
    const ask = async (body: string, more: Record<string, string> = {}) =>
      await relay.ask(path, { method: "POST", body, headers: { ...headers, ...more } });
    expect((await ask(event(), { "cf-connecting-ip": "198.51.100.1" })).status).toBe(403);
    expect((await ask(event({ data: "x".repeat(1024) }))).status).toBe(413);
    expect((await ask(event({ id: `only ${path}` }))).status).toBe(200);
  }
  for (const path of ["/in/app", "/api/events"])
    expect((await relay.ask(path, { method: "POST", body: event({ id: "third" }), headers })).status).toBe(429);
});
