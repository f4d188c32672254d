// Libraries of the senders that sign something composed: URLs, forms, chosen fields.

import { createHash } from "node:crypto";
import type { KnownRequest } from "../../src/cli/local/known-answers.ts";
import { NOW } from "../vectors/signed.ts";
import { header, hmac, library, lowered, otherDigit, otherUrl, secretOf, type Side } from "./side.ts";

const URL_SIGNED = "https://hooks.example.com/in/a?foo=1";
const BODY = '{"id":"evt_1","type":"test.event","data":{"name":"Zoë ☃","n":1}}';
const SECRET = "a shared secret";
/** Contentful takes 64 characters and nothing else. */
const CONTENTFUL = "f6a65ee10be4243564c7f9ea74a3bf75be25179e56209a7743b5976fc93ec456";
const FORM = "To=%2B18005551212&From=%2B14158675309&Body=Zo%C3%AB+%E2%98%83&NumMedia=0";
const FORM_TYPE = { "content-type": "application/x-www-form-urlencoded" };

const sent = (provider: string, headers: Record<string, string>, body = BODY, url = URL_SIGNED): KnownRequest => ({
  provider,
  method: "POST",
  url,
  headers,
  body,
  secret: SECRET,
});

const form = (body: string): Record<string, string> => Object.fromEntries(new URLSearchParams(body));

const asked = (request: KnownRequest): object => ({
  clientSecret: secretOf(request),
  url: request.url,
  requestBody: request.body,
  timestamp: NOW * 1000,
});

/** HubSpot's library signs as well as it verifies: `version` is v1, v2 or v3. */
const hubspot = (provider: string, version: string, byHand: Pick<Side, "byHand"> = {}): Side => {
  const name = version === "v3" ? "x-hubspot-signature-v3" : "x-hubspot-signature";
  return {
    provider,
    from: "@hubspot/api-client",
    sign: () => {
      const { Signature } = library("@hubspot/api-client");
      const request = sent(provider, {});
      const signature: string = Signature.getSignature("POST", version, asked(request));
      return { ...request, headers: { [name]: signature, "x-hubspot-request-timestamp": String(NOW * 1000) } };
    },
    ...byHand,
    accepts: (request) => {
      const { Signature } = library("@hubspot/api-client");
      const signature = header(request, name);
      return Signature.isValid({ ...asked(request), method: "POST", signatureVersion: version, signature });
    },
  };
};

const quiet = (): void => {};

const ADYEN_KEY = "44782def547aaa06c910c43932b1eb0c71fc68d9d0c057550c48ec2acf6ba056";
const ADYEN_ITEM = {
  pspReference: "7914073381342284",
  originalReference: "",
  merchantAccountCode: "TestMerchant",
  merchantReference: "TestPayment-1407325143704",
  amount: { value: 1130, currency: "EUR" },
  eventCode: "AUTHORISATION",
  success: "true",
};

const adyenBody = (hmacSignature: string): string =>
  JSON.stringify({
    live: "false",
    notificationItems: [{ NotificationRequestItem: { ...ADYEN_ITEM, additionalData: { hmacSignature } } }],
  });

const signerOfAdyen = (): KnownRequest => {
  const text = "7914073381342284::TestMerchant:TestPayment-1407325143704:1130:EUR:AUTHORISATION:true";
  const signature = hmac("sha256", text, Buffer.from(ADYEN_KEY, "hex")).toString("base64");
  return { ...sent("adyen", {}, adyenBody(signature)), secret: ADYEN_KEY };
};

export const composed: readonly Side[] = [
  {
    provider: "twilio",
    from: "twilio",
    sign: () => {
      const { getExpectedTwilioSignature } = library("twilio/lib/webhooks/webhooks.js");
      const signature: string = getExpectedTwilioSignature(SECRET, URL_SIGNED, form(FORM));
      return sent("twilio", { ...FORM_TYPE, "x-twilio-signature": signature }, FORM);
    },
    accepts: (request) => {
      const { validateRequest } = library("twilio/lib/webhooks/webhooks.js");
      return validateRequest(secretOf(request), header(request, "x-twilio-signature"), request.url, form(request.body));
    },
  },
  {
    provider: "twilio-json",
    from: "twilio",
    sign: () => {
      const { getExpectedTwilioSignature, getExpectedBodyHash } = library("twilio/lib/webhooks/webhooks.js");
      const url = `${URL_SIGNED}&bodySHA256=${getExpectedBodyHash(BODY)}`;
      return sent("twilio-json", { "x-twilio-signature": getExpectedTwilioSignature(SECRET, url, {}) }, BODY, url);
    },
    byHand: () => {
      const url = `${URL_SIGNED}&bodySHA256=${sha256(BODY)}`;
      return sent("twilio-json", { "x-twilio-signature": hmac("sha1", url, SECRET).toString("base64") }, BODY, url);
    },
    accepts: (request) => {
      const { validateRequestWithBody } = library("twilio/lib/webhooks/webhooks.js");
      const signature = header(request, "x-twilio-signature");
      return validateRequestWithBody(secretOf(request), signature, request.url, request.body);
    },
  },
  {
    provider: "square",
    from: "square",
    accepts: (request) => {
      const { WebhooksHelper } = library("square");
      return WebhooksHelper.verifySignature({
        requestBody: request.body,
        signatureHeader: header(request, "x-square-hmacsha256-signature"),
        signatureKey: secretOf(request),
        notificationUrl: request.url,
      });
    },
  },
  hubspot("hubspot-v1", "v1"),
  hubspot("hubspot-v2", "v2"),
  hubspot("hubspot-v3", "v3", {
    byHand: () => {
      const time = String(NOW * 1000);
      const signature = hmac("sha256", `POST${URL_SIGNED}${BODY}${time}`, SECRET).toString("base64");
      return sent("hubspot-v3", { "x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": time });
    },
  }),
  {
    provider: "plivo-v3",
    from: "plivo",
    byHand: () => {
      const content = `${URL_SIGNED}.Body1From14158675309To18005551212.nonce1`;
      const signature = hmac("sha256", content, SECRET).toString("base64");
      const headers = { ...FORM_TYPE, "x-plivo-signature-v3": signature, "x-plivo-signature-v3-nonce": "nonce1" };
      return sent("plivo-v3", headers, "To=18005551212&From=14158675309&Body=1");
    },
    accepts: (request) => {
      const { validateV3Signature } = library("plivo");
      const [nonce, signature] = [
        header(request, "x-plivo-signature-v3-nonce"),
        header(request, "x-plivo-signature-v3"),
      ];
      return validateV3Signature("POST", request.url, nonce, secretOf(request), signature, form(request.body));
    },
  },
  {
    provider: "plivo-v2",
    from: "plivo",
    accepts: (request) => {
      const { validateSignature } = library("plivo");
      const [nonce, signature] = [
        header(request, "x-plivo-signature-v2-nonce"),
        header(request, "x-plivo-signature-v2"),
      ];
      return validateSignature(request.url, nonce, signature, secretOf(request));
    },
    tampered: otherUrl,
  },
  {
    provider: "contentful",
    from: "@contentful/node-apps-toolkit",
    sign: () => {
      const { signRequest } = library("@contentful/node-apps-toolkit");
      const headers = { "x-contentful-topic": "ContentManagement.Entry.publish" };
      const path = "/in/a?foo=1";
      const signed = signRequest(CONTENTFUL, { method: "POST", path, headers, body: BODY }, NOW * 1000);
      return { ...sent("contentful", { ...headers, ...signed }), secret: CONTENTFUL };
    },
    byHand: () => {
      const names = "x-contentful-signed-headers,x-contentful-timestamp,x-contentful-topic";
      const lines = `x-contentful-signed-headers:${names};x-contentful-timestamp:${NOW * 1000};x-contentful-topic:t`;
      const signature = hmac("sha256", `POST\n/in/a\n${lines}\n${BODY}`, CONTENTFUL).toString("hex");
      const headers = {
        "x-contentful-topic": "t",
        "x-contentful-timestamp": String(NOW * 1000),
        "x-contentful-signed-headers": names,
        "x-contentful-signature": signature,
      };
      return { ...sent("contentful", headers, BODY, "https://hooks.example.com/in/a"), secret: CONTENTFUL };
    },
    accepts: (request) => {
      const { verifyRequest } = library("@contentful/node-apps-toolkit");
      const { pathname, search } = new URL(request.url);
      const canonical = {
        method: "POST",
        path: pathname + search,
        headers: { ...request.headers },
        body: request.body,
      };
      return verifyRequest(secretOf(request), canonical);
    },
  },
  {
    provider: "adyen",
    from: "@adyen/api-library",
    sign: () => {
      const { hmacValidator: Validator } = library("@adyen/api-library");
      const signature: string = new Validator().calculateHmac(ADYEN_ITEM, ADYEN_KEY);
      return { ...sent("adyen", {}, adyenBody(signature)), secret: ADYEN_KEY };
    },
    byHand: signerOfAdyen,
    accepts: (request) => {
      const { hmacValidator: Validator } = library("@adyen/api-library");
      const item = JSON.parse(request.body).notificationItems[0].NotificationRequestItem;
      return new Validator().validateHMAC(item, secretOf(request));
    },
    tampered: (request) => ({ ...request, body: request.body.replace("1130", "1131") }),
  },
  {
    provider: "braintree",
    from: "braintree",
    sign: () => {
      const { bt_signature: signature, bt_payload: payload } = braintree().webhookTesting.sampleNotification(
        "check",
        "1",
      );
      return braintreeRequest(signature, payload);
    },
    byHand: () => {
      const text =
        "<notification><kind>check</kind><timestamp>2025-10-09T08:53:20Z</timestamp><subject/></notification>";
      const payload = `${Buffer.from(text).toString("base64")}\n`;
      const key = sha1("integration_private_key");
      return braintreeRequest(`integration_public_key|${hmac("sha1", payload, key).toString("hex")}`, payload);
    },
    accepts: async (request) => {
      const { bt_signature: signature, bt_payload: payload } = form(request.body);
      return (await braintree().webhookNotification.parse(signature, payload)) !== null;
    },
    tampered: (request) => {
      const { bt_signature: signature = "", bt_payload: payload = "" } = form(request.body);
      return braintreeRequest(signature, otherDigit(payload));
    },
  },
  {
    provider: "dropbox-sign",
    from: "@dropbox/sign",
    byHand: () => {
      const time = String(NOW);
      const event_hash = hmac("sha256", `${time}signature_request_sent`, SECRET).toString("hex");
      const event = { event_time: time, event_type: "signature_request_sent", event_hash, event_metadata: {} };
      return sent("dropbox-sign", FORM_TYPE, new URLSearchParams({ json: JSON.stringify({ event }) }).toString());
    },
    accepts: (request) => {
      const { EventCallbackHelper, EventCallbackRequest } = library("@dropbox/sign");
      const callback = EventCallbackRequest.init(JSON.parse(form(request.body)["json"] ?? ""));
      return EventCallbackHelper.isValid(secretOf(request), callback);
    },
    tampered: (request) => ({ ...request, body: request.body.replace("request_sent", "request_signed") }),
  },
  {
    provider: "lark",
    from: "@larksuiteoapi/node-sdk",
    accepts: async (request) => {
      const { EventDispatcher } = library("@larksuiteoapi/node-sdk");
      const logger = { error: quiet, warn: quiet, info: quiet, debug: quiet, trace: quiet };
      const dispatcher = new EventDispatcher({ encryptKey: secretOf(request), logger });
      const event = Object.assign(Object.create({ headers: lowered(request) }), JSON.parse(request.body));
      // It answers nothing at all to a bad signature, and says of a good one that nobody listens.
      return (await dispatcher.invoke(event)) !== undefined;
    },
  },
];

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function sha1(text: string): Buffer {
  return createHash("sha1").update(text).digest();
}

function braintree(): ReturnType<typeof library> {
  const { BraintreeGateway, Environment } = library("braintree");
  return new BraintreeGateway({
    environment: Environment.Sandbox,
    merchantId: "integration_merchant_id",
    publicKey: "integration_public_key",
    privateKey: "integration_private_key",
  });
}

function braintreeRequest(signature: string, payload: string): KnownRequest {
  const body = new URLSearchParams({ bt_signature: signature, bt_payload: payload }).toString();
  const config = { publicKey: "integration_public_key" };
  return { ...sent("braintree", FORM_TYPE, body), secret: "integration_private_key", config };
}
