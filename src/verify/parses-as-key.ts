// Is a text an asymmetric key? Such a text is never used as a shared secret:
// it is public, or it is a private key. Pure.

import { parsedStrictly } from "../bytes/json.ts";
import { shape } from "./der.ts";
import { pastedBytes, unquoted } from "./key-text.ts";

/**
 * The sequences that keys and certificates are in DER: SubjectPublicKeyInfo, a certificate, PKCS#1 (public, private),
 * PKCS#8 with and without attributes, and SEC 1.
 */
const SHAPES = /^(?:30 03|30 30 03|02 02|02( 02){8}|02 30 04( a0)?( a1)?|02 04( a0)?( a1)?)$/;

/** Longest text that is looked at, in characters; a secret of a Worker holds 5 KB. */
const LIMIT = 64 * 1024;

/**
 * Whether a text is a key or certificate, in any of the spellings in which one gets pasted: PEM with line ends, with
 * literal `\n` or without, a JWK or a set of them, OpenSSH, or DER in base64, base64url or hexadecimal, wrapped,
 * quoted, or once more in base64. 32 bare bytes are not recognised:
 * an Ed25519 key without a wrapping cannot be told from a random secret.
 */
export function parsesAsKey(text: string): boolean {
  return text.length <= LIMIT && isKey(unquoted(text), true);
}

function isKey(text: string, outermost: boolean): boolean {
  if (/-----BEGIN [A-Z0-9 ]*(?:KEY|CERTIFICATE)[A-Z0-9 ]*-----/.test(text)) return true;
  if (/^(?:ssh-|ecdsa-sha2-|sk-)[\w@.-]+ +AAAA/.test(text) || text.startsWith("whpk_")) return true;
  if (text.startsWith("{") || text.startsWith("[")) return isJwk(parsedStrictly(text));
  const bytes = pastedBytes(text);
  if (bytes === null) return false;
  if (SHAPES.test(shape(bytes) ?? "")) return true;
  return outermost && isKey(new TextDecoder().decode(bytes).trim(), false);
}

/**
 * A key, a list of them, or a set (RFC 7517);
 * one of the symmetric kind too, whose text is not the secret that it holds.
 */
function isJwk(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isJwk);
  if (typeof value !== "object" || value === null) return false;
  return "kty" in value || ("keys" in value && Array.isArray(value.keys));
}
