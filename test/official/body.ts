// Libraries of the senders that sign the body alone.

import type { KnownRequest } from "../../src/cli/local/known-answers.ts";
import { header, library, lowered, module, passes, secretOf, type Side } from "./side.ts";

const URL = "https://hooks.example.com/in/a";
const BODY =
  '{"id":"evt_1","type":"test.event","event":{"id":"e1","type":"charge:created"},"data":{"name":"Zoë ☃","n":1}}';
const SECRET = "a shared secret";

const sent = (provider: string, name: string, signature: string): KnownRequest => ({
  provider,
  method: "POST",
  url: URL,
  headers: { "content-type": "application/json", [name]: signature },
  body: BODY,
  secret: SECRET,
});

/** Shopify's library wants every header that it knows to be there; none of them is signed. */
const shopify = (provider: string, headers: Readonly<Record<string, string>>): Side => ({
  provider,
  from: "@shopify/shopify-api",
  headers,
  accepts: async (request) => {
    library("@shopify/shopify-api/adapters/node");
    const { shopifyApi, ApiVersion, LogSeverity } = library("@shopify/shopify-api");
    const { webhooks } = shopifyApi({
      apiKey: "key",
      apiSecretKey: secretOf(request),
      apiVersion: Object.values(ApiVersion).at(-1),
      isEmbeddedApp: false,
      hostName: "hooks.example.com",
      scopes: ["read_orders"],
      logger: { level: LogSeverity.Error, log: () => Promise.resolve() },
    });
    const rawRequest = { method: "POST", url: "/in/a", headers: lowered(request) };
    return (await webhooks.validate({ rawBody: request.body, rawRequest, rawResponse: {} })).valid;
  },
});

export const body: readonly Side[] = [
  {
    provider: "github",
    from: "@octokit/webhooks-methods",
    sign: async () => {
      const { sign } = await module("@octokit/webhooks-methods");
      return sent("github", "x-hub-signature-256", await sign(SECRET, BODY));
    },
    accepts: async (request) => {
      const { verify } = await module("@octokit/webhooks-methods");
      return verify(secretOf(request), request.body, header(request, "x-hub-signature-256"));
    },
  },
  shopify("shopify", {
    "x-shopify-topic": "orders/create",
    "x-shopify-shop-domain": "demo.myshopify.com",
    "x-shopify-api-version": "2026-01",
    "x-shopify-webhook-id": "w1",
    "x-shopify-event-id": "e1",
  }),
  shopify("shopify-events", {
    "shopify-topic": "Order",
    "shopify-shop-domain": "demo.myshopify.com",
    "shopify-api-version": "2026-01",
    "shopify-webhook-id": "w1",
    "shopify-event-id": "e1",
  }),
  {
    provider: "line",
    from: "@line/bot-sdk",
    accepts: (request) => {
      const { validateSignature } = library("@line/bot-sdk");
      return validateSignature(request.body, secretOf(request), header(request, "x-line-signature"));
    },
  },
  {
    provider: "razorpay",
    from: "razorpay",
    accepts: (request) => {
      const Razorpay = library("razorpay");
      return Razorpay.validateWebhookSignature(
        request.body,
        header(request, "x-razorpay-signature"),
        secretOf(request),
      );
    },
  },
  {
    provider: "coinbase-commerce",
    from: "coinbase-commerce-node",
    sign: () => {
      const { Webhook } = library("coinbase-commerce-node");
      return sent("coinbase-commerce", "x-cc-webhook-signature", Webhook.computeSignature(BODY, SECRET));
    },
    body: BODY,
    accepts: (request) => {
      const { Webhook } = library("coinbase-commerce-node");
      const signature = header(request, "x-cc-webhook-signature");
      return passes(Webhook.verifyEventBody(request.body, signature, secretOf(request)));
    },
  },
  {
    provider: "gocardless",
    from: "gocardless-nodejs",
    accepts: (request) => {
      const { verifySignature } = library("gocardless-nodejs/webhooks");
      return passes(verifySignature(request.body, secretOf(request), header(request, "webhook-signature")));
    },
  },
  {
    provider: "notion",
    from: "@notionhq/client",
    sign: async () => {
      const { signWebhookPayload } = library("@notionhq/client");
      const signature = await signWebhookPayload({ body: BODY, verificationToken: SECRET });
      return sent("notion", "x-notion-signature", signature);
    },
    accepts: (request) => {
      const { verifyWebhookSignature } = library("@notionhq/client");
      const signature = header(request, "x-notion-signature");
      return verifyWebhookSignature({ body: request.body, signature, verificationToken: secretOf(request) });
    },
  },
  {
    provider: "pusher",
    from: "pusher",
    headers: { "x-pusher-key": "key" },
    accepts: (request) => {
      const Pusher = library("pusher");
      const pusher = new Pusher({ appId: "1", key: "key", secret: secretOf(request), host: "localhost" });
      return pusher.webhook({ headers: lowered(request), rawBody: request.body }).isValid();
    },
  },
  {
    provider: "adyen-platform",
    from: "@adyen/api-library",
    sign: () => {
      const key = "44782def547aaa06c910c43932b1eb0c71fc68d9d0c057550c48ec2acf6ba056";
      const { hmacValidator: Validator } = library("@adyen/api-library");
      const signature: string = new Validator().calculateHmac(BODY, key);
      return { ...sent("adyen-platform", "hmacsignature", signature), secret: key };
    },
    accepts: (request) => {
      const { hmacValidator: Validator } = library("@adyen/api-library");
      const signature = header(request, "hmacsignature");
      return new Validator().validateHMACSignature(secretOf(request), signature, request.body);
    },
  },
];
