// Is it really theirs? One interpreter for every provider; pure but for WebCrypto.

import { urlForms } from "./canonical.ts";
import { strayKeyUrl, unboundBody, unmetDemand } from "./demands.ts";
import { decodeBase64, equal } from "../bytes/encoding.ts";
import type { VerificationRejection } from "../errors.ts";
import { digest, hmac, type Hash } from "./hmac.ts";
import { isSigned, judgeClaims, tokenOf, utf8 } from "./jws.ts";
import { member, parseJson, Readings, type Inbound } from "./readings.ts";
import type { Algorithm, JwsAlgorithm } from "../scheme/scheme.ts";
import { publicKeys, signedBy, type Method } from "./publickey.ts";
import { candidates, checkTimestamp, shownText, unprefixed, type Candidate } from "./signature.ts";
import { concatenated, document, parsePlace, read, render, renderChunks, type Scope } from "./template.ts";
import type { Secret } from "../types.ts";

export type { Inbound } from "./readings.ts";

/** A request that is proven. */
interface Verified {
  /** Name of the secret that matched; `null` where the scheme has none. */
  readonly secret: string | null;
}

export type Verdict =
  | { readonly ok: true; readonly value: Verified }
  | { readonly ok: false; readonly rejection: VerificationRejection };

/** A secret's name, or why none of them proves it. */
type Proof = { readonly secret: string } | { readonly fault: VerificationRejection };

const HMACS: Readonly<Partial<Record<Algorithm, Hash>>> = {
  "hmac-sha1": "sha1",
  "hmac-sha256": "sha256",
  "hmac-sha384": "sha384",
  "hmac-sha512": "sha512",
};

const DIGESTS: Readonly<Partial<Record<Algorithm, Hash>>> = { sha1: "sha1", sha256: "sha256" };

const METHODS: Readonly<Partial<Record<Algorithm, Method>>> = {
  ed25519: { name: "Ed25519" },
  "ecdsa-p256-sha1": { name: "ECDSA", hash: "SHA-1", namedCurve: "P-256" },
  "ecdsa-p256-sha256": { name: "ECDSA", hash: "SHA-256", namedCurve: "P-256" },
  "rsa-sha1": { name: "RSASSA-PKCS1-v1_5", hash: "SHA-1" },
  "rsa-sha256": { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  "rsa-sha512": { name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" },
};

/** Elements of one batch; the largest batches of the catalogue (Microsoft Graph) hold 1,000. */
const BATCH_LIMIT = 2000;

const encoder = new TextEncoder();

/**
 * Judges a request by its provider's scheme. `secrets` are tried in order, newest first; `settings` are the source's; `now` is in
 * milliseconds. What the sender did wrong is a value; nothing that a request holds makes this throw.
 */
export async function verify(
  request: Inbound,
  provider: Scope["provider"],
  secrets: readonly Secret[],
  settings: Readonly<Record<string, string>>,
  now: number,
): Promise<Verdict> {
  const usable = secrets.every(isUsable) ? secrets : secrets.filter(isUsable);
  if (usable.length === 0) return refused({ reason: "secret_missing", names: secrets.map(({ name }) => name) });
  const scope: Scope = { readings: new Readings(request), provider, settings };
  const unmet = unmetDemand(scope);
  if (unmet !== null) return refused(unmet);
  const stray = strayKeyUrl(scope);
  if (stray !== null) return refused(stray);
  const items = itemsOf(scope);
  if (items === null) return refused({ reason: "part_missing", where: provider.each ?? "" });
  let proof: Proof = { fault: { reason: "signature_missing", where: provider.each ?? "" } };
  for (const item of items) {
    const proving = prove(item === undefined ? scope : { ...scope, item }, usable, now);
    proof = proving instanceof Promise ? await proving : proving;
    if ("fault" in proof) return refused(proof.fault);
  }
  if ("fault" in proof) return refused(proof.fault);
  const unbound = unboundBody(scope);
  return unbound === null ? { ok: true, value: { secret: proof.secret } } : refused(unbound);
}

function isUsable({ name, value }: Secret): boolean {
  return value !== "" && !isVerifyToken(name);
}

/** Secrets of that name are shown to the sender in a handshake, so that nothing may be signed with them. */
export function isVerifyToken(name: string): boolean {
  return name.endsWith("_VERIFY_TOKEN");
}

function prove(scope: Scope, secrets: readonly Secret[], now: number): Promise<Proof> | Proof {
  const { algorithm } = scope.provider;
  if (algorithm === "token" || algorithm === "basic") return shown(scope, secrets, now);
  if (algorithm === "jwt" || algorithm === "jws-detached") return jws(scope, secrets, now);
  return signed(scope, secrets, now);
}

/** The elements that each carry a signature; one that is no element where the request as a whole is signed. */
function itemsOf(scope: Scope): readonly unknown[] | null {
  const { each } = scope.provider;
  if (each === undefined) return [undefined];
  const [place] = parsePlace(each);
  const list = place === undefined ? undefined : member(document(scope), place.path);
  return Array.isArray(list) && list.length <= BATCH_LIMIT ? list : null;
}

/** One content under one secret, and the signatures that may be its. */
interface Trial {
  readonly algorithm: Algorithm;
  readonly candidate: Candidate;
  readonly content: readonly (string | Uint8Array)[];
  readonly secret: Secret;
}

/** Signatures and codes over content: each candidate, in each spelling of the URL, under each secret, until one is right. */
function signed(scope: Scope, secrets: readonly Secret[], now: number): Proof | Promise<Proof> {
  const found = candidates(scope);
  if ("rejection" in found) return { fault: found.rejection };
  const trials: Trial[] = [];
  let publicly = false;
  let fault: VerificationRejection | null = null;
  const urls = urlForms(scope.readings.request.url, scope.provider.urlForms);
  for (const candidate of found) {
    const algorithm = algorithmOf(candidate.scope);
    const timed = checkTimestamp(candidate.scope, now);
    if (algorithm === null || "rejection" in timed) {
      fault = "rejection" in timed ? timed.rejection : { reason: "part_refused", where: algorithmPlace(scope) };
      continue;
    }
    publicly ||= METHODS[algorithm] !== undefined;
    for (const url of urls) {
      for (const secret of secrets) {
        const content = contentOf(candidate.scope, timed.timestamp, url, secret);
        if ("missing" in content) return { fault: missing(content.missing) };
        trials.push({ algorithm, candidate, content, secret });
      }
    }
  }
  const proof = publicly ? byPublicKey(trials) : byCode(trials);
  return proof ?? { fault: fault ?? { reason: "signature_mismatch", tried: secrets.map(({ name }) => name) } };
}

/** The algorithm, which some senders name in the request: only those that the provider lists are believed. */
function algorithmOf(scope: Scope): Algorithm | null {
  const { algorithm } = scope.provider;
  if (typeof algorithm === "string") return algorithm;
  const name = read(algorithm.by, scope);
  return name !== null && Object.hasOwn(algorithm.of, name) ? algorithm.of[name]! : null;
}

function algorithmPlace({ provider: { algorithm } }: Scope): string {
  return typeof algorithm === "string" ? algorithm : algorithm.by;
}

function contentOf(
  scope: Scope,
  timestamp: string | null,
  url: string,
  { value: secret }: Secret,
): readonly (string | Uint8Array)[] | { readonly missing: string } {
  const { signs, sorted } = scope.provider;
  if (signs === undefined && sorted === undefined) return [scope.readings.request.body];
  const within = { ...scope, timestamp, url, secret };
  if (sorted === undefined) return renderChunks(signs ?? "{body}", within);
  const parts: string[] = [];
  for (const template of sorted) {
    const part = render(template, within);
    if (part === null) return { missing: template };
    parts.push(part);
  }
  return parts.toSorted();
}

function missing(where: string): VerificationRejection {
  const [place] = parsePlace(where.replaceAll(/[{}]/g, ""));
  return place?.source === "setting"
    ? { reason: "setting_missing", setting: place.name }
    : { reason: "part_missing", where };
}

/** Codes under a shared secret: nothing to wait for. `null` where none is right. */
function byCode(trials: readonly Trial[]): Proof | null {
  let proof: Proof | null = null;
  for (const { algorithm, candidate, content, secret } of trials) {
    const form = candidate.scope.provider.secret ?? "text";
    const keyed = HMACS[algorithm];
    const plain = DIGESTS[algorithm];
    const expected =
      keyed !== undefined ? hmac(keyed, secret, form, content) : plain !== undefined ? digest(plain, content) : null;
    if (expected === null) proof = unusable(secret, form);
    else if (holds(candidate.signatures, expected)) return { secret: secret.name };
  }
  return proof;
}

/** Compares with every signature, so that the time does not tell which one was right. */
function holds(signatures: readonly Uint8Array[], expected: Uint8Array): boolean {
  let held = false;
  for (const signature of signatures) held = equal(signature, expected) || held;
  return held;
}

async function byPublicKey(trials: readonly Trial[]): Promise<Proof> {
  let fault: VerificationRejection = { reason: "signature_mismatch", tried: trials.map(({ secret }) => secret.name) };
  for (const { algorithm, candidate, content, secret } of trials) {
    const { pairs, provider } = candidate.scope;
    const method = METHODS[algorithm];
    const keys =
      method === undefined
        ? []
        : await publicKeys(secret.value, method, pairs?.get("kid") ?? pairs?.get("keyid") ?? null);
    const whole = concatenated(content);
    for (const key of keys) {
      for (const signature of candidate.signatures) {
        if (method !== undefined && (await signedBy(key, method, signature, whole, provider.signature.der)))
          return { secret: secret.name };
      }
    }
    if (keys.length === 0) fault = unusable(secret, provider.secret ?? "text").fault;
  }
  return { fault };
}

function unusable({ name }: Secret, form: string): { readonly fault: VerificationRejection } {
  return { fault: { reason: "secret_unusable", name, form } };
}

/** Tokens in the sense of RFC 7519, and signatures over the body that come without it. */
async function jws(scope: Scope, secrets: readonly Secret[], now: number): Promise<Proof> {
  const { provider } = scope;
  const where = [provider.signature.at].flat().join(", ");
  if ((shownText(scope) ?? "") === "") return { fault: { reason: "signature_missing", where } };
  const token = tokenOf(scope);
  if (token === null) return { fault: { reason: "signature_malformed", where } };
  const allowed: readonly JwsAlgorithm[] = provider.jwt?.algorithms ?? [];
  if (!allowed.some((one) => one === token.algorithm))
    return { fault: { reason: "part_refused", where: `alg in ${where}` } };
  for (const secret of secrets) {
    if (!(await isSigned(token, secret, provider.secret ?? "text", allowed))) continue;
    const fault = provider.algorithm === "jwt" ? judgeClaims(parseJson(utf8(token.payload)), scope, now) : null;
    return fault === null ? { secret: secret.name } : { fault };
  }
  return { fault: { reason: "signature_mismatch", tried: secrets.map(({ name }) => name) } };
}

/** A secret that the sender shows as it is: no integrity, no protection against replays. */
function shown(scope: Scope, secrets: readonly Secret[], now: number): Proof {
  const where = [scope.provider.signature.at].flat().join(", ");
  const text = shownText(scope);
  if (text === null || text === "") return { fault: { reason: "signature_missing", where } };
  const given = credentials(text, scope);
  if (given === null) return { fault: { reason: "signature_malformed", where } };
  const timed = checkTimestamp(scope, now);
  if ("rejection" in timed) return { fault: timed.rejection };
  for (const secret of secrets) {
    if (equal(given, encoder.encode(secret.value))) return { secret: secret.name };
  }
  return { fault: { reason: "signature_mismatch", tried: secrets.map(({ name }) => name) } };
}

function credentials(text: string, scope: Scope): Uint8Array | null {
  if (scope.provider.algorithm !== "basic") {
    const token = unprefixed(text, scope.provider.signature);
    return token === null ? null : encoder.encode(token);
  }
  const encoded = /^basic +([^ ]+)$/i.exec(text)?.[1];
  return encoded === undefined ? null : decodeBase64(encoded);
}

function refused(rejection: VerificationRejection): Verdict {
  return { ok: false, rejection };
}
