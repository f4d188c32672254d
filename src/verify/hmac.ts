// Hashes and HMACs over content in pieces. With encrypt.ts the only file that uses node:crypto;
// its only state is a cache of imported keys.

// Not WebCrypto: it wants the content in one piece, so that `{timestamp}.{body}` would copy every body, and a call
// costs 150 µs under Node where this costs 4; in workerd both take 4 to 6 µs for 1 KB (`npm run bench`).
import { createHash, createHmac, createSecretKey, type KeyObject } from "node:crypto";
import type { SecretForm } from "../scheme/scheme.ts";
import { parsesAsKey } from "./parses-as-key.ts";
import { secretBytes } from "./secret.ts";
import type { Secret } from "../types.ts";

export type Hash = "sha1" | "sha256" | "sha384" | "sha512";

/** Content in pieces: text is taken as UTF-8. */
export type Chunks = readonly (string | Uint8Array)[];

/** Keys kept at one time for a form, far above the number of secrets that a Worker can hold (128). */
const KEY_LIMIT = 512;
const keys = new Map<SecretForm, Map<string, KeyObject | null>>();

/** The code, or `null` where the secret is not written in the form that the scheme takes. */
export function hmac(hash: Hash, secret: Secret, form: SecretForm, content: Chunks): Uint8Array<ArrayBuffer> | null {
  const key = keyOf(secret.value, form);
  if (key === null) return null;
  const code = createHmac(hash, key);
  for (const chunk of content) code.update(chunk);
  return bytesOf(code.digest("binary"));
}

/** The plain hash. */
export function digest(hash: Hash, content: Chunks): Uint8Array<ArrayBuffer> {
  const state = createHash(hash);
  for (const chunk of content) state.update(chunk);
  return bytesOf(state.digest("binary"));
}

/**
 * One character a byte. As a string it costs half of what a Buffer does, which has memory of its own outside the heap.
 */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** By form and then by value: a joined name would have to be hashed again for every request. */
function keyOf(value: string, form: SecretForm): KeyObject | null {
  let known = keys.get(form);
  if (known === undefined) keys.set(form, (known = new Map()));
  let key = known.get(value);
  if (key === undefined) {
    const bytes = form === "sha1" ? digest("sha1", [value]) : secretBytes(value, form);
    // An empty key would be a signature that anybody can make, and one that is published is nearly that.
    key = bytes === null || bytes.length === 0 || parsesAsKey(value) ? null : createSecretKey(bytes);
    if (known.size >= KEY_LIMIT) known.delete(known.keys().next().value ?? "");
    known.set(value, key);
  }
  return key;
}
