// The other side: signs a request as a sender would, from facts.json and node:crypto. It shares no code with the verifier.

import { createHash, createHmac, createSign, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import type { KnownRequest } from "../../src/cli/local/known-answers.ts";
import type { Facts, Signature, Timestamp } from "./facts.ts";

/** Unix seconds of every request that is signed here. */
export const NOW = 1_760_000_000;
const URL_SIGNED = "https://hooks.example.com/in/abc123?foo=1";
const BODY = '{"id":"evt_1","type":"test.event","data":{"name":"Zoë ☃","n":1}}';
const HEX = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

export const pairs = {
  rsa: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ec: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  ed25519: generateKeyPairSync("ed25519"),
};

/** A signed request, or `null` where the facts describe the scheme in words (those are signed by hand in the tests). */
export function signedRequest({ id, scheme }: Facts, body = BODY): KnownRequest | null {
  const { alg, sig, ts, msg, key, sent: always, bodyHash } = scheme;
  if (!sig || !msg || bodyHash || /bespoke|sorted-concat|fj:|urldec/.test(msg) || alg === "hmac-dyn") return null;
  if (
    !["header", "query"].includes(sig.in) ||
    (ts && !["header", "sig"].includes(ts.in)) ||
    ["positional", "pipepairs"].includes(sig.format ?? "")
  )
    return null;
  const time = timestamp(ts?.unit);
  const headers: Record<string, string> = { "content-type": "application/json", ...always };
  for (const [, name] of msg.matchAll(/\{h:([^}]+)\}/g)) headers[name!] = `value-of-${name}`;
  if (ts?.in === "header") headers[ts.name] = time;
  const secret = secretText(id, key ?? undefined);
  const settings: Record<string, string> = {};
  for (const [, name] of msg.matchAll(/\{cfg:([^}]+)\}/g)) settings[name!] = `setting-${name}`;
  const form = /\{form\*\}|\{f:/.test(msg);
  const sent = form ? "payload=%7B%22a%22%3A1%7D&b=2&a=1" : body;
  if (form) headers["content-type"] = "application/x-www-form-urlencoded";
  const content = msg.replaceAll(/\{([^}]+)\}/g, (whole, name: string) => {
    if (name === "body") return sent;
    if (name === "ts") return time;
    if (name === "url") return URL_SIGNED;
    if (name === "urlbase") return URL_SIGNED.split("?")[0]!;
    if (name === "method") return "POST";
    if (name === "secret") return secret.text;
    if (name === "form*") return 'a1b2payload{"a":1}';
    if (name === "f:payload") return '{"a":1}';
    if (name.startsWith("h:")) return headers[name.slice(2)]!;
    if (name.startsWith("cfg:")) return settings[name.slice(4)]!;
    if (name === "crc32:body") return String(crc(Buffer.from(sent)));
    throw new Error(`${id}: ${whole}`);
  });
  const bytes = made(alg, content, secret);
  if (bytes === null) return null;
  const text = bytes.toString(sig.enc === "base64" || sig.enc === "base64url" ? sig.enc : "hex");
  const value = written(sig, text, time, ts ?? null);
  if (sig.in === "header") headers[sig.name] = value;
  const owned = secret.publicKey === undefined ? { secret: secret.text } : { publicKey: secret.publicKey };
  return { provider: id, method: "POST", url: URL_SIGNED, headers, body: sent, config: settings, ...owned };
}

function written(sig: Signature, text: string, time: string, ts: Timestamp | null): string {
  const value = (sig.prefix ?? "") + text;
  if (sig.format === "kv") return `${ts?.in === "sig" ? `${ts.name}=${time}${sig.sep}` : ""}${sig.key}=${value}`;
  if (sig.format === "taglist") return `${sig.tag},${value}`;
  return value;
}

function timestamp(unit: string | undefined): string {
  if (unit === "ms") return String(NOW * 1000);
  if (unit === "iso") return new Date(NOW * 1000).toISOString();
  return String(NOW);
}

interface Made {
  readonly text: string;
  readonly key: Buffer;
  readonly private?: KeyObject;
  readonly publicKey?: string;
}

function secretText(id: string, form = "utf8"): Made {
  const raw = Buffer.from(HEX, "hex");
  if (form === "hex") return { text: HEX, key: raw };
  if (form === "base64") return { text: raw.toString("base64"), key: raw };
  if (form.startsWith("whsec")) return { text: `whsec_${raw.toString("base64")}`, key: raw };
  if (form === "sha1") return { text: HEX, key: createHash("sha1").update(HEX).digest() };
  const kind = /ed25519|whpk/.test(form)
    ? "ed25519"
    : form === "spki-base64"
      ? "ec"
      : form === "pem" || form === "cert-pem"
        ? "rsa"
        : null;
  if (kind === null) return { text: `secret-of-${id}`, key: Buffer.from(`secret-of-${id}`) };
  const { privateKey, publicKey } = pairs[kind];
  const der = publicKey.export({ type: "spki", format: "der" });
  const text = {
    "ed25519-hex": der.subarray(-32).toString("hex"),
    "ed25519-base64": der.subarray(-32).toString("base64"),
    whpk: `whpk_${der.subarray(-32).toString("base64")}`,
    "spki-base64": der.toString("base64"),
  }[form];
  return {
    text: "",
    key: raw,
    private: privateKey,
    publicKey: text ?? publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}

function made(alg: string, content: string, secret: Made): Buffer | null {
  const hmac = /^hmac-(sha\d+)$/.exec(alg)?.[1];
  if (hmac !== undefined) return createHmac(hmac, secret.key).update(content).digest();
  if (alg === "sha256" || alg === "sha1") return createHash(alg).update(content).digest();
  if (secret.private === undefined) return null;
  if (alg === "ed25519") return sign(null, Buffer.from(content), secret.private);
  const hash = /-(sha\d+)$/.exec(alg)?.[1];
  return hash === undefined ? null : createSign(hash).update(content).sign(secret.private);
}

function crc(bytes: Buffer): number {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}
