// The traps that others fell into, each by name.

import { createHmac, createSign, generateKeyPairSync } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findProvider } from "../../../src/providers/catalogue.ts";
import { type Inbound, verify } from "../../../src/verify/verify.ts";
import { base64, github, hex, NOW, reason, SECRET, sent, stripe, WHSEC } from "../../vectors/request.ts";

describe("trap 1: bytes are signed, not text", () => {
  test("a body with a byte-order mark, or that is no UTF-8, verifies as it came", async () => {
    for (const body of [
      Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d),
      Uint8Array.of(0xff, 0xfe, 0x00, 0x80),
      new Uint8Array(),
    ]) {
      expect(await reason("github", github(body))).toBe("ok");
    }
  });

  test("no byte of a body may change", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (body, at, flip) => {
          const request = github(body);
          const changed = body.slice();
          changed[at % body.length]! ^= flip;
          expect(await reason("github", request)).toBe("ok");
          expect(await reason("github", { ...request, body: changed })).toBe("signature_mismatch");
        },
      ),
    );
  });
});

const standardHeaders = (code: string): Record<string, string> => ({
  "webhook-id": "m1",
  "webhook-timestamp": String(NOW),
  "webhook-signature": `v1,${code}`,
});

describe("trap 2: the same secret means different keys", () => {
  test("Stripe takes whsec_… as text, Standard Webhooks decodes it", async () => {
    const body = "{}";
    const asText = createHmac("sha256", WHSEC).update(`${NOW}.${body}`).digest("hex");
    expect(await reason("stripe", sent(body, { "stripe-signature": `t=${NOW},v1=${asText}` }), WHSEC)).toBe("ok");
    const content = `m1.${NOW}.${body}`;
    const decoded = createHmac("sha256", Buffer.from(WHSEC.slice(6), "base64"))
      .update(content)
      .digest("base64");
    expect(await reason("standard-webhooks", sent(body, standardHeaders(decoded)), WHSEC)).toBe("ok");
    expect(await reason("standard-webhooks", sent(body, standardHeaders(base64(content, WHSEC))), WHSEC)).toBe(
      "signature_mismatch",
    );
    expect(await reason("polar", sent(body, standardHeaders(base64(content, WHSEC))), WHSEC)).toBe("ok");
  });

  test("a secret that is not in the scheme's form is named as such", async () => {
    const request = sent("{}", {
      "webhook-id": "m1",
      "webhook-timestamp": String(NOW),
      "webhook-signature": `v1,${base64("x")}`,
    });
    expect(await reason("standard-webhooks", request, "not base64!")).toBe("secret_unusable");
    expect(await reason("onfleet", sent("{}", { "x-onfleet-signature": hex("{}", SECRET, "sha512") }), "not hex")).toBe(
      "secret_unusable",
    );
  });
});

const workos = (time: string): Inbound => sent("{}", { "workos-signature": `t=${time}, v1=${hex(`${time}.{}`)}` });

describe("trap 3: timestamps", () => {
  test("the tolerance is inclusive to either side, in whole seconds where the sender writes whole seconds", async () => {
    const request = stripe("{}", NOW);
    expect(await reason("stripe", request, SECRET, (NOW + 300) * 1000 + 999)).toBe("ok");
    expect(await reason("stripe", request, SECRET, (NOW + 301) * 1000)).toBe("timestamp_stale");
    expect(await reason("stripe", request, SECRET, (NOW - 300) * 1000)).toBe("ok");
    expect(await reason("stripe", request, SECRET, (NOW - 301) * 1000)).toBe("timestamp_future");
  });

  test("a time in milliseconds is no time in seconds", async () => {
    expect(await reason("workos", workos(String(NOW * 1000)))).toBe("ok");
    expect(await reason("workos", workos(String(NOW)))).toBe("timestamp_stale");
    expect(await reason("stripe", stripe("{}", NOW * 1000))).toBe("timestamp_malformed");
  });

  test("anything but digits is no time", async () => {
    for (const time of ["+1760000000", "-1", "1.76e9", " 1760000000x", "0x68e6", "Infinity", "１７６０００００００"]) {
      const header = {
        "x-slack-request-timestamp": encodeURI(time),
        "x-slack-signature": `v0=${hex(`v0:${time}:{}`)}`,
      };
      expect(await reason("slack", sent("{}", header))).toBe("timestamp_malformed");
    }
  });

  test("a second timestamp in one header, or a second header, is refused", async () => {
    const { body } = stripe("{}", NOW);
    const header = `t=${NOW},v1=${hex(`${NOW}.{}`)},t=${NOW - 9999}`;
    expect(await reason("stripe", { ...sent("{}", { "stripe-signature": header }), body })).toBe("signature_malformed");
    const twice = sent("{}", { "x-slack-signature": `v0=${hex(`v0:${NOW}:{}`)}` });
    twice.headers.append("x-slack-request-timestamp", String(NOW));
    twice.headers.append("x-slack-request-timestamp", String(NOW));
    expect(await reason("slack", twice)).toBe("timestamp_malformed");
  });
});

test("trap 4: the hash is the provider's, whatever the header is called", async () => {
  const sha1 = sent("{}", { "x-hub-signature": `sha1=${hex("{}", SECRET, "sha1")}` });
  const sha256 = sent("{}", { "x-hub-signature": `sha256=${hex("{}")}` });
  expect(await reason("intercom", sha1)).toBe("ok");
  expect(await reason("bitbucket-cloud", sha256)).toBe("ok");
  expect(await reason("bitbucket-cloud", sha1)).toBe("signature_malformed");
  expect(await reason("intercom", sha256)).toBe("signature_malformed");
});

const graphBody = (...states: string[]): string =>
  JSON.stringify({ value: states.map((clientState) => ({ clientState })) });

test("a batch is accepted only if every element is proven", async () => {
  expect(await reason("ms-graph", sent(graphBody("cs", "cs"), {}), "cs")).toBe("ok");
  expect(await reason("ms-graph", sent(graphBody("cs", "no"), {}), "cs")).toBe("signature_mismatch");
  expect(await reason("ms-graph", sent(graphBody(), {}), "cs")).toBe("signature_missing");
});

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

test("where the body is the token (Kinde), it is as long as the body may be", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const issuer = "https://acme.kinde.com";
  const content = `${part({ alg: "RS256", typ: "JWT" })}.${part({ iss: issuer, type: "user.updated", event_id: "e1", data: "x".repeat(200_000) })}`;
  const token = `${content}.${createSign("sha256").update(content).sign(privateKey, "base64url")}`;
  const body = new TextEncoder().encode(token);
  const request: Inbound = { method: "POST", url: "https://x.example/in/kinde", headers: new Headers(), body };
  const secrets = [{ name: "KINDE_SECRET", value: publicKey.export({ type: "spki", format: "pem" }).toString() }];
  expect(await verify(request, findProvider("kinde")!, secrets, { issuer }, NOW * 1000)).toMatchObject({ ok: true });
});
