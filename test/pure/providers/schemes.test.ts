// The schemes that the facts describe in words, signed by hand with node:crypto as each sender's own code would.

import { createHash, createHmac, createSign, sign } from "node:crypto";
import { expect, test } from "vitest";
import { isSigned, parseJws } from "../../../src/verify/jws.ts";
import { findProvider } from "../../../src/providers/catalogue.ts";
import type { Secret } from "../../../src/types.ts";
import { verify, type Inbound } from "../../../src/verify/verify.ts";
import { pairs } from "../../vectors/keys.ts";
import { NOW } from "../../vectors/signed.ts";

const URL_PUBLIC = "https://hooks.example.com/in/abc123";
const BODY = '{"id":"evt_1","n":1}';
const SECRET = "a-shared-secret";

interface Sent {
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly url?: string;
}

const request = ({ headers = {}, body = BODY, url = URL_PUBLIC }: Sent): Inbound => ({
  method: "POST",
  url,
  headers: new Headers(headers),
  body: new TextEncoder().encode(body),
});

async function judged(
  id: string,
  sent: Sent,
  secret: string = SECRET,
  settings: Record<string, string> = {},
  now = NOW,
): Promise<string> {
  const secrets: Secret[] = [{ name: "S", value: secret }];
  const verdict = await verify(request(sent), findProvider(id)!, secrets, settings, now * 1000);
  return verdict.ok ? "accepted" : verdict.rejection.reason;
}

const pem = (kind: keyof typeof pairs): string =>
  pairs[kind].publicKey.export({ type: "spki", format: "pem" }).toString();
const jwk = (kind: keyof typeof pairs): object => pairs[kind].publicKey.export({ format: "jwk" });
const hmac = (hash: string, text: string, key = SECRET): Buffer => createHmac(hash, key).update(text).digest();
const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();
const b64url = (text: string): string => Buffer.from(text).toString("base64url");
const jwt = (header: object, claims: object, code: (input: string) => Buffer): string => {
  const input = `${b64url(JSON.stringify(header))}.${b64url(JSON.stringify(claims))}`;
  return `${input}.${code(input).toString("base64url")}`;
};

test("Mercado Pago signs the lower-cased id of the query, and leaves out what is absent", async () => {
  const v1 = hmac("sha256", `id:abc9;request-id:r1;ts:${NOW};`).toString("hex");
  const headers = { "x-signature": `ts=${NOW},v1=${v1}`, "x-request-id": "r1" };
  expect(await judged("mercado-pago", { url: `${URL_PUBLIC}?data.id=ABC9&type=payment`, headers })).toBe("accepted");
  expect(await judged("mercado-pago", { url: `${URL_PUBLIC}?data.id=ABC8&type=payment`, headers })).toBe(
    "signature_mismatch",
  );
  const short = hmac("sha256", `request-id:r1;ts:${NOW};`).toString("hex");
  const without = { "x-signature": `ts=${NOW},v1=${short}`, "x-request-id": "r1" };
  expect(await judged("mercado-pago", { headers: without })).toBe("accepted");
});

test("Coinbase signs the headers that its own signature lists", async () => {
  const v1 = hmac("sha256", `${NOW}.content-type x-event-id.application/json.e1.${BODY}`).toString("hex");
  const headers = {
    "content-type": "application/json",
    "x-event-id": "e1",
    "x-hook0-signature": `t=${NOW},h=content-type x-event-id,v1=${v1}`,
  };
  expect(await judged("coinbase-cdp", { headers })).toBe("accepted");
  expect(await judged("coinbase-cdp", { headers: { ...headers, "x-event-id": "e2" } })).toBe("signature_mismatch");
});

test("Mailgun's signature is inside the JSON, or in the form of its older routes", async () => {
  const signature = hmac("sha256", `${NOW}tok`).toString("hex");
  const body = JSON.stringify({
    signature: { timestamp: String(NOW), token: "tok", signature },
    "event-data": { event: "opened" },
  });
  expect(await judged("mailgun", { body })).toBe("accepted");
  expect(await judged("mailgun", { body }, SECRET, {}, NOW + 900)).toBe("accepted");
  expect(await judged("mailgun", { body }, SECRET, {}, NOW + 901)).toBe("timestamp_stale");
  const form = `timestamp=${NOW}&token=tok&signature=${signature}`;
  expect(
    await judged("mailgun", { body: form, headers: { "content-type": "application/x-www-form-urlencoded" } }),
  ).toBe("accepted");
});

const sumsub = (name: string, hash: string): Sent => ({
  headers: { "x-payload-digest-alg": name, "x-payload-digest": hmac(hash, BODY).toString("hex") },
});

test("Sumsub may choose between two strong hashes by a header, never SHA-1", async () => {
  expect(await judged("sumsub", sumsub("HMAC_SHA256_HEX", "sha256"))).toBe("accepted");
  expect(await judged("sumsub", sumsub("HMAC_SHA512_HEX", "sha512"))).toBe("accepted");
  expect(await judged("sumsub", sumsub("HMAC_SHA1_HEX", "sha1"))).toBe("part_refused");
  expect(await judged("sumsub", sumsub("constructor", "sha256"))).toBe("part_refused");
});

test("WebSub names its hash before the equals sign", async () => {
  for (const hash of ["sha1", "sha256", "sha384", "sha512"]) {
    expect(
      await judged("websub", { headers: { "x-hub-signature": `${hash}=${hmac(hash, BODY).toString("hex")}` } }),
    ).toBe("accepted");
  }
  expect(await judged("websub", { headers: { "x-hub-signature": `md5=${hmac("md5", BODY).toString("hex")}` } })).toBe(
    "part_refused",
  );
});

test("HubSpot's third version is accepted with the URL as sent and as its documentation decodes it", async () => {
  const url = `${URL_PUBLIC}?email=a%40b.c`;
  for (const signed of [url, `${URL_PUBLIC}?email=a@b.c`]) {
    const signature = hmac("sha256", `POST${signed}${BODY}${NOW * 1000}`).toString("base64");
    const headers = { "x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": String(NOW * 1000) };
    expect(await judged("hubspot-v3", { url, headers })).toBe("accepted");
  }
});

test("SNS signs its fields in byte order, with the hash that its version names, under a key from its own hosts", async () => {
  const fields = {
    Type: "Notification",
    MessageId: "m1",
    TopicArn: "arn:aws:sns:eu-west-1:1:t",
    Subject: "s",
    Message: "hello",
    Timestamp: new Date(NOW * 1000).toISOString(),
    SigningCertURL: "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-x.pem",
  };
  const content = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    .map((name) => `${name}\n${Reflect.get(fields, name)}\n`)
    .join("");
  const body = (version: string, extra: object = {}): string => {
    const Signature = createSign(version === "1" ? "sha1" : "sha256")
      .update(content)
      .sign(pairs.rsa.privateKey, "base64");
    return JSON.stringify({ ...fields, SignatureVersion: version, Signature, ...extra });
  };
  const topic = { topic: fields.TopicArn };
  expect(await judged("aws-sns", { body: body("1") }, pem("rsa"), topic)).toBe("accepted");
  expect(await judged("aws-sns", { body: body("2") }, pem("rsa"), topic)).toBe("accepted");
  expect(await judged("aws-sns", { body: body("2", { Message: "evil" }) }, pem("rsa"), topic)).toBe(
    "signature_mismatch",
  );
  expect(
    await judged(
      "aws-sns",
      { body: body("2", { SigningCertURL: "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem" }) },
      pem("rsa"),
      topic,
    ),
  ).toBe("part_refused");
  expect(await judged("aws-sns", { body: body("2", { Type: "Notification\nx" }) }, pem("rsa"))).toBe("part_refused");
  expect(await judged("aws-sns", { body: body("2") }, pem("rsa"), { topic: "arn:aws:sns:eu-west-1:1:other" })).toBe(
    "part_refused",
  );
  expect(await judged("aws-sns", { body: body("2") }, pem("rsa"))).toBe("setting_missing");
});

const vonageToken = (claims: object): string =>
  jwt({ alg: "HS256", typ: "JWT" }, claims, (input) => hmac("sha256", input));

const vonage = (claims: object): Sent => ({ headers: { authorization: `Bearer ${vonageToken(claims)}` } });

test("Vonage's token is bound to the body and to five minutes", async () => {
  const good = { iss: "Vonage", iat: NOW, payload_hash: sha256(BODY).toString("hex") };
  expect(await judged("vonage", vonage(good))).toBe("accepted");
  expect(await judged("vonage", vonage(good), SECRET, {}, NOW + 301)).toBe("timestamp_stale");
  expect(await judged("vonage", vonage({ iss: "Vonage", iat: NOW }))).toBe("part_missing");
  expect(await judged("vonage", vonage({ ...good, payload_hash: sha256("other").toString("hex") }))).toBe(
    "body_mismatch",
  );
});

test("a token in an algorithm that the provider does not use is refused, whoever asks", async () => {
  const claims = { iss: "netlify", sha256: sha256(BODY).toString("hex") };
  const token = jwt({ alg: "HS512" }, claims, (input) => hmac("sha512", input));
  expect(await judged("netlify", { headers: { "x-webhook-signature": token } })).toBe("part_refused");
  const secret = { name: "S", value: SECRET };
  expect(await isSigned(parseJws(token)!, secret, "text", ["HS512"])).toBe(true);
  expect(await isSigned(parseJws(token)!, secret, "text", ["HS256"])).toBe(false);
});

test("eBay's signature is an envelope around an ECDSA signature in DER", async () => {
  const signature = createSign("sha1").update(BODY).sign(pairs.ec.privateKey, "base64");
  const header = Buffer.from(JSON.stringify({ alg: "ecdsa", kid: "k1", signature, digest: "SHA1" })).toString("base64");
  expect(await judged("ebay", { headers: { "x-ebay-signature": header } }, pem("ec"))).toBe("accepted");
  expect(await judged("ebay", { headers: { "x-ebay-signature": header }, body: "{}" }, pem("ec"))).toBe(
    "signature_mismatch",
  );
  expect(await judged("ebay", { headers: { "x-ebay-signature": "bnVsbA==" } }, pem("ec"))).toBe("signature_malformed");
});

test("Kinde's whole body is the token", async () => {
  const body = jwt({ alg: "RS256", kid: "k1" }, { iss: "https://acme.kinde.com", type: "user.created" }, (input) =>
    createSign("sha256").update(input).sign(pairs.rsa.privateKey),
  );
  const set = JSON.stringify({ keys: [{ ...jwk("rsa"), kid: "k1", use: "sig" }] });
  const issuer = { issuer: "https://acme.kinde.com" };
  expect(await judged("kinde", { body }, set, issuer)).toBe("accepted");
  expect(await judged("kinde", { body }, JSON.stringify(jwk("rsa")), issuer)).toBe("accepted");
  expect(await judged("kinde", { body }, set, { issuer: "https://other.kinde.com" })).toBe("part_refused");
  expect(await judged("kinde", { body }, set)).toBe("setting_missing");
  expect(await judged("kinde", { body: `${body}x` }, set, issuer)).not.toBe("accepted");
});

const fusionAuth = (token: string): Sent => ({ headers: { "x-fusionauth-signature-jwt": token } });

test("FusionAuth takes a shared secret or a public key, and never the one for the other", async () => {
  const claims = { request_body_sha256: sha256(BODY).toString("base64") };
  const shared = jwt({ alg: "HS256" }, claims, (input) => hmac("sha256", input));
  const own = jwt({ alg: "RS256" }, claims, (input) => createSign("sha256").update(input).sign(pairs.rsa.privateKey));
  const eddsa = jwt({ alg: "EdDSA" }, claims, (input) => sign(null, Buffer.from(input), pairs.ed25519.privateKey));
  const confused = jwt({ alg: "HS256" }, claims, (input) => hmac("sha256", input, pem("rsa")));
  expect(await judged("fusionauth", fusionAuth(shared))).toBe("accepted");
  expect(await judged("fusionauth", fusionAuth(own), pem("rsa"))).toBe("accepted");
  expect(await judged("fusionauth", fusionAuth(eddsa), JSON.stringify(jwk("ed25519")))).toBe("accepted");
  expect(await judged("fusionauth", fusionAuth(confused), pem("rsa"))).toBe("signature_mismatch");
});

test("fal signs ids, a timestamp and the hash of the body", async () => {
  const text = `r1\nu1\n${NOW}\n${sha256(BODY).toString("hex")}`;
  const headers = {
    "x-fal-webhook-request-id": "r1",
    "x-fal-webhook-user-id": "u1",
    "x-fal-webhook-timestamp": String(NOW),
    "x-fal-webhook-signature": sign(null, Buffer.from(text), pairs.ed25519.privateKey).toString("hex"),
  };
  const set = JSON.stringify({ keys: [jwk("ed25519")] });
  expect(await judged("fal-ai", { headers }, set)).toBe("accepted");
  expect(await judged("fal-ai", { headers, body: "{}" }, set)).toBe("signature_mismatch");
});

test("MailChannels' message signature must cover the digest, and the digest the body", async () => {
  const digest = `sha-256=:${sha256(BODY).toString("base64")}:`;
  const signed = (names: string, lines: string): Record<string, string> => {
    const params = `(${names});created=${NOW};alg="ed25519";keyid="mckey"`;
    const base = `${lines}"@signature-params": ${params}`;
    const signature = sign(null, Buffer.from(base), pairs.ed25519.privateKey).toString("base64");
    return { "content-digest": digest, "signature-input": `sig_1=${params}`, signature: `sig_1=:${signature}:` };
  };
  const good = signed('"content-digest"', `"content-digest": ${digest}\n`);
  const key = pairs.ed25519.publicKey.export({ type: "spki", format: "der" }).toString("base64");
  expect(await judged("mailchannels", { headers: good }, key)).toBe("accepted");
  expect(await judged("mailchannels", { headers: good, body: "{}" }, key)).toBe("body_mismatch");
  expect(await judged("mailchannels", { headers: good }, key, {}, NOW + 301)).toBe("timestamp_stale");
  expect(await judged("mailchannels", { headers: signed("", "") }, key)).toBe("signature_malformed");
  const twice = signed(
    '"content-digest" "content-digest"',
    `"content-digest": ${digest}\n"content-digest": ${digest}\n`,
  );
  expect(await judged("mailchannels", { headers: twice }, key)).toBe("signature_malformed");
});

test("Keygen's signature covers request line, host, date and digest", async () => {
  const date = new Date(NOW * 1000).toUTCString();
  const digest = `sha-256=${sha256(BODY).toString("base64")}`;
  const text = `(request-target): post /in/abc123\nhost: hooks.example.com\ndate: ${date}\ndigest: ${digest}`;
  const signature = sign(null, Buffer.from(text), pairs.ed25519.privateKey).toString("base64");
  const headers = {
    date,
    digest,
    "keygen-signature": `keyid="k", algorithm="ed25519", signature="${signature}", headers="(request-target) host date digest"`,
  };
  const key = pairs.ed25519.publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("hex");
  expect(await judged("keygen", { headers }, key)).toBe("accepted");
  expect(await judged("keygen", { headers, body: "{}" }, key)).toBe("body_mismatch");
  expect(await judged("keygen", { headers, url: `${URL_PUBLIC}?x=1` }, key)).toBe("signature_mismatch");
  expect(await judged("keygen", { headers }, key, {}, NOW + 301)).toBe("timestamp_stale");
});

test("WeCom hashes token, time, nonce and message in order", async () => {
  const message = "ZW5jcnlwdGVk";
  const code = createHash("sha1")
    .update([SECRET, String(NOW), "n1", message].toSorted().join(""))
    .digest("hex");
  const url = `${URL_PUBLIC}?msg_signature=${code}&timestamp=${NOW}&nonce=n1`;
  expect(
    await judged("wecom", {
      url,
      body: `<xml><ToUserName>x</ToUserName><Encrypt><![CDATA[${message}]]></Encrypt></xml>`,
    }),
  ).toBe("accepted");
  expect(await judged("wecom", { url, body: JSON.stringify({ encrypt: message }) })).toBe("accepted");
  expect(await judged("wecom", { url: `${url}&echostr=${message}`, body: "<xml></xml>" })).toBe("part_missing");
});

const basicAuth = (text: string): Sent => ({
  headers: { authorization: `Basic ${Buffer.from(text).toString("base64")}` },
});

test("HTTP Basic credentials and tokens are compared as a whole", async () => {
  expect(await judged("postmark", basicAuth("user:pass"), "user:pass")).toBe("accepted");
  expect(await judged("chargebee", basicAuth("user:pas"), "user:pass")).toBe("signature_mismatch");
  expect(await judged("okta", { headers: { authorization: "tok" } }, "tok")).toBe("accepted");
  expect(await judged("cloudflare-notifications", { headers: { "cf-webhook-auth": "tok" } }, "tok")).toBe("accepted");
  expect(await judged("miro", { url: `${URL_PUBLIC}?token=tok` }, "tok")).toBe("accepted");
  expect(await judged("miro", {}, "tok")).toBe("signature_missing");
});
