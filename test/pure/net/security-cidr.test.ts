// Address ranges against an oracle that only divides: a hundred thousand pairs, in every spelling that an address may have.

import { expect, test } from "vitest";
import { admits, floodKey, parseNetwork } from "../../../src/net/cidr.ts";

const PAIRS = 100_000;

/** Numbers from a seed, so that a failure comes again (mulberry32). */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function randomBits(throwOf: (below: number) => number, width: number): bigint {
  let value = 0n;
  for (let bit = 0; bit < width; bit += 8) value = value * 256n + BigInt(throwOf(256));
  return value;
}

const dotted = (value: bigint): string => [16777216n, 65536n, 256n, 1n].map((unit) => (value / unit) % 256n).join(".");

/** One of the right spellings of an IPv6 address: full, padded, in capitals, compressed at any run of zeros, dotted at its end. */
function spelled(value: bigint, throwOf: (below: number) => number): string {
  const groups = Array.from({ length: 8 }, (_, i) => (value / 65536n ** BigInt(7 - i)) % 65536n);
  const text = groups.map((group) => {
    const hex = throwOf(4) === 0 ? group.toString(16).padStart(4, "0") : group.toString(16);
    return throwOf(3) === 0 ? hex.toUpperCase() : hex;
  });
  if (throwOf(4) === 0) text.splice(6, 2, dotted(value % 4294967296n));
  const zeros = text.flatMap((group, i) => (/^0+$/.test(group) ? [i] : []));
  const from = zeros[throwOf(Math.max(1, zeros.length))];
  if (from === undefined || throwOf(2) === 0) return text.join(":");
  let to = from;
  while (to + 1 < text.length && /^0+$/.test(text[to + 1] ?? "")) to++;
  return `${text.slice(0, from).join(":")}::${text.slice(to + 1).join(":")}`;
}

test(`${PAIRS} pairs of a range and an address: the answer is the oracle's`, () => {
  const throwOf = dice(20260301);
  let inside = 0;
  for (let n = 0; n < PAIRS; n++) {
    const width = throwOf(2) === 0 ? 32 : 128;
    const bits = throwOf(width + 1);
    const size = 2n ** BigInt(width - bits);
    const seed =
      width === 128 && throwOf(3) === 0 ? randomBits(throwOf, 128) / 65536n ** 5n : randomBits(throwOf, width);
    const first = seed - (seed % size);
    // At either edge, inside, beside, or anywhere.
    const candidates = [
      first,
      first + size - 1n,
      first + (randomBits(throwOf, width) % size),
      first - 1n,
      first + size,
      randomBits(throwOf, width),
    ];
    const value = candidates[throwOf(candidates.length)] ?? 0n;
    if (value < 0n || value >= 2n ** BigInt(width)) continue;
    const write = (one: bigint) => (width === 32 ? dotted(one) : spelled(one, throwOf));
    // ::ffff:0:0/96 is IPv4 in another dress, and is asked below.
    if (width === 128 && (value / 2n ** 32n === 0xffffn || first / 2n ** 32n === 0xffffn)) continue;
    const [range, address] = [`${write(first)}/${bits}`, write(value)];
    const network = parseNetwork(range);
    if (network === null) throw new Error(`${range} is a range`);
    const expected = value >= first && value < first + size;
    if (admits([network], address) !== expected) throw new Error(`${address} in ${range} should be ${expected}`);
    inside += expected ? 1 : 0;
  }
  // Neither answer can be given blindly.
  expect(inside).toBeGreaterThan(PAIRS / 4);
  expect(inside).toBeLessThan((PAIRS * 3) / 4);
}, 60_000);

test("an IPv4 address mapped into IPv6 is the IPv4 address: one range, one bucket (CVE-2026-34505)", () => {
  const throwOf = dice(7);
  for (let n = 0; n < 2_000; n++) {
    const value = randomBits(throwOf, 32);
    const bits = throwOf(33);
    const size = 2n ** BigInt(32 - bits);
    const network = parseNetwork(`${dotted(value - (value % size))}/${bits}`);
    const dressed = spelled(0xffffn * 2n ** 32n + value, throwOf);
    expect(network !== null && admits([network], dressed), dressed).toBe(true);
    expect(floodKey(dressed)).toBe(floodKey(dotted(value)));
  }
});

test("all addresses of an IPv6 customer are one to the flood guard, and two customers are two", () => {
  const throwOf = dice(11);
  for (let n = 0; n < 2_000; n++) {
    const prefix = randomBits(throwOf, 48);
    if (prefix === 0n) continue;
    const at = (customer: bigint) => spelled(customer * 2n ** 80n + randomBits(throwOf, 80), throwOf);
    expect(floodKey(at(prefix))).toBe(floodKey(at(prefix)));
    expect(floodKey(at(prefix))).not.toBe(floodKey(at(prefix ^ 1n)));
  }
});
