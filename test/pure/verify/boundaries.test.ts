// Bytes stay where the sender put them: every boundary of the signed content is fixed, and what crosses it is refused or the same event.

import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { examine } from "../../../src/cli/local/examine.ts";
import { requestOf, secretsOf } from "../../../src/cli/local/known-answers.ts";
import { eventId } from "../../../src/ids.ts";
import { identify } from "../../../src/in/identify.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";
import { boundaryFault, movableBoundary } from "../../../src/scheme/boundaries.ts";
import type { Provider } from "../../../src/scheme/scheme.ts";
import { verify, type Inbound } from "../../../src/verify/verify.ts";
import { facts } from "../../vectors/facts.ts";
import { hex, NOW, sent } from "../../vectors/request.ts";
import { signedRequest } from "../../vectors/signer.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A scheme in which `signs` may be anything, under a key of the tests. */
function scheme(signs: string, more: Partial<Provider> = {}): Provider {
  return { name: "Own", algorithm: "hmac-sha256", signature: { at: "header:x-signature" }, signs, ...more };
}

test("no sender of the catalogue lets bytes move from one part of the signed content into another", () => {
  const movable = providerIds().filter((id) => boundaryFault(findProvider(id)!) !== null);
  expect(movable).toEqual([]);
});

test.for(["framer", "klaviyo", "airwallex", "twitch", "configcat", "square", "trello", "dropbox-sign"])(
  "the rule bites: %s without its forms",
  (id) => {
    const { forms: _, ...bare } = findProvider(id)!;
    const unit: Partial<Provider> = id === "airwallex" ? { timestamp: { at: "header:x-timestamp", unit: "text" } } : {};
    expect(boundaryFault({ ...bare, ...unit })).not.toBeNull();
  },
);

describe("the rule", () => {
  test.for<[string, Partial<Provider>]>([
    ["{timestamp}{body}", { timestamp: { at: "header:t" } }],
    ["{timestamp}{body}", { timestamp: { at: "header:t", unit: "ms" } }],
    ["{body}{timestamp}", { timestamp: { at: "header:t", unit: "iso" } }],
    ["{timestamp}.{body}", { timestamp: { at: "header:t", unit: "text" } }],
    ["{header:id}.{timestamp}.{body}", { timestamp: { at: "header:t" } }],
    ["{header:id}\n{header:user}\n{body-sha256-hex}", {}],
    ["{body}{header:id}", { forms: { body: "json", "header:id": "uuid" } }],
    ["[id:{query:id};][rid:{header:r};]ts:{timestamp};", { timestamp: { at: "header:t", unit: "text" } }],
    ["{url}{body}", { forms: { url: "url", body: "json" } }],
    ["{url}|{body}", {}],
    ["{header:nonce}{secret}{body}", {}],
  ])("takes %j", ([signs, more]) => {
    expect(movableBoundary(scheme(signs, more))).toBeNull();
  });

  test.for<[string, Partial<Provider>]>([
    ["{timestamp}{body}", { timestamp: { at: "header:t", unit: "text" } }],
    ["{body}{timestamp}", { timestamp: { at: "header:t", unit: "text" } }],
    ["{header:id}{body}", {}],
    ["{body}{header:id}", {}],
    ["{body}{header:id}", { forms: { "header:id": "name" } }],
    ["{header:id}{header:nonce}.{body}", {}],
    ["{url}{body}", {}],
    ["{url}.{body}", {}],
    ["{header:id}{timestamp}{body}", { timestamp: { at: "header:t" } }],
    ["{header:a}.{header:b}.{body}", { forms: { "header:a": "any" } }],
    ["[{header:a}:]{body}", {}],
  ])("refuses %j", ([signs, more]) => {
    expect(boundaryFault(scheme(signs, more))).toMatch(/lets bytes move between .* Say under forms/);
  });
});

test("the check warns of a table of one's own, and names key and fix", () => {
  const provider = scheme("{body}{header:x-id}", { uncovered: "" });
  const { vars } = examine({ vars: { SOURCES: { acme: { provider } } } });
  const found = vars.find(({ key }) => key === "SOURCES.acme.provider.signs");
  expect(found).toMatchObject({ level: "warning" });
  expect(found?.says).toMatch(/between .*header:x-id.*forms = \{/);
  const fixed = { ...provider, forms: { body: "json", "header:x-id": "uuid" } };
  expect(
    examine({ vars: { SOURCES: { acme: { provider: fixed } } } }).vars.filter(({ key }) => key.endsWith("signs")),
  ).toEqual([]);
});

/** The id that the relay would give an event, `null` where each request is one of its own. */
async function idOf(request: Inbound, provider: Provider): Promise<string | null> {
  const { dedupe } = identify(request, provider, {});
  if (dedupe === null) return null;
  const bound = dedupe.fields === undefined ? request.body : encoder.encode(dedupe.fields);
  return await eventId(
    { source: "a", rule: provider.id ?? "", key: dedupe.key, turn: null },
    dedupe.bindBody ? bound : null,
  );
}

/** Headers that are signed beside the body: each takes from its neighbours, and gives. */
function shifted(request: Inbound, names: readonly string[]): Inbound[] {
  const found: Inbound[] = [];
  const body = decoder.decode(request.body);
  const changed = (headers: Record<string, string>, text = body): void => {
    const all = new Headers(request.headers);
    try {
      for (const [name, value] of Object.entries(headers)) all.set(name, value);
    } catch {
      return; // No header can hold it.
    }
    found.push({ ...request, headers: all, body: encoder.encode(text) });
  };
  for (const name of names) {
    const value = request.headers.get(name)!;
    for (const n of [1, 2, 3, 7, 10, 36]) {
      changed({ [name]: value + body.slice(0, n) }, body.slice(n));
      changed({ [name]: body.slice(-n) + value }, body.slice(0, -n));
      if (n <= value.length) {
        changed({ [name]: value.slice(0, -n) }, value.slice(-n) + body);
        changed({ [name]: value.slice(n) }, body + value.slice(0, n));
      }
      for (const other of names) {
        const beside = request.headers.get(other)!;
        if (other === name || n >= beside.length) continue;
        changed({ [name]: value + beside.slice(0, n), [other]: beside.slice(n) });
        changed({ [name]: beside.slice(-n) + value, [other]: beside.slice(0, -n) });
        changed({ [name]: beside, [other]: value });
      }
    }
  }
  return found;
}

describe("a captured request whose bytes are moved", () => {
  const movable = facts.flatMap((fact) => {
    const signed = signedRequest(fact);
    const provider = findProvider(fact.id)!;
    if (signed === null || provider.bodyHash !== undefined) return [];
    const own = [...(provider.signs ?? "").matchAll(/\{header:([^}|]+)/g)].map(([, name]) => name!);
    const time = /^header:([^|]+)/.exec(
      provider.signs?.includes("{timestamp}") === true ? (provider.timestamp?.at ?? "") : "",
    )?.[1];
    const names = [...own, ...(time === undefined ? [] : [time])].filter((name) => requestOf(signed).headers.has(name));
    return names.length === 0 ? [] : [[fact.id, provider, signed, names] as const];
  });

  test("there are some sixty senders of this kind", () => {
    expect(movable.length).toBeGreaterThanOrEqual(45);
  });

  test.for(movable)("%s: is refused, or the same event", async ([, provider, signed, names]) => {
    const request = requestOf(signed);
    for (const [place, [value]] of Object.entries(provider.demands ?? {}))
      request.headers.set(place.replace("header:", ""), value!);
    const judge = (one: Inbound) => verify(one, provider, secretsOf(signed), signed.config ?? {}, NOW * 1000);
    expect(await judge(request)).toMatchObject({ ok: true });
    const first = await idOf(request, provider);
    for (const one of shifted(request, names)) {
      if (!(await judge(one)).ok) continue;
      expect(identify(one, provider, {}).lacks ?? (await idOf(one, provider))).toBe(first);
    }
  });
});

test("what was filed: the tail of a body in a header, its head in a timestamp", async () => {
  const text = '{"id":1,"form":{"a":"b"}}';
  const moved = { id: "0fbbb90e-564b-4870-ac8b-78f9bc4e44a6", body: '{"a":1}' };
  const framer = (id: string, body: string): Inbound =>
    sent(body, { "framer-signature": `sha256=${hex(moved.body + moved.id)}`, "framer-webhook-submission-id": id });
  const secrets = [{ name: "S", value: "It's a Secret to Everybody" }];
  const judged = async (id: string, request: Inbound): Promise<boolean> =>
    (await verify(request, findProvider(id)!, secrets, {}, NOW * 1000)).ok;
  expect(await judged("framer", framer(moved.id, moved.body))).toBe(true);
  expect(await judged("framer", framer(`}${moved.id}`, '{"a":1'))).toBe(false);
  expect(await judged("framer", framer(moved.id.slice(3), moved.body + moved.id.slice(0, 3)))).toBe(false);

  const klaviyo = (time: string, body: string): Inbound =>
    sent(body, { "klaviyo-signature": hex(`${text}${NOW}`), "klaviyo-timestamp": time });
  expect(await judged("klaviyo", klaviyo(`${NOW}`, text))).toBe(true);
  expect(await judged("klaviyo", klaviyo(`}${NOW}`, text.slice(0, -1)))).toBe(false);
  expect(await judged("klaviyo", klaviyo(`${NOW}`.slice(2), `${text}${`${NOW}`.slice(0, 2)}`))).toBe(false);

  const airwallex = (time: string, body: string): Inbound =>
    sent(body, { "x-signature": hex(`${NOW}123${text}`), "x-timestamp": time });
  expect(await judged("airwallex", airwallex(`${NOW}123`, text))).toBe(true);
  expect(await judged("airwallex", airwallex(`${NOW}`, `123${text}`))).toBe(false);
  expect(await judged("airwallex", airwallex(`${NOW}123{`, text.slice(1)))).toBe(false);
});

test("other spellings of a form are the same event", async () => {
  const fields = "EventType=sent&From=%2B15551234&Body=a+b";
  const url = "https://hooks.example.com/in/a";
  const code = createHmac("sha1", "k").update(`${url}Bodya bEventTypesentFrom+15551234`).digest("base64");
  const twilio = findProvider("twilio")!;
  const request = (body: string, type = "application/x-www-form-urlencoded"): Inbound =>
    sent(body, { "x-twilio-signature": code, "content-type": type, "i-twilio-idempotency-token": "t" }, url);
  const spelled = [
    "From=%2b15551234&EventType=sent&Body=a%20b",
    "EventType=s%65nt&From=%2B15551234&Body=a+b&Body=a+b",
    "EventType=sent&Fro=m%2B15551234&Body=a+b",
  ];
  const first = await idOf(request(fields), twilio);
  for (const body of [fields, ...spelled]) {
    expect(await verify(request(body), twilio, [{ name: "S", value: "k" }], {}, 0)).toMatchObject({ ok: true });
    expect(await idOf(request(body), twilio)).toBe(first);
  }
  const parts = ["EventType", "sent", "From", "+15551234", "Body", "a b"];
  const part = (n: number): string =>
    `--x\r\nContent-Disposition: form-data; name="${parts[n]}"\r\n\r\n${parts[n + 1]}\r\n`;
  const multipart = `${part(0)}${part(2)}${part(4)}--x\r\nContent-Disposition: attachment\r\n\r\nunsigned\r\n--x--`;
  const whole = request(multipart, "multipart/form-data; boundary=x");
  expect((await verify(whole, twilio, [{ name: "S", value: "k" }], {}, 0)).ok).toBe(false);
});

const identified = (type: string, body: string | Uint8Array, more: Partial<Provider> = {}): string | undefined =>
  identify(sent(body, {}), scheme("{body}", { type, ...more }), {}).lacks;

describe("a body that is no JSON", () => {
  test("is no event where type or id need it", () => {
    expect(identified("{json:type}", "paid")).toBe("json:type");
    expect(identified("{json:type}", "")).toBe("json:type");
    expect(identified("{header:x-type|json:type}", "paid")).toBe("header:x-type|json:type");
    expect(identified("push", "paid", { id: "{json:id}" })).toBe("json:id");
    expect(identified("{first-key:id}", "paid")).toBe("first-key:id");
  });

  test("is one where the part is optional, has another place, or the document lacks only the member", () => {
    expect(identified("push[.{json:action}]", "paid")).toBeUndefined();
    expect(identified("{json:type|default:x}", "paid")).toBeUndefined();
    expect(identified("{json:type}", "{}")).toBeUndefined();
    expect(identified("{json:type}", "null")).toBeUndefined();
    expect(
      identified("{json:type}", new Uint8Array([...encoder.encode('{"a":"'), 0xff, ...encoder.encode('"}')])),
    ).toBeUndefined();
  });
});
