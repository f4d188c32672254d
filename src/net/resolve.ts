// Where does a name lead, before anything is sent there? Asked over DNS-over-HTTPS where the operator has switched it
// on; what is not known to be public is not contacted.
import { parseJson } from "../bytes/json.ts";
import type { Fault } from "../types.ts";
import { isPublic } from "./egress.ts";
import { parseAddress } from "./cidr.ts";

/** Why nothing is sent to a name, for its attempt: the fault, and what exactly was found. */
export interface Unfit {
  readonly fault: Extract<Fault, "inward" | "unresolved">;
  readonly why: string;
}

/** The whole text of a 200, or `null` for anything else. */
type Ask = (inquiry: {
  readonly url: string;
  readonly method: "GET";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: null;
}) => Promise<string | null>;

/** `null` where a name leads to public addresses alone. Never rejects. */
export type Resolve = (url: string) => Promise<Unfit | null>;

/** The record types that are asked for and taken (https://www.iana.org/assignments/dns-parameters). */
const TYPES = { A: 1, AAAA: 28 } as const;
/** A name that leads to others (RFC 1035, 3.3.1; RFC 6672): what they lead to stands beside it. */
const ALIASES = new Set([5, 39]);

/** How long an answer is believed at most, in ms, whatever its TTL says; and of how many names. */
const BELIEVED_MS = 60_000;
const MOST_NAMES = 500;
/** Records of one answer. Nobody needs as many addresses. */
const MOST_RECORDS = 100;

/**
 * @param resolver the URL that is asked, as `application/dns-json`; `null` where it is set and cannot be used:
 *   then no name is known
 * @param exempt hosts that are not looked up: this machine, where it is admitted
 */
export function openResolve(
  resolver: string | null,
  ask: Ask,
  now: () => number,
  exempt: (host: string) => boolean,
): Resolve {
  const believed = new Map<string, number>();
  return async (url) => {
    const host = new URL(url).hostname.replace(/\.$/, "");
    // An address was judged when it was configured.
    if (isAddress(host) || exempt(host)) return null;
    if ((believed.get(host) ?? -Infinity) > now()) return null;
    if (resolver === null) return unresolved("RESOLVER is wrong: run config:check");
    const askedAt = now();
    const answers = await Promise.all(
      Object.entries(TYPES).map(async ([type, number]) => read(await ask(question(resolver, host, type)), number)),
    );
    const records = answers.flatMap((answer) => (typeof answer === "string" ? [] : answer));
    const inward = records.find(({ address }) => !isPublic(address));
    if (inward !== undefined)
      return { fault: "inward", why: `${host} leads to ${inward.address.slice(0, 60)}, which is not public` };
    const fault = answers.find((answer) => typeof answer === "string");
    if (fault !== undefined) return unresolved(`${host}: ${fault}`);
    if (records.length === 0) return unresolved(`${host} has no address`);
    const ttl = Math.min(BELIEVED_MS, ...records.map(({ ttlMs }) => ttlMs));
    believed.delete(host);
    believed.set(host, askedAt + ttl);
    const [oldest] = believed.keys();
    if (believed.size > MOST_NAMES && oldest !== undefined) believed.delete(oldest);
    return null;
  };
}

function isAddress(text: string): boolean {
  return parseAddress(text.replace(/^\[(.*)\]$/, "$1")) !== null;
}

function unresolved(why: string): Unfit {
  return { fault: "unresolved", why };
}

function question(resolver: string, host: string, type: string): Parameters<Ask>[0] {
  const url = new URL(resolver);
  url.searchParams.set("name", host);
  url.searchParams.set("type", type);
  return { url: url.href, method: "GET", headers: { accept: "application/dns-json" }, body: null };
}

interface Found {
  readonly address: string;
  readonly ttlMs: number;
}

/** The addresses of an answer, or what is wrong with it: nothing of it is then believed. */
function read(text: string | null, type: number): readonly Found[] | string {
  if (text === null) return "the resolver did not answer";
  const { Status: status, TC: truncated, Answer: answer = [] } = Object(parseJson(text));
  if (status === 3) return "there is no such name";
  if (status !== 0)
    return `the resolver answered ${typeof status === "number" ? `code ${status}` : "nothing that is DNS"}`;
  if (truncated === true) return "the resolver's answer was cut";
  if (!Array.isArray(answer) || answer.length > MOST_RECORDS) return "the resolver's answer was not understood";
  const records: Found[] = [];
  for (const one of answer) {
    const { type: kind, data, TTL: ttl } = Object(one);
    if (ALIASES.has(kind)) continue;
    if (kind !== type) {
      // A signature, or whatever else was not asked for, is no address.
      if (kind === TYPES.A || kind === TYPES.AAAA) return "the resolver answered another question";
      continue;
    }
    if (typeof data !== "string" || !isAddress(data)) return "the resolver's answer was not understood";
    records.push({ address: data, ttlMs: typeof ttl === "number" && ttl > 0 ? ttl * 1000 : 0 });
  }
  return records;
}
