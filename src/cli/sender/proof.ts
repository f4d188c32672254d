// A request that proves itself: the scheme is run as the verifier runs it, and what it would compare is put in.
import { createHmac, createPrivateKey, sign } from "node:crypto";
import { concatenated, encodeBase64, encodeBase64Url, encodeHex } from "../../bytes/encoding.ts";
import type { VerificationRejection } from "../../errors.ts";
import type { Secret } from "../../types.ts";
import { itemsOf, METHODS, trialsOf } from "../../verify/form.ts";
import { digest, type Hash, hmac } from "../../verify/hmac.ts";
import type { Method } from "../../verify/publickey.ts";
import { Readings, type Inbound } from "../../verify/readings.ts";
import { secretBytes } from "../../verify/secret.ts";
import { type Draft, drafted, type Wanted } from "./draft.ts";

/** A draft, or why no request of this sender can be made. */
export type Proven = Draft | { readonly why: string };

/**
 * A genuine request under this secret. For senders that sign with a key of their own, the secret is a private key in
 * PEM; the source then holds the public half.
 */
export function proven(wanted: Wanted, secret: Secret): Proven {
  try {
    const { algorithm } = wanted.provider;
    if (algorithm === "token") return drafted(wanted, secret.value);
    if (algorithm === "basic") return drafted(wanted, `Basic ${Buffer.from(secret.value).toString("base64")}`);
    if (algorithm === "jwt") return drafted(wanted, token(wanted, secret));
    if (algorithm === "jws-detached") return { why: "this sender signs with a key that only it has" };
    return signed(wanted, secret);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { why: `no request of this sender can be made here: ${error.message}` };
  }
}

const encoder = new TextEncoder();

/** As the verifier has it. */
export function inbound({ method, url, headers, body }: Draft): Inbound {
  return { method, url, headers: new Headers(headers), body: encoder.encode(body) };
}

function signed(wanted: Wanted, secret: Secret): Proven {
  const { provider, settings } = wanted;
  const { algorithm: given } = provider;
  const names = typeof given === "string" ? [given] : Object.values(given.of);
  const key = names.some((name) => METHODS[name] !== undefined) ? privateKey(secret.value) : null;
  const by = (method: Method, content: Uint8Array) => {
    if (key === null) throw new TypeError(ITS_OWN_KEY);
    const hash = method.hash === undefined ? null : method.hash.replace("-", "");
    return sign(hash, content, { key, dsaEncoding: provider.signature.der === true ? "der" : "ieee-p1363" });
  };
  const first = names.map((name) => METHODS[name]).find((one) => one !== undefined);
  // The verifier looks only at what may be a signature: it has the length of one.
  const placeholder = first === undefined ? new Uint8Array(32) : by(first, new Uint8Array(1));
  const hidden = inbound(drafted(wanted, written(placeholder, wanted)));
  const scope = { readings: Readings.of(hidden), provider, settings };
  const [item] = itemsOf(scope) ?? [];
  const found = trialsOf({ ...scope, item }, [secret], wanted.at);
  if ("fault" in found) return { why: notByDescription(found.fault) };
  const [trial] = found.trials;
  if (trial === undefined) return { why: "the verifier finds nothing to sign in it" };
  const { algorithm, content } = trial;
  const method = METHODS[algorithm];
  if (method !== undefined) return drafted(wanted, written(by(method, concatenated(content)), wanted));
  const [, hash = ""] = /^(?:hmac-)?(sha\d+)$/.exec(algorithm) ?? [];
  if (!isHash(hash)) return { why: `its algorithm is ${algorithm}` };
  const form = provider.secret ?? "text";
  const code = algorithm.startsWith("hmac") ? hmac(hash, secret, form, content) : digest(hash, content);
  if (code === null) return { why: `the secret does not have the form that this sender's have: ${form}` };
  return drafted(wanted, written(code, wanted));
}

/** Why the verifier does not take what was made, by its own word and the place that it names. */
export function notByDescription(fault: VerificationRejection): string {
  return `its requests cannot be made from its description alone: ${fault.reason}${"where" in fault ? ` at ${fault.where}` : ""}`;
}

const ITS_OWN_KEY =
  "it signs with a key that only it has. A private key of your own in PEM signs in its place, where the source holds its public half";

function isHash(text: string): text is Hash {
  return ["sha1", "sha256", "sha384", "sha512"].includes(text);
}

function privateKey(pem: string) {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}

function written(bytes: Uint8Array, { provider: { signature } }: Wanted): string {
  if (signature.encoding === "base64") return encodeBase64(bytes);
  return signature.encoding === "base64url" ? encodeBase64Url(bytes) : encodeHex(bytes);
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token with the claims that the scheme demands, under a shared secret. */
function token(wanted: Wanted, secret: Secret): string {
  const { jwt, secret: form = "text" } = wanted.provider;
  const algorithm = jwt?.algorithms.find((one) => one.startsWith("HS"));
  const key = secretBytes(secret.value, form);
  if (jwt === undefined || algorithm === undefined || key === null)
    throw new TypeError("its tokens are signed with a key that only it has");
  const body = drafted(wanted, "-").body;
  const hash = Buffer.from(digest("sha256", [body]));
  const now = Math.floor(wanted.at / 1000);
  const claims: Record<string, unknown> = { iat: now, exp: now + 300 };
  if (jwt.issuer !== undefined) claims["iss"] = setting(jwt.issuer, wanted);
  if (jwt.audience !== undefined) claims["aud"] = setting(jwt.audience, wanted);
  if (jwt.bodyHash !== undefined) claims[jwt.bodyHash.claim] = hash.toString(jwt.bodyHash.encoding ?? "hex");
  if (jwt.urlHash !== undefined) claims[jwt.urlHash] = Buffer.from(digest("sha256", [wanted.url])).toString("hex");
  const signs = `${part({ alg: algorithm, typ: "JWT" })}.${part(claims)}`;
  const code = createHmac(`sha${algorithm.slice(2)}`, key)
    .update(signs)
    .digest("base64url");
  return `${signs}.${code}`;
}

/** A template of text and settings. */
function setting(template: string, { settings }: Wanted): string {
  return template.replaceAll(/\{setting:([^}]+)\}/g, (_, name: string) => settings[name] ?? "");
}
