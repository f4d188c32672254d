// The kinds of forgery that break implementations of message codes and Ed25519, made here with node:crypto and tried on the whole verifier.

import { createHash, createHmac, generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { pairs } from "../../vectors/keys.ts";
import { accepts, bytes, LENGTHS, plain, spoilt, wrong } from "../../vectors/primitives.ts";

describe.for([
  ["hmac-sha1", "sha1"],
  ["hmac-sha256", "sha256"],
  ["hmac-sha384", "sha384"],
  ["hmac-sha512", "sha512"],
] as const)("%s", ([algorithm, hash]) => {
  const provider = plain(algorithm, "hex");
  const code = (key: Buffer, message: Buffer, by: string = hash) => createHmac(by, key).update(message).digest();

  test("keys and messages of every length around a block are taken, and no other message", async () => {
    for (const keyLength of LENGTHS.filter((length) => length > 0)) {
      for (const length of LENGTHS) {
        const [key, message] = [bytes(keyLength), bytes(length)];
        const hex = key.toString("hex");
        expect(await accepts(provider, hex, message, code(key, message)), `${keyLength} ${length}`).toBe(true);
        const longer = Buffer.concat([message, Buffer.alloc(1)]);
        expect(await accepts(provider, hex, longer, code(key, message)), `${keyLength} ${length}`).toBe(false);
      }
    }
  });

  test("a tag that is cut, changed in one bit, lengthened or made up is refused", async () => {
    const [key, message] = [bytes(32), bytes(100)];
    const judge = (tag: Buffer) => accepts(provider, key.toString("hex"), message, tag);
    expect(await wrong(spoilt(code(key, message)), false, judge)).toEqual([]);
  });

  test("a tag under another key, another hash or no key is refused", async () => {
    const [key, message] = [bytes(32), bytes(100)];
    const judge = (tag: Buffer) => accepts(provider, key.toString("hex"), message, tag);
    const others = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"].filter((one) => one !== hash);
    const tags: Record<string, Buffer> = {
      "no key": code(Buffer.alloc(0), message),
      "a zero byte as key": code(Buffer.alloc(1), message),
      "the key in hexadecimal": code(Buffer.from(key.toString("hex")), message),
      "the key without its last byte": code(key.subarray(0, -1), message),
      "no key at all": createHash(hash).update(message).digest(),
      "the key before the message": createHash(hash).update(key).update(message).digest(),
      ...Object.fromEntries(others.map((other) => [other, code(key, message, other)])),
    };
    expect(await wrong(tags, false, judge)).toEqual([]);
    // RFC 2104: zeros at the end of a key that is shorter than a block are the padding, so that this is the same key.
    expect(await judge(code(Buffer.concat([key, Buffer.alloc(1)]), message))).toBe(true);
  });

  test("a secret that is no hexadecimal, or empty, verifies nothing", async () => {
    const message = bytes(10);
    for (const secret of ["", " ", "0", "0g", "zz", "0x00", "not a key"]) {
      for (const key of [Buffer.alloc(0), Buffer.alloc(1), Buffer.from(secret)])
        expect(await accepts(provider, secret, message, code(key, message)), secret).toBe(false);
    }
  });
});

/** 32 bytes, the least first. */
const little = (value: bigint) => Buffer.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex").toReversed());

describe("ed25519", () => {
  const { privateKey, publicKey } = pairs.ed25519;
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("hex");
  const provider = plain("ed25519", "public");
  const message = bytes(50);
  const right = sign(null, message, privateKey);
  const judge = (signature: Buffer) => accepts(provider, raw, message, signature);

  /** The order of the group (RFC 8032, 5.1). */
  const ORDER = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
  const scalar = BigInt(`0x${Buffer.from(right.subarray(32).toReversed()).toString("hex")}`);

  test("every message length is taken", async () => {
    for (const length of LENGTHS)
      expect(await accepts(provider, raw, bytes(length), sign(null, bytes(length), privateKey)), `${length}`).toBe(
        true,
      );
  });

  test("what is cut, changed in one bit, lengthened or made up is refused", async () => {
    expect(await wrong(spoilt(right), false, judge)).toEqual([]);
  });

  test("a signature is not malleable: its scalar is below the group's order", async () => {
    const point = right.subarray(0, 32);
    const cases: Record<string, Buffer> = {};
    for (let times = 1n; scalar + times * ORDER < 2n ** 256n && times < 16n; times++)
      cases[`the scalar plus ${times} times the order`] = Buffer.concat([point, little(scalar + times * ORDER)]);
    expect(Object.keys(cases).length).toBeGreaterThan(5);
    cases["the scalar's negative"] = Buffer.concat([point, little(ORDER - scalar)]);
    cases["zero as scalar"] = Buffer.concat([point, little(0n)]);
    cases["the order as scalar"] = Buffer.concat([point, little(ORDER)]);
    cases["the identity and zero"] = Buffer.concat([little(1n), little(0n)]);
    expect(await wrong(cases, false, judge)).toEqual([]);
  });

  test("a key of another length, a private key or another's key verifies nothing", async () => {
    const other = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "der" }).subarray(-32);
    const seed = privateKey.export({ type: "pkcs8", format: "der" }).subarray(-32);
    for (const key of [raw.slice(2), `${raw}00`, "", other.toString("hex"), seed.toString("hex"), "00".repeat(32)])
      expect(await accepts(provider, key, message, right), key).toBe(false);
  });
});
