// Standard Webhooks v1a: signatures that a receiver checks with a public key, and those keys. WebCrypto alone.
import { decodeBase64, decodeBase64Url, encodeBase64, encodeBase64Url } from "../bytes/encoding.ts";
import type { Destination, SigningKey } from "../types.ts";
import { signsNow } from "../verify/in-force.ts";
import { derive, messageOf, signedBy } from "./sign.ts";

/**
 * The seed of a destination's key comes out of the one SIGNING_KEY as its secret does (sign.ts), with this salt. Each
 * destination has a key of its own: what one receiver gets must not prove anything to another.
 */
const SALT = "hookline/destination-ed25519-key/v1";
/** PKCS #8 of an Ed25519 key, up to its 32 bytes (RFC 8410, 7). */
const PKCS8 = new Uint8Array([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]);
const SEED_BYTES = 32;

/** Imported once each, as in sign.ts. */
const CACHE_LIMIT = 512;
const cache = new Map<string, Pair>();

interface Pair {
  readonly key: Awaited<ReturnType<typeof crypto.subtle.importKey>>;
  /** Base64url, as a JWK has it. */
  readonly x: string;
}

/** A public key as `/.well-known/jwks.json` lists it (RFC 8037). */
export interface PublicJwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly use: "sig";
  readonly alg: "EdDSA";
  /** Its thumbprint (RFC 7638): it names the key and tells nothing of the destination. */
  readonly kid: string;
  readonly x: string;
}

/** The `webhook-signature` header: one `v1a,…` for each key, newest first. `timestamp` is in Unix seconds. */
export async function signaturesV1a(
  destination: Pick<Destination, "name" | "keys">,
  id: string,
  timestamp: number,
  body: Uint8Array,
): Promise<string> {
  const { name } = destination;
  return await signedBy(destination, "v1a", messageOf(id, timestamp, body), async (key, message) =>
    crypto.subtle.sign("Ed25519", (await pairOf(name, key)).key, message),
  );
}

/** The keys that a receiver checks with, newest first, as Standard Webhooks writes them: `whpk_` and base64. */
export async function publicKeys({ name, keys }: Pick<Destination, "name" | "keys">): Promise<string[]> {
  const pairs = await Promise.all(keys.map((key) => pairOf(name, key)));
  return pairs.map(({ x }) => `whpk_${encodeBase64(decodeBase64Url(x) ?? new Uint8Array())}`);
}

/**
 * The keys of all destinations that sign so now, each once. One that has ended is gone at once: what was signed with it
 * until then was signed with the new one as well, and nobody should believe it any more.
 */
export async function publicJwks(destinations: Iterable<Destination>, now: number): Promise<PublicJwk[]> {
  const signing = [...destinations]
    .filter(({ shape }) => shape?.format === "standard-v1a")
    .map((one) => signsNow(one, now));
  const pairs = await Promise.all(signing.flatMap(({ name, keys }) => keys.map((key) => pairOf(name, key))));
  return await Promise.all([...new Set(pairs.map(({ x }) => x))].map(toJwk));
}

async function toJwk(x: string): Promise<PublicJwk> {
  const members = new TextEncoder().encode(JSON.stringify({ crv: "Ed25519", kty: "OKP", x }));
  const kid = encodeBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", members)));
  return { kty: "OKP", crv: "Ed25519", use: "sig", alg: "EdDSA", kid, x };
}

/** The seed in a secret of the destination's own: `whsk_` and base64 of the seed, with or without the public half. */
export function ownSeed(secret: string): Uint8Array<ArrayBuffer> | null {
  const written = secret.trim();
  const bytes = written.startsWith("whsk_") ? decodeBase64(written.slice("whsk_".length)) : null;
  return bytes?.length === SEED_BYTES || bytes?.length === 2 * SEED_BYTES ? bytes.slice(0, SEED_BYTES) : null;
}

async function pairOf(destination: string, key: SigningKey): Promise<Pair> {
  const name = key.kind === "derived" ? `${destination} ${key.from.value}` : ` ${key.secret.value}`;
  const known = cache.get(name);
  if (known !== undefined) return known;
  const seed = key.kind === "derived" ? await derive(key.from.value, destination, SALT) : ownSeed(key.secret.value);
  // The configuration lets no such secret through.
  if (seed === null) throw new Error(`a key of ${destination} is not a whsk_ secret`);
  const pkcs8 = new Uint8Array(PKCS8.length + SEED_BYTES);
  pkcs8.set(PKCS8);
  pkcs8.set(seed, PKCS8.length);
  const imported = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
  const exported = await crypto.subtle.exportKey("jwk", imported);
  const pair = { key: imported, x: "x" in exported && typeof exported.x === "string" ? exported.x : "" };
  if (cache.size >= CACHE_LIMIT) cache.clear();
  cache.set(name, pair);
  return pair;
}
