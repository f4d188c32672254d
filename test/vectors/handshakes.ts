// Challenges as senders send them, and the answers that they wait for: right ones, wrong ones, and those whose signature is wrong or missing.

import { createCipheriv, createHash, createHmac, createSign } from "node:crypto";
import type { KnownHandshake, KnownRequest } from "../../src/cli/local/known-answers.ts";
import { dingtalkHandshakes } from "./dingtalk.ts";
import { facts } from "./facts.ts";
import { pairs } from "./keys.ts";
import { FORM, JSON_TYPE, NOW } from "./signed.ts";
import { signAs } from "./signer.ts";

type Response = KnownHandshake["response"];

const URL_GIVEN = "https://hooks.example.com/in/abc123";
const SECRET = "a-shared-secret";
const CHALLENGE = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P";
const HEX = "20f9f8ed05f77439fe955c977e4c8a53";
const UUID = "a8628072-3d33-45ee-9004-bee86830a22d";
/** What a browser would run, and what nobody may have echoed. */
const MARKUP = "<script>alert(1)</script>";

/** One request, with what is different of it. */
function row(provider: string, asked: Partial<KnownRequest>, response: Response): KnownHandshake {
  return { provider, method: "POST", url: URL_GIVEN, headers: {}, body: "", secret: SECRET, ...asked, response };
}

function get(provider: string, query: string, response: Response, asked: Partial<KnownRequest> = {}): KnownHandshake {
  return row(provider, { method: "GET", url: `${URL_GIVEN}?${query}`, ...asked }, response);
}

const text = (body: string, status = 200): Response => ({ status, contentType: "text/plain", body });
const json = (value: unknown): Response => ({ status: 200, contentType: "application/json", json: value });
const refused = (status: number): Response => ({ status, body: "" });
const hmac = (hash: string, content: string, key: string | Buffer = SECRET) => createHmac(hash, key).update(content);

/** A sender that shows its challenge in the query, and hears `refusal` where it is none. */
const echoed = (provider: string, name: string, refusal: number): KnownHandshake[] => [
  get(provider, `${name}=${CHALLENGE}`, text(CHALLENGE)),
  get(provider, `${name}=${encodeURIComponent(MARKUP)}`, refused(refusal)),
  get(provider, `${name}=`, refused(refusal)),
];

const query = (challenge: string, token: string) =>
  `hub.mode=subscribe&hub.challenge=${encodeURIComponent(challenge)}&hub.verify_token=${token}`;

/** A sender that asks for the verify token that it was given. */
const subscribed = (provider: string, answer: Response): KnownHandshake[] => {
  return [
    get(provider, query(CHALLENGE, SECRET), answer),
    get(provider, query(CHALLENGE, "another"), refused(403)),
    get(provider, query(CHALLENGE, ""), refused(403)),
    get(provider, query(MARKUP, SECRET), refused(403)),
  ];
};

/** A challenge that its sender signs: answered with a right signature, 401 with a wrong one and without any. */
function signed(
  provider: string,
  body: object,
  answer: Response,
  headers: Record<string, string> = {},
): KnownHandshake[] {
  const fact = facts.find(({ id }) => id === provider)!;
  const of = (whose: "own" | "other", response: Response): KnownHandshake => {
    const { request } = signAs(fact, { body: JSON.stringify(body), whose, headers });
    return { ...request, now: NOW, response };
  };
  const { headers: all, ...rest } = of("own", { status: 401 });
  const name = fact.scheme.sig?.name ?? "";
  const unsigned = Object.fromEntries(Object.entries(all).filter(([one]) => one !== name));
  return [of("own", answer), of("other", { status: 401 }), { ...rest, headers: unsigned }];
}

/** A sender that waits for certain words, whatever it sends. */
function heard(provider: string, accepted: Response, rejected: Response): KnownHandshake[] {
  const fact = facts.find(({ id }) => id === provider)!;
  return [
    { ...signAs(fact).request, now: NOW, response: accepted },
    { ...signAs(fact, { whose: "other" }).request, now: NOW, response: rejected },
  ];
}

/** A sender that asks only whether anybody is there. */
const knocked = (provider: string, method: string): KnownHandshake =>
  row(provider, { method }, { status: 200, body: "" });

function sns(url: string, answer: Response, signer = pairs.rsa.privateKey): KnownHandshake {
  const fields = {
    Message: "You have chosen to subscribe",
    MessageId: "m1",
    SubscribeURL: url,
    Timestamp: new Date(NOW * 1000).toISOString(),
    Token: "t",
    TopicArn: "arn:aws:sns:eu-west-1:1:t",
    Type: "SubscriptionConfirmation",
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}\n${value}\n`);
  const Signature = createSign("sha256").update(lines.join("")).sign(signer, "base64");
  const SigningCertURL =
    "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";
  const publicKey = pairs.rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
  const body = JSON.stringify({ ...fields, SignatureVersion: "2", Signature, SigningCertURL });
  const { secret: _, ...asked } = row("aws-sns", { body, publicKey, config: { topic: fields.TopicArn } }, answer);
  return { ...asked, now: NOW };
}

/** Lark's own encryption: the key is the secret's SHA-256. */
function larkEncrypted(message: object): string {
  const cipher = createCipheriv("aes-256-cbc", createHash("sha256").update(SECRET).digest(), Buffer.alloc(16, 7));
  const content = Buffer.concat([cipher.update(JSON.stringify(message)), cipher.final()]);
  return Buffer.concat([Buffer.alloc(16, 7), content]).toString("base64");
}

function ebayAnswer(): string {
  return createHash("sha256").update(`${CHALLENGE}${SECRET}${URL_GIVEN}`).digest("hex");
}

const TOPIC = "https://example.com/feed";
const websub = (mode: string, topic: string, answer: Response) =>
  get("websub", `hub.mode=${mode}&hub.topic=${encodeURIComponent(topic)}&hub.challenge=c1`, answer, {
    config: { topic: TOPIC },
  });

const eventGrid = (validationCode: string) => ({
  headers: { ...JSON_TYPE, "aeg-event-type": "SubscriptionValidation" },
  body: JSON.stringify([
    { id: "1", eventType: "Microsoft.EventGrid.SubscriptionValidationEvent", data: { validationCode } },
  ]),
});

const smartsheet = (challenge: string) => ({
  headers: { ...JSON_TYPE, "Smartsheet-Hook-Challenge": challenge },
  body: JSON.stringify({ challenge, webhookId: 1 }),
});

/** All of them. */
export function handshakes(): KnownHandshake[] {
  const plain = { ...JSON_TYPE };
  return [
    ...subscribed("meta", text(CHALLENGE)),
    ...subscribed("strava", json({ "hub.challenge": CHALLENGE })),
    ...echoed("dropbox", "challenge", 400),
    ...echoed("nylas", "challenge", 400),
    ...echoed("onfleet", "check", 400),
    get("ebay", `challenge_code=${CHALLENGE}`, json({ challengeResponse: ebayAnswer() })),
    get("ebay", `challenge_code=${encodeURIComponent(MARKUP)}`, refused(400)),
    get("braintree", `bt_challenge=${HEX}`, text(`public|${braintreeCode(HEX)}`), { config: { publicKey: "public" } }),
    get("braintree", "bt_challenge=not-hex", refused(400), { config: { publicKey: "public" } }),
    get("linkedin", `challengeCode=${UUID}`, linkedinAnswer()),
    get("linkedin", "challengeCode=hmacsha256%3D%7B%7D", refused(400)),
    get("x-twitter", "crc_token=tok", json({ response_token: `sha256=${hmac("sha256", "tok").digest("base64")}` })),
    get("x-twitter", `crc_token=${encodeURIComponent('{"a":1}')}`, refused(400)),
    get("okta", "", json({ verification: "tok" }), { headers: { "x-okta-verification-challenge": "tok" } }),
    get("okta", "", json({ verification: "a b" }), { headers: { "x-okta-verification-challenge": "a b" } }),
    get("okta", "", refused(400), { headers: { "x-okta-verification-challenge": MARKUP } }),
    get("mailchimp", "", { status: 200, body: "" }),
    ...["trello", "mandrill", "intercom", "mailchimp", "surveymonkey"].map((provider) => knocked(provider, "HEAD")),
    row("mandrill", { headers: FORM, body: "mandrill_events=%5B%5D" }, { status: 200, body: "" }),
    websub("subscribe", TOPIC, text("c1")),
    websub("subscribe", "https://example.com/another", refused(404)),
    row(
      "cloudevents",
      { method: "OPTIONS", headers: { "WebHook-Request-Origin": "eventemitter.example.com" } },
      {
        status: 200,
        headers: { "WebHook-Allowed-Origin": "eventemitter.example.com" },
      },
    ),
    row("cloudevents", { method: "OPTIONS", headers: { "WebHook-Request-Origin": MARKUP } }, refused(403)),
    row(
      "azure-eventgrid",
      { method: "OPTIONS", headers: { "WebHook-Request-Origin": "eventgrid.azure.net" } },
      { status: 200, headers: { "WebHook-Allowed-Origin": "eventgrid.azure.net" } },
    ),
    row("azure-eventgrid", { method: "OPTIONS", headers: { "WebHook-Request-Origin": MARKUP } }, refused(403)),
    row("azure-eventgrid", eventGrid(UUID), json({ validationResponse: UUID })),
    row("azure-eventgrid", eventGrid(MARKUP), refused(403)),
    row("vercel", { config: { verify: "tok" } }, { status: 200, headers: { "x-vercel-verify": "tok" }, body: "" }),
    row("vercel", { config: { verify: "tok" }, body: "[]" }, { status: 401 }),
    row("ms-graph", { url: `${URL_GIVEN}?validationtoken=Validation%3a+a+b` }, text("Validation: a b")),
    row("ms-graph", { url: `${URL_GIVEN}?validationToken=Validation%3a+a+b` }, text("Validation: a b")),
    row("ms-graph", { url: `${URL_GIVEN}?validationToken=${encodeURIComponent(MARKUP)}` }, refused(403)),
    ...["monday", "miro"].flatMap((provider) => [
      row(provider, { headers: plain, body: JSON.stringify({ challenge: CHALLENGE }) }, json({ challenge: CHALLENGE })),
      row(provider, { headers: plain, body: JSON.stringify({ challenge: MARKUP }) }, refused(403)),
    ]),
    row(
      "lark",
      { headers: plain, body: larkBody({ type: "url_verification", challenge: "c1" }) },
      json({ challenge: "c1" }),
    ),
    row("lark", { headers: plain, body: larkBody({ type: "url_verification", challenge: MARKUP }) }, refused(403)),
    row(
      "asana",
      { headers: { "x-hook-secret": "abc" }, secret: undefined },
      {
        status: 200,
        headers: { "x-hook-secret": "abc" },
      },
    ),
    row("asana", { headers: { "x-hook-secret": "abc" } }, { status: 401 }),
    row("woocommerce", { headers: FORM, body: "webhook_id=7" }, { status: 200, body: "" }),
    row("woocommerce", { headers: FORM, body: "webhook_id=x" }, refused(403)),
    sns("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t", { status: 200, body: "" }),
    sns("https://evil.example/?Action=ConfirmSubscription&Token=t", refused(403)),
    ...signed("slack", { type: "url_verification", challenge: CHALLENGE }, text(CHALLENGE)),
    ...signed("discord", { type: 1 }, json({ type: 1 })),
    ...signed("discord", { version: 1, application_id: "1", type: 0 }, { status: 204 }),
    ...signed("zoom", { event: "endpoint.url_validation", payload: { plainToken: "tok" } }, zoomAnswer("tok")),
    ...signed("twitch", { challenge: CHALLENGE }, text(CHALLENGE), {
      "Twitch-Eventsub-Message-Type": "webhook_callback_verification",
    }),
    ...signed(
      "twitch",
      { subscription: { id: "1" } },
      { status: 204 },
      {
        "Twitch-Eventsub-Message-Type": "revocation",
        "Twitch-Eventsub-Subscription-Type": "channel.follow",
      },
    ),
    row(
      "notion",
      { headers: plain, body: '{"verification_token":"secret_x"}', secret: undefined },
      { status: 200, body: "" },
    ),
    row("notion", { headers: plain, body: '{"verification_token":"secret_x"}' }, { status: 401 }),
    row("smartsheet", smartsheet(UUID), {
      status: 200,
      headers: { "smartsheet-hook-response": UUID },
      json: { smartsheetHookResponse: UUID },
    }),
    row("smartsheet", smartsheet(MARKUP), refused(403)),
    row("smartsheet", { ...smartsheet(UUID), body: '{"nonce":"n","events":[]}' }, { status: 401 }),
    row(
      "ringcentral",
      { headers: { "Validation-Token": UUID } },
      { status: 200, headers: { "validation-token": UUID }, body: "" },
    ),
    row("ringcentral", { headers: { "Validation-Token": MARKUP } }, refused(403)),
    row("ringcentral", { headers: { ...plain, "Validation-Token": UUID }, body: '{"uuid":"1"}' }, { status: 401 }),
    ...dingtalkHandshakes(),
    ...echoed("adobe-io-events", "challenge", 400),
    get("fitbit", `verify=${SECRET}`, { status: 204, body: "" }),
    get("fitbit", "verify=another", refused(404)),
    get("fitbit", "verify=", refused(404)),
    row(
      "salesforce-marketing-cloud",
      { headers: plain, body: JSON.stringify({ callbackId: UUID, verificationKey: CHALLENGE }) },
      { status: 200, body: "" },
    ),
    row(
      "salesforce-marketing-cloud",
      { headers: plain, body: JSON.stringify({ callbackId: UUID, verificationKey: MARKUP }) },
      refused(403),
    ),
    ...signed("google-health", { type: "verification" }, { status: 201, body: "" }),
    ...heard("adyen", text("[accepted]"), { status: 401 }),
    ...heard("dropbox-sign", text("Hello API Event Received"), { status: 401 }),
    ...heard("figma", { status: 200 }, refused(400)),
    ...heard("gocardless", { status: 200 }, refused(498)),
    ...signed("xero", { events: [], firstEventSequence: 0 }, { status: 200, body: "" }),
  ];
}

function braintreeCode(challenge: string): string {
  return hmac("sha1", challenge, createHash("sha1").update(SECRET).digest()).digest("hex");
}

function linkedinAnswer(): Response {
  return json({ challengeCode: UUID, challengeResponse: hmac("sha256", UUID).digest("hex") });
}

function zoomAnswer(plainToken: string): Response {
  return json({ plainToken, encryptedToken: hmac("sha256", plainToken, "secret-of-zoom").digest("hex") });
}

function larkBody(message: object): string {
  return JSON.stringify({ encrypt: larkEncrypted(message) });
}
