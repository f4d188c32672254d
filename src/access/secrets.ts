// How the secrets of operators are made, recognised and compared: only their hashes are kept.
// WebCrypto and nothing else.
import { encodeHex, equal } from "../bytes/encoding.ts";

const utf8 = new TextEncoder();

/** `hlk_<id>_<secret>`: the prefix lets scanners of leaked secrets find it, the id is its row. */
const KEY = /^hlk_([0-9a-f]{12})_[0-9a-f]{64}$/;

/** A new API key. @param random 32 hexadecimal digits at each call */
export function newKey(random: () => string): { id: string; secret: string } {
  const id = random().slice(0, 12);
  return { id, secret: `hlk_${id}_${random()}${random()}` };
}

/** The id within an API key, or `null` for what is none. */
export function keyId(text: string): string | null {
  return KEY.exec(text)?.[1] ?? null;
}

/** SHA-256 in hex. What is hashed has 256 random bits, so that no salt and no slow hash could add anything. */
export async function hash(text: string): Promise<string> {
  return encodeHex(await sha256(text));
}

/** Ties a session to what it was opened with: without `seal` nobody can tell which proof a session needs. */
export async function proofOf(session: string, seal: string): Promise<string> {
  const key = await crypto.subtle.importKey("raw", utf8.encode(seal), { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
  return encodeHex(new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8.encode(session))));
}

/** Equality that tells nothing of either side by its time, the lengths included. */
export async function same(given: string, expected: string): Promise<boolean> {
  const [left, right] = await Promise.all([sha256(given), sha256(expected)]);
  return expected !== "" && equal(left, right);
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", utf8.encode(text)));
}
