// Libraries of the senders that sign a timestamp with the body.

import { NOW } from "../vectors/signed.ts";
import { header, hmac, library, lowered, module, passes, secretOf, type Side } from "./side.ts";

const URL = "https://hooks.example.com/in/a";
const BODY = '{"id":"evt_1","type":"test.event","data":{"name":"Zoë ☃","n":1}}';
const SECRET = "a shared secret";

export const timestamped: readonly Side[] = [
  {
    provider: "stripe",
    from: "stripe",
    sign: () => {
      const Stripe = library("stripe");
      const { webhooks } = new Stripe("sk_test");
      const signature = webhooks.generateTestHeaderString({ payload: BODY, secret: SECRET, timestamp: NOW });
      const headers = { "stripe-signature": signature };
      return { provider: "stripe", method: "POST", url: URL, headers, body: BODY, secret: SECRET };
    },
    accepts: (request) => {
      const Stripe = library("stripe");
      const { webhooks } = new Stripe("sk_test");
      return passes(webhooks.constructEvent(request.body, header(request, "stripe-signature"), secretOf(request)));
    },
  },
  {
    provider: "slack",
    from: "@slack/bolt",
    accepts: (request) => {
      const { verifySlackRequest } = library("@slack/bolt/dist/receivers/verify-request.js");
      const { body } = request;
      return passes(verifySlackRequest({ signingSecret: secretOf(request), body, headers: lowered(request) }));
    },
  },
  {
    provider: "paddle",
    from: "@paddle/paddle-node-sdk",
    accepts: (request) => {
      const { Paddle } = library("@paddle/paddle-node-sdk");
      const { webhooks } = new Paddle("key");
      return webhooks.isSignatureValid(request.body, secretOf(request), header(request, "paddle-signature"));
    },
  },
  {
    provider: "workos",
    from: "@workos-inc/node",
    sign: async () => {
      const { WorkOS } = library("@workos-inc/node");
      const { webhooks } = new WorkOS("sk_test");
      const time = NOW * 1000;
      const code = await webhooks.computeSignature(time, JSON.parse(BODY), SECRET);
      const headers = { "workos-signature": `t=${time},v1=${code}` };
      return { provider: "workos", method: "POST", url: URL, headers, body: BODY, secret: SECRET };
    },
    accepts: (request) => {
      const { WorkOS } = library("@workos-inc/node");
      const sigHeader = header(request, "workos-signature");
      return new WorkOS("sk_test").webhooks.verifyHeader({
        payload: JSON.parse(request.body),
        sigHeader,
        secret: secretOf(request),
      });
    },
  },
  {
    provider: "mux",
    from: "@mux/mux-node",
    accepts: (request) => {
      const { Mux } = library("@mux/mux-node");
      const { webhooks } = new Mux({ tokenId: "id", tokenSecret: "secret" });
      return passes(webhooks.verifySignature(request.body, lowered(request), secretOf(request)));
    },
  },
  {
    provider: "sanity",
    from: "@sanity/webhook",
    sign: async () => {
      const { encodeSignatureHeader } = library("@sanity/webhook");
      const headers = { "sanity-webhook-signature": await encodeSignatureHeader(BODY, NOW * 1000, SECRET) };
      return { provider: "sanity", method: "POST", url: URL, headers, body: BODY, secret: SECRET };
    },
    accepts: (request) => {
      const { isValidSignature } = library("@sanity/webhook");
      return isValidSignature(request.body, header(request, "sanity-webhook-signature"), secretOf(request));
    },
  },
  {
    provider: "elevenlabs",
    from: "@elevenlabs/elevenlabs-js",
    accepts: (request) => {
      const { WebhooksClient } = library("@elevenlabs/elevenlabs-js/wrapper/webhooks.js");
      const client = new WebhooksClient({});
      return passes(client.constructEvent(request.body, header(request, "elevenlabs-signature"), secretOf(request)));
    },
  },
  {
    provider: "webflow",
    from: "webflow-api",
    accepts: (request) => {
      const { WebflowClient } = library("webflow-api");
      const { webhooks } = new WebflowClient({ accessToken: "token" });
      return webhooks.verifySignature({ headers: lowered(request), body: request.body, secret: secretOf(request) });
    },
  },
  {
    provider: "box",
    from: "box-node-sdk",
    headers: { "box-signature-version": "1", "box-signature-algorithm": "HmacSHA256" },
    accepts: (request) => {
      const { WebhooksManager } = library("box-node-sdk/lib/managers/webhooks");
      return WebhooksManager.validateMessage(request.body, lowered(request), secretOf(request));
    },
  },
  {
    provider: "linear",
    from: "@linear/sdk",
    byHand: () => {
      const body = `{"webhookTimestamp":${NOW * 1000},"type":"Issue","action":"create","data":{"id":"Zoë 1"}}`;
      const headers = { "linear-signature": hmac("sha256", body, SECRET).toString("hex") };
      return { provider: "linear", method: "POST", url: URL, headers, body, secret: SECRET };
    },
    accepts: async (request) => {
      const { LinearWebhookClient } = await module("@linear/sdk/webhooks");
      const client = new LinearWebhookClient(secretOf(request));
      return client.verify(Buffer.from(request.body), header(request, "linear-signature"), NOW * 1000);
    },
  },
  {
    provider: "cashfree",
    from: "cashfree-pg",
    accepts: (request) => {
      const { Cashfree } = library("cashfree-pg");
      const client = new Cashfree(0, "id", secretOf(request), "", "", "", false);
      const [signature, time] = [header(request, "x-webhook-signature"), header(request, "x-webhook-timestamp")];
      return passes(client.PGVerifyWebhookSignature(signature, request.body, time));
    },
  },
];
