// Libraries of the senders that sign with a key of their own, or with a token.

import { createHash, createSign } from "node:crypto";
import https from "node:https";
import { PassThrough } from "node:stream";
import type { KnownRequest } from "../../src/cli/local/known-answers.ts";
import { pairs } from "../vectors/keys.ts";
import { NOW } from "../vectors/signed.ts";
import { header, hmac, library, lowered, otherUrl, passes, secretOf, token, type Side } from "./side.ts";

const URL_SIGNED = "https://hooks.example.com/in/a?foo=1";
const BODY = '{"id":"evt_1","type":"test.event","data":{"name":"Zoë ☃","n":1}}';
const SECRET = "a shared secret of 32 characters.";

const sent = (provider: string, headers: Record<string, string>, body = BODY): KnownRequest => ({
  provider,
  method: "POST",
  url: URL_SIGNED,
  headers,
  body,
  secret: SECRET,
});

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const publicPem = pairs.rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
const KINDE_KEY = { ...pairs.rsa.publicKey.export({ format: "jwk" }), kid: "k1", use: "sig", alg: "RS256" };

/** While `work` runs, every HTTPS request of a library is answered with `text`: the sender's own hosts are unavailable in a test. */
async function answered<T>(text: string, work: () => Promise<T>): Promise<T> {
  const { get } = https;
  const { fetch: real } = globalThis;
  const stub = (_: unknown, listener: (response: PassThrough & { statusCode?: number }) => void): PassThrough => {
    listener(Object.assign(new PassThrough().end(text), { statusCode: 200 }));
    return new PassThrough();
  };
  Object.assign(https, { get: stub });
  globalThis.fetch = () => Promise.resolve(new Response(text));
  try {
    return await work();
  } finally {
    Object.assign(https, { get });
    globalThis.fetch = real;
  }
}

const SNS = {
  Type: "Notification",
  MessageId: "m1",
  TopicArn: "arn:aws:sns:eu-west-1:1:t",
  Subject: "Zoë",
  Message: "hello 1",
  Timestamp: new Date(NOW * 1000).toISOString(),
  SigningCertURL: "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-x.pem",
  SignatureVersion: "2",
};

export const asymmetric: readonly Side[] = [
  {
    provider: "sendgrid",
    from: "@sendgrid/eventwebhook",
    accepts: (request) => {
      const { EventWebhook } = library("@sendgrid/eventwebhook");
      const webhook = new EventWebhook();
      const signature = header(request, "x-twilio-email-event-webhook-signature");
      const time = header(request, "x-twilio-email-event-webhook-timestamp");
      const key = webhook.convertPublicKeyToECDSA(secretOf(request));
      return webhook.verifySignature(key, request.body, signature, time);
    },
  },
  {
    provider: "discord",
    from: "discord-interactions",
    accepts: (request) => {
      const { verifyKey } = library("discord-interactions");
      const [signature, time] = [header(request, "x-signature-ed25519"), header(request, "x-signature-timestamp")];
      return verifyKey(request.body, signature, time, secretOf(request));
    },
  },
  {
    provider: "telnyx",
    from: "telnyx",
    accepts: (request) => {
      const { Telnyx } = library("telnyx");
      const { webhooks } = new Telnyx({ apiKey: "key", publicKey: secretOf(request) });
      return passes(webhooks.unwrap(request.body, { headers: lowered(request) }));
    },
  },
  {
    provider: "aws-sns",
    from: "sns-validator",
    byHand: () => {
      const names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"] as const;
      const content = names.map((name) => `${name}\n${SNS[name]}\n`).join("");
      const Signature = createSign("sha256").update(content).sign(pairs.rsa.privateKey, "base64");
      const { secret: _, ...request } = sent("aws-sns", {}, JSON.stringify({ ...SNS, Signature }));
      return { ...request, publicKey: publicPem, config: { topic: SNS.TopicArn } };
    },
    accepts: (request) =>
      answered(publicPem, async () => {
        const Validator = library("sns-validator");
        return new Promise((resolve) => {
          new Validator().validate(request.body, (error: Error | null) => resolve(error === null));
        });
      }),
    tampered: (request) => ({ ...request, body: request.body.replace("hello 1", "hello 2") }),
  },
  {
    provider: "vonage",
    from: "@vonage/jwt",
    byHand: () => {
      const claims = {
        iat: NOW,
        jti: "j1",
        iss: "Vonage",
        payload_hash: sha256(BODY),
        api_key: "k",
        application_id: "a",
      };
      return sent("vonage", { authorization: `Bearer ${token(claims, SECRET)}` });
    },
    accepts: (request) => {
      const { verifySignature } = library("@vonage/jwt");
      return verifySignature(header(request, "authorization").slice("Bearer ".length), secretOf(request));
    },
    // The library looks at the token alone; the body's hash within it is the receiver's to compare, and ours does.
    tampered: (request) => ({
      ...request,
      headers: { authorization: `${header(request, "authorization").slice(0, -2)}AA` },
    }),
  },
  {
    provider: "messagebird",
    from: "messagebird",
    byHand: () => {
      const claims = { iss: "MessageBird", nbf: NOW - 1, exp: NOW + 60, jti: "j1", url_hash: sha256(URL_SIGNED) };
      const signed = token({ ...claims, payload_hash: sha256(BODY) }, SECRET);
      return sent("messagebird", { "messagebird-signature-jwt": signed });
    },
    accepts: (request) => {
      const { verify } = library("messagebird/lib/webhook-signature-jwt");
      const jwt = header(request, "messagebird-signature-jwt");
      return passes(verify(request.url, Buffer.from(request.body), jwt, Buffer.from(secretOf(request))));
    },
  },
  {
    provider: "messagebird-legacy",
    from: "messagebird",
    byHand: () => {
      const hash = createHash("sha256").update(BODY).digest();
      const content = Buffer.concat([Buffer.from(`${NOW}\nfoo=1\n`), hash]);
      const signature = hmac("sha256", content, SECRET).toString("base64");
      return sent("messagebird-legacy", {
        "messagebird-request-timestamp": String(NOW),
        "messagebird-signature": signature,
      });
    },
    accepts: (request) => {
      const { validate } = library("messagebird/lib/signature");
      const query = Object.fromEntries(new URL(request.url).searchParams);
      return validate({ headers: lowered(request), query, body: request.body }, secretOf(request));
    },
  },
  {
    provider: "atlassian-connect",
    from: "atlassian-jwt",
    sign: () => {
      const { createQueryStringHash, encodeSymmetric, fromMethodAndUrl } = library("atlassian-jwt");
      const qsh: string = createQueryStringHash(fromMethodAndUrl("post", "/in/a?foo=1"));
      const signed: string = encodeSymmetric({ iss: "client-key", iat: NOW, exp: NOW + 180, qsh }, SECRET);
      return sent("atlassian-connect", { authorization: `JWT ${signed}` });
    },
    byHand: () => {
      const claims = { iss: "client-key", iat: NOW, exp: NOW + 180, qsh: sha256("POST&/in/a&foo=1") };
      return sent("atlassian-connect", { authorization: `JWT ${token(claims, SECRET)}` });
    },
    accepts: (request) => {
      const { createQueryStringHash, decodeSymmetric, fromMethodAndUrl } = library("atlassian-jwt");
      const { pathname, search } = new URL(request.url);
      const claims = decodeSymmetric(header(request, "authorization").slice("JWT ".length), secretOf(request), "HS256");
      return claims.qsh === createQueryStringHash(fromMethodAndUrl("post", pathname + search));
    },
    tampered: otherUrl,
  },
  {
    provider: "kinde",
    from: "@kinde/webhooks",
    byHand: () => {
      const claims = { iss: "https://acme.kinde.com", type: "user.created", event_id: "e1" };
      const parts = [{ alg: "RS256", kid: "k1" }, claims].map((part) =>
        Buffer.from(JSON.stringify(part)).toString("base64url"),
      );
      const signature = createSign("sha256").update(parts.join(".")).sign(pairs.rsa.privateKey, "base64url");
      const { secret: _, ...request } = sent("kinde", {}, `${parts.join(".")}.${signature}`);
      return {
        ...request,
        publicKey: JSON.stringify({ keys: [KINDE_KEY] }),
        config: { issuer: "https://acme.kinde.com" },
      };
    },
    accepts: (request) =>
      answered(secretOf(request), async () => {
        const { decodeWebhook } = library("@kinde/webhooks");
        return (await decodeWebhook(request.body, "https://acme.kinde.com")) !== null;
      }),
    tampered: (request) => ({ ...request, body: `${request.body.slice(0, -4)}AAAA` }),
  },
];
