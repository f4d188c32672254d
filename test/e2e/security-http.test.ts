// Bytes that no HTTP library would send, over real sockets: every framing, every pace, every spoofed address.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import * as z from "zod";
import { code, head, KEYS, proof, raw } from "../kit/raw-http.ts";
import { startKit } from "../kit/watched-relay.ts";
import { until } from "../kit/until.ts";

const KIB = 1024;
const OVER = "x".repeat(64 * KIB + 1);

const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
function* endless(piece: string): Generator<string> {
  for (let n = 0; n < 10_000; n += 1) yield piece;
}

test("a body over the cap is refused in every framing, and no framing is our own fault", async () => {
  const { relay, kept, faults } = await startKit();
  const signed = proof("small", OVER);
  const chunked = { "transfer-encoding": "chunked" };
  const small = proof("small", "12345");

  const REFUSED: Record<string, Iterable<string>> = {
    "length told and true": [head("/in/small", { ...signed, "content-length": String(OVER.length) }), OVER],
    "length told, and nothing sent": [head("/in/small", { ...signed, "content-length": String(OVER.length) })],
    "length beyond any number": [head("/in/small", { ...signed, "content-length": "9007199254740993" })],
    "one large chunk": [head("/in/small", { ...signed, ...chunked }), chunk(OVER), "0\r\n\r\n"],
    "many small chunks": [
      head("/in/small", { ...signed, ...chunked }),
      ...Array.from({ length: 700 }, () => chunk("x".repeat(100))),
      "0\r\n\r\n",
    ],
  };
  for (const [name, pieces] of Object.entries(REFUSED)) expect((await raw(relay.url, pieces)).status, name).toBe(413);
  // Whoever goes on writing may lose the answer with the connection.
  const withoutEnd = await raw(relay.url, [
    head("/in/small", { ...signed, ...chunked }),
    ...endless(chunk("x".repeat(1000))),
  ]);
  expect([413, null]).toContain(withoutEnd.status);

  // These are no requests, or other requests than they seem: a 4xx or a closed connection, never a 2xx, never a 5xx.
  const NONE: Record<string, string[]> = {
    "length told too small": [head("/in/small", { ...signed, "content-length": "5" }), OVER],
    "a second request smuggled behind a small length": [
      head("/in/small", { ...proof("small", "xxxxx!"), "content-length": "5" }),
      `xxxxx${head("/in/small", { "content-length": "0" })}`,
    ],
    "length and chunks at once": [
      head("/in/small", { ...signed, ...chunked, "content-length": "5" }),
      chunk(OVER),
      "0\r\n\r\n",
    ],
    "two lengths": [
      `${head("/in/small", { ...small, "content-length": "5" }).slice(0, -2)}content-length: 6\r\n\r\n12345`,
    ],
    "a negative length": [head("/in/small", { ...small, "content-length": "-5" }), "12345"],
    "a length with a sign": [head("/in/small", { ...small, "content-length": "+5x" }), "12345"],
    "a length in words": [head("/in/small", { ...small, "content-length": "five" }), "12345"],
    "a chunk size beyond any number": [head("/in/small", { ...signed, ...chunked }), `${"f".repeat(40)}\r\n${OVER}`],
    "a chunk size that is none": [head("/in/small", { ...signed, ...chunked }), "zz\r\nxx\r\n0\r\n\r\n"],
    "a negative chunk size": [head("/in/small", { ...signed, ...chunked }), "-5\r\n12345\r\n0\r\n\r\n"],
    "an encoding that nobody knows": [
      head("/in/small", { ...signed, "transfer-encoding": "xchunked" }),
      chunk("12345"),
      "0\r\n\r\n",
    ],
    "a header without a name": [head("/in/small", { ...small, "content-length": "5", "": "x" }), "12345"],
    "a space before the colon": [head("/in/small", { ...small, "content-length ": "5" }), "12345"],
    "a NUL in a header": [head("/in/small", { "x-signature": "a\0b", "content-length": "5" }), "12345"],
    "a request line that is none": ["\r\n\r\n\0\0\0\0 / HTTP/9\r\n\r\n"],
  };
  for (const [name, pieces] of Object.entries(NONE)) {
    const { status, text } = await raw(relay.url, pieces, 3_000);
    expect(status === null || (status >= 400 && status < 500), `${name}: ${text.slice(0, 80)}`).toBe(true);
  }

  expect(await kept()).toEqual([]);
  expect((await raw(relay.url, [head("/in/small", { ...small, "content-length": "5" }), "12345"])).status).toBe(200);
  const whole = OVER.slice(1);
  const atTheCap = [
    head("/in/small", { ...proof("small", whole), ...chunked }),
    chunk(whole.slice(9)),
    chunk(whole.slice(0, 9)),
    "0\r\n\r\n",
  ];
  expect((await raw(relay.url, atTheCap)).status).toBe(200);
  expect(faults()).toEqual([]);
});

test("bodies that stop or trickle are given up after their time, and delay nobody meanwhile", async () => {
  const { relay, kept, faults } = await startKit();
  const length = { "content-length": "1000" };
  const stalled = Array.from({ length: 40 }, () =>
    raw(relay.url, [head("/in/acme", { ...proof("acme", "x"), ...length }), "x"], 120_000),
  );
  const half = Array.from({ length: 10 }, () =>
    raw(relay.url, [head("/in/acme", { ...proof("acme", "x"), "transfer-encoding": "chunked" }), "ff\r\nx"], 120_000),
  );
  for (let n = 0; n < 5; n += 1) {
    expect((await relay.post(`beside ${n}`, Buffer.from("{}"))).status).toBe(200);
    await sleep(100);
  }
  const answers = await Promise.all([...stalled, ...half]);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([408]));
  expect(await kept()).toHaveLength(5);
  expect(faults()).toEqual([]);
});

/** Every way to say that one comes from somewhere else. */
const spoofs = (address: string): Record<string, string>[] => [
  { "x-forwarded-for": address },
  { "x-forwarded-for": `${address}, 203.0.113.9` },
  { "x-real-ip": address },
  { forwarded: `for=${address};proto=https` },
  { forwarded: `for="[${address}]"` },
  { "true-client-ip": address },
  { "x-client-ip": address },
  { "x-cluster-client-ip": address },
  { "fastly-client-ip": address },
  { "cf-connecting-ipv6": address },
  { "cf-pseudo-ipv4": address },
  { "x-original-forwarded-for": address },
  { "x-envoy-external-address": address },
  { via: address },
  { "cf-connecting-ip": `203.0.113.9, ${address}` },
  { "cf-connecting-ip": `${address}, 203.0.113.9` },
  { "cf-connecting-ip": `${address}\r\ncf-connecting-ip: 203.0.113.9` },
];

test("an address is what the platform says, never what a header says", async () => {
  const { relay, kept } = await startKit();
  const inside = ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1"];
  for (const address of inside) {
    for (const spoof of spoofs(address)) {
      const headers = { ...proof("fenced", "{}"), "cf-connecting-ip": "203.0.113.9", ...spoof, "content-length": "2" };
      expect((await raw(relay.url, [head("/in/fenced", headers), "{}"])).status, JSON.stringify(spoof)).toBe(403);
      // Nor does one take the place of an address that is missing.
      const without = { ...headers, "cf-connecting-ip": spoof["cf-connecting-ip"] ?? null };
      expect((await raw(relay.url, [head("/in/fenced", without), "{}"])).status, JSON.stringify(spoof)).toBe(403);
    }
    expect(await kept()).toEqual([]);
  }
  const real = { ...proof("fenced", "{}"), "cf-connecting-ip": "192.0.2.7", "content-length": "2" };
  expect((await raw(relay.url, [head("/in/fenced", real), "{}"])).status).toBe(200);
});

test("10,000 requests at once through the front door: exactly the rate passes, and every one is answered", async () => {
  const { relay, kept, faults } = await startKit();
  const statuses = new Map<number, number>();
  let left = 10_000;
  const sender = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const body = `{"n":${left}}`;
      const { status } = await fetch(`${relay.url}/in/limited`, {
        method: "POST",
        body,
        headers: proof("limited", body),
      });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 100 }, sender));
  // A hundred a day: one comes back every 14 minutes, so that the slack of a burst is 0.
  expect(Object.fromEntries(statuses)).toEqual({ 200: 100, 429: 9_900 });
  expect((await kept()).length).toBeGreaterThanOrEqual(50);
  expect(faults()).toEqual([]);
});

test("bytes of any kind in a header do no harm: refused, or accepted and delivered", async () => {
  const { relay, receiver, faults } = await startKit();
  const VALUES = [
    "caf\xe9",
    "caf\xc3\xa9",
    "\xff\xfe",
    "\xf0\x9f\x98\x80",
    "\x80",
    "a\tb",
    '"quoted"',
    "x".repeat(7_000),
    "a,b;c=d",
    "%00%0d%0a",
    "=?utf-8?q?x?=",
  ];
  let accepted = 0;
  for (const value of VALUES) {
    for (const name of ["x-id", "x-type", "content-type", "content-encoding"]) {
      const headers = { ...proof("acme", "{}"), "content-length": "2", [name]: value };
      const { status, text } = await raw(relay.url, [head("/in/acme", headers), "{}"]);
      expect([200, 400], `${name}: ${JSON.stringify(value.slice(0, 20))} ${text.slice(0, 80)}`).toContain(status);
      if (status === 200) accepted += 1;
    }
  }
  const heard = () => new Set(receiver.arrivals.map(({ event }) => event)).size;
  await relay.carried();
  await until("every accepted one is delivered", async () => {
    const { deliveries } = z
      .object({ deliveries: z.array(z.object({ state: z.string() })) })
      .parse(await relay.api("/api/deliveries?limit=100"));
    return deliveries.length > 0 && deliveries.every(({ state }) => state === "delivered" || state === "failed")
      ? true
      : undefined;
  });
  const failed = await relay.api("/api/deliveries?state=failed&limit=100");
  expect(failed).toMatchObject({ deliveries: [] });
  expect(accepted).toBeGreaterThan(20);
  expect(heard()).toBeGreaterThan(0);
  expect(faults()).toEqual([]);
});

test("names that every object has lead nowhere: as a source, in the query, in a header", async () => {
  const { relay, kept, faults } = await startKit();
  for (const name of [
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "%5f%5fproto%5f%5f",
    "..",
    "%2e%2e",
    "acme%00",
    "acme/../json",
  ]) {
    const headers = { ...proof("acme", "{}"), "content-length": "2", constructor: "x", __proto__: "x" };
    const { status } = await raw(relay.url, [
      head(`/in/${name}?__proto__[x]=1&constructor.prototype.y=1`, headers),
      "{}",
    ]);
    expect([404, 400, 401], name).toContain(status);
  }
  for (const path of [
    "/api/events/__proto__",
    "/api/events?constructor=1",
    "/api/events?source=__proto__",
    "/api/deliveries?state=constructor",
    "/api/deliveries/__proto__:x",
  ]) {
    const { status } = await fetch(relay.url + path, {
      headers: { authorization: "Bearer token-of-these-tests-0123456789abcdef" },
    });
    expect([200, 400, 404], path).toContain(status);
  }
  const good = "{}";
  const github = {
    "x-github-event": "__proto__",
    "x-github-delivery": "constructor",
    "x-hub-signature-256": `sha256=${code(KEYS.GITHUB_SECRET, good)}`,
  };
  expect((await raw(relay.url, [head("/in/github", { ...github, "content-length": "2" }), good])).status).toBe(200);
  expect(await kept()).toHaveLength(1);
  expect(faults()).toEqual([]);
});
