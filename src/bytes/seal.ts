// Secrets that D1 keeps for a while are kept sealed: AES-GCM under a key made from the operator's token.
// WebCrypto and nothing else.
import { decodeBase64, encodeBase64 } from "./encoding.ts";
import type { Secret } from "../types.ts";

const encoder = new TextEncoder();
/** AES-GCM's own length for a random nonce, in bytes. */
const NONCE = 12;

/** Only whoever has the token can open it again. */
export async function seal(text: string, token: Secret): Promise<string> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, await keyOf(token), encoder.encode(text));
  return `${encodeBase64(nonce)}.${encodeBase64(new Uint8Array(sealed))}`;
}

/** `null` where the token is another one by now. */
export async function unseal(sealed: string, token: Secret): Promise<string | null> {
  const [nonce, content] = sealed.split(".").map(decodeBase64);
  if (!nonce || !content) return null;
  try {
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce }, await keyOf(token), content);
    return new TextDecoder().decode(plain);
  } catch {
    return null;
  }
}

async function keyOf({ value }: Secret) {
  const material = await crypto.subtle.importKey("raw", encoder.encode(value), "HKDF", false, ["deriveKey"]);
  const derivation = {
    name: "HKDF",
    hash: "SHA-256",
    salt: new Uint8Array(0),
    info: encoder.encode("hookline offered secret"),
  };
  return await crypto.subtle.deriveKey(derivation, material, { name: "AES-GCM", length: 256 }, false, [
    "encrypt",
    "decrypt",
  ]);
}
