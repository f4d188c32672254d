// A refused request says what to fix, and never shows a body or a secret.

import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { diagnose } from "../../../src/in/refusals/diagnose.ts";
import { findProvider } from "../../../src/providers/catalogue.ts";
import type { Secret } from "../../../src/types.ts";
import { verify, type Inbound } from "../../../src/verify/verify.ts";

const NOW = 1_760_000_000_000;
const KEY = Buffer.from("0123456789abcdef0123456789abcdef");
const CANARY = KEY.toString("base64");
const BODY = '{ "a": "canary-body" }';

const sent = (headers: Record<string, string>, body = BODY, url = "https://hooks.example.com/in/a"): Inbound => ({
  method: "POST",
  url,
  headers: new Headers(headers),
  body: new TextEncoder().encode(body),
});

async function found(
  id: string,
  request: Inbound,
  secret: string,
  now = NOW,
  settings: Record<string, string> = {},
): Promise<string> {
  const provider = findProvider(id)!;
  const secrets: Secret[] = [{ name: "ACME_SECRET", value: secret }];
  const verdict = await verify(request, provider, secrets, settings, now);
  if (verdict.ok) throw new Error("accepted");
  const { code, advice } = await diagnose(verdict.rejection, { request, provider, secrets, settings, now });
  expect(advice).not.toContain("canary-body");
  if (secret !== "") expect(advice).not.toContain(secret.trim());
  expect(advice).toMatch(/^.{20,250}[.?]$/);
  return code;
}

const github = (key: string | Buffer, body = BODY): Record<string, string> => ({
  "x-hub-signature-256": `sha256=${createHmac("sha256", key).update(body).digest("hex")}`,
});

test("a wrong secret is named as that", async () => {
  expect(await found("github", sent(github("other")), CANARY)).toBe("wrong_secret");
});

test("a secret with a line break at its end", async () => {
  expect(await found("github", sent(github(CANARY)), `${CANARY}\n`)).toBe("secret_has_spaces");
});

test("a secret that looks like base64 where the scheme takes it raw, and the other way round", async () => {
  expect(await found("github", sent(github(KEY)), CANARY)).toBe("secret_form");
  const code = createHmac("sha256", CANARY).update(`m.1760000000.${BODY}`).digest("base64");
  const headers = { "webhook-id": "m", "webhook-timestamp": "1760000000", "webhook-signature": `v1,${code}` };
  expect(await found("standard-webhooks", sent(headers), CANARY)).toBe("secret_form");
});

test("a body that was written anew on the way", async () => {
  expect(await found("github", sent(github(CANARY, '{"a":"canary-body"}')), CANARY)).toBe("body_reencoded");
  expect(await found("github", sent(github(CANARY, `${BODY}\n`)), CANARY)).toBe("body_reencoded");
});

test("the header of another provider", async () => {
  expect(await found("stripe", sent(github(CANARY)), CANARY)).toBe("other_provider");
});

test("seven minutes: a clock or a replay", async () => {
  const code = createHmac("sha256", CANARY).update(`1760000000.${BODY}`).digest("hex");
  const request = sent({ "stripe-signature": `t=1760000000,v1=${code}` });
  const provider = findProvider("stripe")!;
  const secrets = [{ name: "S", value: CANARY }];
  const verdict = await verify(request, provider, secrets, {}, NOW + 420_000);
  expect(verdict).toMatchObject({ ok: false, rejection: { reason: "timestamp_stale" } });
  if (verdict.ok) return;
  const { advice } = await diagnose(verdict.rejection, {
    request,
    provider,
    secrets,
    settings: {},
    now: NOW + 420_000,
  });
  expect(advice).toBe(
    "The signature is right, but its time is 7 min old (limit 5 min): a clock is wrong, the request was delayed, or somebody sent it again. If the sender is only late, set tolerance of the source.",
  );
});

test("a limit that the sender never named is said to be ours", async () => {
  const fields = { timestamp: "1760000000", token: "t", signature: "" };
  fields.signature = createHmac("sha256", CANARY).update("1760000000t").digest("hex");
  const request = { ...sent({}), body: new TextEncoder().encode(JSON.stringify({ signature: fields })) };
  const provider = findProvider("mailgun")!;
  const secrets = [{ name: "S", value: CANARY }];
  const late = NOW + 1_200_000;
  const verdict = await verify(request, provider, secrets, {}, late);
  expect(verdict).toMatchObject({ ok: false, rejection: { reason: "timestamp_stale" } });
  if (verdict.ok) return;
  const { advice } = await diagnose(verdict.rejection, { request, provider, secrets, settings: {}, now: late });
  expect(advice).toContain("(limit 15 min, which Mailgun never named)");
});

test("a public key that is none is told apart from one that does not fit", async () => {
  const provider = findProvider("wise")!;
  const request = sent({ "x-signature-sha256": "A".repeat(342) + "==" });
  const secrets = [{ name: "WISE_SECRET", value: "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----" }];
  const { code, advice } = await diagnose(
    { reason: "secret_unusable", name: "WISE_SECRET", form: "public" },
    { request, provider, secrets, settings: {}, now: NOW },
  );
  expect(code).toBe("secret_unusable");
  expect(advice).toContain("WISE_SECRET is no public key of Wise: it is a private key");
  expect(advice).not.toContain("MIIE");
});

test("a URL that is entered differently at the sender", async () => {
  const url = "https://hooks.example.com/in/a";
  const code = createHmac("sha256", CANARY).update(`${url}/${BODY}`).digest("base64");
  expect(await found("square", sent({ "x-square-hmacsha256-signature": code }), CANARY)).toBe("public_url");
});

test("a missing secret, header, setting and part each say so", async () => {
  expect(await found("github", sent({}), "")).toBe("secret_missing");
  expect(await found("github", sent({}), CANARY)).toBe("signature_missing");
  expect(await found("tiktok-shop", sent({ authorization: "00".repeat(32) }), CANARY)).toBe("setting_missing");
  expect(
    await found(
      "standard-webhooks",
      sent({ "webhook-timestamp": "1760000000", "webhook-signature": `v1,${CANARY}` }),
      CANARY,
    ),
  ).toBe("part_missing");
});
