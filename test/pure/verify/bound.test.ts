// Who is it for, under which algorithm, and is the secret one? Keys that pass for secrets, tokens for somebody else, algorithms that a request claims.

import { createHash, createHmac, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { handshake } from "../../../src/in/handshake.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";
import type { Provider } from "../../../src/scheme/scheme.ts";
import { parsesAsKey } from "../../../src/verify/parses-as-key.ts";
import { verify, type Inbound } from "../../../src/verify/verify.ts";
import { certificateDer, certificatePem } from "../../vectors/certificate.ts";
import { pairs } from "../../vectors/keys.ts";
import { NOW } from "../../vectors/signed.ts";

const URL_PUBLIC = "https://hooks.example.com/in/x";
const BODY = '{"event":{"type":"x"}}';
const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const named = (value: string) => [{ name: "S", value }];

const inbound = (headers: Record<string, string>, body = BODY, url = URL_PUBLIC, method = "POST"): Inbound => ({
  method,
  url,
  headers: new Headers(headers),
  body: new TextEncoder().encode(body),
});

function token(claims: object, secret: string, header: object = { alg: "HS256" }): string {
  const input = `${encoded(header)}.${encoded(claims)}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

async function judged(scheme: Provider, request: Inbound, secret: string, settings = {}): Promise<string> {
  const verdict = await verify(request, scheme, named(secret), settings, NOW * 1000);
  return verdict.ok ? "accepted" : verdict.rejection.reason;
}

const { publicKey, privateKey } = pairs.rsa;
const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
const spki = publicKey.export({ type: "spki", format: "der" });
const pkcs1 = publicKey.export({ type: "pkcs1", format: "der" });
const certificate = certificateDer({ ...pairs.rsa, commonNames: ["a"] });

/** A key in every spelling in which one gets pasted. */
const KEYS: Readonly<Record<string, string>> = {
  PEM: pem,
  "PEM on one line": pem.replaceAll("\n", ""),
  "PEM with literal line ends": pem.replaceAll("\n", "\\n"),
  "PEM in quotes": JSON.stringify(pem),
  "PEM behind white space": `\n  ${pem}`,
  "PEM behind a remark": `key of the sender:\n${pem}`,
  "PEM of PKCS#1": publicKey.export({ type: "pkcs1", format: "pem" }).toString(),
  "PEM of a private key": privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  "a certificate in PEM": certificatePem({ ...pairs.rsa, commonNames: ["a"] }),
  "a certificate in base64": certificate.toString("base64"),
  "a certificate in hexadecimal": certificate.toString("hex"),
  "DER in base64": spki.toString("base64"),
  "DER in base64, wrapped": spki.toString("base64").replaceAll(/.{64}/g, "$&\n"),
  "DER in base64 with literal line ends": spki.toString("base64").replaceAll(/.{64}/g, "$&\\n"),
  "DER in base64 without padding": spki.toString("base64").replace(/=+$/, ""),
  "DER in base64url": spki.toString("base64url"),
  "DER in hexadecimal": spki.toString("hex"),
  "DER in capital hexadecimal": spki.toString("hex").toUpperCase(),
  "DER in hexadecimal with colons": spki.toString("hex").replaceAll(/..(?=.)/g, "$&:"),
  "PKCS#1 in base64": pkcs1.toString("base64"),
  "PKCS#8 in base64": privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
  "PKCS#1, private, in base64": privateKey.export({ type: "pkcs1", format: "der" }).toString("base64"),
  "SEC 1 in base64": pairs.ec.privateKey.export({ type: "sec1", format: "der" }).toString("base64"),
  "an elliptic key in base64": pairs.ec.publicKey.export({ type: "spki", format: "der" }).toString("base64"),
  "an Ed25519 key in base64": pairs.ed25519.publicKey.export({ type: "spki", format: "der" }).toString("base64"),
  "PEM in base64": Buffer.from(pem).toString("base64"),
  "a JWK": JSON.stringify(publicKey.export({ format: "jwk" })),
  "a set of JWKs": JSON.stringify({ keys: [publicKey.export({ format: "jwk" })] }, null, 2),
  "a JWK in base64": Buffer.from(JSON.stringify(publicKey.export({ format: "jwk" }))).toString("base64"),
  OpenSSH: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3 somebody",
};

describe("what parses as a key is never a shared secret", () => {
  const symmetric = providerIds().flatMap((id): [string, Provider][] => {
    const scheme = findProvider(id)!;
    return scheme.secret?.startsWith("public") === true ? [] : [[id, scheme]];
  });

  test.each(Object.entries(KEYS))("%s", async (_, text) => {
    expect(parsesAsKey(text)).toBe(true);
    const hash = Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(BODY))).toString("base64");
    const forged = inbound({ "x-fusionauth-signature-jwt": token({ request_body_sha256: hash }, text) });
    expect(await judged(findProvider("fusionauth")!, forged, text)).not.toBe("accepted");
    const code = createHmac("sha256", text).update(BODY).digest("hex");
    expect(await judged(findProvider("github")!, inbound({ "x-hub-signature-256": `sha256=${code}` }), text)).toBe(
      "secret_unusable",
    );
    const shown = inbound({ "x-gitlab-token": text.replaceAll("\n", " ").trim() });
    expect(await judged(findProvider("gitlab")!, shown, text)).not.toBe("accepted");
  });

  test("in whatever form the scheme takes a secret", async () => {
    const key = KEYS["DER in base64"]!;
    for (const secret of ["text", "base64", "whsec", "whsec-or-text", "after-colon", "sha1", "html"] as const) {
      const scheme: Provider = { ...findProvider("github")!, secret };
      const bytes = ["base64", "whsec"].includes(secret) ? Buffer.from(key, "base64") : key;
      const code = createHmac("sha256", bytes).update(BODY).digest("hex");
      expect(await judged(scheme, inbound({ "x-hub-signature-256": `sha256=${code}` }), key), secret).toBe(
        "secret_unusable",
      );
    }
    expect(symmetric.length).toBeGreaterThan(150);
  });

  test.each([
    "a-shared-secret",
    "0011223344556677889900112233445566778899001122334455667788990011",
    "MIIBIjANBgkqhkiG",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    Buffer.alloc(64, 0x30).toString("base64"),
    "user:password",
    '{"a":1}',
    "{",
    "3081",
    "=",
    "",
  ])("and a secret is one: %j", (text) => {
    expect(parsesAsKey(text)).toBe(false);
  });

  test("random secrets are secrets", () => {
    for (let n = 0; n < 2000; n++) {
      const bytes = Buffer.from(crypto.getRandomValues(new Uint8Array(16 + (n % 64))));
      expect(parsesAsKey(bytes.toString("hex")) || parsesAsKey(bytes.toString("base64"))).toBe(false);
    }
  });

  test("a key is still a key where the sender's own is asked for", async () => {
    const hash = Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(BODY))).toString("base64");
    const input = `${encoded({ alg: "RS256" })}.${encoded({ request_body_sha256: hash })}`;
    const code = sign("sha256", Buffer.from(input), privateKey).toString("base64url");
    const request = inbound({ "x-fusionauth-signature-jwt": `${input}.${code}` });
    for (const spelling of ["PEM", "DER in base64", "a JWK", "a certificate in PEM"])
      expect(await judged(findProvider("fusionauth")!, request, KEYS[spelling]!), spelling).toBe("accepted");
  });
});

describe("a token is for this receiver", () => {
  const monday = findProvider("monday")!;
  const mondays = (claims: object, url = URL_PUBLIC) =>
    judged(monday, inbound({ authorization: token({ exp: NOW + 60, ...claims }, "s3cret") }, BODY, url), "s3cret");

  test("monday's aud is the URL of the source", async () => {
    expect(await mondays({ aud: URL_PUBLIC })).toBe("accepted");
    expect(await mondays({ aud: ["https://other.example/", URL_PUBLIC] })).toBe("accepted");
    expect(await mondays({ aud: "https://hooks.example.com" }, "https://hooks.example.com/")).toBe("accepted");
    for (const aud of [
      undefined,
      null,
      "",
      "https://evil.example/in/x",
      `${URL_PUBLIC}/y`,
      `${URL_PUBLIC}?a`,
      7,
      [],
      [[URL_PUBLIC]],
      {},
    ])
      expect(await mondays({ aud }), JSON.stringify(aud)).toBe("part_refused");
  });

  test("Vonage's iss is Vonage", async () => {
    const hash = Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(BODY))).toString("hex");
    const vonage = (iss?: string) =>
      judged(
        findProvider("vonage")!,
        inbound({ authorization: `Bearer ${token({ iat: NOW, payload_hash: hash, iss }, "s")}` }),
        "s",
      );
    expect(await vonage("Vonage")).toBe("accepted");
    expect(await vonage("Evil")).toBe("part_refused");
    expect(await vonage()).toBe("part_refused");
  });

  test("a rule whose setting is not set is met by nothing", async () => {
    const own: Provider = {
      ...monday,
      jwt: { algorithms: ["HS256"], audience: "{setting:app}", issuer: "{setting:iss}" },
    };
    const request = inbound({ authorization: token({ aud: "a", iss: "i" }, "s3cret") });
    expect(await judged(own, request, "s3cret")).toBe("setting_missing");
    expect(await judged(own, request, "s3cret", { iss: "i" })).toBe("setting_missing");
    expect(await judged(own, request, "s3cret", { iss: "i", ap: "a" })).toBe("setting_missing");
    expect(await judged(own, request, "s3cret", { iss: "i", app: "a" })).toBe("accepted");
  });

  test("a header that names its key by something that is no name is refused, and so is what must be understood", async () => {
    for (const extra of [
      { kid: 7 },
      { kid: {} },
      { crit: ["b64"] },
      { crit: [] },
      { alg: "hs256" },
      { alg: ["HS256"] },
    ])
      expect(
        await judged(
          monday,
          inbound({ authorization: token({ aud: URL_PUBLIC, exp: NOW + 9 }, "s", { alg: "HS256", ...extra }) }),
          "s",
        ),
        JSON.stringify(extra),
      ).not.toBe("accepted");
  });
});

describe("an algorithm that a request names is the sender's", () => {
  test("Keygen's header says ed25519, or nothing", async () => {
    const date = new Date(NOW * 1000).toUTCString();
    const sum = `sha-256=${createHash("sha256").update(BODY).digest("base64")}`;
    const content = `(request-target): post /in/x\ndate: ${date}\ndigest: ${sum}`;
    const code = sign(null, Buffer.from(content), pairs.ed25519.privateKey).toString("base64");
    const key = pairs.ed25519.publicKey.export({ type: "spki", format: "pem" }).toString();
    const keygen = (algorithm: string) => {
      const header = `keyid="k",${algorithm}headers="(request-target) date digest",signature="${code}"`;
      return judged(findProvider("keygen")!, inbound({ date, digest: sum, "keygen-signature": header }), key);
    };
    expect(await keygen('algorithm="ed25519",')).toBe("accepted");
    expect(await keygen("")).toBe("accepted");
    for (const other of ["rsa-pss-sha256", "rsa-sha256", "hs2019", "hmac-sha256", "none", ""])
      expect(await keygen(`algorithm="${other}",`), other).toBe("part_refused");
  });

  test.each([
    ["docusign", "x-docusign-signature-1", "x-authorization-digest", "HMACSHA256", "HMACSHA1"],
    ["box", "box-signature-primary", "box-signature-algorithm", "HmacSHA256", "HmacSHA1"],
  ])("%s", async (id, _, header, right, wrong) => {
    const rule = findProvider(id)!;
    const names = rule.signature.names ?? rule.demands ?? {};
    const [, allowed] = Object.entries(names).find(([place]) => place.toLowerCase() === `header:${header}`) ?? [];
    expect(allowed).toContain(right);
    expect(allowed).not.toContain(wrong);
  });
});

test("SNS is believed for its topic alone: without the setting, or with its name mistyped, for none", async () => {
  const scheme = findProvider("aws-sns")!;
  const fields = {
    Message: "m",
    MessageId: "1",
    Timestamp: new Date(NOW * 1000).toISOString(),
    TopicArn: "arn:aws:sns:eu-west-1:1:orders",
    Type: "Notification",
  };
  const content = Object.entries(fields).map(([name, value]) => `${name}\n${value}\n`);
  const Signature = sign("sha256", Buffer.from(content.join("")), privateKey).toString("base64");
  const SigningCertURL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-a.pem";
  const request = inbound({}, JSON.stringify({ ...fields, SignatureVersion: "2", Signature, SigningCertURL }));
  expect(await judged(scheme, request, pem, { topic: fields.TopicArn })).toBe("accepted");
  expect(await judged(scheme, request, pem, { topic: `${fields.TopicArn}-2` })).toBe("part_refused");
  for (const settings of [{}, { topik: fields.TopicArn }, { Topic: fields.TopicArn }])
    expect(await judged(scheme, request, pem, settings)).toBe("setting_missing");
});

const ask = (id: string, request: Inbound, secret = "", settings = {}) =>
  handshake(request, findProvider(id)!, secret === "" ? [] : named(secret), settings, "before-verify");

describe("handshakes that hand over or take back", () => {
  test("Notion's token comes signed with itself, or unsigned; never with another", async () => {
    const offered = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";
    const body = JSON.stringify({ verification_token: offered });
    const signed = (key: string) =>
      inbound({ "x-notion-signature": `sha256=${createHmac("sha256", key).update(body).digest("hex")}` }, body);
    expect(await ask("notion", signed(offered))).toMatchObject({ status: 200, reveals: offered });
    expect(await ask("notion", inbound({}, body))).toMatchObject({ status: 200, reveals: offered });
    const refused = await ask("notion", signed("another"));
    expect([refused?.status, refused?.reveals]).toEqual([403, undefined]);
    expect(await ask("notion", signed(offered), "a secret that is set")).toBeNull();
  });

  test("WebSub: what nobody asked for is 404, and a denial is heard", async () => {
    const topic = "https://feeds.example/a?b=c";
    const hub = (mode: string, about = topic, settings = {}) => {
      const query = new URLSearchParams({
        "hub.mode": mode,
        "hub.topic": about,
        "hub.challenge": "c1",
        "hub.lease_seconds": "9",
      });
      if (mode === "denied") query.delete("hub.challenge");
      return ask("websub", inbound({}, "", `${URL_PUBLIC}?${query.toString()}`, "GET"), "s", { topic, ...settings });
    };
    expect(await hub("subscribe")).toMatchObject({ status: 200, body: "c1" });
    expect(await hub("unsubscribe")).toMatchObject({ status: 404, body: "" });
    expect(await hub("publish")).toMatchObject({ status: 404 });
    expect(await hub("subscribe", "https://feeds.example/other")).toMatchObject({ status: 404 });
    expect(await hub("unsubscribe", topic, { mode: "unsubscribe" })).toMatchObject({ status: 200, body: "c1" });
    expect(await hub("subscribe", topic, { mode: "unsubscribe" })).toMatchObject({ status: 404 });
    expect(await hub("denied")).toMatchObject({ status: 200, body: "" });
    expect(await hub("denied", "https://feeds.example/other")).toMatchObject({ status: 404 });
  });
});
