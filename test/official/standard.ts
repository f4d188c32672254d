// Libraries of the senders that follow Standard Webhooks, or Svix before it.

import type { KnownRequest } from "../../src/cli/local/known-answers.ts";
import { NOW } from "../vectors/signed.ts";
import { header, library, lowered, passes, secretOf, type Side } from "./side.ts";

const BODY = '{"type":"test.event","data":{"name":"Zoë ☃","n":1}}';
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** Signed by a library with the interface of `standardwebhooks`. */
function signedBy(
  provider: string,
  prefix: "webhook" | "svix",
  from: string,
  secret: string,
  options?: object,
): KnownRequest {
  const { Webhook } = library(from);
  const signature = new Webhook(secret, options).sign("msg_1", new Date(NOW * 1000), BODY);
  const headers = {
    [`${prefix}-id`]: "msg_1",
    [`${prefix}-timestamp`]: String(NOW),
    [`${prefix}-signature`]: signature,
  };
  return { provider, method: "POST", url: "https://hooks.example.com/in/a", headers, body: BODY, secret };
}

const specification = (provider: string, options?: object): Side => ({
  provider,
  from: "standardwebhooks",
  sign: () =>
    signedBy(provider, "webhook", "standardwebhooks", options === undefined ? SECRET : "a raw secret", options),
  accepts: (request) => {
    const { Webhook } = library("standardwebhooks");
    return passes(new Webhook(secretOf(request), options).verify(request.body, lowered(request)));
  },
});

export const standard: readonly Side[] = [
  specification("standard-webhooks"),
  specification("gitlab-signing-token"),
  specification("bigcommerce", { format: "raw" }),
  {
    provider: "svix",
    from: "svix",
    sign: () => signedBy("svix", "svix", "svix", SECRET),
    accepts: (request) => {
      const { Webhook } = library("svix");
      return passes(new Webhook(secretOf(request)).verify(request.body, lowered(request)));
    },
  },
  {
    provider: "clerk",
    from: "@clerk/backend",
    accepts: (request) => {
      const { verifyWebhook } = library("@clerk/backend/webhooks");
      const { url, method, headers, body } = request;
      return passes(verifyWebhook(new Request(url, { method, headers, body }), { signingSecret: secretOf(request) }));
    },
  },
  {
    provider: "resend",
    from: "resend",
    accepts: (request) => {
      const { Resend } = library("resend");
      const headers = {
        id: header(request, "svix-id"),
        timestamp: header(request, "svix-timestamp"),
        signature: header(request, "svix-signature"),
      };
      const { webhooks } = new Resend("re_key");
      return passes(webhooks.verify({ payload: request.body, headers, webhookSecret: secretOf(request) }));
    },
  },
  {
    provider: "openai",
    from: "openai",
    accepts: (request) => {
      const { OpenAI } = library("openai");
      const { webhooks } = new OpenAI({ apiKey: "sk" });
      return passes(webhooks.unwrap(request.body, lowered(request), secretOf(request)));
    },
  },
  {
    provider: "anthropic",
    from: "@anthropic-ai/sdk",
    accepts: (request) => {
      const { Anthropic } = library("@anthropic-ai/sdk");
      const { webhooks } = new Anthropic({ apiKey: "sk" }).beta;
      return passes(webhooks.unwrap(request.body, { headers: lowered(request), key: secretOf(request) }));
    },
  },
  {
    provider: "replicate",
    from: "replicate",
    accepts: (request) => {
      const { validateWebhook } = library("replicate");
      return validateWebhook({
        id: header(request, "webhook-id"),
        timestamp: header(request, "webhook-timestamp"),
        signature: header(request, "webhook-signature"),
        body: request.body,
        secret: secretOf(request),
      });
    },
  },
  {
    provider: "polar",
    from: "@polar-sh/sdk",
    accepts: (request) => {
      const { validateEvent, WebhookVerificationError } = library("@polar-sh/sdk/webhooks");
      try {
        validateEvent(request.body, lowered(request), secretOf(request));
        return true;
      } catch (error) {
        // It then reads the event, and does not know this one.
        return !(error instanceof WebhookVerificationError);
      }
    },
  },
  {
    provider: "seam",
    from: "@seamapi/webhook",
    accepts: (request) => {
      const { SeamWebhook } = library("@seamapi/webhook");
      return passes(new SeamWebhook(secretOf(request)).verify(request.body, lowered(request)));
    },
  },
];
