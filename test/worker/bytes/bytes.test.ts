// A body of any bytes and any size is kept and sent on as it came.
import { expect, test } from "vitest";
import { encodeHex } from "../../../src/bytes/encoding.ts";
import { bytes, deliveries, hmac, post, rows, setUp, signed } from "../kit/relay.ts";

const receiver = setUp();

const KIB = 1024;
const MIB = 1024 * KIB;

/** `size` bytes that repeat a piece, from somewhere inside of it. */
function repeated(piece: Uint8Array | string, size: number, from = 0): Uint8Array {
  const unit = bytes(piece);
  const whole = new Uint8Array(size);
  for (let index = 0; index < size; index += 1) whole[index] = unit[(index + from) % unit.length] ?? 0;
  return whole;
}

const smile = "\u{1F600}";

const BODIES: Record<string, Uint8Array> = {
  nothing: new Uint8Array(0),
  "one byte": bytes("x"),
  JSON: bytes('{"a":"\\u0000 \\"quoted\\" \\\\ \u2028 é \u2603"}\r\n'),
  "a NUL among text": bytes("before\u0000after"),
  "a byte order mark": bytes("\uFEFF{}"),
  "every byte value": Uint8Array.from({ length: 256 }, (_, value) => value),
  "a lone continuation byte": Uint8Array.of(0x61, 0x80, 0x62),
  "a character cut short": bytes(smile).subarray(0, 3),
  "an overlong slash": Uint8Array.of(0xc0, 0xaf),
  "half a surrogate pair": Uint8Array.of(0xed, 0xa0, 0x80),
  "256 KiB of control characters": repeated("\u0001", 256 * KIB),
  "256 KiB of snowmen": repeated("\u2603", 256 * KIB - 1),
  "256 KiB": repeated("0123456789", 256 * KIB),
  "256 KiB and a byte": repeated("0123456789", 256 * KIB + 1),
  "256 KiB and a byte, not UTF-8": repeated(Uint8Array.of(0xff), 256 * KIB + 1),
  "exactly two parts": repeated("0123456789", 2_000_000),
  "two parts and a byte": repeated("0123456789", 2_000_001),
  "exactly two parts in base64": repeated(Uint8Array.of(1, 0), 1_500_000),
  "a large body with a mark before it and a NUL in it": bytes(`\uFEFF${"x".repeat(1_200_000)}\u0000`),
  ...Object.fromEntries(
    [1, 2, 3].map((offset) => [
      `four-byte characters cut after ${offset} at a part's end`,
      bytes("x".repeat(4 - offset) + smile.repeat(600_000)),
    ]),
  ),
};

async function fingerprint(body: Uint8Array): Promise<string> {
  return `${body.byteLength} bytes, ${encodeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", body)))}`;
}

/** What D1 holds, put together without the relay's help. */
async function stored(): Promise<{ body: Uint8Array; size: number; parts: number }> {
  const [event] = await rows<{ encoding: string; size: number; body: string | null; receipt: string; parts: number }>(
    "SELECT * FROM events",
  );
  if (event === undefined) throw new Error("no event");
  const texts: string[] = [];
  if (event.body !== null) texts.push(event.body);
  for (let n = 0; n < event.parts; n += 1) {
    const [part] = await rows<{ data: string }>(
      "SELECT data FROM event_parts WHERE receipt = ?1 AND n = ?2",
      event.receipt,
      n,
    );
    texts.push(part?.data ?? "missing");
  }
  const pieces = texts.map((text) =>
    event.encoding === "text" ? bytes(text) : Uint8Array.from(atob(text), (one) => one.charCodeAt(0)),
  );
  return { body: new Uint8Array(await new Blob(pieces).arrayBuffer()), size: event.size, parts: event.parts };
}

async function survives(body: Uint8Array): Promise<void> {
  const answer = await signed("lone", body, { "content-type": "application/octet-stream" });
  expect(answer.status).toBe(200);
  await deliveries("delivered");
  const sent = await fingerprint(body);
  const kept = await stored();
  expect([kept.size, await fingerprint(kept.body)]).toEqual([body.byteLength, sent]);
  expect(await Promise.all(receiver.arrivals.map((arrival) => fingerprint(arrival.body)))).toEqual([sent]);
  expect(receiver.arrivals[0]?.headers.get("content-type")).toBe("application/octet-stream");
}

test.each(Object.keys(BODIES))("%s", async (name) => {
  await survives(BODIES[name] ?? new Uint8Array(0));
});

test("25 MiB of text, GitHub's own maximum", { timeout: 180_000 }, async () => {
  await survives(repeated(`${smile} and more; `, 25 * MIB - 8, 4));
});

test("25 MiB that are not text", { timeout: 180_000 }, async () => {
  await survives(repeated(Uint8Array.of(0xff, 0x00, 0x7f), 25 * MIB));
});

test("up to 256 KiB travel with the event, more is kept in parts of which each fits a row", async () => {
  await signed("lone", repeated("x", 256 * KIB));
  await deliveries("delivered");
  expect((await stored()).parts).toBe(0);
  await signed("lone", repeated(Uint8Array.of(0xff), 5 * MIB));
  expect((await deliveries("delivered")).size).toBe(2);
  const [{ most, n } = { most: 0, n: 0 }] = await rows<{ most: number; n: number }>(
    "SELECT max(length(data)) AS most, count(*) AS n FROM event_parts",
  );
  expect(most).toBeLessThanOrEqual(1_000_000);
  expect(n).toBe(7);
});

test("a type of any characters reaches the receiver as a header", async () => {
  const types = [
    "smile \u{1F600}",
    "half \ud83d of a pair",
    `${"x".repeat(199)}\u{1F600}`,
    "snow\u2603man",
    "a\u0000b\r\nx-injected: 1",
    "50%",
  ];
  for (const type of types) {
    const body = JSON.stringify({ id: `evt_${types.indexOf(type)}`, type });
    expect((await stripe(body)).status).toBe(200);
  }
  expect((await deliveries("delivered")).size).toBe(types.length);
  const said = receiver.arrivals.map(({ headers }) => headers.get("hookline-event-type"));
  const expected = ["50%", "abx-injected: 1", "half  of a pair", "smile %F0%9F%98%80", "snow%E2%98%83man"];
  expect(new Set(said)).toEqual(new Set([...expected, `${"x".repeat(197)}...`]));
  expect(receiver.arrivals.some(({ headers }) => headers.has("x-injected"))).toBe(false);
});

async function stripe(body: string): Promise<Response> {
  const t = Math.floor(Date.now() / 1000);
  return await post("/in/stripe", body, {
    "stripe-signature": `t=${t},v1=${await hmac("whsec_stripe_secret", `${t}.${body}`)}`,
  });
}
