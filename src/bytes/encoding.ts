// Hex and base64, decoded in their canonical spelling only, and a comparison in constant time. Pure.

/** How a sender writes bytes into a header. */
export type ByteEncoding = "hex" | "base64" | "base64url";

const BASE64 = table("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
const BASE64URL = table("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

/** The bytes, or `null` where the text is not the canonical spelling of any. */
export function decode(text: string, encoding: ByteEncoding): Uint8Array<ArrayBuffer> | null {
  switch (encoding) {
    case "hex":
      return decodeHex(text);
    case "base64":
      return decodeBase64(text);
    case "base64url":
      return decodeBase64Url(unpadded(text));
  }
}

/**
 * Senders differ in whether they write the padding of base64url (RFC 4648, 5 leaves it to them);
 * where it is, it is whole.
 */
function unpadded(text: string): string {
  const digits = text.replace(/={1,2}$/, "");
  return digits.length === text.length || text.length % 4 === 0 ? digits : text;
}

/** All lower or all upper case (Authorize.Net writes capitals): two spellings, never the 2^n of mixed ones. */
export function decodeHex(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length % 2 !== 0 || !/^(?:[0-9a-f]+|[0-9A-F]+)$/.test(text)) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (nibble(text, 2 * i) << 4) | nibble(text, 2 * i + 1);
  return bytes;
}

/** Digits end in their value; letters of either case have bit 6, and end in 1 for ten. */
function nibble(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return (code & 0xf) + 9 * (code >> 6);
}

/** Padded, and with the unused bits of the last digit zero: base64 is malleable otherwise (RFC 4648, 3.5). */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length === 0 || text.length % 4 !== 0) return null;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return base64By(text, text.length - padding, BASE64);
}

/** Without padding, as JWS demands it (RFC 7515, 2). */
export function decodeBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  return text.length === 0 ? null : base64By(text, text.length, BASE64URL);
}

function base64By(text: string, digits: number, alphabet: Int8Array): Uint8Array<ArrayBuffer> | null {
  if (digits % 4 === 1) return null;
  const bytes = new Uint8Array((digits * 3) >> 2);
  let faults = 0;
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < digits; i++) {
    const digit = value(alphabet, text, i);
    faults |= digit;
    bits = ((bits << 6) | digit) & 0x3fff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = (bits >> held) & 0xff;
    }
  }
  const unused = bits & ((1 << held) - 1);
  return faults < 0 || unused !== 0 ? null : bytes;
}

/** Lower-case hex. */
export function encodeHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += (byte < 16 ? "0" : "") + byte.toString(16);
  return text;
}

/** Padded base64. */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(binary);
}

/** base64url without padding. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const encoder = new TextEncoder();

/** Pieces in order as one; text counts as UTF-8. A single piece of bytes is handed back as it is, without a copy. */
export function concatenated(pieces: readonly (string | Uint8Array<ArrayBuffer>)[]): Uint8Array<ArrayBuffer>;
export function concatenated(pieces: readonly (string | Uint8Array)[]): Uint8Array;
export function concatenated(pieces: readonly (string | Uint8Array)[]): Uint8Array {
  if (pieces.length === 1 && pieces[0] instanceof Uint8Array) return pieces[0];
  const encoded = pieces.map((piece) => (typeof piece === "string" ? encoder.encode(piece) : piece));
  const bytes = new Uint8Array(encoded.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of encoded) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Equality in a time that depends on `given` alone, which the sender chose and knows. */
export function equal(given: Uint8Array, expected: Uint8Array): boolean {
  if (expected.length === 0) return false;
  let difference = given.length ^ expected.length;
  for (let i = 0; i < given.length; i++) {
    difference |= (given[i] ?? 0) ^ (expected[i < expected.length ? i : 0] ?? 0);
  }
  return difference === 0;
}

function value(alphabet: Int8Array, text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code < 128 ? (alphabet[code] ?? -1) : -1;
}

function table(alphabet: string): Int8Array {
  const values = new Int8Array(128).fill(-1);
  for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i;
  return values;
}
