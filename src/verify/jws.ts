// JSON Web Signatures and Tokens: is the signature valid under an agreed algorithm,
// and what do the claims bind? Pure but for WebCrypto.

import { decode, decodeBase64Url, encodeBase64Url, encodeHex, equal } from "../bytes/encoding.ts";
import type { VerificationRejection } from "../errors.ts";
import { missing } from "./demands.ts";
import { digest, hmac, type Hash } from "./hmac.ts";
import { queryOf } from "./readings.ts";
import type { JwsAlgorithm, Provider, SecretForm } from "../scheme/scheme.ts";
import { parsesAsKey } from "./parses-as-key.ts";
import { hasLength, publicKeys, signedBy, type Method } from "./publickey.ts";
import { shownText, unprefixed } from "./signature.ts";
import { member, parseJson, scalar } from "../bytes/json.ts";
import { concatenated } from "../bytes/encoding.ts";
import { read, render, renderChunks } from "./render.ts";
import type { Scope } from "./scope.ts";
import type { Secret } from "../types.ts";

const HMACS: Readonly<Record<string, Hash>> = { HS256: "sha256", HS384: "sha384", HS512: "sha512" };

const METHODS: Readonly<Record<string, Method>> = {
  RS256: { alg: "RS256", name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  RS384: { alg: "RS384", name: "RSASSA-PKCS1-v1_5", hash: "SHA-384" },
  RS512: { alg: "RS512", name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" },
  PS256: { alg: "PS256", name: "RSA-PSS", hash: "SHA-256", saltLength: 32 },
  PS384: { alg: "PS384", name: "RSA-PSS", hash: "SHA-384", saltLength: 48 },
  PS512: { alg: "PS512", name: "RSA-PSS", hash: "SHA-512", saltLength: 64 },
  ES256: { alg: "ES256", name: "ECDSA", hash: "SHA-256", namedCurve: "P-256" },
  ES384: { alg: "ES384", name: "ECDSA", hash: "SHA-384", namedCurve: "P-384" },
  ES512: { alg: "ES512", name: "ECDSA", hash: "SHA-512", namedCurve: "P-521" },
  EdDSA: { alg: "EdDSA", name: "Ed25519" },
};

/** Seconds by which the sender's clock may be ahead of ours. */
const LEEWAY = 5;

/** A token taken apart; nothing of it is believed yet. */
export interface Jws {
  readonly algorithm: string;
  readonly kid: string | null;
  /** Members of its header, as far as they are text or numbers. */
  readonly head: ReadonlyMap<string, string>;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array<ArrayBuffer>;
  readonly signed: readonly (string | Uint8Array)[];
}

/** Longest header, in characters: it names an algorithm and a key, and a token may be a body of 25 MB. */
const HEAD_LIMIT = 8192;

/**
 * The compact form (RFC 7515, 7.1), or `null`. With `detached` the payload is missing from the token and is given.
 *
 * @param unencoded whether the payload is signed as it is (RFC 7797),
 * which the token must then say in the one way there is
 */
export function parseJws(token: string, detached: Uint8Array | null = null, unencoded = false): Jws | null {
  const [head, body, code, ...rest] = token.split(".", 4);
  if (head === undefined || body === undefined || code === undefined || rest.length > 0) return null;
  if (head.length > HEAD_LIMIT) return null;
  if (detached !== null && body !== "") return null;
  const signature = decodeBase64Url(code);
  const payload = detached ?? (body === "" ? new Uint8Array() : decodeBase64Url(body));
  const header = parseJson(utf8(decodeBase64Url(head)));
  if (signature === null || payload === null || typeof header !== "object" || header === null) return null;
  const algorithm = member(header, ["alg"]);
  const kid = member(header, ["kid"]);
  if (kid !== undefined && typeof kid !== "string") return null;
  if (typeof algorithm !== "string" || !isUnderstood(header, unencoded)) return null;
  const scalars = Object.entries(header).flatMap(([name, value]): [string, string][] => {
    const text = scalar(value);
    return text === null ? [] : [[name, text]];
  });
  const content = detached === null ? [body] : [unencoded ? detached : encodeBase64Url(detached)];
  return {
    algorithm,
    kid: kid ?? null,
    head: new Map(scalars),
    payload,
    signature,
    signed: [`${head}.`, ...content],
  };
}

/**
 * A critical extension that is not understood must not be ignored (4.1.11).
 * One is, `b64`, and only where the sender is known to use it.
 */
function isUnderstood(header: object, unencoded: boolean): boolean {
  if (!unencoded) return !Object.hasOwn(header, "crit") && !Object.hasOwn(header, "b64");
  const critical = member(header, ["crit"]);
  return member(header, ["b64"]) === false && Array.isArray(critical) && critical.length === 1 && critical[0] === "b64";
}

/** The token of a request, where its provider sends one, taken apart. */
export function tokenOf(scope: Scope): Jws | null {
  const { algorithm, signature, jwt } = scope.provider;
  const text = shownText(scope);
  const token = text === null ? null : unprefixed(text, signature);
  if (token === null) return null;
  // Verification and the readers of its claims share one parse.
  if (algorithm !== "jws-detached") return scope.readings.token(token, (one) => parseJws(one));
  const payload = payloadOf(scope);
  return payload === null ? null : parseJws(token, payload, jwt?.unencoded);
}

/** What a detached signature is over. A time beside the body is signed as it was written, whatever it is worth. */
function payloadOf(scope: Scope): Uint8Array | null {
  const { signs = "{body}", timestamp: rule } = scope.provider;
  const timestamp = rule === undefined ? null : read(rule.at, scope);
  const chunks = renderChunks(signs, { ...scope, timestamp });
  return "missing" in chunks ? null : concatenated(chunks);
}

/** Whether a signature has a length that its algorithm can give; codes are compared as they are. */
export function hasTokenLength({ algorithm, signature }: Jws): boolean {
  const method = METHODS[algorithm];
  return method === undefined || hasLength(signature, method);
}

/** The claims of a token that has been verified before; `undefined` where the provider sends none. */
export function claimsOf(scope: Scope): unknown {
  const token = scope.provider.algorithm === "jwt" ? tokenOf(scope) : null;
  return token === null ? undefined : claimsIn(token);
}

/** Verification and templates read the same claims, so they are parsed once. */
const claimsOfTokens = new WeakMap<Jws, unknown>();

/** What a token says; nothing of it is believed yet. `undefined` where its payload is no JSON. */
export function claimsIn(token: Jws): unknown {
  if (!claimsOfTokens.has(token)) claimsOfTokens.set(token, parseJson(utf8(token.payload)));
  return claimsOfTokens.get(token);
}

/**
 * Whether a token's signature is right under a secret. The kind of the secret decides the kind of algorithm: a public
 * key is never taken for a shared secret, whatever the token asks for.
 */
export async function isSigned(
  jws: Jws,
  secret: Secret,
  form: SecretForm,
  allowed: readonly JwsAlgorithm[],
): Promise<boolean> {
  if (!allowed.some((one) => one === jws.algorithm)) return false;
  const isPublic = form === "public" || (form === "public-or-text" && parsesAsKey(secret.value));
  const hash = HMACS[jws.algorithm];
  if (hash !== undefined) {
    const code = isPublic ? null : hmac(hash, secret, form, jws.signed);
    return code !== null && equal(jws.signature, code);
  }
  const method = METHODS[jws.algorithm];
  if (method === undefined || !isPublic) return false;
  const content = concatenated(jws.signed);
  for (const key of await publicKeys(secret.value, method, jws.kid)) {
    if (await signedBy(key, method, jws.signature, content)) return true;
  }
  return false;
}

/** The claims of a token whose signature is right, judged by the provider's rules; `null` when they hold. */
export function judgeClaims(claims: unknown, scope: Scope, now: number): VerificationRejection | null {
  const { jwt } = scope.provider;
  if (jwt === undefined) return null;
  return judgeParties(claims, jwt, scope) ?? judgeTimes(claims, jwt, now) ?? judgeBinding(claims, jwt, scope);
}

type Rules = NonNullable<Provider["jwt"]>;

/**
 * Whom a token is from, and whom it is for (RFC 7519, 4.1.1 and 4.1.3).
 * What the rules ask for is asked for, whatever is not set.
 */
function judgeParties(claims: unknown, { issuer, audience }: Rules, scope: Scope): VerificationRejection | null {
  if (issuer !== undefined) {
    const wanted = render(issuer, scope);
    if (wanted === null) return missing(issuer);
    if (member(claims, ["iss"]) !== wanted) return { reason: "part_refused", where: "claim:iss" };
  }
  if (audience === undefined) return null;
  const wanted = render(audience, scope);
  if (wanted === null) return missing(audience);
  const given = [member(claims, ["aud"])].flat();
  return given.some((one) => isAudience(one, wanted)) ? null : { reason: "part_refused", where: "claim:aud" };
}

/** A URL is the same however it is written: `https://host` and `https://host/`. */
function isAudience(given: unknown, wanted: string): boolean {
  if (typeof given !== "string") return false;
  return (
    given === wanted || (URL.canParse(given) && URL.canParse(wanted) && new URL(given).href === new URL(wanted).href)
  );
}

function judgeTimes(claims: unknown, { maxAge, expires }: Rules, now: number): VerificationRejection | null {
  const seconds = Math.floor(now / 1000);
  const [iat, exp, nbf] = ["iat", "exp", "nbf"].map((name) => member(claims, [name]));
  for (const [name, claim] of Object.entries({ iat, exp, nbf })) {
    if (claim !== undefined && typeof claim !== "number")
      return { reason: "timestamp_malformed", where: `claim:${name}` };
  }
  if (expires === true && exp === undefined) return { reason: "timestamp_missing", where: "claim:exp" };
  if (typeof exp === "number" && seconds >= exp) {
    return { reason: "timestamp_stale", ageMs: (seconds - exp) * 1000, toleranceMs: 0 };
  }
  const start = Math.max(typeof nbf === "number" ? nbf : 0, maxAge !== undefined && typeof iat === "number" ? iat : 0);
  if (start - seconds > LEEWAY) {
    return { reason: "timestamp_future", aheadMs: (start - seconds) * 1000, toleranceMs: LEEWAY * 1000 };
  }
  if (maxAge === undefined) return null;
  if (typeof iat !== "number") return { reason: "timestamp_missing", where: "claim:iat" };
  const ageMs = (seconds - iat) * 1000;
  return ageMs > maxAge * 1000 ? { reason: "timestamp_stale", ageMs, toleranceMs: maxAge * 1000 } : null;
}

/** What ties a token to this request: hashes of its body, its URL, its query. */
function judgeBinding(claims: unknown, rules: Rules, scope: Scope): VerificationRejection | null {
  const { bodyHash, urlHash, queryHash } = rules;
  const { readings } = scope;
  if (bodyHash !== undefined) {
    const claim = member(claims, [bodyHash.claim]);
    const where = `claim:${bodyHash.claim}`;
    const absent = bodyHash.emptyAbsent === true && readings.request.body.length === 0;
    if (absent ? claim !== undefined : !sameHash(claim, bodyHash.encoding ?? "hex", readings.bodyHash)) {
      return claim === undefined ? { reason: "part_missing", where } : { reason: "body_mismatch", where };
    }
  }
  if (urlHash !== undefined && !sameHash(member(claims, [urlHash]), "hex", digest("sha256", [readings.request.url]))) {
    return { reason: "part_refused", where: `claim:${urlHash}` };
  }
  if (
    queryHash !== undefined &&
    member(claims, [queryHash]) !== encodeHex(digest("sha256", [atlassianRequest(scope)]))
  ) {
    return { reason: "part_refused", where: `claim:${queryHash}` };
  }
  return null;
}

function sameHash(claim: unknown, encoding: "hex" | "base64" | "base64url", expected: Uint8Array): boolean {
  const given = typeof claim === "string" ? decode(claim, encoding) : null;
  return given !== null && equal(given, expected);
}

/** Method, path and sorted query, as `atlassian-jwt` writes them ("Creating a query string hash"). */
function atlassianRequest({ readings: { request } }: Scope): string {
  const path = new URL(request.url).pathname.replace(/(.)\/$/, "$1").replaceAll("&", "%26");
  const values = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(queryOf(request.url))) {
    if (name === "jwt") continue;
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  const query = [...values]
    .map(([name, all]) => [rfc3986(name), all.map(rfc3986).toSorted().join(",")] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, all]) => `${name}=${all}`);
  return `${request.method.toUpperCase()}&${path}&${query.join("&")}`;
}

function rfc3986(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

function utf8(bytes: Uint8Array | null): string {
  return bytes === null ? "" : new TextDecoder().decode(bytes);
}
