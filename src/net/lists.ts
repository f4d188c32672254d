// Is this answer a provider's address list? All or nothing:
// a list that is only partly understood would admit or refuse the wrong senders. Pure.
import { parseNetwork } from "./cidr.ts";
import { member, parseJson, PROVEN } from "../bytes/json.ts";
import type { Provider } from "../scheme/scheme.ts";
import type { Network } from "../types.ts";

type Form = NonNullable<Provider["networks"]>;

/** Either the networks as text, in order and each once, or why this is no list. */
export type AddressList =
  | { readonly ok: true; readonly networks: readonly string[] }
  | { readonly ok: false; readonly why: string };

/** Atlassian's list is the longest, with some hundreds. */
const MOST_NETWORKS = 2000;

/**
 * The widest that a sender publishes are Cloudflare's /12 and /29: a wider one is a mistake or an attack, not a sender.
 */
const WIDEST = { 4: 10, 6: 24 } as const;

/** IPv4 addresses in a list together: a 256th of all there are. Cloudflare has a tenth of that. */
const MOST_ADDRESSES = 2 ** 24;

/** The networks that these answers list together. */
export function readAddressList(texts: readonly string[], form: Form): AddressList {
  const found = new Set<string>();
  for (const text of texts) {
    const entries = form.at === undefined ? linesOf(text) : elementsOf(text, form.at, form);
    if (entries === null || entries.length === 0) return { ok: false, why: "the answer holds no list" };
    for (const entry of entries) {
      if (typeof entry !== "string") return { ok: false, why: "an entry of the list is no text" };
      found.add(entry.trim());
      if (found.size > MOST_NETWORKS) return { ok: false, why: `the list has more than ${MOST_NETWORKS} networks` };
    }
  }
  const networks = [...found].toSorted();
  const absurd = absurdity(networks);
  return absurd === null ? { ok: true, networks } : { ok: false, why: absurd };
}

/** Networks that were judged before; whatever is not one (any more) admits nobody. */
export function parseNetworks(texts: readonly string[]): Network[] {
  return texts.flatMap((text) => parseNetwork(text) ?? []);
}

function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function elementsOf(text: string, at: string, { member: name, where = {} }: Form): readonly unknown[] | null {
  const list = member(parseJson(text, PROVEN.elements), at === "" ? [] : at.split("."));
  if (!Array.isArray(list)) return null;
  const counted = list.filter((one) =>
    Object.entries(where).every(([key, wanted]) => holds(member(one, [key]), wanted)),
  );
  return name === undefined ? counted : counted.map((one) => member(one, [name]));
}

function holds(value: unknown, wanted: string): boolean {
  return Array.isArray(value) ? value.includes(wanted) : value === wanted;
}

function absurdity(networks: readonly string[]): string | null {
  let addresses = 0;
  for (const text of networks) {
    const network = parseNetwork(text);
    const shown = JSON.stringify(text.slice(0, 50));
    if (network === null) return `${shown} is no network`;
    if (network.bits < WIDEST[network.version]) return `${shown} is too wide to be a sender's`;
    if (network.version === 4) addresses += 2 ** (32 - network.bits);
  }
  return addresses > MOST_ADDRESSES ? "the list holds too many addresses to be a sender's" : null;
}
