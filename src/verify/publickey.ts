// A sender's public key, in whatever form it publishes it, and signatures under it. Pure but for WebCrypto.

import { decodeBase64Url, encodeHex } from "../bytes/encoding.ts";
import { rawEcdsa } from "./der.ts";
import { keyBytes, unquoted } from "./key-text.ts";
import { parseJson } from "../bytes/json.ts";

/** How to sign, without the key: what WebCrypto is told on import and again on verification. */
export interface Method {
  readonly name: "RSASSA-PKCS1-v1_5" | "RSA-PSS" | "ECDSA" | "Ed25519";
  readonly hash?: "SHA-1" | "SHA-256" | "SHA-384" | "SHA-512";
  readonly namedCurve?: "P-256" | "P-384" | "P-521";
  readonly saltLength?: number;
  /** The name in JSON Web Signatures: a key that says it is for another algorithm is not used (RFC 7517, 4.4). */
  readonly alg?: string;
}

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** Keys kept at one time. */
const KEY_LIMIT = 64;
const imported = new Map<string, Promise<readonly Key[]>>();

/** Keys of one set that are tried: no sender publishes more at a time, and each costs a public-key operation. */
const SET_LIMIT = 8;

/**
 * The keys that a text stands for, by method: PEM (a key, also of PKCS#1, or a certificate), a JWK or a set of them,
 * base64 or hex. Empty where it is none of these, or none that fits the method. `kid` narrows a set.
 */
export function publicKeys(text: string, method: Method, kid: string | null = null): Promise<readonly Key[]> {
  const name = JSON.stringify([method, kid, text]);
  let keys = imported.get(name);
  if (keys === undefined) {
    keys = importAll(text.trim(), method, kid);
    if (imported.size >= KEY_LIMIT) imported.delete(imported.keys().next().value ?? "");
    imported.set(name, keys);
  }
  return keys;
}

/** Whether a signature is right. `der` says that an ECDSA signature is in ASN.1. */
export async function signedBy(
  key: Key,
  method: Method,
  signature: Uint8Array,
  content: Uint8Array,
  der = false,
): Promise<boolean> {
  const raw = der ? rawEcdsa(signature, sizeOf(method)) : signature;
  if (raw === null || raw.length === 0) return false;
  return crypto.subtle.verify(method, key, raw, content);
}

/** Whether a signature has a length (and, in ASN.1, a form) that some key of this method could give. */
export function hasLength(signature: Uint8Array, method: Method, der = false): boolean {
  if (method.name === "Ed25519") return signature.length === 64;
  if (method.name !== "ECDSA") return signature.length * 8 >= RSA_BITS.least && signature.length * 8 <= RSA_BITS.most;
  return der ? rawEcdsa(signature, sizeOf(method)) !== null : signature.length === 2 * sizeOf(method);
}

/** Bytes of one coordinate. */
function sizeOf({ namedCurve = "P-256" }: Method): number {
  return { "P-256": 32, "P-384": 48, "P-521": 66 }[namedCurve];
}

async function importAll(text: string, method: Method, kid: string | null): Promise<readonly Key[]> {
  const keys: Key[] = [];
  for (const material of materials(text, kid)) {
    try {
      const key = await importOne(material, method);
      if (key !== null) keys.push(key);
    } catch {
      // Not a key of this kind; the caller reports that none was found.
    }
  }
  return keys;
}

/** The members of RFC 7517 that a public key is made of. */
interface Jwk {
  readonly kty: string;
  readonly kid?: unknown;
  readonly alg?: unknown;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
}

type Material = Uint8Array | Jwk;

function materials(text: string, kid: string | null): readonly Material[] {
  const written = unquoted(text);
  if (written.startsWith("{")) return jwks(parseJson(written), kid);
  return [keyBytes(written) ?? []].flat();
}

/**
 * The public keys of a JWK or a set, for signatures only.
 * Two keys of one name are no name at all, and shared secrets have no place here.
 */
function jwks(document: unknown, kid: string | null): readonly Jwk[] {
  const all: unknown =
    typeof document === "object" && document !== null && "keys" in document ? document.keys : [document];
  if (!Array.isArray(all)) return [];
  const usable = all.slice(0, 64).filter(isPublicJwk);
  if (all.length > 1 && usable.length < all.length && all.some((key) => isSecretJwk(key))) return [];
  const named = kid === null ? usable : usable.filter((key) => !("kid" in key) || key.kid === kid);
  if (kid !== null && named.length > 1 && named.every((key) => "kid" in key)) return [];
  return named.slice(0, SET_LIMIT);
}

function isPublicJwk(key: unknown): key is Jwk {
  if (typeof key !== "object" || key === null || !("kty" in key) || isSecretJwk(key)) return false;
  if ("use" in key && key.use !== "sig") return false;
  return !("key_ops" in key) || (Array.isArray(key.key_ops) && key.key_ops.includes("verify"));
}

function isSecretJwk(key: unknown): boolean {
  return typeof key === "object" && key !== null && "kty" in key && key.kty === "oct";
}

async function importOne(material: Material, method: Method): Promise<Key | null> {
  if (!(material instanceof Uint8Array)) return importJwk(material, method);
  if (method.name === "Ed25519" && material.length === 32) {
    return crypto.subtle.importKey("raw", material, method, false, ["verify"]);
  }
  const key = await crypto.subtle.importKey("spki", material, method, true, ["verify"]);
  if (!method.name.startsWith("RSA")) return key;
  const jwk = await crypto.subtle.exportKey("jwk", key);
  return jwk instanceof ArrayBuffer || !strongRsa(jwk) ? null : key;
}

async function importJwk(jwk: Jwk, method: Method): Promise<Key | null> {
  const { kty, crv, x, y, n, e } = jwk;
  if (jwk.alg !== undefined && method.alg !== undefined && !sameAlgorithm(jwk.alg, method.alg)) return null;
  if (method.name.startsWith("RSA") && !strongRsa(jwk)) return null;
  // Only what makes the key: `alg`, `use` and `key_ops` have been judged, and importers disagree about them.
  const bare = { kty, crv, x, y, n, e };
  return crypto.subtle.importKey("jwk", JSON.parse(JSON.stringify(bare)), method, false, ["verify"]);
}

/** `Ed25519` is the newer name of `EdDSA` (RFC 9864). */
function sameAlgorithm(written: unknown, wanted: string): boolean {
  return written === wanted || (written === "Ed25519" && wanted === "EdDSA");
}

/**
 * Sizes of RSA keys that are used: 2048 at least (RFC 7518, 3.3),
 * and no more than a signature can be checked under in reasonable time.
 */
const RSA_BITS = { least: 2048, most: 8192 };

/** Of one of these sizes, an odd exponent above 1, and not from the key generator that CVE-2017-15361 broke. */
function strongRsa({ n, e }: { readonly n?: string; readonly e?: string }): boolean {
  const modulus = decodeBase64Url(n ?? "");
  const exponent = decodeBase64Url(e ?? "");
  if (modulus === null || exponent === null) return false;
  const value = integer(modulus);
  const bits = value.toString(2).length;
  return (
    bits >= RSA_BITS.least &&
    bits <= RSA_BITS.most &&
    integer(exponent) > 1n &&
    (exponent.at(-1) ?? 0) % 2 === 1 &&
    !isRoca(value)
  );
}

function integer(bytes: Uint8Array): bigint {
  return BigInt(`0x0${encodeHex(bytes)}`);
}

/**
 * Moduli of the broken generator are powers of 65537 modulo each of these primes (Nemec et al., CCS 2017);
 * others hit all by 2^-27 odds.
 */
const ROCA_PRIMES = [11n, 13n, 17n, 19n, 37n, 53n, 61n, 71n, 73n, 79n, 97n, 103n, 107n, 109n, 127n, 151n, 157n];

function isRoca(modulus: bigint): boolean {
  return ROCA_PRIMES.every((prime) => {
    const rest = modulus % prime;
    let power = 1n;
    for (let i = 0n; i < prime; i++) {
      if (power === rest) return true;
      power = (power * 65537n) % prime;
    }
    return false;
  });
}
