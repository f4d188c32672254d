// What proves to a destination that a delivery is ours? Standard Webhooks v1 (HMAC-SHA-256);
// WebCrypto and nothing else.
import { decodeBase64, encodeBase64 } from "../bytes/encoding.ts";
import type { Destination, SigningKey } from "../types.ts";

/**
 * How a destination's key comes out of the one SIGNING_KEY: HKDF-SHA-256 (RFC 5869) over its UTF-8 bytes, with this
 * salt, the destination's name as info, 32 bytes. The salt carries a version: another way to derive needs another
 * salt, or receivers would be left with keys that no longer verify.
 */
const SALT = "hookline/destination-key/v1";
const KEY_BITS = 256;

/**
 * Imported keys, so that a delivery costs one HMAC and no derivation.
 * Far more than the destinations that 128 vars hold.
 */
const CACHE_LIMIT = 512;
const cache = new Map<string, ImportedKey>();

/** CryptoKey, by a name that both runtimes' type definitions have. */
type ImportedKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const HMAC = { name: "HMAC", hash: "SHA-256" };
const utf8 = new TextEncoder();

/**
 * The `webhook-signature` header: one `v1,…` for each key, newest first, over `id.timestamp.body`.
 * `timestamp` is in Unix seconds. A destination without keys gets an empty string, which must not be sent.
 */
export async function signatures(
  destination: Pick<Destination, "name" | "keys">,
  id: string,
  timestamp: number,
  body: Uint8Array,
): Promise<string> {
  const { name } = destination;
  return await signedBy(destination, "v1", messageOf(id, timestamp, body), async (key, message) =>
    crypto.subtle.sign(HMAC, await cryptoKey(name, key), message),
  );
}

/** One signature for each key, newest first, as the header has them. */
export async function signedBy(
  { keys }: Pick<Destination, "keys">,
  version: string,
  message: Uint8Array<ArrayBuffer>,
  sign: (key: SigningKey, message: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer>,
): Promise<string> {
  const signed = keys.map(async (key) => `${version},${encodeBase64(new Uint8Array(await sign(key, message)))}`);
  return (await Promise.all(signed)).join(" ");
}

/** The three headers of Standard Webhooks, in the order in which they are sent; `timestamp` is in Unix seconds. */
export function webhookHeaders(id: string, timestamp: number, signature: string): Record<string, string> {
  return { "webhook-id": id, "webhook-timestamp": String(timestamp), "webhook-signature": signature };
}

/** What Standard Webhooks signs. */
export function messageOf(id: string, timestamp: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = utf8.encode(`${id}.${timestamp}.`);
  const message = new Uint8Array(head.length + body.length);
  message.set(head);
  message.set(body, head.length);
  return message;
}

/** The secret that the receiver of `destination` verifies with, as `whsec_` and base64. */
export async function derivedSecret(signingKey: string, destination: string): Promise<string> {
  return `whsec_${encodeBase64(await derive(signingKey, destination))}`;
}

/** The bytes of a secret of the destination's own, `whsec_` and base64 or base64 alone; `null` where it is neither. */
export function ownKey(secret: string): Uint8Array<ArrayBuffer> | null {
  return decodeBase64(secret.trim().replace(/^whsec_/, ""));
}

async function cryptoKey(destination: string, key: SigningKey): Promise<ImportedKey> {
  const name = key.kind === "derived" ? `${destination} ${key.from.value}` : ` ${key.secret.value}`;
  const known = cache.get(name);
  if (known !== undefined) return known;

  const bytes = await keyBytes(destination, key);
  const made = await crypto.subtle.importKey("raw", bytes, HMAC, false, ["sign"]);
  // The key is cached, not the promise of it: a promise belongs to the request that made it and dies with it.
  if (cache.size >= CACHE_LIMIT) cache.clear();
  cache.set(name, made);
  return made;
}

async function keyBytes(destination: string, key: SigningKey): Promise<Uint8Array<ArrayBuffer>> {
  if (key.kind === "derived") return derive(key.from.value, destination);
  const bytes = ownKey(key.secret.value);
  // The configuration lets no such secret through.
  if (bytes === null) throw new Error(`${key.secret.name} is not a whsec_ secret`);
  return bytes;
}

/** 32 bytes that only the holder of the signing key can know; the salt says what they are for. */
export async function derive(signingKey: string, destination: string, salt = SALT): Promise<Uint8Array<ArrayBuffer>> {
  const material = await crypto.subtle.importKey("raw", utf8.encode(signingKey), "HKDF", false, ["deriveBits"]);
  const hkdf = {
    name: "HKDF",
    hash: "SHA-256",
    salt: utf8.encode(salt),
    info: utf8.encode(destination),
  };
  return new Uint8Array(await crypto.subtle.deriveBits(hkdf, material, KEY_BITS));
}
