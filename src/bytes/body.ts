// The bytes of a body on their way into a database that keeps text, and out again unchanged. Pure.
import { Buffer } from "node:buffer";
import type { Encoding } from "../types.ts";

/** Bodies up to this size travel inside the event; larger ones are kept in parts (D1 allows 2 MB a row). */
export const INLINE_BYTES = 256 * 1024;

/** Bytes of text, or characters of base64, in one part. */
const PART_BYTES = 1_000_000;
/** Bytes that make so many characters of base64. */
const OF_BASE64 = (PART_BYTES / 4) * 3;

/**
 * Pieces in one statement: a body of 25 MiB has 35 of them,
 * and the free plan's invocation 50 statements, the schema's included.
 */
export const PIECES_AT_ONCE = 7;

/** Parts from this number on are what an event was before it was redacted: its head, and behind it its body. */
export const WHOLE_PARTS = 1_000;

// ignoreBOM: without it the decoder drops a leading byte order mark, and the receiver's signature no longer matches.
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Text where the bytes are strictly UTF-8, base64 otherwise. */
export function encodeBody(bytes: Uint8Array): { encoding: Encoding; data: string } {
  try {
    const data = strict.decode(bytes);
    // SQLite's text functions stop at a NUL, so a body that has one is kept as base64.
    if (!data.includes("\u0000")) return { encoding: "text", data };
  } catch {
    // Not UTF-8: the normal way here for binary bodies.
  }
  return { encoding: "base64", data: toBase64(bytes) };
}

/** The beginning of a body, as `encodeBody`; text is not cut within a character. */
export function encodeHead(bytes: Uint8Array, most: number): { encoding: Encoding; data: string } {
  if (bytes.length <= most) return encodeBody(bytes);
  const inside = (at: number) => ((bytes[at] ?? 0) & 0xc0) === 0x80;
  // A character has four bytes at most; where more follow one another, this is no text.
  const cut = [most, most - 1, most - 2, most - 3].find((at) => !inside(at)) ?? most;
  return encodeBody(bytes.subarray(0, cut));
}

/** The bytes as they were received. */
export function decodeBody(encoding: Encoding, data: string): Uint8Array {
  return encoding === "text" ? encoder.encode(data) : fromBase64(data);
}

/** A large body as pieces that each decode on their own and fit a row. */
export function encodeParts(bytes: Uint8Array): { encoding: Encoding; parts: string[] } {
  const { encoding, pieces } = cutParts(bytes, encodeBody(bytes).encoding);
  return { encoding, parts: pieces.map((piece) => encodePiece(encoding, piece)) };
}

/** The same as bytes, each of them small enough for its row once it is sealed, which takes base64. */
export function cutForSealing(bytes: Uint8Array): { encoding: Encoding; pieces: Uint8Array[] } {
  return cutParts(bytes, encodeBody(bytes).encoding, OF_BASE64);
}

/** A piece as it is kept of a body of this encoding. */
export function encodePiece(encoding: Encoding, piece: Uint8Array): string {
  return encoding === "text" ? strict.decode(piece) : toBase64(piece);
}

function cutParts(bytes: Uint8Array, encoding: Encoding, most = encoding === "text" ? PART_BYTES : OF_BASE64) {
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < bytes.length;) {
    const at = Math.min(bytes.length, start + most);
    const end = encoding === "text" ? characterBoundary(bytes, at) : at;
    pieces.push(bytes.subarray(start, end));
    start = end;
  }
  return { encoding, pieces };
}

/** The last index up to `at` that does not cut a UTF-8 character in two. */
function characterBoundary(bytes: Uint8Array, at: number): number {
  if (at >= bytes.length) return bytes.length;
  let index = at;
  while (((bytes[index] ?? 0) & 0xc0) === 0x80) index -= 1;
  return index;
}

// Buffer's own: 25 MiB took two seconds by way of btoa.
function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function fromBase64(text: string): Uint8Array {
  return Buffer.from(text, "base64");
}
