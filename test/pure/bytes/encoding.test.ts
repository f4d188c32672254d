// Bytes as text: one spelling each, checked against Node's own.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decode, encodeBase64, encodeBase64Url, encodeHex, equal } from "../../../src/bytes/encoding.ts";

const bytes = fc.uint8Array({ minLength: 1, maxLength: 100 });
const ENCODINGS = ["hex", "base64", "base64url"] as const;

test("what is written is what Node writes, and is read back", () => {
  fc.assert(
    fc.property(bytes, (value) => {
      const buffer = Buffer.from(value);
      expect(encodeHex(value)).toBe(buffer.toString("hex"));
      expect(encodeBase64(value)).toBe(buffer.toString("base64"));
      expect(encodeBase64Url(value)).toBe(buffer.toString("base64url"));
      for (const encoding of ENCODINGS) expect(decode(buffer.toString(encoding), encoding)).toEqual(value);
      expect(decode(buffer.toString("hex").toUpperCase(), "hex")).toEqual(value);
    }),
  );
});

test("a text that is read is the one that would be written", () => {
  const text = fc.string({ unit: fc.constantFrom(...Array.from("09afAFgG+/-_= \n\u0130\u{1d7d8}")), maxLength: 12 });
  fc.assert(
    fc.property(fc.constantFrom(...ENCODINGS), text, (encoding, written) => {
      const value = decode(written, encoding);
      if (value === null) return;
      const again = Buffer.from(value).toString(encoding);
      const padded = again.padEnd(Math.ceil(again.length / 4) * 4, "=");
      const spellings = { hex: [again, again.toUpperCase()], base64: [again], base64url: [again, padded] };
      expect(spellings[encoding]).toContain(written);
    }),
    { numRuns: 5000 },
  );
});

test("equality is of all bytes and of the length, and nothing equals an empty expectation", () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(equal(a, a.slice())).toBe(true);
      expect(equal(a, b)).toBe(Buffer.compare(a, b) === 0);
      expect(equal(a.subarray(1), a)).toBe(false);
    }),
  );
  expect(equal(new Uint8Array(), new Uint8Array())).toBe(false);
});
