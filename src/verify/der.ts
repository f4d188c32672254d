// As much of ASN.1 DER as signatures need: whose a certificate is, its dates and its key,
// and ECDSA signatures in the one right spelling. Pure.

import { decodeBase64, encodeHex } from "../bytes/encoding.ts";

interface Element {
  readonly tag: number;
  /** Where the element begins, where its content begins, and where both end. */
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OID = 0x06;
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const DNS_NAME = 0x82;
const UTC_TIME = 0x17;

/** The object identifiers of a common name (2.5.4.3) and of the names of the subject (2.5.29.17), as DER has them. */
const COMMON_NAME = "85,4,3";
const ALTERNATIVE_NAME = "85,29,17";

/** The bytes of a certificate in PEM, or `null`. */
function certificateBytes(text: string): Uint8Array<ArrayBuffer> | null {
  const pem = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(text)?.[1];
  return pem === undefined ? null : decodeBase64(pem.replaceAll(/\s/g, ""));
}

/**
 * The certificate that a text is: one, in PEM, with white space around it at most.
 * `null` for anything else, whatever it may contain.
 */
export function soleCertificate(text: string): Uint8Array<ArrayBuffer> | null {
  const bytes = /^\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/.test(text)
    ? certificateBytes(text)
    : null;
  return bytes !== null && shape(bytes) === "30 30 03" && publicKeyOfCertificate(bytes) !== null ? bytes : null;
}

/**
 * Whom a certificate is issued to, in lower case: the DNS names of its subject where it has any, else its one common
 * name (RFC 9525, 6.3, and RFC 6125, 6.4.4, for certificates without DNS names).
 */
export function namesOfCertificate(certificate: Uint8Array): readonly string[] {
  const fields = fieldsOf(certificate);
  const partsOf = (whole: Element | undefined): readonly Element[] =>
    whole === undefined ? [] : (childrenOf(certificate, whole) ?? []);
  const isOid = (one: Element | undefined, oid: string): boolean =>
    one?.tag === OID && certificate.subarray(one.start, one.end).join() === oid;
  const textOf = ({ start, end }: Element): string =>
    new TextDecoder().decode(certificate.subarray(start, end)).toLowerCase();

  const [extensions] = partsOf(fields.find((field, at) => at > 6 && field?.tag === EXTENSIONS));
  const alternative = partsOf(extensions).find((one) => isOid(partsOf(one)[0], ALTERNATIVE_NAME));
  const [names] = partsOf(partsOf(alternative).at(-1));
  const dns = partsOf(names).filter(({ tag }) => tag === DNS_NAME);
  if (dns.length > 0) return dns.map(textOf);

  const attributes = partsOf(fields[5]).flatMap(partsOf).map(partsOf);
  const common = attributes.flatMap(([oid, value]) =>
    isOid(oid, COMMON_NAME) && value !== undefined ? [textOf(value)] : [],
  );
  return common.length === 1 ? common : [];
}

/**
 * The tags of a sequence that is the whole of the bytes, such as `30 03` for a SubjectPublicKeyInfo: an algorithm and a
 * bit string. `null` where the bytes are no such sequence.
 */
export function shape(bytes: Uint8Array): string | null {
  const outer = element(bytes, 0, bytes.length);
  if (outer?.tag !== SEQUENCE || outer.end !== bytes.length) return null;
  const parts = childrenOf(bytes, outer);
  return parts === null ? null : parts.map(({ tag }) => encodeHex(Uint8Array.of(tag))).join(" ");
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

/** `rsaEncryption` with its NULL (RFC 3279, 2.3.1), which goes before a key of PKCS#1 in a SubjectPublicKeyInfo. */
const RSA_ENCRYPTION = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
const BIT_STRING = 0x03;

/**
 * The SubjectPublicKeyInfo of an RSA key as PKCS#1 writes it (RFC 8017, A.1.1):
 * modulus and exponent, without saying that it is RSA.
 */
export function spkiOfPkcs1(key: Uint8Array): Uint8Array<ArrayBuffer> {
  const bits = wrapped(BIT_STRING, Uint8Array.of(0, ...key));
  return wrapped(SEQUENCE, Uint8Array.of(...RSA_ENCRYPTION, ...bits));
}

/** An element around content of up to 64 KB, its length in the shortest form. */
function wrapped(tag: number, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Uint8Array.of(tag, ...size, ...content);
}

/**
 * Version, serial number, signature algorithm, issuer, validity, subject, public key, and what else there is;
 * the version may be left out.
 */
function fieldsOf(certificate: Uint8Array): readonly (Element | undefined)[] {
  const outer = element(certificate, 0, certificate.length);
  const signed = outer?.tag === SEQUENCE ? element(certificate, outer.start, outer.end) : null;
  const fields = signed?.tag === SEQUENCE ? (childrenOf(certificate, signed) ?? []) : [];
  const all = fields[0]?.tag === VERSION ? fields : [undefined, ...fields];
  return all.length < 7 ? [] : all;
}

/** Elements of one sequence; the longest real one, the names of a certificate, may have a hundred. */
const CHILD_LIMIT = 256;

/** The elements of which an element is made up, or `null` where its content is not made up of elements. */
function childrenOf(bytes: Uint8Array, { start, end }: Element): readonly Element[] | null {
  const children: Element[] = [];
  let at = start;
  while (at < end) {
    const child = element(bytes, at, end);
    if (child === null || children.length === CHILD_LIMIT) return null;
    children.push(child);
    at = child.end;
  }
  return children;
}

/**
 * r‖s of an ECDSA signature over a curve of that many bytes, as WebCrypto wants it; anything but strict DER is `null`.
 */
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
