// A sender of one's own: ten lines of TOML, two short forms, and a sentence for every mistake.

import { createHmac } from "node:crypto";
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import { identify } from "../../../src/in/identify.ts";
import { resolveProvider } from "../../../src/config/custom.ts";
import type { Provider } from "../../../src/scheme/scheme.ts";
import { verify } from "../../../src/verify/verify.ts";

const NOW = 1_760_000_000;
const BODY = '{"kind":"order.paid","ref":"o1"}';
const code = (content: string, encoding: "hex" | "base64" = "hex"): string =>
  createHmac("sha256", "k").update(content).digest(encoding);

function resolved(described: unknown, settings?: Record<string, unknown>): Provider {
  const found = resolveProvider(described, settings);
  if (!found.ok) throw new Error(JSON.stringify(found.faults));
  return found.provider;
}

function faults(described: unknown, settings?: Record<string, unknown>): string[] {
  const found = resolveProvider(described, settings);
  return found.ok ? [] : found.faults.map(({ path, message }) => `${path.join(".")} ${message}`);
}

async function accepts(
  provider: Provider,
  headers: Record<string, string>,
  url = "https://x.example/in/a",
  secret = "k",
): Promise<boolean> {
  const request = { method: "POST", url, headers: new Headers(headers), body: new TextEncoder().encode(BODY) };
  return (await verify(request, provider, [{ name: "S", value: secret }], {}, NOW * 1000)).ok;
}

test("add your own provider in ten lines of TOML", async () => {
  const { provider } = parse(`
[provider]
name      = "Acme"
algorithm = "hmac-sha256"
signature = { at = "header:X-Acme-Signature", format = "pairs", key = "v1" }
timestamp = { at = "pair:t", tolerance = 300 }
signs     = "{timestamp}.{body}"
type      = "{json:kind}"
id        = "{json:ref}"
`);
  const acme = resolved(provider);
  expect(await accepts(acme, { "x-acme-signature": `t=${NOW},v1=${code(`${NOW}.${BODY}`)}` })).toBe(true);
  expect(await accepts(acme, { "x-acme-signature": `t=${NOW - 301},v1=${code(`${NOW - 301}.${BODY}`)}` })).toBe(false);
  const request = {
    method: "POST",
    url: "https://x.example/",
    headers: new Headers(),
    body: new TextEncoder().encode(BODY),
  };
  expect(identify(request, acme, {})).toEqual({
    type: "order.paid",
    types: ["order.paid"],
    dedupe: { key: "o1", bindBody: false },
  });
});

test("a provider may begin from another one", async () => {
  const acme = resolved({ like: "standard-webhooks", name: "Acme", secret: "text", type: "{json:kind}" });
  expect(acme.signature).toEqual(resolved("standard-webhooks").signature);
  expect(acme.confidence).toBeUndefined();
  const headers = {
    "webhook-id": "m",
    "webhook-timestamp": String(NOW),
    "webhook-signature": `v1,${code(`m.${NOW}.${BODY}`, "base64")}`,
  };
  expect(await accepts(acme, headers)).toBe(true);
});

test("hmac: a header is all that it needs", async () => {
  expect(await accepts(resolved("hmac", { header: "X-Sig" }), { "x-sig": code(BODY) })).toBe(true);
  const timed = resolved("hmac", {
    header: "X-Sig",
    prefix: "v1=",
    encoding: "base64",
    timestamp: "X-Time",
    tolerance: "60",
  });
  expect(await accepts(timed, { "x-sig": `v1=${code(`${NOW}.${BODY}`, "base64")}`, "x-time": String(NOW) })).toBe(true);
  expect(await accepts(timed, { "x-sig": `v1=${code(BODY, "base64")}`, "x-time": String(NOW) })).toBe(false);
});

test("token: in a header, in the query, or as HTTP Basic credentials", async () => {
  expect(await accepts(resolved("token", { header: "X-Token" }), { "x-token": "k" })).toBe(true);
  expect(
    await accepts(resolved("token", { header: "Authorization", prefix: "Bearer " }), { authorization: "Bearer k" }),
  ).toBe(true);
  expect(await accepts(resolved("token", { query: "key" }), {}, "https://x.example/in/a?key=k")).toBe(true);
  expect(await accepts(resolved("token"), { authorization: `Basic ${btoa("u:p")}` }, undefined, "u:p")).toBe(true);
  expect(await accepts(resolved("token", { header: "X-Token" }), { "x-token": "kk" })).toBe(false);
});

test("a mistake names its key", () => {
  expect(faults("githup")).toEqual([expect.stringMatching(/^provider is not in the catalogue\. .*hmac/)]);
  expect(faults("constructor")).toEqual([expect.stringMatching(/^provider is not in the catalogue\. .*hmac/)]);
  expect(faults("hmac", {})[0]).toMatch(/^settings\.header /);
  expect(faults("hmac", { header: "X", algoritm: "hmac-sha1" })[0]).toMatch(/algoritm/);
  const own = { name: "Acme", algorithm: "hmac-sha256", signature: { at: "header:X" } };
  expect(faults({ ...own, signs: "{body" })[0]).toMatch(/^provider\.signs .*not closed/);
  expect(faults({ ...own, signs: "{timestamp}" })[0]).toMatch(/^provider\.uncovered /);
  expect(faults({ ...own, algorithm: "md5" })[0]).toMatch(/^provider\.algorithm /);
  expect(faults({ ...own, signature: { at: "X-Acme" } })[0]).toMatch(/is no place/);
  expect(faults({ ...own, type: "{headr:X-Event}" })[0]).toMatch(/^provider\.type is no place \(headr:X-Event\)/);
  expect(faults({ ...own, algorithm: "jwt" })[0]).toMatch(/^provider\.jwt /);
  expect(faults({ ...own, keys: { url: "https://x.example/k", host: "(", form: "jwks" } })[0]).toMatch(
    /^provider\.keys\.host /,
  );
  expect(faults({ like: "acme" })).toEqual([expect.stringMatching(/^provider\.like is not in the catalogue\. /)]);
  expect(faults(7)).toEqual([expect.stringMatching(/^provider is neither a name nor a table\. /)]);
});
