// A public key as an operator pasted it: PEM, base64 or hexadecimal in the spellings that files, consoles and
// environment variables make of them. Pure.

import { decodeBase64, decodeHex } from "../bytes/encoding.ts";
import { publicKeyOfCertificate, shape, spkiOfPkcs1 } from "./der.ts";

/** What the sequences are in DER, by their shape. */
const SPKI = "30 03";
const CERTIFICATE = "30 30 03";
const PKCS1 = "02 02";

const PEM = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/;

/** Without quotes around it, and with line ends where they were written as `\n`, as `.env` files and JSON have them. */
export function unquoted(text: string): string {
  return text
    .trim()
    .replace(/^(["'`])(.*)\1$/s, "$2")
    .replaceAll(/\\r|\\n/g, "\n")
    .trim();
}

/**
 * The bytes of base64 (either alphabet, padded or not, wrapped or not) or hexadecimal
 * (with `0x` and colons or without); `null` for neither.
 */
export function pastedBytes(text: string): Uint8Array<ArrayBuffer> | null {
  const digits = text.replaceAll(/\s/g, "");
  const hex = /^(?:0x)?[0-9a-f:]+$/i.test(digits)
    ? decodeHex(digits.replace(/^0x/i, "").replaceAll(":", "").toLowerCase())
    : null;
  if (hex !== null) return hex;
  const base64 = digits.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  return decodeBase64(base64.padEnd(Math.ceil(base64.length / 4) * 4, "="));
}

/** The SubjectPublicKeyInfo that a text stands for, or the 32 bytes of an Ed25519 key; `null` where it is neither. */
export function keyBytes(text: string): Uint8Array<ArrayBuffer> | null {
  const written = unquoted(text);
  const pem = PEM.exec(written)?.[2];
  const bytes = pastedBytes(pem ?? written.replace(/^whpk_/, ""));
  if (bytes === null) return null;
  const parts = shape(bytes);
  if (parts === SPKI) return bytes;
  if (parts === CERTIFICATE) return publicKeyOfCertificate(bytes);
  if (parts === PKCS1) return spkiOfPkcs1(bytes);
  if (pem !== undefined) return null;
  // A whole PEM file in base64 once more, for consoles that take one line.
  const inner = bytes.length > 64 ? new TextDecoder().decode(bytes) : "";
  return PEM.test(inner) ? keyBytes(inner) : bytes.length === 32 ? bytes : null;
}

/**
 * What is wrong with a text that is meant to be a public key, as the end of a sentence; `null` where it looks like one.
 * Tells nothing of the text.
 */
export function keyTextFault(text: string): string | null {
  const written = unquoted(text);
  if (written.startsWith("{") || keyBytes(written) !== null) return null;
  const label = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(written)?.[1];
  if (label?.includes("PRIVATE KEY") === true)
    return "it is a private key. Put the sender's public one, and replace the private one wherever it belongs";
  if (/^(?:ssh-|ecdsa-sha2-|sk-)/.test(written) || label?.includes("SSH") === true)
    return "it is written for OpenSSH. Turn it into PEM with: ssh-keygen -e -m PKCS8 -f FILE";
  if (label !== undefined && PEM.test(written))
    return `nothing inside its ${label} can be read: a character is missing or too many`;
  if (label !== undefined) return `its END ${label} line is missing: it was cut off`;
  if (/^https?:/.test(written)) return "it is the address of a key. Put what that address answers";
  return "it is no PEM, certificate, JWK, base64 or hexadecimal of a public key";
}
