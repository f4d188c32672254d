// One spelling of a signature, a form or a URL, and no other; nothing that a sender can do ends in an exception.

import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findProvider } from "../../../src/providers/catalogue.ts";
import { signedUrl } from "../../../src/verify/readings.ts";
import { verify, type Inbound } from "../../../src/verify/verify.ts";
import { base64, github, hex, NOW, reason, SECRET, sent, WHSEC } from "../../vectors/request.ts";

const shopify = (signature: string): Promise<string> =>
  reason("shopify", sent("{}", { "x-shopify-hmac-sha256": signature }));

describe("trap 5: one spelling", () => {
  test("base64 with other unused bits, without padding, or in the other alphabet is refused", async () => {
    const good = base64("{}");
    expect(await shopify(good)).toBe("ok");
    const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const twin = digits[digits.indexOf(good[42]!) ^ 1]!;
    for (const bad of [
      `${good.slice(0, 42)}${twin}=`,
      good.slice(0, 43),
      `${good}=`,
      good.replaceAll("+", "-").replaceAll("/", "_").replace("=", ""),
      `${good}\u00a0`,
      "",
    ]) {
      expect(await shopify(bad), bad).not.toBe("ok");
    }
  });

  test("a signature that is empty, short or long is refused, and so is an empty secret", async () => {
    const good = hex("{}");
    for (const bad of [
      "sha256=",
      "sha256",
      "",
      `sha256=${good.slice(2)}`,
      `sha256=${good}00`,
      `sha256=${good.slice(0, 40)}${good.slice(40).toUpperCase()}`,
    ]) {
      expect(await reason("github", sent("{}", { "x-hub-signature-256": bad })), bad).not.toBe("ok");
    }
    expect(await reason("github", github("{}", ""), [{ name: "S", value: "" }])).toBe("secret_missing");
    expect(await reason("github", github("{}"), [])).toBe("secret_missing");
    expect(
      await reason(
        "standard-webhooks",
        sent("{}", { "webhook-id": "m", "webhook-timestamp": String(NOW), "webhook-signature": "v1," }),
        WHSEC,
      ),
    ).toBe("signature_malformed");
  });

  test("of a thousand signatures the first ten are looked at", async () => {
    const wrong = `v1=${"0".repeat(64)}`;
    const padded = (before: number): Inbound =>
      sent("{}", { "stripe-signature": `t=${NOW},${`${wrong},`.repeat(before)}v1=${hex(`${NOW}.{}`)}` });
    expect(await reason("stripe", padded(9))).toBe("ok");
    expect(await reason("stripe", padded(10))).toBe("signature_mismatch");
    expect(await reason("stripe", padded(1000))).toBe("signature_malformed");
  });
});

const twilioCode = (content: string): string => createHmac("sha1", SECRET).update(content).digest("base64");

describe("trap 6: Twilio", () => {
  const url = "https://hooks.example.com/in/a?x=1";
  const form = { "content-type": "application/x-www-form-urlencoded" };

  test("form values are sorted and deduplicated, and the URL is tried with and without its port", async () => {
    const body = "b=2&a=1&a=1&a=0";
    const headers = { ...form, "x-twilio-signature": twilioCode(`${url}a0a1b2`) };
    expect(await reason("twilio", sent(body, headers, url))).toBe("ok");
    expect(await reason("twilio", sent(body, headers, url.replace(".com", ".com:443")))).toBe("ok");
    expect(await reason("twilio", sent("b=2&a=1&a=9", headers, url))).toBe("signature_mismatch");
  });

  test("a body that is no form is bound by bodySHA256 or not at all, and then it is refused", async () => {
    const json = { "content-type": "application/json", "x-twilio-signature": twilioCode(url) };
    expect(await reason("twilio", sent('{"evil":1}', json, url))).toBe("part_missing");
    expect(await reason("twilio", sent("", json, url))).toBe("ok");
  });
});

test("trap 7: where the body is not signed, the provider says so", () => {
  for (const id of [
    "mailgun",
    "dropbox-sign",
    "dingtalk",
    "plivo-v2",
    "monday",
    "mercado-pago",
    "adyen",
    "segment",
    "paypal",
  ]) {
    expect(findProvider(id)?.uncovered).toMatch(/body|event|document|fields|first/i);
  }
});

test("a provider's own name for an object member is nobody's", () => {
  for (const id of ["constructor", "__proto__", "toString", ""]) expect(findProvider(id)).toBeNull();
});

test("the newest secret that matches is named, and a verify token signs nothing", async () => {
  const secrets = [
    { name: "GITHUB_SECRET", value: "new" },
    { name: "GITHUB_SECRET_OLD", value: SECRET },
    { name: "GITHUB_VERIFY_TOKEN", value: "token" },
  ];
  const verdict = await verify(github("{}"), findProvider("github")!, secrets, {}, NOW);
  expect(verdict).toEqual({ ok: true, value: { secret: "GITHUB_SECRET_OLD" } });
  expect(await reason("github", github("{}", "token"), secrets)).toBe("signature_mismatch");
});

test("no request makes the verifier throw", async () => {
  const ids = [
    "stripe",
    "slack",
    "adyen",
    "braintree",
    "kinde",
    "ebay",
    "mailchannels",
    "keygen",
    "wecom",
    "dropbox-sign",
    "aws-sns",
    "hygraph",
    "plivo-v3",
    "contentful",
    "ms-graph",
    "messagebird",
    "atlassian-connect",
  ];
  const bodies = [
    "[".repeat(100_000),
    '{"__proto__":{"a":1}}',
    "\u0000",
    "%",
    "--B\r\n\r\n--B--",
    '{"value":{}}',
    '{"notificationItems":[null]}',
    '"x"',
    "null",
    "a=%FF&b=%",
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...ids),
      fc.constantFrom(...bodies),
      fc.string(),
      fc.webUrl({ withQueryParameters: true }),
      async (id, body, value, url) => {
        const provider = findProvider(id)!;
        const headers = new Headers({
          "content-type": body.startsWith("--")
            ? "multipart/form-data; boundary=B"
            : "application/x-www-form-urlencoded",
        });
        for (const at of [provider.signature.at].flat())
          headers.set(at.replace(/^.*?:/, "").replaceAll(/[^\w-]/g, "x"), encodeURI(value.toWellFormed()));
        expect(
          (
            await verify(
              { method: "POST", url, headers, body: new TextEncoder().encode(body) },
              provider,
              [{ name: "S", value: SECRET }],
              {},
              NOW * 1000,
            )
          ).ok,
        ).toBe(false);
      },
    ),
  );
});

test("a URL that nobody can parse is refused, not thrown", async () => {
  for (const id of ["keygen", "atlassian-connect", "twilio", "mailchannels"]) {
    expect(
      await reason(
        id,
        sent(
          "{}",
          {
            authorization: "JWT a.b.c",
            "keygen-signature": 'signature="AA==",headers="(request-target) date digest"',
            date: "x",
          },
          "not a url",
        ),
      ),
    ).not.toBe("ok");
  }
});

test("a signed URL has the configured host and path, and the query of the request", () => {
  const request = "http://127.0.0.1:8787/in/a?x=It%27s&bodySHA256=ab";
  expect(signedUrl(null, request)).toBe(request);
  expect(signedUrl("https://h.example/in/a", request)).toBe("https://h.example/in/a?x=It%27s&bodySHA256=ab");
  expect(signedUrl("https://h.example/in/a?x=It's", request)).toBe("https://h.example/in/a?x=It's&bodySHA256=ab");
  expect(signedUrl("https://h.example/in/a?x=1", request)).toBe("https://h.example/in/a?x=It%27s&bodySHA256=ab");
  expect(signedUrl("https://h.example/in/a", "http://127.0.0.1/in/a")).toBe("https://h.example/in/a");
});

test("no header makes the parser of message signatures crawl", async () => {
  for (const long of [
    "a".repeat(8000),
    '("'.repeat(4000),
    ",a=(".repeat(2000),
    ";a=b".repeat(2000),
    " ,".repeat(4000),
  ]) {
    const headers = {
      signature: `sig=:AA==:, ${long}`.slice(0, 8100),
      "signature-input": long,
      "keygen-signature": long,
      date: "x",
    };
    expect(await reason("mailchannels", sent("{}", headers))).not.toBe("ok");
    expect(await reason("keygen", sent("{}", headers))).not.toBe("ok");
  }
}, 1000);
