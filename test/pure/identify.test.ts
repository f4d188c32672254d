// What happened, and is it a repeat: read from anything a sender may send, never throwing.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { identify, idIsSigned, keptHeaders, type Identity } from "../../src/identify.ts";
import { findProvider, providerIds } from "../../src/providers/catalogue.ts";

function of(id: string, body: string | Uint8Array, headers: Record<string, string> = {}): Identity {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return identify(
    { method: "POST", url: "https://x.example/in/a", headers: new Headers(headers), body: bytes },
    findProvider(id)!,
    {},
  );
}

test("GitHub's event is refined by its action, whether the body is JSON or a form", () => {
  const headers = { "x-github-event": "pull_request", "x-github-delivery": "d1" };
  expect(of("github", '{"action":"opened"}', headers).type).toBe("pull_request.opened");
  expect(of("github", "{}", headers).type).toBe("pull_request");
  const form = { ...headers, "content-type": "application/x-www-form-urlencoded" };
  expect(of("github", "payload=%7B%22action%22%3A%22opened%22%7D", form).type).toBe("pull_request.opened");
});

test("trap 10: GitHub's and Shopify's delivery id is not signed, so the body is bound too", () => {
  expect(of("github", "{}", { "x-github-delivery": "d1" }).dedupe).toEqual({ key: "d1", bindBody: true });
  expect(of("shopify", "{}", { "x-shopify-webhook-id": "w1" }).dedupe).toEqual({ key: "w1", bindBody: true });
  expect(of("stripe", '{"id":"evt_1"}').dedupe).toEqual({ key: "evt_1", bindBody: false });
  expect(of("standard-webhooks", "{}", { "webhook-id": "m1" }).dedupe).toEqual({ key: "m1", bindBody: false });
});

test("an id is trusted alone only where the signature covers it", () => {
  for (const id of ["paypal", "mailgun", "adyen", "monday", "gitlab", "telegram", "mercado-pago"])
    expect(idIsSigned(findProvider(id)!) && findProvider(id)!.idShared !== true, id).toBe(false);
  for (const id of ["square", "messagebird", "fusionauth", "aws-sns", "kinde", "twitch", "keygen"])
    expect(idIsSigned(findProvider(id)!), id).toBe(true);
});

test("an id of several events, or of a thing, never stands alone", () => {
  for (const id of providerIds()) {
    const provider = findProvider(id)!;
    if (/\.\d+\.|:\d+\./.test(provider.id ?? "")) expect(provider.idShared, id).toBe(true);
  }
});

test("an id of several events is bound to the body although the signature covers it", () => {
  const line = of("line", '{"events":[{"type":"message","webhookEventId":"e1"}]}');
  expect(line).toEqual({ type: "message", dedupe: { key: "e1", bindBody: true } });
});

test("what every object inherits is not part of an event", () => {
  const provider = {
    ...findProvider("stripe")!,
    type: "{json:constructor.name}",
    id: "{json:__proto__.constructor.name}",
  };
  const request = {
    method: "POST",
    url: "https://x.example/",
    headers: new Headers(),
    body: new TextEncoder().encode("{}"),
  };
  expect(identify(request, provider, {})).toEqual({ type: "unknown", dedupe: null });
});

test("a body that is no JSON, or nested beyond reason, has a type that is unknown", () => {
  for (const body of [
    "",
    "[".repeat(100_000),
    "{",
    Uint8Array.of(0xff, 0xfe),
    '"x"',
    "null",
    '{"__proto__":{"type":"x"}}',
    '{"type":{"toString":1}}',
  ]) {
    expect(of("stripe", body)).toEqual({ type: "unknown", dedupe: null });
  }
});

test("an integer that JSON cannot carry exactly is no id: two could become one", () => {
  expect(of("telegram", '{"update_id":9007199254740993}').dedupe).toBeNull();
  expect(of("telegram", '{"update_id":9007199254740991,"message":{}}')).toEqual({
    type: "message",
    dedupe: { key: "9007199254740991", bindBody: true },
  });
});

test("types are bounded and printable, whatever is sent", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...providerIds()),
      fc.jsonValue(),
      fc.string({ unit: "binary", maxLength: 400 }),
      (id, value, text) => {
        for (const body of [JSON.stringify(value), JSON.stringify({ type: text, id: text, event: text }), text]) {
          const { type, dedupe } = of(id, body);
          expect(type.length).toBeGreaterThan(0);
          expect(type.length).toBeLessThanOrEqual(200);
          expect(type).not.toMatch(/[\p{Cc}\p{Cs}]/u);
          expect(dedupe?.key.length ?? 1).toBeLessThanOrEqual(500);
        }
      },
    ),
  );
});

test("no signature, token or cookie is among the headers that are kept", () => {
  for (const id of providerIds()) {
    const kept = keptHeaders(findProvider(id)!);
    expect(kept).toContain("content-type");
    for (const name of kept)
      expect(name).not.toMatch(/signature$|hmac|authorization|cookie|(?<!idempotency-)token$|secret|sign$/);
  }
});
