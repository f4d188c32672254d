// Signed as another sender signs, over the whole catalogue: our own verifier, the senders' libraries and an independent
// hand accept it, and what cannot be made is refused with its reason.
import { createHmac } from "node:crypto";
import { verify as octokitVerify } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import { Stripe } from "stripe";
import { expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { withQuery } from "../../../src/net/query.ts";
import { Unproducible } from "../../../src/out/as.ts";
import { shape } from "../../../src/out/shape.ts";
import { findProvider } from "../../../src/providers/catalogue.ts";
import { producingFault } from "../../../src/scheme/producible.ts";
import { settingsOf } from "../../../src/scheme/settings.ts";
import { verify } from "../../../src/verify/verify.ts";
import { working } from "../../kit/working-config.ts";
import { facts } from "../../vectors/facts.ts";
import { NOW } from "../../vectors/signed.ts";
import { signedRequest } from "../../vectors/signer.ts";

const URL_OF_ONE = "https://b.example.com/hooks";
const BODY = new TextEncoder().encode('{"id":"evt_9","amount":7}');
const event = {
  id: `evt_${"0123456789abcdef".repeat(2)}`,
  source: "shop",
  type: "order.paid",
  headers: { "content-type": "application/json" } as Record<string, string>,
};
const read = (as: unknown, secret: string, more: object = {}) =>
  readConfig({ ...working, DESTINATIONS: { billing: { url: URL_OF_ONE, as, secret: "MINE", ...more } }, MINE: secret });

/** What a destination that verifies this sender gets. */
async function made(as: unknown, secret: string, of = event) {
  const config = read(as, secret);
  const destination = config.destinations.get("billing");
  if (destination === undefined) throw new Error(JSON.stringify(config.findings));
  const { headers, query = {}, body } = await shape(of, destination, 1, BODY, NOW * 1000);
  return { headers, body, url: withQuery(destination.shape?.url ?? "", query), destination };
}

/** A sender of the catalogue with a secret as it shows one, and the settings that its scheme needs. */
function sender(id: string) {
  const fact = facts.find((one) => one.id === id);
  const scheme = findProvider(id);
  if (fact === undefined || scheme === null) throw new Error(id);
  const needed = settingsOf(scheme).filter((one) => one.needed);
  const settings = Object.fromEntries(needed.map(({ name }) => [name, `setting-${name}`]));
  return { scheme, settings, secret: signedRequest(fact).secret ?? "" };
}

const all = facts.map(({ id }) => id);
const produced = all.filter((id) => producingFault(sender(id).scheme) === null);

test("most of the catalogue can be produced", () => {
  expect(all.length).toBe(224);
  expect(produced.length).toBeGreaterThan(150);
});

test.each(produced)("what is signed as %s is accepted by our own verifier, and nothing else is", async (id) => {
  const { scheme, settings, secret } = sender(id);
  const { headers, url, body, destination } = await made({ provider: id, settings }, secret);
  const request = { method: "POST", url, headers: new Headers(headers), body };
  const secrets = [{ name: "MINE", value: secret }];
  expect(await verify(request, scheme, secrets, settings, NOW * 1000)).toMatchObject({ ok: true });
  const others = [{ name: "OTHER", value: secret.replace(/[0-9a-zA-Z]{4}/, "0000") }];
  expect(await verify({ ...request }, scheme, others, settings, NOW * 1000)).toMatchObject({ ok: false });
  expect(new URL(url).origin).toBe("https://b.example.com");
  expect(destination.shape?.as?.id).toBe(id);
  // The secret itself leaves only where it is the proof.
  if (scheme.algorithm !== "token" && scheme.algorithm !== "basic")
    expect(JSON.stringify(headers) + url).not.toContain(secret);
});

test.each(all.filter((id) => !produced.includes(id)))("%s is refused with the reason", (id) => {
  const { settings } = sender(id);
  const { findings, destinations } = read({ provider: id, settings }, "x".repeat(40));
  expect(findings).toMatchObject([{ level: "error", key: "DESTINATIONS.billing.as" }]);
  expect(findings[0]?.says).toMatch(
    /^cannot be made: .*(?:private key|Web Token|body|form|headers that each|parts that only).*\. Write/,
  );
  expect(destinations.has("billing")).toBe(false);
});

test("the senders' own libraries accept it", async () => {
  const text = new TextDecoder().decode(BODY);
  const github = await made("github", "it's a secret");
  expect(await octokitVerify("it's a secret", text, github.headers["x-hub-signature-256"] ?? "")).toBe(true);
  const { webhooks } = new Stripe("sk_test_key");
  const stripe = await made("stripe", "whsec_test");
  expect(
    webhooks.constructEvent(text, stripe.headers["stripe-signature"] ?? "", "whsec_test", 300, undefined, NOW * 1000),
  ).toMatchObject({ id: "evt_9" });
  const secret = `whsec_${btoa("k".repeat(32))}`;
  const standard = await made("standard-webhooks", secret);
  const id = standard.headers["webhook-id"] ?? "";
  expect(standard.headers["webhook-signature"]).toBe(new Webhook(secret).sign(id, new Date(NOW * 1000), text));
});

test("an independent hand agrees: Slack's and Shopify's signatures, written here", async () => {
  const slack = await made("slack", "s3cret");
  const base = `v0:${NOW}:${new TextDecoder().decode(BODY)}`;
  expect(slack.headers["x-slack-signature"]).toBe(`v0=${createHmac("sha256", "s3cret").update(base).digest("hex")}`);
  expect(slack.headers["x-slack-request-timestamp"]).toBe(String(NOW));
  const shopify = await made("shopify", "s3cret");
  expect(shopify.headers["x-shopify-hmac-sha256"]).toBe(createHmac("sha256", "s3cret").update(BODY).digest("base64"));
});

test("an id that the sender has given stays, and one that it has not is the event's", async () => {
  const theirs = { ...event, headers: { ...event.headers, "x-github-delivery": "theirs", "x-github-event": "push" } };
  expect((await made("github", "s", theirs)).headers).toMatchObject({
    "x-github-delivery": "theirs",
    "x-github-event": "push",
  });
  expect((await made("github", "s")).headers).toMatchObject({
    "x-github-delivery": event.id,
    "x-github-event": "order.paid",
  });
});

test("a sender of the user's own, by settings or by a table", async () => {
  const short = await made({ provider: "hmac", settings: { header: "X-Shop-Signature", prefix: "sha256=" } }, "s");
  expect(short.headers["x-shop-signature"]).toBe(`sha256=${createHmac("sha256", "s").update(BODY).digest("hex")}`);
  const table = {
    name: "ERP",
    algorithm: "hmac-sha512",
    signature: { at: "header:X-ERP", encoding: "base64" },
    signs: "{method}|{body}",
  };
  const own = await made({ provider: table }, "s");
  expect(own.headers["x-erp"]).toBe(createHmac("sha512", "s").update("POST|").update(BODY).digest("base64"));
});

test.each([
  [{ as: "githup" }, "as.provider", /Did you mean github/],
  [{ as: "github", format: "none" }, "as", /Leave one of them out/],
  [{ as: "github", secret: undefined }, "secret", /Write secret/],
  [{ as: "tiktok-shop" }, "as.settings.app_key", /is missing/],
  [{ as: 7 }, "as", /Write the name of one/],
] as const)("a mistake is said with its fix: %j", (entry, key, says) => {
  const { findings } = readConfig({
    ...working,
    DESTINATIONS: { billing: { url: URL_OF_ONE, secret: "MINE", ...entry } },
    MINE: "s",
  });
  const first = findings.find(({ level }) => level === "error");
  expect(first?.key).toBe(`DESTINATIONS.billing.${key}`);
  expect(first?.says).toMatch(says);
});

test.each(produced)("as %s any event can be signed, whatever its body is", async (id) => {
  const { settings, secret } = sender(id);
  const { destination } = await made({ provider: id, settings }, secret);
  const types = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"];
  for (const body of [new Uint8Array(), new Uint8Array([0xff, 0x00]), new TextEncoder().encode("a=b")])
    for (const type of types) {
      const of = { ...event, headers: { "content-type": type } };
      const signed = await shape(of, destination, 1, body, NOW * 1000).catch((error: unknown) => error);
      // Of a form that is none there is nothing to sign, and the attempt says so.
      if (signed instanceof Unproducible) expect([id, type.split(";")[0]]).toEqual(["twilio", "multipart/form-data"]);
      else expect(signed).toMatchObject({ headers: { "hookline-event-id": event.id } });
    }
});
