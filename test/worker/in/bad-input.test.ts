// Whatever a stranger sends is refused in a few words, is never our own fault, and leaves nothing behind.
import { exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { bytes, deliveries, github, hmac, intake, post, rows, setUp, signed } from "../kit/relay.ts";

const receiver = setUp();

const MIB = 1024 * 1024;

/** A refusal says its status and no more, and nothing has been written. */
async function refused(answer: Response, status: number): Promise<void> {
  expect(answer.status).toBe(status);
  const head = { type: answer.headers.get("content-type"), cache: answer.headers.get("cache-control") };
  expect(head).toEqual({ type: "application/problem+json", cache: "no-store" });
  expect(Object.keys(await answer.json<object>()).toSorted()).toEqual(["status", "title", "type"]);
  expect(await traces()).toEqual([0, 0, 0, 0]);
}

const count = async (table: string) =>
  await rows<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).then(
    ([row]) => row?.n,
    () => 0,
  );

async function traces(): Promise<unknown[]> {
  return [
    await count("events"),
    await count("event_parts"),
    (await intake().status()).waiting,
    receiver.arrivals.length,
  ];
}

/** A request with nothing added: no address, no signature. */
const bare = (path: string, init: RequestInit) =>
  exports.default.fetch(new Request(`https://relay.example.com${path}`, init));

const UNKNOWN = {
  "a name that nobody gave": "nobody",
  "a prototype's name": "__proto__",
  "a constructor": "constructor",
  "an object's method": "toString",
  "a map's method": "get",
  "a path out of it": "%2e%2e%2fapi",
  "a NUL": "github%00",
  "broken percents": "%E0%A4%A",
  "an absurdly long name": "x".repeat(10_000),
};

test.each(Object.entries(UNKNOWN))("an unknown source is 404: %s", async (_, name) => {
  await refused(await post(`/in/${name}`, "{}"), 404);
});

test.each(["/in/github/", "/v1/in/github", "//in/github", "/IN/github", "/in/GITHUB"])(
  "%s is the source that is meant, and wants its proof like any other spelling",
  async (path) => {
    await refused(await post(path, "{}"), 401);
  },
);

test.each(["/in", "/in/", "/in/github/more", "/v1", "/v1/in", "/v1/in/github/more"])(
  "%s leads nowhere",
  async (path) => {
    await refused(await post(path, "{}"), 404);
  },
);

test.each(["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])("%s is 405 and names what is allowed", async (method) => {
  const answer = await bare("/in/github", { method, ...(method === "GET" ? {} : { body: "{}" }) });
  expect(answer.headers.get("allow")).toBe("POST");
  await refused(answer, 405);
});

test("HEAD is 405 too", async () => {
  expect((await bare("/in/github", { method: "HEAD" })).status).toBe(405);
  expect(await traces()).toEqual([0, 0, 0, 0]);
});

const right = async (body: string) => `sha256=${await hmac("github-secret", body)}`;
const asGithub = (body: string | Uint8Array, signature: string | null) =>
  post("/in/github", bytes(body), {
    "x-github-event": "push",
    "x-github-delivery": "1",
    ...(signature === null ? {} : { "x-hub-signature-256": signature }),
  });

describe("what is not proven is 401", () => {
  const FORGED: Record<string, () => Promise<Response>> = {
    "no signature": () => asGithub("{}", null),
    "an empty signature": () => asGithub("{}", ""),
    "a signature without its prefix": async () => asGithub("{}", (await right("{}")).slice(7)),
    "a signature cut short": async () => asGithub("{}", (await right("{}")).slice(0, -2)),
    "a signature with a tail": async () => asGithub("{}", `${await right("{}")}00`),
    "a signature that is no hexadecimal": () => asGithub("{}", `sha256=${"zz".repeat(32)}`),
    "a signature of 30 KB": () => asGithub("{}", `sha256=${"0".repeat(30_000)}`),
    "another secret's signature": async () => asGithub("{}", `sha256=${await hmac("another", "{}")}`),
    "another source's signature": async () => asGithub("{}", `sha256=${await hmac("acme-secret", "{}")}`),
    "a body cut short": async () => asGithub('{"a":1', await right('{"a":1}')),
    "a body with a byte more": async () => asGithub('{"a":1} ', await right('{"a":1}')),
    "an empty body under another's signature": async () => asGithub("", await right("{}")),
    "bytes that are not UTF-8": async () => asGithub(Uint8Array.of(0xff, 0xfe), await right("{}")),
    "100,000 nested arrays": async () => asGithub("[".repeat(100_000), await right("{}")),
    "a source whose secret is not set": () => post("/in/secretless", "{}", { "x-hub-signature-256": "sha256=00" }),
    "a signature with an empty secret, where none is set": async () =>
      post("/in/secretless", "{}", { "x-hub-signature-256": `sha256=${await hmac("\u0000", "{}")}` }),
    "Stripe's, ten minutes old": () => stripe("{}", -600),
    "Stripe's, ten minutes ahead": () => stripe("{}", 600),
    "Stripe's without a time": async () =>
      post("/in/stripe", "{}", { "stripe-signature": `v1=${await hmac("whsec_stripe_secret", "{}")}` }),
    "Stripe's with a time that is none": async () =>
      post("/in/stripe", "{}", { "stripe-signature": `t=soon,v1=${await hmac("whsec_stripe_secret", "soon.{}")}` }),
    "Slack's, ten minutes old": () => slack("{}", -600),
    "a token that is not the one": () => post("/in/telemetry", "{}", { "x-token": "telemetry-tokem" }),
    "a token that is longer": () => post("/in/telemetry", "{}", { "x-token": "telemetry-token-and-more" }),
  };

  test.each(Object.entries(FORGED))("%s", async (_, request) => {
    await refused(await request(), 401);
  });
});

const chunks = (left: number) =>
  new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left === 0) controller.close();
      else controller.enqueue(new Uint8Array(64 * 1024));
      left -= 1;
    },
  });

describe("a body over the limit is 413, however its length is told", () => {
  // 16 chunks are 1 MiB, the default limit.
  const FRAMINGS: Record<string, () => Promise<Response>> = {
    "told and true": () => post("/in/github", new Uint8Array(MIB + 1)),
    "told, and nothing sent": () =>
      bare("/in/github", { method: "POST", body: "", headers: { "content-length": String(MIB + 1) } }),
    "not told": () => post("/in/github", chunks(17)),
    "told too small": () => post("/in/github", chunks(17), { "content-length": "5" }),
    "told in words": () => post("/in/github", chunks(17), { "content-length": "many" }),
    "told negative": () => post("/in/github", chunks(17), { "content-length": "-1" }),
    endless: () => post("/in/github", chunks(Infinity)),
    "over a limit of its own": () => post("/in/lone", chunks(25 * 16 + 1)),
  };

  test.each(Object.entries(FRAMINGS))("%s", async (_, request) => {
    await refused(await request(), 413);
  });

  test("and at the limit it is not", async () => {
    const body = new Uint8Array(MIB).fill(0x20);
    expect((await signed("fenced", body)).status).toBe(200);
  });
});

const from = async (address: string | null, headers: Record<string, string> = {}) => {
  const body = "{}";
  const proof = { "x-signature": await hmac("fenced-secret", body), ...headers };
  return await bare("/in/fenced", {
    method: "POST",
    body,
    headers: address === null ? proof : { "cf-connecting-ip": address, ...proof },
  });
};

describe("an allowlist", () => {
  test.each(["192.0.2.7", "::ffff:192.0.2.7", "::FFFF:C000:0207", "2001:db8::1", "2001:DB8:0:0:0:0:0:1"])(
    "admits %s",
    async (address) => {
      expect((await from(address)).status).toBe(200);
    },
  );

  test.each([
    "203.0.113.9",
    "::ffff:203.0.113.9",
    "::192.0.2.7",
    "64:ff9b::192.0.2.7",
    "2001:db9::1",
    "192.0.2.007",
    "192.0.2.7.",
    "0xC0000207",
    "3221225991",
    "192.0.2.7, 203.0.113.9",
    "localhost",
  ])("refuses %s", async (address) => {
    await refused(await from(address), 403);
  });

  test("refuses a request without an address", async () => {
    await refused(await from(null), 403);
  });

  test.each(["x-forwarded-for", "x-real-ip", "forwarded", "true-client-ip"])("does not hear %s", async (header) => {
    const spoofed = { [header]: header === "forwarded" ? "for=192.0.2.7" : "192.0.2.7" };
    await refused(await from("203.0.113.9", spoofed), 403);
  });
});

describe("what is proven is accepted, however odd it is", () => {
  const ODD: Record<string, () => Promise<Response>> = {
    "100,000 nested arrays": () => github("[".repeat(100_000), "1"),
    "an array where the type is expected": () => stripe('{"type":["charge"],"id":{}}'),
    "a type and an id that are numbers": () => stripe('{"type":1e999,"id":-0}'),
    "members of the prototype": () => stripe('{"__proto__":{"type":"x"},"constructor":1}'),
    "no body": () => signed("lone", ""),
    "bytes that are not UTF-8": () => signed("lone", Uint8Array.of(0xff, 0xc0, 0x80)),
    "a content type that the body is not": () => signed("lone", "{", { "content-type": "multipart/form-data" }),
    "a content type of 8 KB": () => signed("lone", "{}", { "content-type": `text/plain; x=${"y".repeat(8_000)}` }),
    "an id of 30 KB": () => signed("lone", "{}", { "x-id": "x".repeat(30_000) }),
    "a type of 30 KB": () => signed("lone", "{}", { "x-type": "x".repeat(30_000) }),
    "a type that is another header": () => signed("lone", "{}", { "x-type": "webhook-id: evt_1" }),
    "a type that is JSON": () => signed("lone", "{}", { "x-type": '","body":"' }),
    "a thousand query parameters": async () =>
      post(`/in/lone?${"a[]=1&".repeat(1000)}`, "{}", { "x-signature": await hmac("lone-secret", "{}") }),
  };

  test.each(Object.entries(ODD))("%s", async (_, request) => {
    const answer = await request();
    expect(answer.status).toBe(200);
    const { id } = await answer.json<{ id: string }>();
    expect([...(await deliveries("delivered")).keys()]).toEqual([`${id}:first`]);
    expect(receiver.arrivals.map(({ headers }) => headers.get("webhook-id"))).toEqual([id]);
  });
});

test.each(
  Object.entries({
    "100,000 nested arrays": "[".repeat(100_000),
    "200,000 nested objects": '{"type":'.repeat(100_000),
    "JSON that is none": "{",
    "no body": "",
  }),
)("what is proven is refused where type and id are read from JSON, and there is none: %s", async (_, body) => {
  await refused(await stripe(body), 401);
});

async function stripe(body: string, aheadSeconds = 0): Promise<Response> {
  const t = Math.floor(Date.now() / 1000) + aheadSeconds;
  return await post("/in/stripe", body, {
    "stripe-signature": `t=${t},v1=${await hmac("whsec_stripe_secret", `${t}.${body}`)}`,
  });
}

async function slack(body: string, aheadSeconds: number): Promise<Response> {
  const t = Math.floor(Date.now() / 1000) + aheadSeconds;
  return await post("/in/slack", body, {
    "x-slack-request-timestamp": String(t),
    "x-slack-signature": `v0=${await hmac("slack-secret", `v0:${t}:${body}`)}`,
  });
}
