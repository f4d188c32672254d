// As much of ASN.1 DER as signatures need: the public key of a certificate, and ECDSA signatures in the one right spelling. Pure.

import { decodeBase64 } from "../bytes/encoding.ts";

interface Element {
  readonly tag: number;
  /** Where the element begins, where its content begins, and where both end. */
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const VERSION = 0xa0;
const UTC_TIME = 0x17;

/** The bytes of a certificate in PEM, or `null`. */
export function certificateBytes(text: string): Uint8Array<ArrayBuffer> | null {
  const pem = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(text)?.[1];
  return pem === undefined ? null : decodeBase64(pem.replaceAll(/\s/g, ""));
}

/** Whether a certificate is within its dates; `now` in milliseconds. */
export function isValidAt(certificate: Uint8Array, now: number): boolean {
  const [, , , , validity] = fieldsOf(certificate);
  if (validity?.tag !== SEQUENCE) return false;
  const from = element(certificate, validity.start, validity.end);
  const until = from === null ? null : element(certificate, from.end, validity.end);
  if (from === null || until === null) return false;
  return timeOf(certificate, from) <= now && now <= timeOf(certificate, until);
}

/** UTCTime has two digits of the year, those from 50 on belong to the last century (RFC 5280, 4.1.2.5). */
function timeOf(bytes: Uint8Array, { tag, start, end }: Element): number {
  const text = new TextDecoder().decode(bytes.subarray(start, end));
  const full = tag === UTC_TIME ? (text < "5" ? `20${text}` : `19${text}`) : text;
  return Date.parse(full.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

/** The SubjectPublicKeyInfo of an X.509 certificate (RFC 5280, 4.1), or `null` where it has none. */
export function publicKeyOfCertificate(certificate: Uint8Array): Uint8Array<ArrayBuffer> | null {
  const key = fieldsOf(certificate)[6];
  return key?.tag === SEQUENCE ? certificate.slice(key.at, key.end) : null;
}

/** Version, serial number, signature algorithm, issuer, validity, subject, public key; the version may be left out. */
function fieldsOf(certificate: Uint8Array): readonly (Element | undefined)[] {
  const outer = element(certificate, 0, certificate.length);
  const signed = outer?.tag === SEQUENCE ? element(certificate, outer.start, outer.end) : null;
  if (signed?.tag !== SEQUENCE) return [];
  const fields: (Element | undefined)[] = [];
  let at = signed.start;
  while (fields.length < 7) {
    const field = element(certificate, at, signed.end);
    if (field === null) return [];
    if (fields.length === 0 && field.tag !== VERSION) fields.push(undefined);
    fields.push(field);
    at = field.end;
  }
  return fields;
}

/** r‖s of an ECDSA signature over a curve of that many bytes, as WebCrypto wants it; anything but strict DER is `null`. */
export function rawEcdsa(signature: Uint8Array, size: number): Uint8Array<ArrayBuffer> | null {
  const outer = element(signature, 0, signature.length);
  if (outer?.tag !== SEQUENCE || outer.end !== signature.length) return null;
  const raw = new Uint8Array(2 * size);
  let at = outer.start;
  for (const half of [0, size]) {
    const integer = element(signature, at, outer.end);
    if (integer?.tag !== INTEGER) return null;
    const bytes = magnitude(signature.subarray(integer.start, integer.end));
    if (bytes === null || bytes.length > size) return null;
    raw.set(bytes, half + size - bytes.length);
    at = integer.end;
  }
  return at === outer.end ? raw : null;
}

/** A positive integer in its shortest form. */
function magnitude(bytes: Uint8Array): Uint8Array | null {
  const [first, second] = bytes;
  if (first === undefined || first >= 0x80) return null;
  if (first !== 0 || bytes.length === 1) return bytes;
  return second !== undefined && second >= 0x80 ? bytes.subarray(1) : null;
}

/** The element at `at`, its length in the shortest form and within `limit`. */
function element(bytes: Uint8Array, at: number, limit: number): Element | null {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || at + 2 > limit) return null;
  let start = at + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 3 || start + count > limit) return null;
    length = 0;
    for (let i = 0; i < count; i++) length = (length << 8) | (bytes[start + i] ?? 0);
    if (length < 0x80 || length < 1 << (8 * (count - 1))) return null;
    start += count;
  }
  return start + length > limit ? null : { tag, at, start, end: start + length };
}
