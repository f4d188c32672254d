// URLs that would lead a relay inward, made by rule: address family × block × radix × embedding × spelling. The verdict is known before
// an address is written down, by arithmetic over the registries' blocks; it shares no code with the judge.

/** A URL, and whether it may be a destination. */
export interface JudgedUrl {
  readonly url: string;
  readonly public: boolean;
}

/** Blocks of IPv4 that lead to no public host (IANA's registry of special-purpose addresses; RFC 6890, 5771, 1112), first address and prefix. */
const IPV4_BLOCKS = [
  ["0.0.0.0", 8, "this network"],
  ["10.0.0.0", 8, "private"],
  ["100.64.0.0", 10, "behind a carrier's NAT"],
  ["127.0.0.0", 8, "loopback"],
  ["169.254.0.0", 16, "link-local, and the metadata of clouds"],
  ["172.16.0.0", 12, "private"],
  ["192.0.0.0", 24, "protocol assignments"],
  ["192.0.2.0", 24, "documentation"],
  ["192.168.0.0", 16, "private"],
  ["198.18.0.0", 15, "benchmarks"],
  ["198.51.100.0", 24, "documentation"],
  ["203.0.113.0", 24, "documentation"],
  ["224.0.0.0", 4, "multicast"],
  ["240.0.0.0", 4, "reserved, and broadcast"],
] as const;

/** Addresses that clouds answer on, each inside a block above. */
const METADATA = ["169.254.169.254", "169.254.170.2", "169.254.169.253", "100.100.100.200", "192.0.0.192"];

/** Hosts of the public internet, of four different first octets. */
const PUBLIC_IPV4 = ["1.1.1.1", "8.8.8.8", "93.184.215.14", "203.0.112.7"];

/** Blocks of IPv6: what IANA has not given out as global unicast, and the parts of 2000::/3 that lead to no public host. */
const IPV6_BLOCKS = [
  ["::", 8, "unspecified, loopback, and IPv4 in several forms"],
  ["64:ff9b::", 96, "NAT64"],
  ["64:ff9b:1::", 48, "NAT64, local"],
  ["100::", 64, "discard"],
  ["2001::", 23, "protocol assignments, with Teredo and ORCHID"],
  ["2001:db8::", 32, "documentation"],
  ["2002::", 16, "6to4"],
  ["3fff::", 20, "documentation"],
  ["4000::", 3, "not given out"],
  ["5f00::", 16, "segment routing"],
  ["fc00::", 7, "private"],
  ["fe80::", 10, "link-local"],
  ["fec0::", 10, "site-local"],
  ["ff00::", 8, "multicast"],
] as const;

/** Addresses that clouds answer on over IPv6, each inside a block above. */
const METADATA_IPV6 = ["fd00:ec2::254", "fd20:ce::254", "fe80::a9fe:a9fe"];

const PUBLIC_IPV6 = ["2606:4700:4700::1111", "2001:4860:4860::8888", "2a00:1450:4001:81b::200e", "2620:fe::fe"];

/** Zones without a public host (RFC 6761, 6762, 7686, 8375), and what networks use in their place. */
const INWARD_ZONES =
  "localhost localdomain local internal google.internal home.arpa onion test invalid lan corp svc".split(" ");

/** Names without a domain: what a resolver completes with the search list of its own network. */
const LABELS = ["intranet", "metadata", "kubernetes", "com"];

/** What is before the host where a URL is no https URL. */
const OTHER_SCHEMES = [
  "http://",
  "ftp://",
  "file://",
  "ws://",
  "wss://",
  "gopher://",
  "data:text/plain,",
  "blob:https://",
];

/** Mail, shells, databases and caches. */
const INWARD_PORTS = [22, 25, 80, 2375, 3306, 5432, 6379, 9200, 11211];

/** Names that only resemble the ones above. */
const PUBLIC_NAMES = [
  "example.com",
  "10.example.com",
  "xn--bcher-kva.de",
  "localhost.example.com",
  "notlocalhost.com",
  "internal.example.org",
  "local.net",
];

type Octets = readonly [number, number, number, number];

const octets = (value: number): Octets => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const valueOf = (dotted: string): number => dotted.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
const hexOf = (value: number): string => value.toString(16);
const octalOf = (value: number): string => value.toString(8);

/** Every way in which the parts of an IPv4 address may be written (inet_aton): one to four parts, each in one of three radices. */
const IPV4_SPELLINGS: Readonly<Record<string, (value: number) => string>> = {
  "four decimal parts": (value) => octets(value).join("."),
  "four octal parts": (value) =>
    octets(value)
      .map((part) => `0${octalOf(part)}`)
      .join("."),
  "four octal parts, padded": (value) =>
    octets(value)
      .map((part) => octalOf(part).padStart(5, "0"))
      .join("."),
  "four hexadecimal parts": (value) =>
    octets(value)
      .map((part) => `0x${hexOf(part)}`)
      .join("."),
  "four hexadecimal parts, shouted": (value) =>
    octets(value)
      .map((part) => `0X${hexOf(part).toUpperCase().padStart(4, "0")}`)
      .join("."),
  "parts of three radices": (value) => {
    const [a, b, c, d] = octets(value);
    return `0x${hexOf(a)}.0${octalOf(b)}.${c}.${d}`;
  },
  "three parts": (value) => `${value >>> 24}.${(value >>> 16) & 255}.${value & 0xffff}`,
  "three parts, hexadecimal": (value) =>
    `0x${hexOf(value >>> 24)}.0x${hexOf((value >>> 16) & 255)}.0x${hexOf(value & 0xffff)}`,
  "two parts": (value) => `${value >>> 24}.${value & 0xff_ffff}`,
  "two parts, octal": (value) => `0${octalOf(value >>> 24)}.0${octalOf(value & 0xff_ffff)}`,
  "one number": (value) => String(value),
  "one number, hexadecimal": (value) => `0x${hexOf(value)}`,
  "one number, octal": (value) => `0${octalOf(value)}`,
};

/** What a URL parser undoes in a host name before it looks at it. */
const DISGUISES: Readonly<Record<string, (host: string) => string>> = {
  plain: (host) => host,
  "a full stop at the end": (host) => `${host}.`,
  "percent-encoded": (host) => host.replaceAll(/[0-9a-z]/gi, (one) => `%${hexOf(one.charCodeAt(0))}`),
  "full width": (host) => host.replaceAll(/[!-~]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0)),
  "ideographic full stops": (host) => host.replaceAll(".", "\u3002"),
  "soft hyphens": (host) => `${host.slice(0, 1)}\u00ad${host.slice(1)}`,
};

/** IPv4 inside IPv6. Only the mapped form is the IPv4 address itself; every other one is a tunnel or a translator, and none is public. */
const EMBEDDINGS: Readonly<Record<string, { readonly transparent: boolean; readonly of: (value: bigint) => bigint }>> =
  {
    mapped: { transparent: true, of: (value) => (0xffffn << 32n) | value },
    compatible: { transparent: false, of: (value) => value },
    translated: { transparent: false, of: (value) => (0xffffn << 48n) | value },
    NAT64: { transparent: false, of: (value) => (0x64ff9bn << 96n) | value },
    "NAT64, local": { transparent: false, of: (value) => (0x64ff9b0001n << 80n) | value },
    "6to4": { transparent: false, of: (value) => (0x2002n << 112n) | (value << 80n) | 1n },
    Teredo: { transparent: false, of: (value) => (0x20010000n << 96n) | (value ^ 0xffff_ffffn) },
  };

const groups = (value: bigint): string[] =>
  Array.from({ length: 8 }, (_, n) => ((value >> BigInt(112 - 16 * n)) & 0xffffn).toString(16));

/** Ways to write one IPv6 address; the last two groups may be an IPv4 address (RFC 4291, 2.2). */
const IPV6_SPELLINGS: Readonly<Record<string, (value: bigint) => string>> = {
  "eight groups": (value) => groups(value).join(":"),
  "eight groups, padded and shouted": (value) =>
    groups(value)
      .map((group) => group.padStart(4, "0").toUpperCase())
      .join(":"),
  compressed: (value) => compressed(groups(value)),
  "with an IPv4 tail": (value) =>
    [...groups(value).slice(0, 6), octets(Number(value & 0xffff_ffffn)).join(".")].join(":"),
  "compressed, with an IPv4 tail": (value) => {
    const head = compressed(groups(value).slice(0, 6));
    return `${head}${head.endsWith("::") ? "" : ":"}${octets(Number(value & 0xffff_ffffn)).join(".")}`;
  },
};

/** The first longest run of zeros as `::`. */
function compressed(all: readonly string[]): string {
  const runs = `:${all.join(":")}:`.match(/:(0:){2,}/g) ?? [];
  const longest = runs.toSorted((a, b) => b.length - a.length)[0];
  if (longest === undefined) return all.join(":");
  const written = `:${all.join(":")}:`.replace(longest, "::");
  return written.replace(/^:(?!:)/, "").replace(/(?<!:):$/, "");
}

/** An IPv6 address as a number, from a text with at most one `::` and no IPv4 tail. */
function valueOf6(text: string): bigint {
  const [head = "", tail = ""] = text.split("::");
  const [left, right] = [head, tail].map((part) => part.split(":").filter((group) => group !== ""));
  const missing = 8 - (left?.length ?? 0) - (right?.length ?? 0);
  const all = [
    ...(left ?? []),
    ...Array.from({ length: text.includes("::") ? missing : 0 }, () => "0"),
    ...(right ?? []),
  ];
  return all.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

/** The edges, the neighbours and the middle of every block, what clouds answer on, and hosts of the public internet. */
function ipv4Cases(): number[] {
  const edges = IPV4_BLOCKS.flatMap(([first, prefix]) => {
    const [from, size] = [valueOf(first), 2 ** (32 - prefix)];
    return [from - 1, from, from + 1, from + size / 2, from + size - 1, from + size];
  });
  const all = [...edges, ...METADATA.map(valueOf), ...PUBLIC_IPV4.map(valueOf)];
  return [...new Set(all)].filter((value) => value >= 0 && value < 2 ** 32);
}

function isPublic4(value: number): boolean {
  return IPV4_BLOCKS.every(([first, prefix]) => {
    const size = 2 ** (32 - prefix);
    return Math.floor(value / size) !== Math.floor(valueOf(first) / size);
  });
}

function ipv6Cases(): bigint[] {
  const edges = IPV6_BLOCKS.flatMap(([first, prefix]) => {
    const [from, size] = [valueOf6(first), 1n << BigInt(128 - prefix)];
    return [from - 1n, from, from + 1n, from + size / 2n, from + size - 1n, from + size];
  });
  const all = [...edges, ...METADATA_IPV6.map(valueOf6), ...PUBLIC_IPV6.map(valueOf6)];
  return [...new Set(all)].filter((value) => value >= 0n && value < 1n << 128n);
}

function isPublic6(value: bigint): boolean {
  // IANA has given out 2000::/3 and nothing else.
  if (value >> 125n !== 1n) return false;
  return IPV6_BLOCKS.every(
    ([first, prefix]) => value >> BigInt(128 - prefix) !== valueOf6(first) >> BigInt(128 - prefix),
  );
}

/** All of them, each once. */
export function ssrfUrls(): readonly JudgedUrl[] {
  const urls = new Map<string, boolean>();
  const add = (host: string, isPublic: boolean) => urls.set(`https://${host}/`, isPublic);
  for (const value of ipv4Cases()) {
    const isPublic = isPublic4(value);
    for (const spell of Object.values(IPV4_SPELLINGS)) add(spell(value), isPublic);
    for (const disguise of Object.values(DISGUISES)) add(disguise(octets(value).join(".")), isPublic);
    for (const { transparent, of } of Object.values(EMBEDDINGS))
      for (const spell of Object.values(IPV6_SPELLINGS)) add(`[${spell(of(BigInt(value)))}]`, isPublic && transparent);
  }
  for (const value of ipv6Cases()) {
    for (const spell of Object.values(IPV6_SPELLINGS)) add(`[${spell(value)}]`, isPublic6(value));
    // A zone says which of this machine's own networks is meant (RFC 6874).
    add(`[${compressed(groups(value))}%25eth0]`, false);
  }
  for (const disguise of Object.values(DISGUISES)) {
    for (const zone of INWARD_ZONES)
      for (const name of [zone, `a.${zone}`, `a.b.${zone.toUpperCase()}`]) add(disguise(name), false);
    for (const label of LABELS) add(disguise(label), false);
    for (const name of PUBLIC_NAMES) add(disguise(name), true);
  }
  for (const host of [PUBLIC_NAMES[0], PUBLIC_IPV4[0], `[${PUBLIC_IPV6[0]}]`]) {
    for (const scheme of OTHER_SCHEMES) urls.set(`${scheme}${host}/`, false);
    for (const port of INWARD_PORTS) add(`${host}:${port}`, false);
    for (const port of [443, 8443]) add(`${host}:${port}`, true);
  }
  return [...urls].map(([url, isPublic]) => ({ url, public: isPublic }));
}
