// What a request says of itself (its content type, its depth, its members) changes neither who it is nor what it costs.

import { describe, expect, test } from "vitest";
import { identify, keptHeaders, signatureHeaders } from "../../../src/in/identify.ts";
import { idIsSigned } from "../../../src/scheme/derived.ts";
import { parseJson } from "../../../src/bytes/json.ts";
import { resolveProvider } from "../../../src/config/custom.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";

const TYPES = [
  null,
  "",
  "application/json",
  "text/plain",
  "application/x-www-form-urlencoded",
  "APPLICATION/X-WWW-FORM-URLENCODED; charset=utf-8",
  "multipart/form-data",
  "multipart/form-data; boundary=B",
  "multipart/form-data; boundary=other",
  "application/x-www-form-urlencoded, application/json",
];

function identityOf(id: string, body: string, type: string | null) {
  const headers = new Headers(type === null ? {} : { "content-type": type });
  const bytes = new TextEncoder().encode(body);
  return identify({ method: "POST", url: "https://x.example/in/a", headers, body: bytes }, findProvider(id)!, {});
}

/** A document in which each template of the catalogue finds what it looks for, as far as one can. */
const document = JSON.stringify({
  id: "1",
  type: "t",
  event: "e",
  event_id: "e1",
  trigger_id: "t1",
  action: "a",
  eventId: "2",
  state: "passed",
  finished_at: "now",
});
const fields = {
  payload: document,
  json: document,
  mandrill_events: `[${document}]`,
  trigger_id: "t1",
  action: "a",
  id: "1",
  type: "t",
  fired_at: "now",
  "data[id]": "d",
  MessageSid: "SM1",
};

const BODIES: Record<string, string> = {
  JSON: document,
  form: new URLSearchParams(fields).toString(),
  multipart: `${Object.entries(fields)
    .map(([name, value]) => `--B\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
    .join("")}--B--\r\n`,
};

describe("content-type confusion: the header is under nobody's signature, so it decides nothing about identity", () => {
  test.each(Object.entries(BODIES))(
    "a body of %s has one id and one type, whatever content type is claimed",
    (_, body) => {
      let found = 0;
      for (const id of providerIds()) {
        // Signed headers may say what the type is; here only the body speaks.
        const identities = TYPES.map((type) => JSON.stringify(identityOf(id, body, type)));
        expect(new Set(identities), id).toEqual(new Set([identities[0]]));
        if (identityOf(id, body, null).dedupe !== null) found += 1;
      }
      expect(found).toBeGreaterThan(2);
    },
  );

  test("Slack's slash command with another content type is still the same command", () => {
    const form = "application/x-www-form-urlencoded";
    const command = "trigger_id=t1&command=%2Fweather&payload=none";
    const first = identityOf("slack", command, form);
    expect(first.dedupe).toEqual({ key: "t1", bindBody: false });
    expect(identityOf("slack", command, "application/json")).toEqual(first);
  });
});

describe("JSON that is nested beyond reason (CVE-2023-50728: one request ended the process)", () => {
  test.each(["[", '{"a":', '[{"a":', "[[],", '["]",'])(
    "%j over and over is no document, and is not even built",
    (piece) => {
      const close = (depth: number) => (piece === "[" ? "]".repeat(depth) : "");
      // Not `toBeUndefined`: it would try to print what it got instead.
      expect(parseJson(piece.repeat(100_000)) === undefined).toBe(true);
      expect(parseJson(piece.repeat(100_000) + close(100_000)) === undefined).toBe(true);
    },
  );

  test("a thousand levels are read, and brackets in text are no levels", () => {
    expect(parseJson(`${"[".repeat(1000)}${"]".repeat(1000)}`)).toBeDefined();
    expect(parseJson(`${"[".repeat(1001)}${"]".repeat(1001)}`)).toBeUndefined();
    for (const text of ["[".repeat(5000), `\\"${"{".repeat(5000)}`, "\\\\", `\\\\\\"${"[".repeat(5000)}`])
      expect(parseJson(`{"text":"${text}"}`)).toEqual({ text: JSON.parse(`"${text}"`) });
    expect(parseJson(`[${"[],".repeat(50_000)}[]]`)).toHaveLength(50_001);
  });

  test("members of the prototype are the sender's own words and nobody else's", () => {
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      parseJson(`{${JSON.stringify(name)}:{"polluted":true}}`);
      expect(Reflect.get({}, "polluted")).toBeUndefined();
    }
  });
});

describe("header policy: of what came in, a list of names goes on", () => {
  const SECRETS =
    /cookie|authoriz|authentic|signature(?!-input)|hmac|token|secret|passw|api-?key|credential|^x-forwarded|^cf-|^host$|^forwarded$/i;
  /** Ids and no credentials, whatever they are called; the facts name them so. */
  const NAMING = /idempotency-(key|token)$/;

  test("for every sender of the catalogue, none of them is a credential, a signature or an address", () => {
    for (const id of providerIds())
      for (const name of keptHeaders(findProvider(id)!)) if (!NAMING.test(name)) expect(name, id).not.toMatch(SECRETS);
  });

  test.each([
    "Authorization",
    "Proxy-Authorization",
    "Cookie",
    "Set-Cookie",
    "Host",
    "Connection",
    "Transfer-Encoding",
    "Content-Length",
    "Upgrade",
    "TE",
    "Trailer",
    "Keep-Alive",
    "Expect",
    "X-Signature",
    "CF-Access-Client-Secret",
    "CF-Access-Jwt-Assertion",
  ])("a sender of the user's own that names an event by %s does not have it forwarded", (name) => {
    const resolved = resolveProvider("hmac", {
      header: "X-Signature",
      type: `{header:${name}}`,
      id: `{header:${name}}`,
    });
    expect(resolved.ok && keptHeaders(resolved.provider)).toEqual(["content-type", "content-encoding"]);
  });

  test("an id that is read from the signature itself is not forwarded", () => {
    for (const id of providerIds()) {
      const provider = findProvider(id)!;
      for (const name of signatureHeaders(provider)) expect(keptHeaders(provider), id).not.toContain(name);
      expect(typeof idIsSigned(provider)).toBe("boolean");
    }
  });
});
