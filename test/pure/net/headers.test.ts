// Which headers go on, in what form, and when an event has passed enough relays.

import { expect, test } from "vitest";
import { keptHeaders, signatureHeaders } from "../../../src/in/identify.ts";
import { placesOf } from "../../../src/scheme/template.ts";
import { EDITED_FROM, PROOF } from "../../../src/ids.ts";
import { clean, leadsTo, MOST_HOPS, nextHop, wayOf } from "../../../src/net/headers.ts";
import { namesEvents } from "../../../src/scheme/naming.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";
import { readConfig } from "../../../src/config/config.ts";

const PRIVATE = `
  authorization x-authorization x-auth x-auth-key x-auth-token x-authentication www-authenticate proxy-authorization x-api-key x-apikey apikey api_key
  x-access-key x-access-token x-client-key x-client-secret x-private-key x-signing-key x-master-key x-shared-key x-webhook-key x-function-key
  x-session x-session-id sessionid x-sid x-jwt x-jwt-assertion x-id-token x-refresh-token x-bearer x-oauth x-saml-assertion x-sso x-mfa x-otp x-totp x-pin
  x-password x-passwd x-pass x-pwd x-passphrase x-credential x-credentials x-creds x-cookie cookie set-cookie x-csrf x-xsrf-token x-hmac x-mac
  x-signature x-sig x-sign x-signed-by x-secret x-hub-signature-256 x-ticket x-grant x-login x-user x-username x-client-cert x-certificate
  x-verification x-verify x-license x-amz-security-token cf-access-client-id cf-connecting-ip x-forwarded-for forwarded x-real-ip true-client-ip host
  connection keep-alive te trailer upgrade transfer-encoding content-length expect range if-none-match accept-encoding via origin referer`;

test("a header that sounds like a credential, an address or a connection is not kept, whatever it ends in", () => {
  for (const name of PRIVATE.trim().split(/\s+/)) {
    expect(namesEvents(name), name).toBe(false);
    for (const end of ["-id", "-type", "-event", "_id", ".name"])
      expect(namesEvents(name + end), name + end).toBe(false);
  }
});

test("what may be kept is a list: a word that nobody has thought of is not on it", () => {
  for (const name of ["x-acme", "x-magic", "x-hush", "x-acme-seal", "x-zugang", "x-clave", "x-mot-de-passe", "x", ""])
    expect(namesEvents(name), name).toBe(false);
  const fine =
    "x-event x-id x-type x-event-key x-request-id idempotency-key ce-type x-topic x-acme-event webhook-id x-delivery x-action x-kind x-eventid x_event_type";
  for (const name of fine.split(" ")) expect(namesEvents(name), name).toBe(true);
});

test("of every sender of the catalogue, what names its events is kept, and none of it is like a credential", () => {
  const CREDENTIAL =
    /auth(?!or)|secret|passw|cookie|credential|session|jwt|hmac|sign|bearer|csrf|api-?key|cert|(?<!idempotency-)token|(?<!idempotency-|event-)key|^host$|^cf-|forwarded/;
  for (const id of providerIds()) {
    const provider = findProvider(id)!;
    const kept = keptHeaders(provider);
    for (const name of kept) expect(name, id).not.toMatch(CREDENTIAL);
    const signing = signatureHeaders(provider);
    const naming = [provider.type ?? "", provider.id ?? ""].flatMap(placesOf);
    for (const { source, name } of naming) {
      const lower = name.toLowerCase();
      // The nonce of Plivo and Sinch stands in their signature.
      if (source === "header" && !signing.includes(lower) && !/-signature-/.test(lower))
        expect(kept, id).toContain(lower);
    }
  }
});

test.each([EDITED_FROM, PROOF])("no request brings the relay's own header %s", (name) => {
  expect(namesEvents(name)).toBe(false);
  const schemes = providerIds().map((id) => findProvider(id)!);
  const [first] = schemes;
  // A source of the operator's own may name any header, and this one all the same is not kept.
  const own = { ...first!, type: `{header:${name}}`, id: `{header:${name.toUpperCase()}}` };
  for (const scheme of [...schemes, own]) expect(keptHeaders(scheme)).not.toContain(name);
});

const cleaned = (headers: Record<string, string>) => clean(new Map(Object.entries(headers)), Object.keys(headers));

test("a content type that no receiver would take is cut to its type, or is bytes", () => {
  const long = "x".repeat(60_000);
  for (const [type, kept] of [
    ["application/json", "application/json"],
    ['multipart/form-data; boundary="a b"', 'multipart/form-data; boundary="a b"'],
    [`application/json; x=${long}`, "application/json"],
    ["text/plain; name=\u00e9", "text/plain"],
    ["text/plain\u0001", "application/octet-stream"],
    ["text/plain; a=\u0000b", "text/plain"],
    ["text/plain\r\nx-a: b", "application/octet-stream"],
    [long, "application/octet-stream"],
    [`text/${long}`, "application/octet-stream"],
    ["application/json, text/html", "application/octet-stream"],
    ["", "application/octet-stream"],
  ] as const) {
    const { kept: headers, dropped } = cleaned({ "content-type": type });
    expect(headers["content-type"], type.slice(0, 40)).toBe(kept);
    expect(dropped).toEqual(kept === type ? [] : ["content-type"]);
  }
});

test("other values are printable and of a kilobyte, and all of them of eight", () => {
  expect(
    cleaned({ "x-id": "a\u0007b", "x-type": "y".repeat(1025), "content-encoding": "gzip\u0001", "x-a": "1" }),
  ).toEqual({
    kept: { "x-a": "1" },
    dropped: ["x-id", "x-type", "content-encoding"],
  });
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`x-${n}`, "z".repeat(1000)]));
  expect(JSON.stringify(cleaned(many).kept).length).toBeLessThan(8 * 1024 + 200);
  expect(cleaned(many).dropped.length).toBeGreaterThan(10);
});

test.each([
  ["hmac", { header: "X-Signature", id: "{header:X-Auth-Key}", type: "{header:X-Session}" }],
  ["token", { header: "X-Token", id: "{header:X-Jwt}" }],
])("a table of %s that names events by a credential is warned of, and works", (provider, settings) => {
  const { findings, sources } = readConfig({ SOURCES: { a: { provider, settings } }, A_SECRET: "s".repeat(40) });
  expect(findings.filter(({ says }) => says.includes("credential")).length).toBeGreaterThan(0);
  expect(findings.every(({ level }) => level === "warning")).toBe(true);
  expect(keptHeaders(sources.get("a")!.scheme)).toEqual(["content-type", "content-encoding"]);
});

test("an event passes a chain of relays, and ends at a destination that leads back or after a few relays", () => {
  let hop: string | null = null;
  const seen: (string | null)[] = [];
  for (let relay = 0; relay < MOST_HOPS + 1; relay += 1) {
    const way = wayOf(hop, `relay${relay}.example.com`, [`https://relay${relay + 1}.example.com/in/x`]);
    hop = nextHop(way ?? undefined, `https://relay${relay + 1}.example.com/in/x`);
    seen.push(hop);
  }
  expect(seen).toEqual(["1", "2", "3", "4", "5", null]);
  const own = "https://relay.example.com/in/x";
  expect(
    wayOf(null, "relay.example.com", ["https://other.example.com/in/x", "https://relay.example.com/hook"]),
  ).toBeNull();
  const way = wayOf(null, "relay.example.com", ["https://other.example.com/", own]);
  expect(way).toBe("0 relay.example.com");
  expect(nextHop(way!, own)).toBeNull();
  expect(nextHop(way!, "https://other.example.com/")).toBe("1");
  for (const forged of ["-1", "1e9", "x", "99999", "1 relay.example.com"]) expect(wayOf(forged, "h", [])).toBeNull();
});

test("an address leads to the relay in every spelling of it, and nowhere else at its host", () => {
  const host = "relay.example.com";
  for (const url of ["/in/x", "/in", "//in//x", "/IN/x?y=1", ":443/in/x"])
    expect(leadsTo(`https://${host}${url}`, host), url).toBe(true);
  for (const url of ["https://RELAY.example.com/in/x", "https://relay.example.com./in/x"])
    expect(leadsTo(url, host), url).toBe(true);
  for (const url of [
    "https://relay.example.com/inbox",
    "https://relay.example.com:8443/in/x",
    "https://in.example.com/in/x",
  ])
    expect(leadsTo(url, host), url).toBe(false);
});

test("a destination at the public URL of a source is refused by the check", () => {
  const { findings } = readConfig({
    SOURCES: { a: { provider: "github", public_url: "https://relay.example.com/in/a" } },
    DESTINATIONS: { back: { url: "https://relay.example.com/in/b" }, fine: { url: "https://relay.example.com/hooks" } },
    A_SECRET: "s".repeat(40),
    SIGNING_KEY: "k".repeat(40),
  });
  const loops = findings.filter(({ says }) => says.includes("relay itself"));
  expect(loops.map(({ level, key }) => [level, key])).toEqual([["error", "DESTINATIONS.back.url"]]);
});
