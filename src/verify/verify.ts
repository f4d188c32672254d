// Did the provider really send this request? One interpreter for every provider's scheme; pure but for WebCrypto.

import { strayKeyUrl, unboundBody, unmetDemand } from "./demands.ts";
import { decodeBase64, equal, concatenated } from "../bytes/encoding.ts";
import type { VerificationRejection } from "../errors.ts";
import { claimsFault, isJws, itemsOf, METHODS, tokenFrom, type Trial, trialsOf } from "./form.ts";
import { digest, hmac, type Hash } from "./hmac.ts";
import { isSigned } from "./jws.ts";
import { Readings, type Inbound } from "./readings.ts";
import { strayBody } from "./parts.ts";
import { couldBeComputed } from "./oracle.ts";
import type { Algorithm } from "../scheme/scheme.ts";
import { parsesAsKey } from "./parses-as-key.ts";
import { publicKeys, signedBy } from "./publickey.ts";
import { isEnded } from "./in-force.ts";
import { afterScheme, checkTimestamp, shownText, unprefixed } from "./signature.ts";
import { parsePlace } from "../scheme/places.ts";
import type { Scope } from "./scope.ts";
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

const encoder = new TextEncoder();

/**
 * Judges a request by its provider's scheme. `secrets` are tried in order, newest first, but for those that have ended;
 * `settings` are the source's; `now` is in milliseconds. What the sender did wrong is a value; nothing that a request
 * holds makes this throw.
 */
export async function verify(
  request: Inbound,
  provider: Scope["provider"],
  secrets: readonly Secret[],
  settings: Readonly<Record<string, string>>,
  now: number,
): Promise<Verdict> {
  const usable = secrets.every((one) => isUsable(one, now)) ? secrets : secrets.filter((one) => isUsable(one, now));
  if (usable.length === 0) return refused({ reason: "secret_missing", names: secrets.map(({ name }) => name) });
  const readings = Readings.of(request);
  const verdict = await judge({ readings, provider, settings }, usable, now);
  // What was not read may have held the proof: the operator must not hear that it is missing.
  if (verdict.ok || readings.excess === null) return verdict;
  return refused({ reason: "body_too_complex", what: readings.excess });
}

async function judge(scope: Scope, usable: readonly Secret[], now: number): Promise<Verdict> {
  const { provider } = scope;
  const unmet = unmetDemand(scope) ?? strayKeyUrl(scope);
  if (unmet !== null) return refused(unmet);
  const items = itemsOf(scope);
  if (items === null) return refused({ reason: "part_missing", where: provider.each ?? "" });
  let proof: Proof = { fault: { reason: "signature_missing", where: provider.each ?? "" } };
  for (const item of items) {
    const proving = prove(item === undefined ? scope : { ...scope, item }, usable, now);
    proof = proving instanceof Promise ? await proving : proving;
    if ("fault" in proof) return refused(proof.fault);
  }
  if ("fault" in proof) return refused(proof.fault);
  const unbound = unboundBody(scope) ?? strayBody(scope);
  return unbound === null ? { ok: true, value: { secret: proof.secret } } : refused(unbound);
}

function isUsable(secret: Secret, now: number): boolean {
  return secret.value !== "" && !isVerifyToken(secret.name) && !isEnded(secret, now);
}

/**
 * Secrets of that name are shown to the sender in a handshake, so that nothing may be signed with them: while one is
 * replaced, the old one no more than the new one.
 */
export function isVerifyToken(name: string): boolean {
  return /_VERIFY_TOKEN(?:_OLD)?$/.test(name);
}

function prove(scope: Scope, secrets: readonly Secret[], now: number): Promise<Proof> | Proof {
  const { algorithm } = scope.provider;
  if (algorithm === "token" || algorithm === "basic") return shown(scope, secrets, now);
  if (isJws(scope.provider)) return jws(scope, secrets, now);
  return signed(scope, secrets, now);
}

/**
 * Signatures and codes over content: each candidate, in each spelling of the URL,
 * under each secret, until one is right.
 */
function signed(scope: Scope, secrets: readonly Secret[], now: number): Proof | Promise<Proof> {
  const found = trialsOf(scope, secrets, now);
  if ("fault" in found) return found;
  const { trials, passed } = found;
  const publicly = trials.some(({ algorithm }) => METHODS[algorithm] !== undefined);
  const proof = publicly ? byPublicKey(trials) : byCode(trials);
  return proof ?? { fault: passed ?? { reason: "signature_mismatch", tried: secrets.map(({ name }) => name) } };
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
    // A key of an HMAC was looked at when it was imported, and once is enough: it costs as much as half of the code.
    const isKey = keyed === undefined && parsesAsKey(secret.value);
    if (expected === null || isKey) proof = unusable(secret, form);
    else if (holds(candidate.signatures, expected)) {
      if (couldBeComputed(content, candidate.scope, secret.value)) return { fault: { reason: "challenge_signed" } };
      return { secret: secret.name };
    }
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
  const found = tokenFrom(scope, null);
  if ("fault" in found) return found;
  for (const secret of secrets) {
    if (!(await isSigned(found.token, secret, provider.secret ?? "text", provider.jwt?.algorithms ?? []))) continue;
    if (couldBeComputed(found.token.signed, scope, secret.value)) return { fault: { reason: "challenge_signed" } };
    const fault = claimsFault(found.token, scope, now);
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
    const { value } = secret;
    // Many a sender asks for the whole of the header's value, so that its operators keep the scheme with the token.
    const expected = [value, afterScheme(value, "Bearer") ?? ""].map((one) => encoder.encode(one));
    if (!given.some((one) => expected.some((other) => equal(one, other)))) continue;
    return parsesAsKey(value) ? unusable(secret, scope.provider.secret ?? "text") : { secret: secret.name };
  }
  return { fault: { reason: "signature_mismatch", tried: secrets.map(({ name }) => name) } };
}

/**
 * What may be the secret. Where a provider names no scheme, its operator chose one beside the token: a bearer's (RFC
 * 6750), HTTP Basic, or none at all. Whoever writes the secret in any of these forms has it.
 */
function credentials(text: string, { provider: { algorithm, signature } }: Scope): readonly Uint8Array[] | null {
  const basic = basicCredentials(text);
  if (algorithm === "basic") return basic === null ? null : [basic];
  const token = unprefixed(text, signature);
  if (token === null) return null;
  const places = [signature.at].flat().flatMap(parsePlace);
  if (signature.prefix !== undefined || !places.some(({ name }) => name === "authorization"))
    return [encoder.encode(token)];
  const bearer = afterScheme(token, "Bearer");
  return [
    encoder.encode(token),
    ...(bearer === null ? [] : [encoder.encode(bearer)]),
    ...(basic === null ? [] : [basic]),
  ];
}

/** `user:password`, or `null` where these are no such credentials (RFC 7617). */
function basicCredentials(text: string): Uint8Array | null {
  const encoded = afterScheme(text, "Basic");
  return encoded === null ? null : decodeBase64(encoded);
}

function refused(rejection: VerificationRejection): Verdict {
  return { ok: false, rejection };
}
