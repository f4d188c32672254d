// Published keys: from the provider's own hosts only, fetched once, and nothing is accepted without one.

import { createHash, createSign, generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { requestOf, type Vector } from "../../../src/cli/local/known-answers.ts";
import { KeyRing } from "../../../src/verify/keyring.ts";
import { findProvider } from "../../../src/providers/catalogue.ts";
import type { Inquiry } from "../../../src/net/send.ts";
import { verify, type Inbound } from "../../../src/verify/verify.ts";

const NOW = 1_760_000_000_000;
const HOUR = 60 * 60 * 1000;
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const JWK = { ...publicKey.export({ format: "jwk" }), kid: "k1", alg: "ES256", use: "sig" };
const BODY = '{"webhook_type":"ITEM"}';
const SECRETS = [{ name: "PLAID_SECRET", value: "api-secret" }];

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function plaid(kid = "k1"): Inbound {
  const input = `${encoded({ alg: "ES256", kid })}.${encoded({ iat: NOW / 1000, request_body_sha256: createHash("sha256").update(BODY).digest("hex") })}`;
  const code = sign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url");
  return {
    method: "POST",
    url: "https://x.example/",
    headers: new Headers({ "plaid-verification": `${input}.${code}` }),
    body: new TextEncoder().encode(BODY),
  };
}

function ring(answer: (request: Inquiry) => string | null): { ring: KeyRing; asked: Inquiry[] } {
  const asked: Inquiry[] = [];
  return { asked, ring: new KeyRing((request) => (asked.push(request), Promise.resolve(answer(request)))) };
}

test("Plaid's key is asked for by its name, with the source's credentials, and then kept", async () => {
  const provider = findProvider("plaid")!;
  const { ring: keys, asked } = ring(() => JSON.stringify({ key: { ...JWK, expired_at: null } }));
  for (let i = 0; i < 3; i++) {
    const found = await keys.keysFor(plaid(), provider, SECRETS, { client_id: "c1" }, NOW + i);
    expect(found.ok && (await verify(plaid(), provider, found.secrets, {}, NOW))).toMatchObject({ ok: true });
  }
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({ method: "POST", url: "https://production.plaid.com/webhook_verification_key/get" });
  expect(JSON.parse(asked[0]!.body!)).toEqual({ client_id: "c1", secret: "api-secret", key_id: "k1" });
});

test("a key that has expired, a failure and a missing credential each fail closed", async () => {
  const provider = findProvider("plaid")!;
  const expired = ring(() => JSON.stringify({ key: { ...JWK, expired_at: NOW / 1000 } }));
  expect(await expired.ring.keysFor(plaid(), provider, SECRETS, { client_id: "c" }, NOW)).toMatchObject({
    ok: false,
    rejection: { reason: "key_unavailable" },
  });
  const failing = new KeyRing(() => Promise.reject(new Error("down")));
  expect(await failing.keysFor(plaid(), provider, SECRETS, { client_id: "c" }, NOW)).toMatchObject({
    ok: false,
    rejection: { reason: "key_unavailable" },
  });
  const idle = ring(() => null);
  expect(await idle.ring.keysFor(plaid(), provider, [], {}, NOW)).toMatchObject({
    ok: false,
    rejection: { reason: "secret_missing" },
  });
  expect(idle.asked).toHaveLength(0);
});

test("a failure is remembered for a minute, a key for six hours", async () => {
  const provider = findProvider("fireblocks")!;
  let answer: string | null = null;
  const { ring: keys, asked } = ring(() => answer);
  const request = { ...plaid(), headers: new Headers() };
  const ask = (now: number) => keys.keysFor(request, provider, [], {}, now);
  expect((await ask(NOW)).ok).toBe(false);
  answer = JSON.stringify({ keys: [JWK] });
  expect((await ask(NOW + 59_999)).ok).toBe(false);
  expect((await ask(NOW + 60_000)).ok).toBe(true);
  expect((await ask(NOW + 6 * HOUR)).ok).toBe(true);
  expect(asked).toHaveLength(2);
  expect((await ask(NOW + 6 * HOUR + 60_000)).ok).toBe(true);
  expect(asked).toHaveLength(3);
});

test("strangers can cause thirty fetches a minute, and none outside the provider's hosts", async () => {
  const provider = findProvider("aws-sns")!;
  const { ring: keys, asked } = ring(() => null);
  const ask = (url: string) =>
    keys.keysFor(
      { ...plaid(), body: new TextEncoder().encode(JSON.stringify({ SigningCertURL: url })) },
      provider,
      [],
      {},
      NOW,
    );
  for (const url of [
    "http://sns.eu-west-1.amazonaws.com/a.pem",
    "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
    "https://evil.example/sns.eu-west-1.amazonaws.com/a.pem",
    "https://user@sns.eu-west-1.amazonaws.com/a.pem",
    "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
    "https://sns.eu-west-1.amazonaws.com/a.txt",
    "https://s3.amazonaws.com/a.pem",
    "nonsense",
  ]) {
    expect(await ask(url)).toMatchObject({ ok: false, rejection: { reason: "part_refused" } });
  }
  expect(asked).toHaveLength(0);
  for (let i = 0; i < 100; i++) await ask(`https://sns.eu-west-1.amazonaws.com/${i}.pem`);
  expect(asked).toHaveLength(30);
});

test("PayPal's certificate is used within its dates only", async () => {
  const vectors: Vector[] = JSON.parse(
    readFileSync(new URL("../../../../shared/providers/vectors.json", import.meta.url), "utf8"),
  );
  const vector = vectors.find(({ provider, expect: verdict }) => provider === "paypal" && verdict === "accept")!;
  const provider = findProvider("paypal")!;
  const within = Date.UTC(2030, 0, 1);
  const { ring: keys, asked } = ring(() => vector.publicKey!);
  const found = await keys.keysFor(requestOf(vector), provider, [], {}, within);
  expect(found.ok && (await verify(requestOf(vector), provider, found.secrets, vector.config!, within))).toMatchObject({
    ok: true,
  });
  expect(asked[0]?.url).toMatch(/^https:\/\/api\.paypal\.com\//);
  expect((await keys.keysFor(requestOf(vector), provider, [], {}, Date.UTC(2020, 0, 1))).ok).toBe(false);
  expect((await keys.keysFor(requestOf(vector), provider, [], {}, Date.UTC(2040, 0, 1))).ok).toBe(false);
});

test("a key that the operator has pinned is used, and nothing is fetched", async () => {
  const { ring: keys, asked } = ring(() => null);
  const pinned = [{ name: "KEY", value: JSON.stringify(JWK) }];
  expect(await keys.keysFor(plaid(), findProvider("plaid")!, pinned, {}, NOW)).toEqual({ ok: true, secrets: pinned });
  expect(await keys.keysFor(plaid(), findProvider("github")!, SECRETS, {}, NOW)).toEqual({
    ok: true,
    secrets: SECRETS,
  });
  expect(asked).toHaveLength(0);
});

test("eBay's key is fetched with a token that the credentials buy", async () => {
  const signature = createSign("sha1").update(BODY).sign(privateKey, "base64");
  const header = Buffer.from(JSON.stringify({ kid: "k-1", signature })).toString("base64");
  const request = { ...plaid(), headers: new Headers({ "x-ebay-signature": header }) };
  const provider = findProvider("ebay")!;
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const { ring: keys, asked } = ring(({ url }) =>
    JSON.stringify(url.includes("oauth2") ? { access_token: "t" } : { key: pem }),
  );
  const found = await keys.keysFor(request, provider, [{ name: "S", value: "id:secret" }], {}, NOW);
  expect(found.ok && (await verify(request, provider, found.secrets, {}, NOW))).toMatchObject({ ok: true });
  expect(asked.map(({ url }) => url)).toEqual([
    "https://api.ebay.com/identity/v1/oauth2/token",
    "https://api.ebay.com/commerce/notification/v1/public_key/k-1",
  ]);
  expect(asked[1]?.headers["authorization"]).toBe("Bearer t");
});

const detached = (kid: string) => `${encoded({ alg: "RS512", kid })}..AAAA`;

test("a key that is good stays good when its successor cannot be asked for", async () => {
  const provider = findProvider("fireblocks")!;
  const set = JSON.stringify({ keys: [{ kid: "k1" }] });
  let answer: string | null = set;
  const { ring: keys, asked } = ring(() => answer);
  const ask = (kid: string, now: number) =>
    keys.keysFor(
      { ...plaid(), headers: new Headers({ "fireblocks-webhook-signature": detached(kid) }) },
      provider,
      [],
      {},
      now,
    );
  expect((await ask("k1", NOW)).ok).toBe(true);
  answer = null;
  for (let n = 0; n < 5; n++) await ask("forged", NOW + 2 * 60_000);
  expect(asked).toHaveLength(2);
  expect((await ask("k1", NOW + 2 * 60_000 + 1)).ok).toBe(true);
});

test("a request that ends while it asks for a key leaves nobody else waiting for it", async () => {
  vi.useFakeTimers();
  try {
    let calls = 0;
    const set = JSON.stringify({ keys: [] });
    const keys = new KeyRing(() => (++calls === 1 ? new Promise(() => {}) : Promise.resolve(set)));
    const ask = () => keys.keysFor(plaid(), findProvider("fireblocks")!, [], {}, NOW);
    void ask();
    const second = ask();
    await vi.advanceTimersByTimeAsync(6_001);
    expect((await second).ok).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});
