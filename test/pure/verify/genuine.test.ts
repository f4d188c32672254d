// Genuine requests that senders really send and that were refused: other spellings, rotation, schemes of Authorization, forms.

import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { identify } from "../../../src/in/identify.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";
import { resolveProvider } from "../../../src/config/custom.ts";
import type { Provider } from "../../../src/scheme/scheme.ts";
import { decode } from "../../../src/bytes/encoding.ts";
import { hex, NOW, reason, SECRET, sent } from "../../vectors/request.ts";

const FORM = { "content-type": "application/x-www-form-urlencoded" };
const [OLD, NEW] = ["the-old-secret", "the-new-secret"];

/** A prefix that is the name of an authentication scheme and a space, as `Authorization` has it. */
const SCHEME = /^[\w!#$%&'*+.^`|~-]+ $/;

const form = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();

/** Twilio's verdict on a form that was signed under one URL and seen at another. */
async function twilio(signedAs: string, seenAs: string): Promise<string> {
  const code = createHmac("sha1", SECRET).update(`${signedAs}a1`).digest("base64");
  return await reason("twilio", sent("a=1", { ...FORM, "x-twilio-signature": code }, seenAs));
}

function custom(table: object): Provider {
  const resolved = resolveProvider(table);
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.faults));
  return resolved.provider;
}

describe("base64url with its padding", () => {
  const BODY = '{"hook":{"event":"employee.created"}}';

  test("is the same signature, for every sender that writes base64url", async () => {
    const senders = providerIds().filter((id) => findProvider(id)!.signature.encoding === "base64url");
    expect(senders).toEqual(expect.arrayContaining(["merge", "sanity"]));
    const code = createHmac("sha256", SECRET).update(BODY).digest("base64url");
    expect(await reason("merge", sent(BODY, { "x-merge-webhook-signature": code }))).toBe("ok");
    expect(await reason("merge", sent(BODY, { "x-merge-webhook-signature": `${code}=` }))).toBe("ok");
    const timed = createHmac("sha256", SECRET).update(`${NOW}000.${BODY}`).digest("base64url");
    const header = `t=${NOW}000,v1=${timed}=`;
    expect(await reason("sanity", sent(BODY, { "sanity-webhook-signature": header }))).toBe("ok");
  });

  test("has one padding, and no bits that count for nothing", () => {
    expect(decode("AQ", "base64url")).toEqual(Uint8Array.of(1));
    expect(decode("AQ==", "base64url")).toEqual(Uint8Array.of(1));
    for (const malleable of ["AR", "AR==", "AQ=", "AQ===", "AQI==", "AQI=", "=", "==", "AQID=", "AQIDBA=", "A=="])
      expect(decode(malleable, "base64url"), malleable).toEqual(malleable === "AQI=" ? Uint8Array.of(1, 2) : null);
  });
});

describe("the name of a scheme has no case (RFC 9110, 11.1)", () => {
  const named = providerIds().filter((id) => SCHEME.test(findProvider(id)!.signature.prefix ?? ""));

  test("the catalogue has such senders, and every prefix at Authorization is a scheme", () => {
    expect(named).toEqual(expect.arrayContaining(["ms-teams-outgoing", "vonage", "cloudevents", "atlassian-connect"]));
    for (const id of providerIds()) {
      const { at, prefix } = findProvider(id)!.signature;
      if (prefix !== undefined && [at].flat().includes("header:Authorization")) expect(prefix, id).toMatch(SCHEME);
    }
  });

  test.each(named)("%s: in capitals, in lower case, and behind several spaces", async (id) => {
    const provider = findProvider(id)!;
    const prefix = provider.signature.prefix!;
    // The prefix is all that is judged here: whatever the algorithm, a token stands behind it.
    const bare: Provider = { name: id, algorithm: "token", signature: { at: provider.signature.at, prefix } };
    const header = [provider.signature.at].flat()[0]!.replace("header:", "");
    for (const written of [prefix, prefix.toLowerCase(), prefix.toUpperCase(), `${prefix}  `])
      expect(await reason(bare, sent("{}", { [header]: `${written}${SECRET}` })), written).toBe("ok");
    for (const written of ["", prefix.trim(), `x${prefix}`, `${prefix.trim()}\t`])
      expect(await reason(bare, sent("{}", { [header]: `${written}${SECRET}` })), written).not.toBe("ok");
  });

  test("a user's own prefix is read the same way, and one that is no scheme keeps its case", async () => {
    const own = custom({
      name: "own",
      algorithm: "token",
      signature: { at: "header:Authorization", prefix: "Token " },
    });
    expect(await reason(own, sent("{}", { authorization: `TOKEN ${SECRET}` }))).toBe("ok");
    expect(await reason("github", sent("{}", { "x-hub-signature-256": `SHA256=${hex("{}")}` }))).not.toBe("ok");
  });
});

describe("a token in Authorization, written as its sender writes it", () => {
  const whole = providerIds().filter((id) => {
    const { algorithm, signature } = findProvider(id)!;
    return algorithm === "token" && signature.at === "header:Authorization" && signature.prefix === undefined;
  });

  test("is there in the catalogue", () => expect(whole).toEqual(expect.arrayContaining(["brevo", "okta", "auth0"])));

  test.each(whole)("%s: bare, as a bearer token and as Basic credentials", async (id) => {
    const judge = (authorization: string, secret: string) => reason(id, sent("{}", { authorization }), secret);
    expect(await judge("tok", "tok")).toBe("ok");
    for (const scheme of ["Bearer ", "bearer ", "BEARER   "]) {
      expect(await judge(`${scheme}tok`, "tok")).toBe("ok");
      expect(await judge(`${scheme}tok`, "Bearer tok")).toBe("ok");
    }
    expect(await judge(`Basic ${btoa("me:pass")}`, "me:pass")).toBe("ok");
    expect(await judge(`basic ${btoa("me:pass")}`, "me:pass")).toBe("ok");
    // The scheme alone is no token, and nobody's token is the empty one.
    for (const wrong of [
      "Bearer",
      "Bearer x",
      "Basic",
      `Basic ${btoa("me:")}`,
      "Bearer tok2",
      "Digest tok",
      "xBearer tok",
    ])
      expect(await judge(wrong, "tok"), wrong).toBe("signature_mismatch");
    expect(await judge("Bearer", "Bearer")).toBe("ok");
    expect(await judge("tok", "Bearer ")).toBe("signature_mismatch");
  });
});

describe("form mode", () => {
  const JSON_BODY = '{"ref":"refs/heads/main","action":"created"}';
  const FORGES = { gitea: "x-gitea", forgejo: "x-forgejo", gogs: "x-gogs" } as const;

  test.each(Object.entries(FORGES))("%s signs the JSON inside payload", async (id, prefix) => {
    const headers = { ...FORM, [`${prefix}-signature`]: hex(JSON_BODY) };
    const judge = (body: string) => reason(id, sent(body, headers));
    expect(await judge(form({ payload: JSON_BODY }))).toBe("ok");
    expect(await judge(form({ payload: JSON_BODY.replace("main", "evil") }))).toBe("signature_mismatch");
    expect(await reason(id, sent(JSON_BODY, { ...headers, "content-type": "application/json" }))).toBe("ok");
  });

  test.each(Object.entries(FORGES))("%s: nothing stands beside the signed field", async (id, prefix) => {
    const headers = { ...FORM, [`${prefix}-signature`]: hex(JSON_BODY) };
    const payload = form({ payload: JSON_BODY });
    const inside = JSON.stringify({ action: "forged", x: `&${payload}&` });
    for (const body of [`${payload}&action=forged`, `a=1&${payload}`, `${payload}&${payload}`, inside, `&x&${payload}`])
      expect(await reason(id, sent(body, headers)), body).toBe("signature_mismatch");
  });
});

test("one event in form mode and as JSON is one event: a captured request is not another in the other clothes", () => {
  const document = '{"ref":"a b"}';
  const named = { "x-gitea-delivery": "d1", "x-gitea-event": "push" };
  const bound = (body: string, headers: Record<string, string>): string => {
    const { dedupe } = identify(sent(body, { ...named, ...headers }), findProvider("gitea")!, {});
    return dedupe?.fields ?? body;
  };
  expect(bound(document, { "content-type": "application/json" })).toBe(document);
  for (const payload of [form({ payload: document }), `payload=${encodeURIComponent(document)}`])
    expect(bound(payload, FORM)).toBe(document);
});

test("Twilio signs the URL with or without its port, whichever of them the relay sees", async () => {
  for (const scheme of ["https", "http"]) {
    const [standard, other] = scheme === "https" ? [443, 8443] : [80, 8080];
    const bare = `${scheme}://h.example/in/a?b=1`;
    const ported = (port: number) => `${scheme}://h.example:${port}/in/a?b=1`;
    expect(await twilio(bare, bare)).toBe("ok");
    expect(await twilio(ported(standard), bare)).toBe("ok");
    expect(await twilio(bare, ported(standard))).toBe("ok");
    expect(await twilio(bare, ported(other))).toBe("ok");
    expect(await twilio(ported(other), ported(other))).toBe("ok");
    expect(await twilio(ported(other + 1), ported(other))).toBe("signature_mismatch");
    expect(await twilio(ported(other), bare)).toBe("signature_mismatch");
  }
});

test("Plivo signs with the main account's token too, in a header of its own", async () => {
  const url = "https://hooks.example.com/in/a";
  const code = createHmac("sha256", SECRET).update(`${url}.n1`).digest("base64");
  for (const name of ["x-plivo-signature-v3", "x-plivo-signature-ma-v3"])
    expect(await reason("plivo-v3", sent("", { [name]: code, "x-plivo-signature-v3-nonce": "n1" }, url))).toBe("ok");
  const two = createHmac("sha256", SECRET).update(`${url}n1`).digest("base64");
  for (const name of ["x-plivo-signature-v2", "x-plivo-signature-ma-v2"])
    expect(await reason("plivo-v2", sent("", { [name]: two, "x-plivo-signature-v2-nonce": "n1" }, url))).toBe("ok");
});

test("Mollie repeats its header while a secret is rotated", async () => {
  const [old, fresh] = [hex("{}", OLD), hex("{}", NEW)];
  for (const value of [`${old}, ${fresh}`, `sha256=${fresh}, sha256=${old}`, `junk, ${fresh}`])
    expect(await reason("mollie", sent("{}", { "x-mollie-signature": value }), NEW)).toBe("ok");
  expect(await reason("mollie", sent("{}", { "x-mollie-signature": `${old}, junk` }), NEW)).toBe("signature_mismatch");
});
