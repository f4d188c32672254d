// Signs as the template of the facts says: a code or signature over a few parts of the request, in a header or the query.

import { createHash, createHmac, createSign, sign } from "node:crypto";
import type { Facts, Scheme, Signature, Timestamp } from "./facts.ts";
import { type Key, keyOf } from "./keys.ts";
import { type Asked, BODY, FORM, JSON_TYPE, NOW, type Signed, URL_SIGNED, withQuery } from "./signed.ts";

const FORM_BODY = "payload=%7B%22a%22%3A1%7D&b=2&a=1";

/** A request that is signed by the template of its sender's facts. Throws for a word that it does not know. */
export function signByTemplate(
  { id, scheme }: Facts,
  { body = BODY, at = NOW, whose = "own", headers: more = {} }: Asked,
): Signed {
  const { alg, sig, ts, msg, sent = {} } = scheme;
  if (!sig || !msg) throw new TypeError(`${id}: the facts have no template`);
  const key = keyOf(id, scheme.key ?? "utf8", whose);
  const time = written(at, ts?.unit);
  const form = /\{form\*\}|\{f:/.test(msg);
  const content = form ? FORM_BODY : ts?.in === "json" ? body.replace("{", `{"${ts.name}":${time},`) : body;
  const headers: Record<string, string> = { ...(form ? FORM : JSON_TYPE), ...sent, ...more };
  for (const [, name = ""] of msg.matchAll(/\{h:([^}]+)\}/g)) headers[name] = `value-of-${name}`;
  if (ts?.in === "header") headers[ts.name] = time;
  const config: Record<string, string> = {};
  for (const [, name = ""] of msg.matchAll(/\{cfg:([^}]+)\}/g)) config[name] = `setting-${name}`;
  const signs = msg.replaceAll(/\{([^}]+)\}/g, (_, name: string) =>
    part(name, { content, time, key, headers, config }),
  );
  const proof = encoded(codeOf(alg, signs, key), sig.enc ?? "hex");
  const value = inFormat(sig, proof, time, ts ?? null);
  if (sig.in === "header") headers[sig.name] = value;
  return {
    request: {
      provider: id,
      method: "POST",
      url: sig.in === "query" ? withQuery(URL_SIGNED, sig.name, value) : URL_SIGNED,
      headers,
      body: content,
      config,
      ...keyOf(id, scheme.key ?? "utf8").row,
    },
    proof,
    covered: coveredBy(msg, headers, form),
    tolerance: toleranceOf(scheme),
  };
}

/** The tolerance that somebody demands. */
export function toleranceOf({ ts }: Scheme): number | null {
  return ts?.enforce === "none" ? null : (ts?.tol ?? null);
}

interface Parts {
  readonly content: string;
  readonly time: string;
  readonly key: Key;
  readonly headers: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, string>>;
}

function part(name: string, { content, time, key, headers, config }: Parts): string {
  const [word, of = ""] = name.split(/:(.*)/s);
  if (word === "h") return headers[of] ?? "";
  if (word === "cfg") return config[of] ?? "";
  if (word === "f") return new URLSearchParams(content).get(of) ?? "";
  const parts: Readonly<Record<string, () => string>> = {
    body: () => content,
    ts: () => time,
    url: () => URL_SIGNED,
    urldec: () => decodeURIComponent(URL_SIGNED),
    urlbase: () => URL_SIGNED.split("?")[0] ?? "",
    method: () => "POST",
    secret: () => key.text,
    "form*": () => sortedForm(content),
    "crc32:body": () => String(crc(Buffer.from(content))),
  };
  const make = parts[name];
  if (make === undefined) throw new TypeError(`the facts have a part that nobody signs: {${name}}`);
  return make();
}

/** Names in order, each followed by its value. */
function sortedForm(content: string): string {
  return [...new URLSearchParams(content)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => name + value)
    .join("");
}

/** A time as the sender writes it. */
export function written(at: number, unit = "s"): string {
  if (unit === "ms") return String(at * 1000);
  if (unit === "iso") return new Date(at * 1000).toISOString();
  if (unit === "iso-utc") return new Date(at * 1000).toISOString().slice(0, -1);
  return String(at);
}

function inFormat(sig: Signature, proof: string, time: string, ts: Timestamp | null): string {
  const value = (sig.prefix ?? "") + proof;
  const sep = sig.sep ?? ",";
  if (sig.format === "kv") return `${ts?.in === "sig" ? `${ts.name}=${time}${sep}` : ""}${sig.key}=${value}`;
  if (sig.format === "positional") return `${time}${sep}${value}`;
  if (sig.format === "taglist") return `${sig.tag},${value}`;
  return value;
}

export function encoded(bytes: Buffer, enc: string): string {
  return bytes.toString(enc === "base64" || enc === "base64url" ? enc : "hex");
}

function codeOf(alg: string, content: string, { bytes, pair }: Key): Buffer {
  const [, hmac] = /^hmac-(sha\d+)$/.exec(alg) ?? [];
  if (hmac !== undefined) return createHmac(hmac, bytes).update(content).digest();
  if (pair === null) return createHash(alg).update(content).digest();
  if (alg === "ed25519") return sign(null, Buffer.from(content), pair.privateKey);
  const [, hash = ""] = /-(sha\d+)$/.exec(alg) ?? [];
  return createSign(hash).update(content).sign(pair.privateKey);
}

/** One change for each part of the template that a stranger could change. */
function coveredBy(msg: string, headers: Readonly<Record<string, string>>, form: boolean): Signed["covered"] {
  const covered: Record<string, readonly [string, string]> = {};
  if (/\{(body|crc32:body)\}/.test(msg)) covered["body"] = ['"n":1', '"n":2'];
  if (form) covered["form"] = ["%22a%22%3A1", "%22a%22%3A2"];
  if (/\{url(dec)?\}/.test(msg)) covered["query"] = ["?foo=1", "?foo=2"];
  if (/\{url(dec|base)?\}/.test(msg)) covered["path"] = ["/in/abc123", "/in/abc124"];
  for (const [, name = ""] of msg.matchAll(/\{h:([^}]+)\}/g))
    covered[`header ${name}`] = [headers[name] ?? "", "another-value"];
  return covered;
}

/** CRC-32 as PayPal takes it (ISO-HDLC). */
function crc(bytes: Buffer): number {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}
