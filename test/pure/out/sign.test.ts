// Signatures, proven by the reference library of the Standard Webhooks specification.
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { derivedSecret, signatures } from "../../../src/out/sign.ts";
import type { SigningKey } from "../../../src/types.ts";

const now = Math.floor(Date.now() / 1_000);
const utf8 = new TextEncoder();
const derived = (value: string): SigningKey => ({
  kind: "derived",
  from: { name: "SIGNING_KEY", value },
});
const own = (value: string): SigningKey => ({
  kind: "own",
  secret: { name: "BILLING_KEY", value },
});
const BODY = '{"amount":1,"note":"ünïcode \\u0000"}';

async function headers(name: string, keys: SigningKey[], body: string | Uint8Array, id = "evt_1", at = now) {
  const bytes = typeof body === "string" ? utf8.encode(body) : body;
  return {
    "webhook-id": id,
    "webhook-timestamp": String(at),
    "webhook-signature": await signatures({ name, keys }, id, at, bytes),
  };
}

describe("signatures", () => {
  test("the specification's own example comes out as printed", async () => {
    const key = own("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    const signed = await signatures(
      { name: "any", keys: [key] },
      "msg_p5jXN8AQM9LWM0D4loKWxJek",
      1_614_265_330,
      utf8.encode('{"test": 2432232314}'),
    );
    expect(signed).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });

  test.each(["", BODY, "x".repeat(100_000)])(
    "the library accepts a derived key's signature (body %#)",
    async (body) => {
      const receiver = new Webhook(await derivedSecret("correct horse", "billing"));
      const sent = await headers("billing", [derived("correct horse")], body);
      expect(() => receiver.verify(body, sent)).not.toThrow(/signature/i);
      expect(() => receiver.verify(`${body} `, sent)).toThrow("No matching signature found");
    },
  );

  test("bytes that are no text are signed as they are", async () => {
    const bytes = Uint8Array.from([0xff, 0xfe, 0x00, 0x80]);
    const secret = await derivedSecret("correct horse", "billing");
    const mac = await hmac(secret, new Uint8Array([...utf8.encode(`evt_1.${now}.`), ...bytes]));
    expect((await headers("billing", [derived("correct horse")], bytes))["webhook-signature"]).toBe(`v1,${mac}`);
  });

  test("id, timestamp and body are all under the signature", async () => {
    const receiver = new Webhook(await derivedSecret("correct horse", "billing"));
    const sent = await headers("billing", [derived("correct horse")], BODY);
    expect(() => receiver.verify(BODY, { ...sent, "webhook-id": "evt_2" })).toThrow("No matching signature found");
    expect(() => receiver.verify(BODY, { ...sent, "webhook-timestamp": String(now + 1) })).toThrow(
      "No matching signature found",
    );
  });

  test("while a secret is rotated, the newer and the older key both sign, newest first", async () => {
    const both = await headers("billing", [derived("new key"), derived("old key")], BODY);
    const [first, second, ...rest] = both["webhook-signature"].split(" ");
    expect(rest).toEqual([]);
    expect(first).toBe((await headers("billing", [derived("new key")], BODY))["webhook-signature"]);
    expect(second).toBe((await headers("billing", [derived("old key")], BODY))["webhook-signature"]);
    for (const key of ["new key", "old key"]) {
      const receiver = new Webhook(await derivedSecret(key, "billing"));
      expect(receiver.verify(BODY, both)).toEqual(JSON.parse(BODY));
    }
  });

  test("a destination without a key gets no signature at all", async () => {
    expect(await signatures({ name: "billing", keys: [] }, "evt_1", now, utf8.encode(BODY))).toBe("");
  });

  test("more destinations than the cache holds still get each their own signature", async () => {
    const all = new Set<string>();
    for (let i = 0; i < 1_100; i += 1) all.add((await headers(`d${i}`, [derived("key")], BODY))["webhook-signature"]);
    expect(all.size).toBe(1_100);
    expect((await headers("d0", [derived("key")], BODY))["webhook-signature"]).toBe([...all][0]);
  });
});

describe("keys", () => {
  test("a derived secret never changes: receivers hold it", async () => {
    // HKDF-SHA-256, salt "hookline/destination-key/v1", info "billing", 32 bytes; also printed by
    // openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt key:'correct horse' -kdfopt salt:… -kdfopt info:billing HKDF
    expect(await derivedSecret("correct horse", "billing")).toBe("whsec_9XAzR5yxjutxuHtQVQnIcFWST4+XTu62yznKabmx9fI=");
  });

  test("every destination has a key of its own, and so has every signing key", async () => {
    const secrets = await Promise.all([
      derivedSecret("a", "billing"),
      derivedSecret("a", "audit"),
      derivedSecret("b", "billing"),
    ]);
    expect(new Set(secrets).size).toBe(3);
    for (const secret of secrets) expect(Buffer.from(secret.slice(6), "base64")).toHaveLength(32);
  });

  test("a secret of the destination's own signs with and without its prefix", async () => {
    const base64 = Buffer.alloc(24, 7).toString("base64");
    const plain = await headers("billing", [own(base64)], BODY);
    expect(plain).toEqual(await headers("billing", [own(`whsec_${base64}`)], BODY));
    expect(new Webhook(base64).verify(BODY, plain)).toEqual(JSON.parse(BODY));
  });

  test("a key that cannot be read is our own fault, and its value is in no message", async () => {
    await expect(headers("billing", [own("hunter2!")], BODY)).rejects.toThrow(/^(?!.*hunter2).*BILLING_KEY/);
  });
});

async function hmac(secret: string, message: Uint8Array): Promise<string> {
  const { createHmac } = await import("node:crypto");
  return createHmac("sha256", Buffer.from(secret.slice("whsec_".length), "base64"))
    .update(message)
    .digest("base64");
}
