// May this URL be a destination? Judged by its text alone, before anything connects; touches nothing.
import { admits, parseAddress, parseNetwork } from "./cidr.ts";

/** `loopback` is the local development switch: it also admits http, this machine, and any port. */
export interface Scope {
  readonly loopback: boolean;
}

export type Judged = { readonly ok: true; readonly url: URL } | { readonly ok: false; readonly why: string };

/** Blocks that are not globally reachable (IANA special-purpose registries, RFC 6890), and multicast. */
const SPECIAL = networks([
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  // The Azure platform answers to its guests here, from public address space.
  "168.63.129.16",
  // Inside 2000::/3: protocol assignments with Teredo and ORCHID, documentation, 6to4.
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
]);

/**
 * All that IANA has given out as global unicast.
 * The rest of IPv6, NAT64 and the forms that embed IPv4 included, is refused.
 */
const GLOBAL = networks(["0.0.0.0/0", "2000::/3"]);
const LOOPBACK = networks(["127.0.0.0/8", "::1"]);

/**
 * Zones that the public DNS does not have (RFC 6761, 6762, 7686, 8375, 9476),
 * and what machines and clusters use in their place.
 */
const PRIVATE_ZONES =
  "localhost local internal home.arpa onion alt test invalid localdomain localdomain6 lan home corp private intranet svc";
/** Public names that answer with the loopback, the cloud's metadata or whatever private address is written in them. */
const INWARD_ZONES = "metadata.goog nip.io sslip.io xip.io localtest.me lvh.me";
const REFUSED_ZONES = `${PRIVATE_ZONES} ${INWARD_ZONES}`.split(" ");

/** The ports on which Cloudflare itself speaks HTTPS; the others are mail, databases and shells as often as not. */
const PORTS = ["443", "2053", "2083", "2087", "2096", "8443"];

/** scheme, authority, and what follows. Nothing that a URL parser would silently drop or turn into a slash. */
const SHAPE = /^(https?):\/\/([^/?#]+)([/?][^#]*)?$/i;

const LOCAL = 'Only `npm run dev` takes http and this machine, with LOOPBACK_DESTINATIONS="true" in .dev.vars';
const PUBLIC = "Write the https URL under which the public internet reaches the receiver";

/** Judges a destination. `why` ends a sentence that begins with the URL, and names the fix. */
export function destinationUrl(text: string, { loopback }: Scope): Judged {
  // oxlint-disable-next-line no-control-regex -- these are the characters that must not be there
  if (/[\u0000-\u0020\u007f\\]/.test(text))
    return no("holds spaces, control characters or backslashes. Write them as %20 and so on, or leave them out");
  const [, scheme, authority] = SHAPE.exec(text) ?? [];
  if (text.includes("#")) return no("has a fragment, which is never sent. Leave out everything from # on");
  if (scheme === undefined || authority === undefined) return no('is not an https URL. Write it as "https://…"');
  if (scheme.toLowerCase() !== "https" && !loopback) return no(`is not https. Write "https://…". ${LOCAL}`);
  if (authority.includes("@")) return no("carries credentials. Leave them out: a receiver proves us by our signature");

  const url = URL.parse(text);
  if (url === null) return no(`is not a URL. ${PUBLIC}`);
  const why = judgeHost(url.hostname, loopback);
  if (why !== null) return no(why);
  // The parser leaves the port of https itself empty.
  if (url.port !== "" && !PORTS.includes(url.port) && !loopback) {
    return no(`uses port ${url.port}. The ports that may be used are ${PORTS.join(", ")}`);
  }
  return { ok: true, url };
}

/** `host` as the URL parser writes it: lower case, punycode, and IPv4 in four decimals whatever it was written as. */
function judgeHost(host: string, loopback: boolean): string | null {
  const address = host.startsWith("[") ? host.slice(1, -1) : host;
  if (parseAddress(address) !== null) {
    const local = admits(LOOPBACK, address);
    if (loopback && local) return null;
    if (isPublic(address)) return null;
    return `is not a public address. ${local ? LOCAL : PUBLIC}`;
  }
  const name = host.endsWith(".") ? host.slice(0, -1) : host;
  const local = inZone(name, "localhost");
  if (loopback && local) return null;
  const fix = local ? LOCAL : PUBLIC;
  if (name.split(".").includes("")) return `has an empty label in its host name. ${fix}`;
  if (!name.includes(".")) return `names a host without a domain. ${fix}`;
  return REFUSED_ZONES.some((zone) => inZone(name, zone)) ? `is not a name of the public internet. ${fix}` : null;
}

/** Whether everybody can reach an address, and it is nobody's inside: what is no address is not. */
export function isPublic(address: string): boolean {
  return admits(GLOBAL, address) && !admits(SPECIAL, address);
}

/** Whether a host, as the URL parser writes it, is this machine. */
export function isLoopback(host: string): boolean {
  return inZone(host, "localhost") || admits(LOOPBACK, host.startsWith("[") ? host.slice(1, -1) : host);
}

function inZone(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

function networks(texts: readonly string[]) {
  return texts.flatMap((text) => parseNetwork(text) ?? []);
}

function no(why: string): Judged {
  return { ok: false, why };
}
