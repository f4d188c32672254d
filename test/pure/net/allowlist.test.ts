// Address arithmetic against an oracle that knows nothing but digits: ranges as first and last number.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { admits, parseAddress, parseNetwork } from "../../../src/net/cidr.ts";

const networks = (...texts: string[]) => texts.map((text) => parseNetwork(text) ?? expect.fail(text));

/** Spells 128 bits in eight full groups, which is one of the many right ways. */
const spellV6 = (value: bigint) =>
  Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16)).join(":");
const spellV4 = (value: bigint) => [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");

/** First and last address of the range that holds `value` at `bits`, by division instead of shifts. */
function range(value: bigint, bits: number, width: number) {
  const size = 2n ** BigInt(width - bits);
  const first = value - (value % size);
  return { first, last: first + size - 1n };
}

describe.each([
  { version: 4, width: 32, spell: spellV4 },
  { version: 6, width: 128, spell: spellV6 },
])("IPv$version", ({ width, spell }) => {
  const mapped = (value: bigint) => width === 128 && value >> 32n === 0xffffn;
  const number = fc.bigInt(0n, 2n ** BigInt(width) - 1n).filter((value) => !mapped(value));
  const near = fc.integer({ min: -3, max: 3 });

  test("a range admits exactly its numbers, at the edges and far away", () => {
    fc.assert(
      fc.property(number, fc.integer({ min: 0, max: width }), number, near, (seed, bits, far, step) => {
        const { first, last } = range(seed, bits, width);
        if (mapped(first)) return;
        const allow = networks(`${spell(first)}/${bits}`);
        for (const value of [first, last, seed, far, first + BigInt(step), last + BigInt(step)]) {
          if (value < 0n || value >= 2n ** BigInt(width) || mapped(value)) continue;
          expect(admits(allow, spell(value)), `${spell(value)} in ${spell(first)}/${bits}`).toBe(
            value >= first && value <= last,
          );
        }
      }),
      { numRuns: 3_000 },
    );
  });

  test("a range with host bits set is refused, for one half of it must be a slip", () => {
    fc.assert(
      fc.property(number, fc.integer({ min: 0, max: width - 1 }), (value, bits) => {
        const { first } = range(value, bits, width);
        expect(parseNetwork(`${spell(value)}/${bits}`) !== null).toBe(value === first);
      }),
    );
  });
});

describe("spellings", () => {
  test.each([
    ["192.0.2.1", 4, 0xc0000201n],
    ["::", 6, 0n],
    ["::1", 6, 1n],
    ["2001:DB8::a", 6, 0x20010db800000000000000000000000an],
    ["2001:0db8:0:0:0:0:0:000a", 6, 0x20010db800000000000000000000000an],
    ["1:2:3:4:5:6:7::", 6, 0x00010002000300040005000600070000n],
    ["64:ff9b::192.0.2.1", 6, 0x0064ff9b0000000000000000c0000201n],
    ["::ffff:192.0.2.1", 4, 0xc0000201n],
    ["::ffff:c000:201", 4, 0xc0000201n],
    ["0:0:0:0:0:FFFF:192.0.2.1", 4, 0xc0000201n],
  ])("%s is one address", (text, version, value) => {
    expect(parseAddress(text)).toEqual({ version, value });
  });

  test.each([
    "",
    " ",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "1.2.3.04",
    "01.2.3.4",
    "0x1.2.3.4",
    "1.2.3.4 ",
    "1.2.3.+4",
    "1.2.3.1e1",
    "16909060",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "fe80::1%eth0",
    "fe80::1%25eth0",
    "[::1]",
    "::12345",
    "::g",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "::1.2.3",
    "::01.2.3.4",
    "localhost",
    "::ffff:1.2.3.4:80",
    "１.2.3.4",
  ])("%j is no address", (text) => {
    expect(parseAddress(text)).toBeNull();
    expect(parseNetwork(text)).toBeNull();
    expect(admits(networks("0.0.0.0/0", "::/0"), text)).toBe(false);
  });

  test.each([
    "1.2.3.4/",
    "1.2.3.4/33",
    "1.2.3.0/024",
    "1.2.3.0/+24",
    "1.2.3.0/-1",
    "1.2.3.0/24/24",
    "1.2.3.0/ 24",
    "10/8",
    "2001:db8::/129",
    "2001:db8::/1e1",
    "fe80::%eth0/64",
    "/8",
    "::ffff:10.0.0.0/95",
    "::ffff:10.0.0.0/8",
  ])("%j is no network", (text) => {
    expect(parseNetwork(text)).toBeNull();
  });
});

describe("admission", () => {
  test("an IPv4-mapped address is the IPv4 address, and a mapped range the IPv4 range", () => {
    expect(admits(networks("10.0.0.0/8"), "::ffff:10.1.2.3")).toBe(true);
    expect(admits(networks("10.0.0.0/8"), "::ffff:a01:203")).toBe(true);
    expect(admits(networks("::ffff:10.0.0.0/104"), "10.1.2.3")).toBe(true);
    expect(admits(networks("::/0"), "::ffff:10.1.2.3")).toBe(false);
  });

  test("a bare address admits itself alone", () => {
    expect(admits(networks("192.0.2.7"), "192.0.2.7")).toBe(true);
    expect(admits(networks("192.0.2.7"), "192.0.2.6")).toBe(false);
  });

  test.each([null, undefined, ""])("a missing address (%j) is in no network", (address) => {
    expect(admits(networks("0.0.0.0/0", "::/0"), address)).toBe(false);
  });

  test("no network admits nobody", () => {
    expect(admits([], "192.0.2.7")).toBe(false);
  });
});
