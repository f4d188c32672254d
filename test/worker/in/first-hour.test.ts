// The mistakes of a first hour, each made with real requests at the front door: what the operator then reads is true, and says what to do.
import { expect, test } from "vitest";
import { front } from "../kit/front.ts";
import { hmac, setUp } from "../kit/relay.ts";

setUp();

const SECRET = "it's the right one";
const BYTES = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY = '{"zen":"Keep it logically awesome.","path":"a/b","who":"zoë"}';

interface Shown {
  readonly refusals: { readonly code: string; readonly advice: string }[];
}

type Relay = ReturnType<typeof front>;

/** What the operator of a source reads first, once a request was turned away. */
async function read(relay: Relay, source = "shop"): Promise<{ code: string; advice: string }> {
  const [first] = (await relay.api<Shown>(`/sources/${source}/refusals`)).refusals;
  return first ?? { code: "", advice: "" };
}

const relayOf = (source: object, secret: string | undefined = SECRET) =>
  front({ shop: source }, { SHOP_SECRET: secret });
const github = async (secret: string, body = BODY) => ({ "x-hub-signature-256": `sha256=${await hmac(secret, body)}` });

async function standard(prefix: string, secret = BYTES, at = Math.floor(Date.now() / 1000), body = BODY) {
  const raw = Uint8Array.from(atob(secret.replace("whsec_", "")), (one) => one.codePointAt(0) ?? 0);
  const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const code = new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`m1.${at}.${body}`)));
  const signature = `v1,${btoa(String.fromCodePoint(...code))}`;
  return { [`${prefix}-id`]: "m1", [`${prefix}-timestamp`]: String(at), [`${prefix}-signature`]: signature };
}

const base64 = (hex: string) =>
  btoa(String.fromCodePoint(...(hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16))));
const own = (settings: object) => ({ provider: "hmac", settings: { header: "X-Shop-Signature", ...settings } });
const stale = () => Math.floor(Date.now() / 1000) - 420;

/** What was done, and the code and the words that are read. */
const MISTAKES: Record<
  string,
  [relay: () => Relay, send: (relay: Relay) => Promise<unknown>, code: string, advice: RegExp]
> = {
  "another secret": [
    () => relayOf({ provider: "github" }),
    async (relay) => relay.post("shop", BODY, await github("another")),
    "wrong_secret",
    /None of the secrets fits \(SHOP_SECRET\): copy the one that GitHub shows/,
  ],
  "no secret at all": [
    () => relayOf({ provider: "github" }, ""),
    async (relay) => relay.post("shop", BODY, await github(SECRET)),
    "secret_missing",
    /npx wrangler secret put SHOP_SECRET, or for npm run dev a line in \.dev\.vars/,
  ],
  "a secret with a line break": [
    () => relayOf({ provider: "github" }, `${SECRET}\n`),
    async (relay) => relay.post("shop", BODY, await github(SECRET)),
    "secret_has_spaces",
    /SHOP_SECRET has a space or a line break at one end\. Put it again without/,
  ],
  "a secret with a space before it": [
    () => relayOf({ provider: "github" }, ` ${SECRET}`),
    async (relay) => relay.post("shop", BODY, await github(SECRET)),
    "secret_has_spaces",
    /Put it again without/,
  ],
  "a secret in quotes": [
    () => relayOf({ provider: "github" }, `"${SECRET}"`),
    async (relay) => relay.post("shop", BODY, await github(SECRET)),
    "secret_has_quotes",
    /stands in quotes/,
  ],
  "a secret with its name": [
    () => relayOf({ provider: "github" }, `GITHUB_SECRET=${SECRET}`),
    async (relay) => relay.post("shop", BODY, await github(SECRET)),
    "secret_has_name",
    /Put what stands behind the = alone/,
  ],
  "whsec_ lost where it is part of the secret": [
    () => relayOf({ provider: "stripe" }, "abc"),
    async (relay) => {
      const at = Math.floor(Date.now() / 1000);
      return relay.post("shop", BODY, { "stripe-signature": `t=${at},v1=${await hmac("whsec_abc", `${at}.${BODY}`)}` });
    },
    "secret_lacks_prefix",
    /lacks the whsec_ that it begins with/,
  ],
  "an API key in the place of the secret": [
    () => relayOf({ provider: "stripe" }, "sk_test_4eC39HqLyjWDarjtT1zdp7dc"),
    async (relay) => {
      const at = Math.floor(Date.now() / 1000);
      return relay.post("shop", BODY, { "stripe-signature": `t=${at},v1=${await hmac("whsec_abc", `${at}.${BODY}`)}` });
    },
    "secret_is_api_key",
    /looks like an API key, which signs nothing/,
  ],
  "the secret of live mode for an event of test mode": [
    () => relayOf({ provider: "stripe" }, "whsec_live"),
    async (relay) => {
      const [at, body] = [Math.floor(Date.now() / 1000), '{"livemode": false}'];
      return relay.post("shop", body, {
        "stripe-signature": `t=${at},v1=${await hmac("whsec_test", `${at}.${body}`)}`,
      });
    },
    "wrong_secret",
    /says livemode false: test and live mode have secrets of their own/,
  ],
  "text where the secret is base64": [
    () => relayOf({ provider: "standard-webhooks" }, BYTES.replace("whsec_", "")),
    async (relay) => {
      const at = Math.floor(Date.now() / 1000);
      const signature = `v1,${base64(await hmac(BYTES.replace("whsec_", ""), `m1.${at}.${BODY}`))}`;
      const headers = { "webhook-id": "m1", "webhook-timestamp": String(at), "webhook-signature": signature };
      return relay.post("shop", BODY, headers);
    },
    "secret_form",
    /fits when it is read as text/,
  ],
  "a body that was indented on the way": [
    () => relayOf({ provider: "github" }),
    async (relay) => relay.post("shop", JSON.stringify(JSON.parse(BODY), null, 2), await github(SECRET)),
    "body_reencoded",
    /with its JSON made compact: something between the sender and Hookline rewrites it/,
  ],
  "a body that a Python client wrote anew": [
    () => relayOf({ provider: "github" }),
    async (relay) => relay.post("shop", '{"a":1,"b":[1,2]}', await github(SECRET, '{"a": 1, "b": [1, 2]}')),
    "body_reencoded",
    /spaces behind its commas and colons/,
  ],
  "a body that gained a line break": [
    () => relayOf({ provider: "github" }),
    async (relay) => relay.post("shop", `${BODY}\n`, await github(SECRET)),
    "body_reencoded",
    /no white space at the ends/,
  ],
  "a body that gained a byte order mark": [
    () => relayOf({ provider: "github" }),
    async (relay) => relay.post("shop", `\uFEFF${BODY}`, await github(SECRET)),
    "body_reencoded",
    /no white space at the ends|no byte order mark/,
  ],
  "a body that was lost": [
    () => relayOf({ provider: "github" }),
    async (relay) => relay.post("shop", "", await github(SECRET)),
    "body_empty",
    /The body is empty: a redirect or a proxy has dropped it/,
  ],
  "a missing prefix": [
    () => relayOf({ provider: "github" }),
    async (relay) => relay.post("shop", BODY, { "x-hub-signature-256": await hmac(SECRET, BODY) }),
    "prefix_missing",
    /^The signature is right, but what stands at header:X-Hub-Signature-256 lacks the sha256= that GitHub writes before it/,
  ],
  "a missing prefix and another secret": [
    () => relayOf({ provider: "github" }),
    async (relay) => relay.post("shop", BODY, { "x-hub-signature-256": await hmac("another", BODY) }),
    "prefix_missing",
    /^What stands at header:X-Hub-Signature-256 lacks the sha256=/,
  ],
  "a prefix that nobody wrote down": [
    () => relayOf(own({})),
    async (relay) => relay.post("shop", BODY, { "x-shop-signature": `sha256=${await hmac(SECRET, BODY)}` }),
    "prefix_unexpected",
    /write prefix = "sha256="/,
  ],
  "base64 read as hex": [
    () => relayOf(own({})),
    async (relay) => relay.post("shop", BODY, { "x-shop-signature": base64(await hmac(SECRET, BODY)) }),
    "scheme_differs",
    /right if its signature is read as base64, and not as hex/,
  ],
  "hex read as base64": [
    () => relayOf(own({ encoding: "base64" })),
    async (relay) => relay.post("shop", BODY, { "x-shop-signature": await hmac(SECRET, BODY) }),
    "scheme_differs",
    /right if its signature is read as hex, and not as base64/,
  ],
  "a time in milliseconds read as seconds": [
    () => relayOf(own({ timestamp: "X-Time" })),
    async (relay) => {
      const at = Date.now();
      return relay.post("shop", BODY, {
        "x-shop-signature": await hmac(SECRET, `${at}.${BODY}`),
        "x-time": String(at),
      });
    },
    "scheme_differs",
    /the unit of its time is ms, and not s/,
  ],
  "a body signed without the time": [
    () => relayOf(own({ timestamp: "X-Time" })),
    async (relay) => {
      const at = String(Math.floor(Date.now() / 1000));
      return relay.post("shop", BODY, { "x-shop-signature": await hmac(SECRET, BODY), "x-time": at });
    },
    "scheme_differs",
    /\{body\} is what is signed, and not \{timestamp\}\.\{body\}/,
  ],
  "another header than the one that was written down": [
    () => relayOf(own({})),
    async (relay) => relay.post("shop", BODY, { "x-shop-hmac-sha256": await hmac(SECRET, BODY) }),
    "signature_elsewhere",
    /no signature at header:X-Shop-Signature, but one that may be it at x-shop-hmac-sha256/,
  ],
  "no signature": [
    () => relayOf({ provider: "github" }),
    (relay) => relay.post("shop", BODY),
    "signature_missing",
    /set the secret at GitHub, or somebody else is calling/,
  ],
  "another sender than the one that was written down": [
    () => relayOf({ provider: "stripe" }),
    async (relay) => relay.post("shop", BODY, await github(SECRET)),
    "other_provider",
    /signed in x-hub-signature-256, as GitHub does it, and your secret fits it: write provider = "github"/,
  ],
  "Svix headers at standard-webhooks, with the right secret": [
    () => relayOf({ provider: "standard-webhooks" }, BYTES),
    async (relay) => relay.post("shop", BODY, await standard("svix")),
    "other_provider",
    /signed in svix-signature.* your secret fits it: write provider = "svix"/,
  ],
  "Svix headers at standard-webhooks, with another secret": [
    () => relayOf({ provider: "standard-webhooks" }, BYTES),
    async (relay) => relay.post("shop", BODY, await standard("svix", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
    "other_provider",
    /carries svix-signature, which Svix sends \(so do .* and others\): is provider = "svix" meant/,
  ],
  "a clock that is seven minutes off": [
    () => relayOf({ provider: "standard-webhooks" }, BYTES),
    async (relay) => relay.post("shop", BODY, await standard("webhook", BYTES, stale())),
    "timestamp_stale",
    /The signature is right, but its time is 7 min old \(limit 5 min\)/,
  ],
  "a form that says it is JSON": [
    () => relayOf({ provider: "mailgun" }),
    (relay) => relay.post("shop", "signature=00&timestamp=1&token=t", { "content-type": "text/plain" }),
    "content_type",
    /is read from a form, and the request says it is text\/plain/,
  ],
  "a form that says something of a stranger's own": [
    () => relayOf({ provider: "mailgun" }),
    (relay) =>
      relay.post("shop", "signature=00&timestamp=1&token=t", { "content-type": "evil.example/now-replay-all" }),
    "content_type",
    /the request says it is something else: let it come/,
  ],
  "an address that allow does not hold": [
    () => relayOf({ provider: "github", allow: ["198.51.100.0/24"] }),
    async (relay) => relay.post("shop", BODY, await github(SECRET)),
    "address_new",
    /The signature is right, and the address 192\.0\.2\.7 is new: GitHub sends from it/,
  ],
  "a browser": [
    () => relayOf({ provider: "github" }),
    (relay) => relay.knock("shop", "GET"),
    "method_not_allowed",
    /GET is not how GitHub sends events: somebody opened the address in a browser/,
  ],
  "a PUT": [
    () => relayOf({ provider: "github" }),
    (relay) => relay.knock("shop", "PUT"),
    "method_not_allowed",
    /PUT is not accepted here, only POST: set the sender to POST/,
  ],
  "a body that is too large": [
    () => relayOf({ provider: "github", max_body: "1KiB" }),
    (relay) => relay.post("shop", "x".repeat(2_000)),
    "body_too_large",
    /larger than 1024 bytes: raise max_body/,
  ],
  "a source that is written wrong": [
    () => relayOf({ provider: "githib" }),
    async (relay) => relay.post("shop", BODY, await github(SECRET)),
    "source_disabled",
    /Did you mean github\?/,
  ],
};

test.each(Object.keys(MISTAKES))("%s", async (name) => {
  const [relay, send, code, advice] = MISTAKES[name]!;
  const asked = relay();
  await send(asked);
  const seen = await read(asked);
  expect(seen).toEqual({ ...seen, code, advice: expect.stringMatching(advice) });
  for (const kept of [SECRET, BYTES, "4eC39HqLyjWDarjtT1zdp7dc", "logically awesome"])
    expect(seen.advice).not.toContain(kept);
  expect(seen.advice).toMatch(/^\S.{20,400}[.?]$/s);
});
