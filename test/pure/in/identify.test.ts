// What happened, and is it a repeat: read from anything a sender may send, never throwing.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { identify, keptHeaders, type Identity } from "../../../src/in/identify.ts";
import type { Inbound } from "../../../src/verify/readings.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";
import { idIsSigned } from "../../../src/scheme/derived.ts";
import { placesOf } from "../../../src/scheme/template.ts";

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

test("a claim that is JSON as text is read through, as deep as Wix writes it, and a claim that is none is no event's", () => {
  const event = { id: "e1", slug: "created", entityId: "c1" };
  const data = JSON.stringify({ eventType: "wix.contacts.v4.contact_created", data: JSON.stringify(event) });
  expect(of("wix", token({ data }))).toMatchObject({
    type: "wix.contacts.v4.contact_created",
    dedupe: { key: "e1", bindBody: false },
  });
  for (const odd of ["", "{", "null", "5", '"text"', "[]", 5, null, {}])
    expect(of("wix", token({ data: odd }))).toMatchObject({ type: "unknown", dedupe: null });
});

/** A token that nobody has signed. */
function token(claims: object): string {
  const [head, body] = [{ alg: "RS256" }, claims].map((one) => Buffer.from(JSON.stringify(one)).toString("base64url"));
  return `${head}.${body}.AAAA`;
}

test("an id of several events, or of a thing, never stands alone", () => {
  for (const id of providerIds()) {
    const provider = findProvider(id)!;
    if (/\.\d+\.|:\d+\./.test(provider.id ?? "")) expect(provider.idShared, id).toBe(true);
  }
});

test("an id of several events is bound to the body although the signature covers it", () => {
  const line = of("line", '{"events":[{"type":"message","webhookEventId":"e1"}]}');
  expect(line).toEqual({ type: "message", types: ["message"], dedupe: { key: "e1", bindBody: true } });
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
  expect(identify(request, provider, {})).toEqual({ type: "unknown", types: ["unknown"], dedupe: null });
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
    expect(of("stripe", body)).toMatchObject({ type: "unknown", types: ["unknown"], dedupe: null });
  }
});

test("an integer that JSON cannot carry exactly is no id: two could become one", () => {
  expect(of("telegram", '{"update_id":9007199254740993}').dedupe).toBeNull();
  expect(of("telegram", '{"update_id":9007199254740991,"message":{}}')).toEqual({
    type: "message",
    types: ["message"],
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
          const { type } = of(id, body);
          expect(type.length).toBeGreaterThan(0);
          expect(type.length).toBeLessThanOrEqual(200);
          expect(type).not.toMatch(/[\p{Cc}\p{Cs}]/u);
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

test.for([
  ["mollie-classic", "id=tr_1", "paid, then refunded"],
  ["acuity", "action=rescheduled&id=7&calendarID=1&appointmentTypeID=2", "rescheduled twice"],
  ["merge", '{"hook":{"id":"h1","event":"x.synced"},"data":{}}', "the id of the subscription"],
  ["webex", '{"id":"h1","resource":"memberships","event":"updated","data":{"id":"m1"}}', "updated twice"],
] as const)("%s tells nothing apart by an id that names a thing: %s (%s)", ([id, body]) => {
  expect(of(id, body).dedupe).toBeNull();
});

test("Recurly names a notification in a header; the id in its body is the subscription's", () => {
  const body = '{"id":"sub1","object_type":"subscription","event_type":"renewed"}';
  expect(of("recurly", body).dedupe).toBeNull();
  const first = of("recurly", body, { "recurly-notification-id": "n1" });
  expect(first.dedupe).toEqual({ key: "n1", bindBody: true });
});

test("every id says what it names, and who says so", () => {
  const silent = providerIds().filter((id) => {
    const { id: template, idNames } = findProvider(id)!;
    return (template === undefined) !== (idNames === undefined);
  });
  expect(silent, "write idNames beside id: what it names, and the document that says so").toEqual([]);
});

test("the id of a batch counts the body, and the id of a thing holds what changes with every event of it", () => {
  for (const id of providerIds()) {
    const provider = findProvider(id)!;
    const { id: template, idNames, idShared, type = "" } = provider;
    if (template === undefined || idNames === undefined) continue;
    const first = placesOf(template).some(({ path }) => path.some((step) => /^\d+$/.test(step)));
    if (idNames.what === "batch") expect(idShared, id).toBe(true);
    else if (first) expect(idShared, `${id}: the id is read from the first of several`).toBe(true);
    expect(idNames.changes !== undefined, `${id}: only a thing has versions, and it needs one`).toBe(
      idNames.what === "version",
    );
    if (idNames.changes === undefined) continue;
    // A required part of its own, and no part of what names the thing or the type: without it there is no id, and nothing is swallowed.
    expect(template, id).toContain(`{${idNames.changes}}`);
    expect(template.replaceAll(/(?<!\[)\[(?!\[)[^\]]*\]/g, ""), id).toContain(`{${idNames.changes}}`);
    expect(type, id).not.toContain(`{${idNames.changes}}`);
  }
});

test("two events of one thing are two events, and so are two batches with one first event", () => {
  for (const id of providerIds()) {
    const provider = findProvider(id)!;
    if (provider.idNames?.what !== "version") continue;
    const keys = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", null].map((changed) => {
      const scope: Record<string, string> = Object.fromEntries(
        placesOf(provider.id!).map((place) => [`${place.source}:${place.name}`, "same"]),
      );
      for (const place of provider.idNames!.changes!.split("|")) {
        const key = place.startsWith("header:") ? place.toLowerCase() : place;
        if (changed === null) delete scope[key];
        else scope[key] = changed;
      }
      return identify(requestWith(scope, provider.payload), provider, {}).dedupe?.key ?? null;
    });
    expect(keys[0], id).not.toBeNull();
    expect(keys[1], id).not.toBe(keys[0]);
    expect(keys[2], `${id}: without what changes there must be no id`).toBeNull();
  }
});

/** A request that holds these places and nothing else. */
function requestWith(places: Readonly<Record<string, string>>, payload = "body"): Inbound {
  const headers = new Headers();
  const query = new URLSearchParams();
  const form = new URLSearchParams();
  const document: Tree = {};
  for (const [place, value] of Object.entries(places)) {
    const source = place.slice(0, place.indexOf(":"));
    const name = place.slice(source.length + 1);
    if (source === "header") headers.set(name, value);
    else if (source === "query") query.set(name, value);
    else if (source === "form") form.set(name, value);
    else if (source === "json") put(document, name.split("."), value);
    else throw new Error(`${place}: this test knows no such place`);
  }
  const json = JSON.stringify(document);
  const inForm = payload.split("|").find((one) => one.startsWith("form:"));
  if (inForm !== undefined) form.set(inForm.slice("form:".length), json);
  const body = form.size > 0 ? form.toString() : json;
  if (form.size > 0) headers.set("content-type", "application/x-www-form-urlencoded");
  return {
    method: "POST",
    url: `https://x.example/in/a?${query.toString()}`,
    headers,
    body: new TextEncoder().encode(body),
  };
}

interface Tree {
  [name: string]: Tree | string;
}

function put(into: Tree, path: readonly string[], value: string): void {
  const [step = "", ...rest] = path;
  const there = into[step];
  if (rest.length === 0) into[step] = value;
  else if (typeof there === "object") put(there, rest, value);
  else put((into[step] = {}), rest, value);
}

test("an id is never too long: two long ones that differ at the end are two events", () => {
  const [one, other] = ["a", "b"].map(
    (end) => of("stripe", JSON.stringify({ id: "x".repeat(5000) + end })).dedupe?.key,
  );
  expect(one).toBeDefined();
  expect(other).not.toBe(one);
});

test("of an id of several places each ends itself: what wanders between them is another event", () => {
  const [one, other] = [
    ["a/b", "c"],
    ["a", "b/c"],
  ].map(([source, id]) => of("cloudevents", JSON.stringify({ source, id })).dedupe?.key);
  expect(one).toBeDefined();
  expect(other).not.toBe(one);
});

test("what is empty names nothing", () => {
  expect(of("stripe", '{"id":""}').dedupe).toBeNull();
  expect(of("cloudevents", '{"source":"s","id":""}').dedupe).toBeNull();
});

test("a form is read whatever its size, and whatever the number of its fields", () => {
  const fill = "x".repeat(3 * 1024 * 1024);
  const headers = { "x-github-event": "push", "x-github-delivery": "d" };
  const form = new URLSearchParams({ fill, payload: '{"action":"opened"}' }).toString();
  expect(of("github", form, headers).type).toBe("push.opened");
  const parts = Array.from({ length: 300 }, (_, index) => [`f${index}`, "v"]);
  const multipart = [...parts, ["payload", '{"action":"opened"}']]
    .map(([name, value]) => `--B\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
    .join("");
  expect(of("github", `${multipart}--B--\r\n`, headers).type).toBe("push.opened");
});
