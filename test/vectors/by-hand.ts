// Senders whose scheme no template expresses, each signed as its own code would sign it.

import { createHash, createHmac, createSign, sign } from "node:crypto";
import type { Facts } from "./facts.ts";
import { dingtalkMessage } from "./dingtalk.ts";
import { type Key, keyOf } from "./keys.ts";
import { type Asked, BODY, FORM, JSON_TYPE, NOW, type Signed, URL_SIGNED, withQuery } from "./signed.ts";
import { encoded, toleranceOf, written } from "./template.ts";
import { jwsCode } from "./tokens.ts";

/** What a signer by hand starts from. */
interface Hand {
  readonly id: string;
  readonly body: string;
  readonly at: number;
  readonly key: Key;
  /** The code of the facts' algorithm, in the facts' encoding. */
  readonly code: (content: string) => string;
  readonly tolerance: number | null;
}

/** A signed request, less what all of them have in common. */
type Made = Pick<Signed, "proof" | "covered"> & {
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly config?: Readonly<Record<string, string>>;
};

const IN_BODY = { body: ['"n":1', '"n":2'] } as const;
const sha256 = (text: string) => createHash("sha256").update(text).digest();
const header = (name: string, value: string, covered: Signed["covered"] = IN_BODY) => ({
  proof: value,
  headers: { ...JSON_TYPE, [name]: value },
  covered,
});

const HANDS: Readonly<Record<string, (hand: Hand) => Made>> = {
  hygraph: ({ body, at, code }) => {
    const time = written(at, "ms");
    const envelope = JSON.stringify({ Body: body, EnvironmentName: "main", TimeStamp: time }).replace(
      `"${time}"`,
      time,
    );
    const proof = code(envelope);
    const covered = { ...IN_BODY, environment: ["env=main", "env=next"] } as const;
    return { ...header("gcms-signature", `sign=${proof}, env=main, t=${time}`, covered), proof };
  },
  "dropbox-sign": ({ code }) => {
    const proof = code("1760000000signature_request_sent");
    const event = { event_time: "1760000000", event_type: "signature_request_sent", event_hash: proof };
    return {
      proof,
      headers: FORM,
      body: `json=${encodeURIComponent(JSON.stringify({ event }))}`,
      covered: { type: ["request_sent", "request_sign"], time: ["1760000000", "1760000001"] },
    };
  },
  "plivo-v3": ({ code }) => {
    const form = { From: "+15551111111", To: "+15555555555", Digits: "1234" };
    const appended = Object.entries(form)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => name + value)
      .join("");
    const proof = code(`${URL_SIGNED}.${appended}.12345678901234567890`);
    return {
      proof,
      headers: { ...FORM, "X-Plivo-Signature-V3": proof, "X-Plivo-Signature-V3-Nonce": "12345678901234567890" },
      body: new URLSearchParams(form).toString(),
      covered: {
        form: ["1234", "1235"],
        nonce: ["12345678901234567890", "12345678901234567891"],
        query: ["foo=1", "foo=2"],
      },
    };
  },
  contentful: ({ body, at, code }) => {
    const signed = {
      "x-contentful-signed-headers": "x-contentful-signed-headers,x-contentful-timestamp,x-contentful-topic",
      "x-contentful-timestamp": written(at, "ms"),
      "x-contentful-topic": "Entry.publish",
    };
    const lines = Object.entries(signed).map(([name, value]) => `${name}:${value}`);
    const proof = code(`POST\n/in/abc123?foo=1\n${lines.join(";")}\n${body}`);
    const covered = { ...IN_BODY, topic: ["Entry.publish", "Entry.delete"], query: ["foo=1", "foo=2"] } as const;
    return { proof, headers: { ...JSON_TYPE, ...signed, "x-contentful-signature": proof }, covered };
  },
  "mercado-pago": ({ at, code }) => {
    const proof = code(`id:abc9;request-id:r1;ts:${at};`);
    return {
      proof,
      url: withQuery(URL_SIGNED, "data.id", "ABC9"),
      headers: { ...JSON_TYPE, "x-request-id": "r1", "x-signature": `ts=${at},v1=${proof}` },
      covered: { id: ["ABC9", "ABC8"], "request id": ["r1", "r2"] },
    };
  },
  "coinbase-cdp": ({ body, at, code }) => {
    const proof = code(`${at}.content-type x-event-id.application/json.e1.${body}`);
    const covered = { ...IN_BODY, header: ["e1", "e2"] } as const;
    const headers = { ...JSON_TYPE, "x-event-id": "e1" };
    const signature = `t=${at},h=content-type x-event-id,v1=${proof}`;
    return { proof, headers: { ...headers, "X-Hook0-Signature": signature }, covered };
  },
  mailgun: ({ at, code }) => {
    const proof = code(`${at}tok_1`);
    const signature = { timestamp: String(at), token: "tok_1", signature: proof };
    const body = JSON.stringify({ signature, "event-data": { event: "opened", id: "e1" } });
    return { proof, body, covered: { token: ["tok_1", "tok_2"] } };
  },
  adyen: ({ code }) => {
    const proof = code("7914073381342284:O1:TestMerchant:TestPayment-1:1130:EUR:AUTHORISATION:true");
    const item = {
      pspReference: "7914073381342284",
      originalReference: "O1",
      merchantAccountCode: "TestMerchant",
      merchantReference: "TestPayment-1",
      amount: { value: 1130, currency: "EUR" },
      eventCode: "AUTHORISATION",
      success: "true",
      additionalData: { hmacSignature: proof },
    };
    const body = JSON.stringify({ live: "false", notificationItems: [{ NotificationRequestItem: item }] });
    const covered = { amount: ["1130", "1131"], success: ['"true"', '"false"'], currency: ["EUR", "USD"] } as const;
    return { proof, body, covered };
  },
  braintree: ({ code }) => {
    const payload = `${Buffer.from("<notification><kind>check</kind></notification>").toString("base64")}\n`;
    const proof = code(payload);
    const other = `${Buffer.from("<notification><kind>chock</kind></notification>").toString("base64")}\n`;
    const body = new URLSearchParams({ bt_signature: `public_key|${proof}`, bt_payload: payload }).toString();
    return { proof, headers: FORM, body, config: { publicKey: "public_key" }, covered: { payload: [payload, other] } };
  },
  "aws-sns": ({ at, key }) => {
    const fields = {
      Message: "hello",
      MessageId: "m1",
      Timestamp: written(at, "iso"),
      TopicArn: "arn:aws:sns:eu-west-1:1:t",
      Type: "Notification",
    };
    const content = Object.entries(fields)
      .map(([name, value]) => `${name}\n${value}\n`)
      .join("");
    const proof = createSign("sha256").update(content).sign(key.pair!.privateKey, "base64");
    const cert = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";
    const body = JSON.stringify({ ...fields, SignatureVersion: "2", Signature: proof, SigningCertURL: cert });
    const covered = { message: ["hello", "hullo"], id: ["m1", "m2"] } as const;
    return { proof, body, config: { topic: fields.TopicArn }, covered };
  },
  "messagebird-legacy": ({ body, at, key }) => {
    const content = Buffer.concat([Buffer.from(`${at}\nfoo=1\n`), sha256(body)]);
    const proof = createHmac("sha256", key.bytes).update(content).digest("base64");
    const covered = { ...IN_BODY, query: ["foo=1", "foo=2"] } as const;
    const headers = { ...JSON_TYPE, "MessageBird-Request-Timestamp": String(at), "MessageBird-Signature": proof };
    return { proof, headers, covered };
  },
  ebay: ({ body, key }) => {
    const signature = createSign("sha1").update(body).sign(key.pair!.privateKey, "base64");
    const envelope = JSON.stringify({ alg: "ecdsa", kid: "k1", signature, digest: "SHA1" });
    return header("X-EBAY-SIGNATURE", Buffer.from(envelope).toString("base64"));
  },
  "fal-ai": ({ body, at, code }) => {
    const proof = code(`r1\nu1\n${at}\n${sha256(body).toString("hex")}`);
    const headers = {
      ...JSON_TYPE,
      "X-Fal-Webhook-Request-Id": "r1",
      "X-Fal-Webhook-User-Id": "u1",
      "X-Fal-Webhook-Timestamp": String(at),
      "X-Fal-Webhook-Signature": proof,
    };
    return { proof, headers, covered: { ...IN_BODY, "request id": ["r1", "r2"], user: ["u1", "u2"] } };
  },
  mailchannels: ({ body, at, key }) => {
    const digest = `sha-256=:${sha256(body).toString("base64")}:`;
    const params = `("content-digest");created=${at};alg="ed25519";keyid="mckey"`;
    const base = `"content-digest": ${digest}\n"@signature-params": ${params}`;
    const proof = sign(null, Buffer.from(base), key.pair!.privateKey).toString("base64");
    const headers = { "content-digest": digest, "signature-input": `sig_1=${params}`, Signature: `sig_1=:${proof}:` };
    return { proof, headers: { ...JSON_TYPE, ...headers }, covered: { ...IN_BODY, key: ["mckey", "mykey"] } };
  },
  keygen: ({ body, at, key }) => {
    const date = new Date(at * 1000).toUTCString();
    const digest = `sha-256=${sha256(body).toString("base64")}`;
    const base = `(request-target): post /in/abc123?foo=1\nhost: hooks.example.com\ndate: ${date}\ndigest: ${digest}`;
    const proof = sign(null, Buffer.from(base), key.pair!.privateKey).toString("base64");
    const listed = 'headers="(request-target) host date digest"';
    const signature = `keyid="k", algorithm="ed25519", signature="${proof}", ${listed}`;
    const headers = { ...JSON_TYPE, date, digest, "Keygen-Signature": signature };
    return {
      proof,
      headers,
      covered: { ...IN_BODY, query: ["foo=1", "foo=2"], host: ["hooks.example", "hoaks.example"] },
    };
  },
  wecom: ({ at, key }) => {
    const encrypt = "ZW5jcnlwdGVk";
    const sorted = [key.text, String(at), "n1", encrypt].toSorted().join("");
    const proof = createHash("sha1").update(sorted).digest("hex");
    return {
      proof,
      url: `https://hooks.example.com/in/abc123?msg_signature=${proof}&timestamp=${at}&nonce=n1`,
      headers: { "content-type": "text/xml" },
      body: `<xml><ToUserName>x</ToUserName><Encrypt><![CDATA[${encrypt}]]></Encrypt></xml>`,
      covered: { message: [encrypt, "ZW5jcnlwdGVe"], nonce: ["nonce=n1", "nonce=n2"] },
    };
  },
  "dingtalk-events": ({ at, key }) => dingtalkMessage(key.text, at, "ZW5jcnlwdGVk"),
  "twilio-json": ({ body, code }) => {
    const url = withQuery(URL_SIGNED, "bodySHA256", sha256(body).toString("hex"));
    return { url, ...header("X-Twilio-Signature", code(url), { ...IN_BODY, query: ["foo=1", "foo=2"] }) };
  },
  fireblocks: ({ body, key }) => {
    const head = Buffer.from(JSON.stringify({ alg: "RS512", kid: "k1" })).toString("base64url");
    const input = `${head}.${Buffer.from(body).toString("base64url")}`;
    return header("Fireblocks-Webhook-Signature", `${head}..${jwsCode("RS512", input, key).toString("base64url")}`);
  },
  "constant-contact": ({ body, at, key }) => {
    const head = Buffer.from(JSON.stringify({ alg: "RS256", ts: at, b64: false, crit: ["b64"] })).toString("base64url");
    const proof = `${head}..${jwsCode("RS256", `${head}.${body}`, key).toString("base64url")}`;
    return header("X-CTCT-WEBHOOK-SIG", proof);
  },
  neon: ({ body, at, key }) => {
    const head = Buffer.from(JSON.stringify({ alg: "EdDSA", kid: "k1" })).toString("base64url");
    const time = written(at, "ms");
    const payload = Buffer.from(`${time}.${Buffer.from(body).toString("base64url")}`).toString("base64url");
    const proof = `${head}..${jwsCode("EdDSA", `${head}.${payload}`, key).toString("base64url")}`;
    return {
      proof,
      headers: { ...JSON_TYPE, "X-Neon-Signature": proof, "X-Neon-Timestamp": time, "X-Neon-Event-Id": "e1" },
      covered: IN_BODY,
    };
  },
  "adobe-io-events": ({ body, key }) => {
    const content = body.replace("{", '{"recipient_client_id":"client-1",');
    const proof = createSign("sha256").update(content).sign(key.pair!.privateKey, "base64");
    return {
      ...header("x-adobe-digital-signature-1", proof, { ...IN_BODY, recipient: ["client-1", "client-2"] }),
      body: content,
      config: { client_id: "client-1" },
    };
  },
  websub: ({ body, code }) => {
    const proof = code(body);
    return { ...header("X-Hub-Signature", `sha256=${proof}`), proof, config: { topic: "https://example.com/feed" } };
  },
  sumsub: ({ body, code }) => {
    const proof = code(body);
    const headers = { ...JSON_TYPE, "X-Payload-Digest-Alg": "HMAC_SHA256_HEX", "X-Payload-Digest": proof };
    return { proof, headers, covered: IN_BODY };
  },
};

/** Whether this sender is signed by hand. */
export function isByHand(id: string): boolean {
  return Object.hasOwn(HANDS, id);
}

/** A request as this sender's own code would sign it. */
export function signByHand({ id, scheme }: Facts, { body = BODY, at = NOW, whose = "own" }: Asked): Signed {
  const form = scheme.key ?? "utf8";
  const key = keyOf(id, form, whose);
  const hash = /^hmac-(sha\d+)$/.exec(scheme.alg)?.[1] ?? "sha256";
  const code = (content: string) =>
    encoded(
      key.pair === null
        ? createHmac(hash, key.bytes).update(content).digest()
        : sign(null, Buffer.from(content), key.pair.privateKey),
      scheme.sig?.enc ?? "hex",
    );
  const { proof, covered, ...made } = HANDS[id]!({ id, body, at, key, code, tolerance: toleranceOf(scheme) });
  return {
    request: {
      provider: id,
      method: "POST",
      url: URL_SIGNED,
      headers: JSON_TYPE,
      body,
      ...made,
      ...keyOf(id, form).row,
    },
    proof,
    covered,
    tolerance: toleranceOf(scheme),
  };
}
