// The kinds of forgery that break implementations of ECDSA and RSA, made here with node:crypto and tried on the whole verifier.

import {
  constants,
  createHash,
  createSign,
  generateKeyPairSync,
  type KeyObject,
  privateEncrypt,
  sign,
} from "node:crypto";
import { describe, expect, test } from "vitest";
import { pairs } from "../../vectors/keys.ts";
import { accepts, bytes, plain, spoilt, wrong } from "../../vectors/primitives.ts";

/** A number as DER writes it, with what may be wrong about it. */
const integer = (content: Buffer, length: Buffer = Buffer.from([content.length])) =>
  Buffer.concat([Buffer.from([0x02]), length, content]);
const sequence = (...parts: readonly Buffer[]) => {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([0x30, content.length]), content]);
};

/** A number without zeros in front, and with one where it would be negative. */
function minimal(value: bigint): Buffer {
  const hex = value.toString(16);
  const content = Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex");
  return (content[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), content]) : content;
}

/** 32 bytes, the least last. */
const big = (value: bigint) => Buffer.from((value % 2n ** 256n).toString(16).padStart(64, "0"), "hex");

describe("ecdsa over P-256", () => {
  const { privateKey, publicKey } = pairs.ec;
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const message = bytes(50);
  const p1363 = sign("sha256", message, { key: privateKey, dsaEncoding: "ieee-p1363" });
  const [r, s] = [p1363.subarray(0, 32), p1363.subarray(32)].map((half) => BigInt(`0x${half.toString("hex")}`));
  const numbers = { r: r ?? 0n, s: s ?? 0n };
  /** The order of the group (SEC 2, 2.4.2), and the size of its field. */
  const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const FIELD = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
  const asDer = plain("ecdsa-p256-sha256", "public", true);
  const asPair = plain("ecdsa-p256-sha256", "public", false);
  const der = sequence(integer(minimal(numbers.r)), integer(minimal(numbers.s)));

  /** Pairs of numbers that prove nothing. */
  const pairsOfNumbers: Readonly<Record<string, readonly [bigint, bigint]>> = {
    "zero and zero": [0n, 0n],
    "zero and one": [0n, 1n],
    "one and zero": [1n, 0n],
    "one and one": [1n, 1n],
    "the order and one": [ORDER, 1n],
    "one and the order": [1n, ORDER],
    "the order twice": [ORDER, ORDER],
    "the field and one": [FIELD, 1n],
    "r plus the order": [numbers.r + ORDER, numbers.s],
    "s plus the order": [numbers.r, numbers.s + ORDER],
    "r and zero": [numbers.r, 0n],
    "zero and s": [0n, numbers.s],
    "the other way round": [numbers.s, numbers.r],
    "r's negative": [ORDER - numbers.r, numbers.s],
  };

  test("a signature is taken in the one form that its provider uses", async () => {
    expect(await accepts(asDer, pem, message, der)).toBe(true);
    expect(await accepts(asPair, pem, message, p1363)).toBe(true);
    expect(await accepts(asDer, pem, message, p1363)).toBe(false);
    expect(await accepts(asPair, pem, message, der)).toBe(false);
    // The standard allows a second signature for each; nothing here is told apart by its signature.
    const mirrored = Buffer.concat([big(numbers.r), big(ORDER - numbers.s)]);
    expect(await accepts(asPair, pem, message, mirrored)).toBe(true);
  });

  test("what is cut, changed in one bit, lengthened or made up is refused", async () => {
    expect(await wrong(spoilt(p1363), false, (one) => accepts(asPair, pem, message, one))).toEqual([]);
    expect(await wrong(spoilt(der), false, (one) => accepts(asDer, pem, message, one))).toEqual([]);
  });

  test("numbers that prove nothing are refused in both forms", async () => {
    const inDer: Record<string, Buffer> = {};
    const inPair: Record<string, Buffer> = {};
    for (const [name, [left, right]] of Object.entries(pairsOfNumbers)) {
      inDer[name] = sequence(integer(minimal(left)), integer(minimal(right)));
      if (left < 2n ** 256n && right < 2n ** 256n) inPair[name] = Buffer.concat([big(left), big(right)]);
    }
    expect(await wrong(inDer, false, (one) => accepts(asDer, pem, message, one))).toEqual([]);
    expect(await wrong(inPair, false, (one) => accepts(asPair, pem, message, one))).toEqual([]);
  });

  test("DER is read strictly: a signature has one spelling", async () => {
    const [left, right] = [minimal(numbers.r), minimal(numbers.s)];
    const zero = Buffer.alloc(1);
    const body = der.subarray(2);
    const cases: Record<string, Buffer> = {
      "a zero before r": sequence(integer(Buffer.concat([zero, left])), integer(right)),
      "a zero before s": sequence(integer(left), integer(Buffer.concat([zero, right]))),
      "many zeros before r": sequence(integer(Buffer.concat([Buffer.alloc(40), left])), integer(right)),
      "r is empty": sequence(integer(Buffer.alloc(0)), integer(right)),
      "s is empty": sequence(integer(left), integer(Buffer.alloc(0))),
      "no s": sequence(integer(left)),
      "a third number": sequence(integer(left), integer(right), integer(Buffer.from([1]))),
      "a NULL at the end": sequence(integer(left), integer(right), Buffer.from([5, 0])),
      "bytes after it": Buffer.concat([der, Buffer.from([5, 0])]),
      "length in two bytes": Buffer.concat([Buffer.from([0x30, 0x81, body.length]), body]),
      "length in three bytes": Buffer.concat([Buffer.from([0x30, 0x82, 0, body.length]), body]),
      "length in nine bytes": Buffer.concat([Buffer.from([0x30, 0x88, 0, 0, 0, 0, 0, 0, 0, body.length]), body]),
      "indefinite length": Buffer.concat([Buffer.from([0x30, 0x80]), body, Buffer.from([0, 0])]),
      "r's length in two bytes": sequence(integer(left, Buffer.from([0x81, left.length])), integer(right)),
      "length too small": Buffer.concat([Buffer.from([0x30, body.length - 1]), body]),
      "length too large": Buffer.concat([Buffer.from([0x30, body.length + 1]), body]),
      "r's length beyond the end": sequence(integer(left, Buffer.from([0x7f])), integer(right)),
      "a set": Buffer.concat([Buffer.from([0x31]), der.subarray(1)]),
      "r as an octet string": sequence(Buffer.concat([Buffer.from([0x04, left.length]), left]), integer(right)),
      "wrapped once more": sequence(der),
      "r is negative": sequence(integer(Buffer.concat([Buffer.from([0xff]), left])), integer(right)),
      "an empty sequence": sequence(),
      nothing: Buffer.alloc(0),
    };
    expect(await wrong(cases, false, (one) => accepts(asDer, pem, message, one))).toEqual([]);
  });

  test("numbers of any size are read: a signature whose r or s is short is one too", async () => {
    const shapes = new Set<number>();
    for (let n = 0; n < 1500; n++) {
      const text = Buffer.from(`message ${n}`);
      const signature = createSign("sha256").update(text).sign(privateKey);
      if (shapes.has(signature.length) && n % 50 !== 0) continue;
      shapes.add(signature.length);
      expect(await accepts(asDer, pem, text, signature)).toBe(true);
    }
    expect(shapes.size).toBeGreaterThanOrEqual(3);
  });

  test("a signature with another hash, or under a key of another curve, is refused", async () => {
    for (const hash of ["sha1", "sha224", "sha384", "sha512"])
      expect(await accepts(asDer, pem, message, createSign(hash).update(message).sign(privateKey)), hash).toBe(false);
    const other = generateKeyPairSync("ec", { namedCurve: "secp256k1" });
    const foreign = createSign("sha256").update(message).sign(other.privateKey);
    const key = other.publicKey.export({ type: "spki", format: "pem" }).toString();
    expect(await accepts(asDer, key, message, foreign)).toBe(false);
    expect(await accepts(asDer, pem, message, foreign)).toBe(false);
  });
});

/** A block of 256 bytes: head, padding, end, and what is signed. */
const padded = (info: Buffer, { head = [0, 1], fill = 0xff, end = [0], after = 0 } = {}) => {
  const rest = 256 - head.length - end.length - info.length - after;
  return Buffer.concat([Buffer.from(head), Buffer.alloc(rest, fill), Buffer.from(end), info, Buffer.alloc(after)]);
};

describe("rsa with PKCS#1 v1.5", () => {
  const { privateKey, publicKey } = pairs.rsa;
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const provider = plain("rsa-sha256", "public");
  const message = bytes(50);
  const right = sign("sha256", message, privateKey);
  const judge = (signature: Buffer) => accepts(provider, pem, message, signature);
  const digest = createHash("sha256").update(message).digest();
  const INFO = Buffer.from("3031300d060960864801650304020105000420", "hex");

  /** What is signed, whatever its padding: 256 bytes. */
  const signed = (block: Buffer, key: KeyObject = privateKey) =>
    privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, block);
  const known = Buffer.concat([INFO, digest]);

  test("what is built by hand as the standard says is accepted, so that what is built otherwise is refused for its form", async () => {
    expect(await judge(right)).toBe(true);
    expect(signed(padded(known)).equals(right)).toBe(true);
  });

  test("what is cut, changed in one bit, lengthened or made up is refused", async () => {
    expect(await wrong(spoilt(right), false, judge)).toEqual([]);
  });

  test("padding that is short, of other bytes, or followed by something is refused (Bleichenbacher 2006)", async () => {
    const without = Buffer.concat([
      Buffer.from("302f300b0609608648016503040201", "hex"),
      Buffer.from("0420", "hex"),
      digest,
    ]);
    const cases: Record<string, Buffer> = {
      "something after the hash": padded(known, { after: 8 }),
      "much after the hash": padded(known, { after: 180 }),
      "zeros as padding": padded(known, { fill: 0 }),
      "other bytes as padding": padded(known, { fill: 0xfe }),
      "no zero before the hash": padded(known, { end: [0xff] }),
      "two zeros before the hash": padded(known, { end: [0, 0] }),
      "block type 0": padded(known, { head: [0, 0] }),
      "block type 2": padded(known, { head: [0, 2] }),
      "no name of the hash": padded(digest),
      "the name of another hash": padded(Buffer.concat([Buffer.from("3021300906052b0e03021a05000420", "hex"), digest])),
      "a long length": padded(Buffer.concat([Buffer.from("308131300d060960864801650304020105000420", "hex"), digest])),
      "the hash of another message": padded(Buffer.concat([INFO, createHash("sha256").update("x").digest()])),
      "the hash without its last byte": padded(Buffer.concat([INFO, digest.subarray(0, -1)])),
      // PKCS#1 demands the NULL that this one leaves out; the one verdict that RFC 8017 leaves open is not tried.
      "a broken name of the hash": padded(Buffer.concat([without.subarray(0, 8), without.subarray(9)])),
    };
    const signatures = Object.fromEntries(Object.entries(cases).map(([name, block]) => [name, signed(block)]));
    expect(await wrong(signatures, false, judge)).toEqual([]);
  });

  test("a signature of another scheme, another hash or another key is refused", async () => {
    const pss = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING };
    const cases: Record<string, Buffer> = {
      PSS: sign("sha256", message, pss),
      "SHA-1": sign("sha1", message, privateKey),
      "SHA-384": sign("sha384", message, privateKey),
      "SHA-512": sign("sha512", message, privateKey),
      "another key": sign("sha256", message, generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey),
      "a shorter key": sign("sha256", message, generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey),
      "the message itself": padded(known),
    };
    expect(await wrong(cases, false, judge)).toEqual([]);
  });

  test("a signature is a number below the modulus, and has one spelling", async () => {
    const { n = "" } = publicKey.export({ format: "jwk" });
    const modulus = BigInt(`0x${Buffer.from(n, "base64url").toString("hex")}`);
    const number = BigInt(`0x${right.toString("hex")}`);
    const plus = (number + modulus).toString(16);
    const larger = Buffer.from(plus.padStart(plus.length + (plus.length % 2), "0"), "hex");
    expect(await judge(larger)).toBe(false);
    expect(await judge(Buffer.from((modulus - number).toString(16).padStart(512, "0"), "hex"))).toBe(false);
    expect(await judge(Buffer.from(modulus.toString(16), "hex"))).toBe(false);
  });
});
