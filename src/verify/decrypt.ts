// Messages that Lark, WeCom and DingTalk encrypt beside signing them: only their handshakes need it.
// Pure but for WebCrypto.

import { concatenated, decodeBase64 } from "../bytes/encoding.ts";
import { digest } from "./hmac.ts";

/** WeCom and DingTalk pad to 32 bytes, where AES pads to 16. */
export const BLOCK = 32;

/**
 * AES-256-CBC; the key is the SHA-256 of the Encrypt Key, the first block the initial vector.
 * `null` where it does not decrypt.
 */
export async function decryptLark(text: string, secret: string): Promise<string | null> {
  const bytes = decodeBase64(text);
  if (bytes === null || bytes.length < 32 || secret === "") return null;
  const plain = await cbc(digest("sha256", [secret]), bytes.slice(0, 16), bytes.slice(16));
  const pad = plain?.at(-1) ?? 0;
  return plain === null || pad < 1 || pad > 16 ? null : utf8(plain.subarray(0, -pad));
}

/**
 * AES-256-CBC under EncodingAESKey (43 characters of base64):
 * 16 random bytes, a length, the message, the receiver's id.
 */
export async function decryptWecom(text: string, secret: string): Promise<string | null> {
  const bytes = decodeBase64(text);
  const key = aesKeyOf(secret);
  if (bytes === null || key === null) return null;
  const plain = await cbc(key, key.slice(0, 16), bytes);
  const pad = plain?.at(-1) ?? 0;
  if (plain === null || pad < 1 || pad > BLOCK || plain.length < 20 + pad) return null;
  const length = new DataView(plain.buffer, plain.byteOffset).getUint32(16);
  return 20 + length > plain.length - pad ? null : utf8(plain.subarray(20, 20 + length));
}

/**
 * The key that an EncodingAESKey stands for: random characters,
 * so that the unused bits at the end may be set, and not canonical base64.
 */
export function aesKeyOf(text: string): Uint8Array<ArrayBuffer> | null {
  return /^[A-Za-z0-9+/]{43}$/.test(text) ? Uint8Array.from(atob(`${text}=`), (one) => one.charCodeAt(0)) : null;
}

/**
 * Without touching the padding: WebCrypto strips PKCS#7 of at most 16 bytes and throws on more, so a block that
 * encrypts a full pad is appended, which leaves it nothing else to strip.
 */
async function cbc(
  key: Uint8Array<ArrayBuffer>,
  iv: Uint8Array<ArrayBuffer>,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array | null> {
  if (bytes.length === 0 || bytes.length % 16 !== 0) return null;
  const aes = await crypto.subtle.importKey("raw", key, "AES-CBC", false, ["encrypt", "decrypt"]);
  const last = bytes.slice(-16);
  const pad = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CBC", iv: last }, aes, new Uint8Array(0)));
  const whole = concatenated([bytes, pad]);
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-CBC", iv }, aes, whole));
}

function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
