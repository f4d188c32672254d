// Another Worker, a queue and a bucket as destinations: real bindings of workerd, and what becomes of an attempt at each.
import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import worker from "../../../src/index.ts";
import { decodeBase64 } from "../../../src/bytes/encoding.ts";
import { front } from "../kit/front.ts";
import { bindings, bytes, carried, hmac, rows, setUp, until } from "../kit/relay.ts";

const receiver = setUp();

const ACME = { provider: "hmac", settings: { header: "X-Signature", id: "{header:X-Id}", type: "{header:X-Type}" } };

/** Messages of the queue, as whoever consumes it gets them. */
const heard: unknown[] = [];
const answer = worker.queue.bind(worker);
worker.queue = async (batch, bound, ctx) => {
  if (batch.queue !== "line") return await answer(batch, bound, ctx);
  heard.push(...batch.messages.map(({ body }) => body));
  return undefined;
};

/** A relay with one destination. */
function relayTo(destination: object, found: Record<string, unknown>) {
  const vars = {
    ACME_SECRET: "acme-secret",
    PARTNER_KEY: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    DESTINATIONS: { there: destination },
    ROUTES: { all: { from: "acme", to: "there" } },
    ...found,
  };
  return front({ acme: ACME }, vars);
}

async function send(relay: ReturnType<typeof front>, body: Uint8Array | string, more: Record<string, string> = {}) {
  const headers = { "x-signature": await hmac("acme-secret", body), "x-id": "k1", "x-type": "order.paid", ...more };
  const response = await relay.post("acme", bytes(body), { "content-type": "application/json", ...headers });
  expect(response.status).toBe(200);
  return (await response.json<{ id: string }>()).id;
}

/** The one delivery, once its first attempt has been made. */
async function delivery() {
  await carried();
  return await until(async () => {
    const [row] = await rows("SELECT * FROM delivery_history").catch(() => []);
    return row !== undefined && row["attempts"] !== 0 && row["state"] !== "delivering" && row;
  });
}

test("another Worker gets the request of a URL, signed, with the method, headers and query that are asked for", async () => {
  // This very relay stands for it: its source has the destination's secret, and lets nothing in that is not signed.
  const there = {
    service: "PARTNER",
    url: "https://partner.example.com/in/standard",
    secret: "PARTNER_KEY",
    headers: { "x-tenant": "7" },
  };
  const id = await send(relayTo(there, { PARTNER: exports.default }), '{"n":1}');
  expect(await delivery()).toMatchObject({ state: "delivered", status: 200 });
  await carried();
  const arrived = await until(async () => {
    const found = await rows<{ headers: string; body: string }>("SELECT * FROM events WHERE source = 'standard'");
    return found.length > 0 && found;
  });
  expect(arrived.map(({ body }) => body)).toEqual(['{"n":1}']);
  expect(JSON.parse(arrived[0]?.headers ?? "")).toMatchObject({ "webhook-id": id });
  expect(receiver.to("standard")).toEqual([]);
});

test("another Worker's answer counts as any other's: what it refuses is tried again", async () => {
  const there = { service: "PARTNER", url: "https://partner.example.com/in/standard" };
  await send(relayTo(there, { PARTNER: exports.default }), "{}");
  expect(await delivery()).toMatchObject({ state: "pending", status: 401 });
});

test("a queue gets body and headers as one message, and bytes that are no text as base64", async () => {
  heard.length = 0;
  const relay = relayTo({ queue: "LINE", headers: { "x-tenant": "7" } }, { LINE: bindings["LINE"] });
  const id = await send(relay, '{"n":"\u00e4"}');
  const binary = Uint8Array.from([0, 255, 10]);
  await send(relay, binary, { "x-id": "k2" });
  await until(() => heard.length === 2);
  expect(heard).toContainEqual({
    headers: expect.objectContaining({
      "webhook-id": id,
      "webhook-signature": expect.stringMatching(/^v1,/),
      "hookline-event-type": "order.paid",
      "content-type": "application/json",
      "x-tenant": "7",
    }),
    encoding: "text",
    body: '{"n":"\u00e4"}',
  });
  const other = heard.find((one) => Object(one).encoding === "base64");
  expect(decodeBase64(String(Object(other).body))).toEqual(binary);
  await carried();
  const states = await rows("SELECT DISTINCT state, status FROM delivery_history");
  expect(states).toEqual([{ state: "delivered", status: 200 }]);
});

test("what is too large for a queue ends at once, and says why", async () => {
  await send(relayTo({ queue: "LINE" }, { LINE: bindings["LINE"] }), JSON.stringify("x".repeat(130_000)));
  expect(await delivery()).toMatchObject({ state: "failed", reason: "refused", status: 413 });
});

test("a bucket gets one object for an event, byte for byte, under the key of its template", async () => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- test/worker/wrangler.toml binds it
  const bucket = bindings["ARCHIVE"] as R2Bucket;
  const relay = relayTo({ r2: "ARCHIVE", key: "in/{source}/{type}/{date}/{event}.json" }, { ARCHIVE: bucket });
  const body = Uint8Array.from([0xef, 0xbb, 0xbf, ...bytes('{"n":1}')]);
  const id = await send(relay, body, { "x-type": "../a/b" });
  const day = new Date().toISOString().slice(0, 10);
  expect(await delivery()).toMatchObject({ state: "delivered" });
  const { objects } = await bucket.list({ include: ["customMetadata", "httpMetadata"] });
  expect(objects.map(({ key }) => key)).toEqual([`in/acme/%2E.%2Fa%2Fb/${day}/${id}.json`]);
  const object = await bucket.get(objects[0]?.key ?? "");
  expect(new Uint8Array((await object?.arrayBuffer()) ?? new ArrayBuffer())).toEqual(body);
  expect(object?.httpMetadata?.contentType).toBe("application/json");
  expect(object?.customMetadata).toMatchObject({ "webhook-id": id, "hookline-source": "acme" });
});

test("a binding that is not there, or of another kind, is a failed attempt that says so, and is tried again", async () => {
  for (const [n, found] of [{}, { LINE: bindings["ARCHIVE"] }, { LINE: "text" }].entries())
    await send(relayTo({ queue: "LINE" }, found), "{}", { "x-id": `k${n}` });
  await carried();
  const stands = await until(async () => {
    const all = await rows("SELECT state, fault FROM delivery_history");
    return all.length === 3 && all.every(({ fault }) => fault !== null) && all;
  });
  expect(new Set(stands.map((row) => JSON.stringify(row)))).toEqual(
    new Set([JSON.stringify({ state: "pending", fault: "unbound" })]),
  );
});

const LETTER = { from: "relay@example.com", to: "oncall@example.com", subject: "crm fails", text: "since noon" };

test("e-mail gets the letter that the body is, and nothing else of it", async () => {
  const sent: object[] = [];
  const post = {
    async send(letter: object) {
      sent.push(letter);
      return await Promise.resolve({ messageId: "<1@example.com>" });
    },
  };
  await send(relayTo({ email: "EMAIL" }, { EMAIL: post }), JSON.stringify({ ...LETTER, internal: "note" }));
  expect(await delivery()).toMatchObject({ state: "delivered", status: 200 });
  expect(sent).toEqual([LETTER]);
});

test("the platform's own binding takes the letter, and refuses a sender that it does not allow", async () => {
  const EMAIL = bindings["EMAIL"];
  await send(relayTo({ email: "EMAIL" }, { EMAIL }), JSON.stringify(LETTER));
  expect(await delivery()).toMatchObject({ state: "delivered", status: 200 });
  const other = JSON.stringify({ ...LETTER, from: "somebody@example.org" });
  await send(relayTo({ email: "EMAIL" }, { EMAIL }), other, { "x-id": "k2" });
  await carried();
  const states = await until(async () => {
    const found = await rows("SELECT state, attempts FROM delivery_history ORDER BY state");
    return found.length === 2 && found.every(({ attempts }) => attempts === 1) && found;
  });
  expect(states.map(({ state }) => state)).toEqual(["delivered", "pending"]);
});

test.each([
  ["E_FIELD_MISSING", { state: "failed", reason: "refused", status: 422 }],
  ["E_HEADERS_TOO_MANY", { state: "failed", reason: "refused", status: 422 }],
  ["E_SENDER_NOT_VERIFIED", { state: "pending", status: 403 }],
  ["E_DAILY_LIMIT_EXCEEDED", { state: "pending", status: 429 }],
  ["E_INTERNAL_SERVER_ERROR", { state: "pending", status: 503 }],
])("%s of the platform's is an answer with its words", async (code, expected) => {
  // The local binding has no such errors: the platform documents them.
  const post = { send: async () => await Promise.reject(Object.assign(new Error("so it is"), { code })) };
  await send(relayTo({ email: "EMAIL" }, { EMAIL: post }), JSON.stringify(LETTER));
  expect(await delivery()).toMatchObject(expected);
  expect(await rows("SELECT answer FROM attempt_history")).toEqual([{ answer: `${code}: so it is` }]);
});

test.each(["[]", "not JSON", "7", '{"a":1}'])("a body of %s is no letter, and ends at once", async (body) => {
  await send(relayTo({ email: "EMAIL" }, { EMAIL: bindings["EMAIL"] }), body);
  expect(await delivery()).toMatchObject({ state: "failed", reason: "refused", status: 422 });
});

test("a sender's line break makes no header: a subject is one line, and no address or header has one", async () => {
  const sent: object[] = [];
  const post = {
    async send(letter: object) {
      sent.push(letter);
      return await Promise.resolve({ messageId: "<1@example.com>" });
    },
  };
  const subject = "late\r\nBcc: everybody@example.com\u0000\n";
  await send(relayTo({ email: "EMAIL" }, { EMAIL: post }), JSON.stringify({ ...LETTER, subject }));
  expect(await delivery()).toMatchObject({ state: "delivered" });
  expect(sent).toEqual([{ ...LETTER, subject: "late Bcc: everybody@example.com" }]);
  for (const [n, wrong] of [
    { to: ["oncall@example.com", "a\r\nBcc: b@example.com"] },
    { replyTo: { email: "a@example.com", name: "a\nb" } },
    { headers: { "x-a\r\nBcc": "b@example.com" } },
    { from: "a\n" },
  ].entries())
    await send(relayTo({ email: "EMAIL" }, { EMAIL: post }), JSON.stringify({ ...LETTER, ...wrong }), {
      "x-id": `w${n}`,
    });
  await carried();
  const ended = await until(async () => {
    const found = await rows("SELECT state, status FROM delivery_history WHERE status = 422");
    return found.length === 4 && found;
  });
  expect(new Set(ended.map(({ state }) => state))).toEqual(new Set(["failed"]));
  expect(sent).toHaveLength(1);
});

test("a queue is no e-mail, and e-mail no queue", async () => {
  await send(relayTo({ email: "LINE" }, { LINE: bindings["LINE"] }), JSON.stringify(LETTER));
  expect(await delivery()).toMatchObject({ state: "failed", reason: "refused", status: 422 });
  await send(relayTo({ queue: "EMAIL" }, { EMAIL: bindings["EMAIL"] }), "{}", { "x-id": "k2" });
  await carried();
  const states = await until(async () => {
    const found = await rows("SELECT state, status FROM delivery_history WHERE attempts = 1 ORDER BY state");
    return found.length === 2 && found;
  });
  expect(states).toEqual([
    { state: "failed", status: 422 },
    { state: "pending", status: 503 },
  ]);
});
