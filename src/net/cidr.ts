// May this address connect? CIDR arithmetic on big integers; touches nothing.
import type { Network } from "../types.ts";

/** An address as a number. IPv4-mapped IPv6 is IPv4 here, so that no address has two spellings. */
export interface Address {
  readonly version: 4 | 6;
  readonly value: bigint;
}

const WIDTH = { 4: 32, 6: 128 } as const;

/** `::ffff:0:0/96`, the prefix under which IPv6 sockets show IPv4 peers (RFC 4291, 2.5.5.2). */
const MAPPED = 0xffffn << 32n;

/** Decimal without leading zeros: `010` is 8 for some parsers and 10 for others, so it is neither here. */
const DECIMAL = /^(?:0|[1-9]\d{0,2})$/;
const GROUP = /^[\da-f]{1,4}$/i;

/** Reads one address, or `null` for anything that is not exactly one: zone ids, short forms and spaces included. */
export function parseAddress(text: string): Address | null {
  if (!text.includes(":")) {
    const value = parseV4(text);
    return value === null ? null : { version: 4, value };
  }
  const value = parseV6(text);
  if (value === null) return null;
  return value >> 32n === MAPPED >> 32n ? { version: 4, value: value & 0xffff_ffffn } : { version: 6, value };
}

/**
 * Reads an address or a CIDR range. A range whose host bits are set (`10.0.0.1/8`) is `null` too: one half of it is
 * a slip, and guessing which would open more or less than was meant.
 */
export function parseNetwork(text: string): Network | null {
  const slash = text.indexOf("/");
  const first = parseAddress(slash === -1 ? text : text.slice(0, slash));
  if (first === null) return null;
  const { version, value: base } = first;
  if (slash === -1) return { version, base, bits: WIDTH[version] };

  const prefix = text.slice(slash + 1);
  if (!DECIMAL.test(prefix)) return null;
  // A mapped range counts its bits from the front of IPv6: ::ffff:10.0.0.0/104 is 10.0.0.0/8.
  const bits = version === 4 && text.includes(":") ? Number(prefix) - 96 : Number(prefix);
  if (bits < 0 || bits > WIDTH[version]) return null;
  const hostBits = BigInt(WIDTH[version] - bits);
  return (base >> hostBits) << hostBits === base ? { version, base, bits } : null;
}

/** Whether one of the networks contains the address. A missing or unreadable address is in none. */
export function admits(networks: readonly Network[], address: string | null | undefined): boolean {
  const parsed = address ? parseAddress(address) : null;
  return parsed !== null && networks.some((network) => contains(network, parsed));
}

function contains(network: Network, address: Address): boolean {
  if (network.version !== address.version) return false;
  const hostBits = BigInt(WIDTH[network.version] - network.bits);
  return network.base >> hostBits === address.value >> hostBits;
}

function parseV4(text: string): bigint | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  let value = 0n;
  for (const part of parts) {
    if (!DECIMAL.test(part) || Number(part) > 255) return null;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

function parseV6(text: string): bigint | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head, tail] = halves;
  const front = parseGroups(head ?? "", tail === undefined);
  const back = tail === undefined ? [] : parseGroups(tail, true);
  if (front === null || back === null) return null;
  const missing = 8 - front.length - back.length;
  // "::" stands for at least one group; without it all eight must be there.
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...front, ...Array.from({ length: missing }, () => 0n), ...back];
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

/** Groups of one side of `::`. Only the last group of an address may be dotted IPv4, which fills two. */
function parseGroups(text: string, endsAddress: boolean): bigint[] | null {
  if (text === "") return [];
  const groups: bigint[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (GROUP.test(part)) {
      groups.push(BigInt(`0x${part}`));
      continue;
    }
    const dotted = endsAddress && index === parts.length - 1 ? parseV4(part) : null;
    if (dotted === null) return null;
    groups.push(dotted >> 16n, dotted & 0xffffn);
  }
  return groups;
}

/**
 * Under which name an address is counted, wherever addresses are. An IPv6 customer holds a /64 at least and is given a
 * /48 for the asking (RFC 6177), so that counting anything smaller would count nothing;
 * what is no address shares one count.
 */
export function floodKey(text: string): string {
  const address = parseAddress(text);
  if (address === null) return "unknown";
  return address.version === 4 ? `4:${address.value}` : `6:${address.value >> 80n}`;
}

/**
 * The network that `floodKey` counts as one, for people to read:
 * an IPv4 address, or the /48 of an IPv6 one; `unknown` for what is no address.
 */
export function networkOf(text: string): string {
  const address = parseAddress(text);
  if (address === null) return "unknown";
  const { value, version } = address;
  if (version === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join(".");
  return `${[112n, 96n, 80n].map((shift) => ((value >> shift) & 0xffffn).toString(16)).join(":")}::/48`;
}
