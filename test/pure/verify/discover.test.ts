// Published keys: from the provider's own hosts only, fetched once, and nothing is accepted without one.

import { createHash, createSign, generateKeyPairSync, sign } from "node:crypto";
import { expect, test, vi } from "vitest";
import { KeyRing, type KeySource } from "../../../src/verify/keyring.ts";
import { findProvider } from "../../../src/providers/catalogue.ts";
import type { Inquiry } from "../../../src/net/send.ts";
import type { Secret } from "../../../src/types.ts";
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

const ADDRESS = "192.0.2.1";

const source = (
  provider: string,
  secrets: readonly Secret[] = [],
  settings: Record<string, string> = {},
): KeySource => ({
  name: provider,
  scheme: findProvider(provider)!,
  secrets,
  settings,
});

function ring(answer: (request: Inquiry) => string | null): { ring: KeyRing; asked: Inquiry[] } {
  const asked: Inquiry[] = [];
  return { asked, ring: new KeyRing((request) => (asked.push(request), Promise.resolve(answer(request)))) };
}

test("Plaid's key is asked for by its name, with the source's credentials, and then kept", async () => {
  const { ring: keys, asked } = ring(() => JSON.stringify({ key: { ...JWK, expired_at: null } }));
  const plaids = source("plaid", SECRETS, { client_id: "c1" });
  for (let i = 0; i < 3; i++) {
    const found = await keys.keysFor(plaid(), plaids, ADDRESS, NOW + i);
    expect(found.ok && (await verify(plaid(), plaids.scheme, found.secrets, {}, NOW))).toMatchObject({ ok: true });
  }
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({ method: "POST", url: "https://production.plaid.com/webhook_verification_key/get" });
  expect(JSON.parse(asked[0]!.body!)).toEqual({ client_id: "c1", secret: "api-secret", key_id: "k1" });
});

test("a key that has expired, one of another name, a failure and a missing credential each fail closed", async () => {
  const plaids = source("plaid", SECRETS, { client_id: "c" });
  const unavailable = { ok: false, rejection: { reason: "key_unavailable" } };
  for (const key of [{ ...JWK, expired_at: NOW / 1000 }, { ...JWK, kid: "k2" }, { kid: "k1" }, null, "k1"]) {
    const { ring: keys } = ring(() => JSON.stringify({ key }));
    expect(await keys.keysFor(plaid(), plaids, ADDRESS, NOW), JSON.stringify(key)).toMatchObject(unavailable);
  }
  const failing = new KeyRing(() => Promise.reject(new Error("down")));
  expect(await failing.keysFor(plaid(), plaids, ADDRESS, NOW)).toMatchObject(unavailable);
  const idle = ring(() => null);
  expect(await idle.ring.keysFor(plaid(), source("plaid"), ADDRESS, NOW)).toMatchObject({
    ok: false,
    rejection: { reason: "secret_missing" },
  });
  expect(idle.asked).toHaveLength(0);
});

test("a failure is remembered for a minute, a key for six hours, and a page in its place is a failure", async () => {
  let answer: string | null = null;
  const { ring: keys, asked } = ring(() => answer);
  const ask = (now: number) => keys.keysFor(fireblocks("k1"), source("fireblocks"), ADDRESS, now);
  expect((await ask(NOW)).ok).toBe(false);
  answer = "<html>We will be back soon</html>";
  expect((await ask(NOW + 60_000)).ok).toBe(false);
  answer = JSON.stringify({ keys: [JWK] });
  expect((await ask(NOW + 119_999)).ok).toBe(false);
  expect((await ask(NOW + 120_000)).ok).toBe(true);
  expect((await ask(NOW + 6 * HOUR)).ok).toBe(true);
  expect(asked).toHaveLength(3);
  expect((await ask(NOW + 6 * HOUR + 120_000)).ok).toBe(true);
  expect(asked).toHaveLength(4);
});

test("a key that the operator has pinned is used, and nothing is fetched", async () => {
  const { ring: keys, asked } = ring(() => null);
  const der = publicKey.export({ type: "spki", format: "der" });
  const spellings = [
    JSON.stringify(JWK),
    publicKey.export({ type: "spki", format: "pem" }).toString(),
    der.toString("base64"),
    der.toString("hex"),
  ];
  for (const value of spellings) {
    const pinned = [{ name: "KEY", value }];
    expect(await keys.keysFor(plaid(), source("plaid", pinned), ADDRESS, NOW)).toMatchObject({ secrets: pinned });
  }
  expect(await keys.keysFor(plaid(), source("github", SECRETS), ADDRESS, NOW)).toMatchObject({ secrets: SECRETS });
  expect(asked).toHaveLength(0);
});

test("eBay's key is fetched with a token that the credentials buy", async () => {
  const signature = createSign("sha1").update(BODY).sign(privateKey, "base64");
  const header = Buffer.from(JSON.stringify({ kid: "k-1", signature })).toString("base64");
  const request = { ...plaid(), headers: new Headers({ "x-ebay-signature": header }) };
  const ebays = source("ebay", [{ name: "S", value: "id:secret" }]);
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const { ring: keys, asked } = ring(({ url }) =>
    JSON.stringify(url.includes("oauth2") ? { access_token: "t" } : { key: pem }),
  );
  const found = await keys.keysFor(request, ebays, ADDRESS, NOW);
  expect(found.ok && (await verify(request, ebays.scheme, found.secrets, {}, NOW))).toMatchObject({ ok: true });
  expect(asked.map(({ url }) => url)).toEqual([
    "https://api.ebay.com/identity/v1/oauth2/token",
    "https://api.ebay.com/commerce/notification/v1/public_key/k-1",
  ]);
  expect(asked[1]?.headers["authorization"]).toBe("Bearer t");
});

/** Signed by nobody, and of the length that a signature of RSA has. */
function fireblocks(kid: string): Inbound {
  const token = `${encoded({ alg: "RS512", kid })}..${"A".repeat(342)}`;
  return { ...plaid(), headers: new Headers({ "fireblocks-webhook-signature": token }) };
}

const SET = JSON.stringify({ keys: [{ kty: "RSA", kid: "k1" }] });

test("a key that is good stays good when its successor cannot be asked for", async () => {
  let answer: string | null = SET;
  const { ring: keys, asked } = ring(() => answer);
  const ask = (kid: string, now: number) => keys.keysFor(fireblocks(kid), source("fireblocks"), ADDRESS, now);
  expect((await ask("k1", NOW)).ok).toBe(true);
  answer = null;
  for (let n = 0; n < 5; n++) await ask("forged", NOW + 2 * 60_000);
  expect(asked).toHaveLength(2);
  expect((await ask("k1", NOW + 2 * 60_000 + 1)).ok).toBe(true);
});

test("however many requests wait for a key, it is asked for once", async () => {
  const { ring: keys, asked } = ring(() => SET);
  const all = await Promise.all(
    Array.from({ length: 50 }, () => keys.keysFor(fireblocks("k1"), source("fireblocks"), ADDRESS, NOW)),
  );
  expect(all.every(({ ok }) => ok)).toBe(true);
  expect(asked).toHaveLength(1);
});

test("a request that ends while it asks for a key leaves nobody else waiting for it", async () => {
  vi.useFakeTimers();
  try {
    let calls = 0;
    const keys = new KeyRing(() => (++calls === 1 ? new Promise(() => {}) : Promise.resolve(SET)));
    const ask = () => keys.keysFor(fireblocks("k1"), source("fireblocks"), ADDRESS, NOW);
    void ask();
    const second = ask();
    await vi.advanceTimersByTimeAsync(6_001);
    expect((await second).ok).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});
