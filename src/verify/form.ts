// Could any key prove this request? Everything that is judged before cryptography, and without a key. Pure.

import type { VerificationRejection } from "../errors.ts";
import type { Algorithm } from "../scheme/scheme.ts";
import type { Secret } from "../types.ts";
import { urlForms } from "./canonical.ts";
import { missing, strangeAlgorithm, strayKeyUrl, unboundBody, unmetDemand } from "./demands.ts";
import { strayPart } from "./parts.ts";
import { member } from "../bytes/json.ts";
import { parsePlace } from "../scheme/places.ts";
import { document, read, render, renderChunks } from "./render.ts";
import type { Scope } from "./scope.ts";
import { hasTokenLength, claimsIn, judgeClaims, tokenOf, type Jws } from "./jws.ts";
import { hasLength, type Method } from "./publickey.ts";
import { candidates, checkTimestamp, shownText, type Candidate } from "./signature.ts";

/** Algorithms under a key that only the sender has. */
export const METHODS: Readonly<Partial<Record<Algorithm, Method>>> = {
  ed25519: { name: "Ed25519" },
  "ecdsa-p256-sha1": { name: "ECDSA", hash: "SHA-1", namedCurve: "P-256" },
  "ecdsa-p256-sha256": { name: "ECDSA", hash: "SHA-256", namedCurve: "P-256" },
  "rsa-sha1": { name: "RSASSA-PKCS1-v1_5", hash: "SHA-1" },
  "rsa-sha256": { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  "rsa-sha512": { name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" },
};

/** Elements of one batch; the largest batches of the catalogue (Microsoft Graph) hold 1,000. */
const BATCH_LIMIT = 2000;

/** One content under one secret, and the signatures that may be its. */
export interface Trial {
  readonly algorithm: Algorithm;
  readonly candidate: Candidate;
  readonly content: readonly (string | Uint8Array)[];
  readonly secret: Secret;
}

/**
 * What is wrong with a request of a sender whose keys are public, as far as it shows without the key: no key could
 * prove such a request, so that none need be fetched for it. `now` is in milliseconds.
 */
export function formFault(scope: Scope, now: number): VerificationRejection | null {
  const unmet = unmetDemand(scope) ?? strayKeyUrl(scope);
  if (unmet !== null) return unmet;
  const { provider } = scope;
  const items = itemsOf(scope);
  if (items === null || items.length === 0) return { reason: "part_missing", where: provider.each ?? "" };
  for (const item of items) {
    const within = item === undefined ? scope : { ...scope, item };
    const found = isJws(provider) ? tokenFrom(within, now) : trialsOf(within, [{ name: "", value: "" }], now);
    if ("fault" in found) return found.fault;
  }
  return unboundBody(scope);
}

export function isJws({ algorithm }: Scope["provider"]): boolean {
  return algorithm === "jwt" || algorithm === "jws-detached";
}

/** The elements that each carry a signature; one that is no element where the request as a whole is signed. */
export function itemsOf(scope: Scope): readonly unknown[] | null {
  const { each } = scope.provider;
  if (each === undefined) return [undefined];
  const [place] = parsePlace(each);
  const list = place === undefined ? undefined : member(document(scope), place.path);
  return Array.isArray(list) && list.length <= BATCH_LIMIT ? list : null;
}

/** What there is to try, at least once; `passed` is why something that looked like a signature is not among it. */
export function trialsOf(
  scope: Scope,
  secrets: readonly Secret[],
  now: number,
):
  | { readonly trials: readonly Trial[]; readonly passed: VerificationRejection | null }
  | { readonly fault: VerificationRejection } {
  const found = candidates(scope);
  if ("rejection" in found) return { fault: found.rejection };
  const trials: Trial[] = [];
  let passed: VerificationRejection = { reason: "signature_mismatch", tried: secrets.map(({ name }) => name) };
  const urls = urlForms(scope.readings.request.url, scope.provider.urlForms);
  for (const written of found) {
    const algorithm = algorithmOf(written.scope);
    const timed = checkTimestamp(written.scope, now);
    const strange = strangeAlgorithm(written.scope);
    if (algorithm === null || "rejection" in timed || strange !== null) {
      const other: VerificationRejection = { reason: "part_refused", where: algorithmPlace(scope) };
      passed = "rejection" in timed ? timed.rejection : (strange ?? other);
      continue;
    }
    const stray = strayPart({ ...written.scope, timestamp: timed.timestamp });
    if (stray !== null) {
      passed = stray;
      continue;
    }
    const candidate = ofLength(written, algorithm);
    if (candidate.signatures.length === 0) {
      passed = { reason: "signature_malformed", where: [scope.provider.signature.at].flat().join(", ") };
      continue;
    }
    for (const url of urls) {
      for (const secret of secrets) {
        const content = contentOf(candidate.scope, timed.timestamp, url, secret);
        if ("missing" in content) return { fault: missing(content.missing) };
        trials.push({ algorithm, candidate, content, secret });
      }
    }
  }
  return trials.length === 0 ? { fault: passed } : { trials, passed };
}

/** Signatures of a public key that have a length which this algorithm can give; a code is compared as it is. */
function ofLength(candidate: Candidate, algorithm: Algorithm): Candidate {
  const method = METHODS[algorithm];
  if (method === undefined) return candidate;
  const { der } = candidate.scope.provider.signature;
  return { ...candidate, signatures: candidate.signatures.filter((one) => hasLength(one, method, der)) };
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

/**
 * The token if it has the form of one. With `now`, its claims are judged too, although nothing of them is proven yet.
 */
export function tokenFrom(
  scope: Scope,
  now: number | null,
): { readonly token: Jws } | { readonly fault: VerificationRejection } {
  const { provider } = scope;
  const where = [provider.signature.at].flat().join(", ");
  if ((shownText(scope) ?? "") === "") return { fault: { reason: "signature_missing", where } };
  const token = tokenOf(scope);
  if (token === null || !hasTokenLength(token)) return { fault: { reason: "signature_malformed", where } };
  if (provider.jwt?.algorithms.some((one) => one === token.algorithm) !== true)
    return { fault: { reason: "part_refused", where: `alg in ${where}` } };
  const stray = strayPart({ ...scope, timestamp: timeOf(token, scope) });
  if (stray !== null) return { fault: stray };
  const fault = now === null ? null : claimsFault(token, scope, now);
  return fault === null ? { token } : { fault };
}

/**
 * What the token says, or, of a signature over the body, the time that is signed with it:
 * beside the body, or in its header.
 */
export function claimsFault(token: Jws, scope: Scope, now: number): VerificationRejection | null {
  if (scope.provider.algorithm === "jwt") return judgeClaims(claimsIn(token), scope, now);
  const timed = checkTimestamp({ ...scope, pairs: token.head }, now);
  return "rejection" in timed ? timed.rejection : null;
}

function timeOf(token: Jws, scope: Scope): string | null {
  const { timestamp } = scope.provider;
  return timestamp === undefined ? null : read(timestamp.at, { ...scope, pairs: token.head });
}
