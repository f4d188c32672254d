// Where a request carries its signatures and its timestamp, and whether both are written as they must be. Pure.

import { decode } from "../bytes/encoding.ts";
import type { VerificationRejection } from "../errors.ts";
import { parseJson } from "../bytes/json.ts";
import { read, render } from "./render.ts";
import type { Scope } from "./scope.ts";
import { cavage, rfc9421, type MessageSignature } from "./message-signature.ts";
import type { Provider } from "../scheme/scheme.ts";

/** One set of signatures over the same content, and what stood beside them. */
export interface Candidate {
  readonly scope: Scope;
  readonly signatures: readonly Uint8Array<ArrayBuffer>[];
}

/** Signatures that are looked at. A sender in rotation sends two or three; an attacker may send a thousand. */
const SIGNATURE_LIMIT = 10;

/**
 * Longest signature header that is taken apart, in characters.
 * The longest real one (several RSA signatures) stays under it.
 */
const HEADER_LIMIT = 8192;

type Rejected = { readonly rejection: VerificationRejection };

/** The signatures of a request, or why there is none to try. */
export function candidates(scope: Scope): readonly Candidate[] | Rejected {
  const { signature } = scope.provider;
  const found: Candidate[] = [];
  let present = false;
  let where = "";
  for (const place of typeof signature.at === "string" ? [signature.at] : signature.at) {
    const value = read(place, scope);
    if (value === null || value === "") continue;
    present = true;
    where = place;
    if (value.length > HEADER_LIMIT) continue;
    for (const set of sets(value, scope)) {
      const signatures = decodedAll(set.values, scope.provider);
      if (signatures.length > 0) found.push({ scope: set.scope, signatures });
    }
    if (found.length >= SIGNATURE_LIMIT) break;
  }
  if (found.length > 0) return found;
  if (!present) return { rejection: { reason: "signature_missing", where: [signature.at].flat().join(", ") } };
  return { rejection: { reason: "signature_malformed", where } };
}

interface SignatureSet {
  readonly values: readonly string[];
  readonly scope: Scope;
}

/** The values that may be signatures, as text, with what stood beside them. */
function sets(value: string, scope: Scope): readonly SignatureSet[] {
  const { signature } = scope.provider;
  const format = signature.format ?? "plain";
  switch (format) {
    case "plain":
      return [{ values: [value], scope }];
    case "list":
      return [{ values: split(value, signature.separator ?? ","), scope }];
    case "tagged": {
      const tag = `${signature.tag ?? "v1"},`;
      const tagged = split(value, signature.separator ?? " ").filter((entry) => entry.startsWith(tag));
      // A header that comes twice is one with a comma between (RFC 9110, 5.3), and no signature ends in one.
      return [{ values: tagged.map((entry) => entry.slice(tag.length).replace(/,$/, "")), scope }];
    }
    case "named": {
      const at = value.indexOf("=");
      return [{ values: [value.slice(at + 1)], scope: { ...scope, pairs: new Map([["name", value.slice(0, at)]]) } }];
    }
    case "after-timestamp": {
      const [time = "", ...values] = split(value, signature.separator ?? ",");
      return [{ values, scope: { ...scope, pairs: new Map([["0", time]]) } }];
    }
    case "envelope":
      return envelope(value, scope);
    case "pairs": {
      const groups = signature.group === undefined ? [value] : split(value, signature.group);
      return groups.slice(0, SIGNATURE_LIMIT).flatMap((group) => pairsOf(group, scope));
    }
    case "rfc9421":
      return covering(rfc9421(value, scope.readings.request.headers.get("signature-input")), scope);
    case "cavage":
      return covering(cavage(value), scope);
  }
  return format satisfies never;
}

/** Message signatures that cover what they must; one over the date alone would prove nothing about the body. */
function covering(found: readonly MessageSignature[], scope: Scope): SignatureSet[] {
  return found.flatMap(({ signature, parameters }) => {
    const headers = (parameters.get("headers") ?? "").toLowerCase().split(" ");
    const covered = (scope.provider.signature.covers ?? []).every((name) => headers.includes(name));
    return covered ? [{ values: [signature], scope: { ...scope, pairs: parameters } }] : [];
  });
}

function envelope(value: string, scope: Scope): SignatureSet[] {
  const bytes = decode(value, "base64");
  const document = bytes === null ? undefined : parseJson(new TextDecoder().decode(bytes));
  if (typeof document !== "object" || document === null) return [];
  const pairs = new Map(
    Object.entries(document).flatMap(([name, one]) => (typeof one === "string" ? [[name, one]] : [])),
  );
  return [{ values: [pairs.get(scope.provider.signature.key ?? "signature") ?? ""], scope: { ...scope, pairs } }];
}

/** `t=1,v1=a,v1=b`: the signatures may repeat, everything else stands once or the set is refused. */
function pairsOf(text: string, scope: Scope): { values: string[]; scope: Scope }[] {
  const { signature } = scope.provider;
  const key = render(signature.key ?? "v1", scope);
  const pairs = new Map<string, string>();
  const values: string[] = [];
  for (const entry of split(text, signature.separator ?? ",")) {
    const at = entry.indexOf(signature.equals ?? "=");
    if (at < 0) continue;
    const name = entry.slice(0, at).trim();
    const value = entry.slice(at + 1).trim();
    if (name === key) values.push(value);
    else if (pairs.has(name)) return [];
    else pairs.set(name, value);
  }
  return [{ values, scope: { ...scope, pairs } }];
}

/** Entries beyond a generous number are not even split off. */
function split(text: string, separator: string): string[] {
  return text.split(separator, 64).map((entry) => entry.trim());
}

function decodedAll(values: readonly string[], provider: Provider): readonly Uint8Array<ArrayBuffer>[] {
  const signatures: Uint8Array<ArrayBuffer>[] = [];
  for (let i = 0; i < values.length && i < SIGNATURE_LIMIT; i++) {
    const bytes = decoded(values[i]!, provider);
    if (bytes !== null) signatures.push(bytes);
  }
  return signatures;
}

function decoded(text: string, { signature }: Provider): Uint8Array<ArrayBuffer> | null {
  const bare = unprefixed(text, signature);
  return bare === null ? null : decode(bare, signature.encoding ?? "hex");
}

/** The text at the first place of a signature that is there, for schemes that have no use for several. */
export function shownText(scope: Scope): string | null {
  for (const place of [scope.provider.signature.at].flat()) {
    const text = place === "body" ? scope.readings.text : read(place, scope);
    if (text !== null) return text;
  }
  return null;
}

/**
 * An authentication scheme, as a prefix names it: a token (RFC 9110, 5.6.2), and the space behind it if it is written.
 */
const SCHEME = /^([\w!#$%&'*+.^`|~-]+) *$/;

/** Without the prefix; `null` where the provider demands one and it is not there. */
export function unprefixed(text: string, { prefix, bare }: Provider["signature"]): string | null {
  if (prefix === undefined) return text;
  const scheme = SCHEME.exec(prefix)?.[1];
  const credentials = scheme === undefined ? null : afterScheme(text, scheme);
  if (credentials !== null) return credentials;
  if (text.startsWith(prefix)) return text.slice(prefix.length);
  return bare === true ? text : null;
}

/**
 * What stands behind the name of an authentication scheme,
 * which has no case (RFC 9110, 11.1), and one or more spaces (11.4).
 */
export function afterScheme(text: string, scheme: string): string | null {
  if (text.slice(0, scheme.length).toLowerCase() !== scheme.toLowerCase()) return null;
  const rest = text.slice(scheme.length);
  return rest.startsWith(" ") ? rest.replace(/^ +/, "") : null;
}

/**
 * The timestamp as the sender wrote it, judged against the clock. Inclusive to either side. Timestamps in whole seconds
 * are compared in whole seconds, as the official libraries do: 300.9 s after `t` is 300 s old.
 */
export function checkTimestamp(scope: Scope, now: number): { readonly timestamp: string | null } | Rejected {
  const { timestamp } = scope.provider;
  if (timestamp === undefined) return { timestamp: null };
  const text = read(timestamp.at, scope);
  const where = timestamp.at;
  if (text === null || text === "") return { rejection: { reason: "timestamp_missing", where } };
  if (timestamp.unit === "text") return { timestamp: text };
  const time = instant(text, timestamp.unit ?? "s");
  if (time === null) return { rejection: { reason: "timestamp_malformed", where } };
  if (timestamp.tolerance === undefined) return { timestamp: text };
  const ageMs =
    timestamp.unit === undefined || timestamp.unit === "s" ? Math.floor(now / 1000) * 1000 - time : now - time;
  const toleranceMs = timestamp.tolerance * 1000;
  if (ageMs > toleranceMs) return { rejection: { reason: "timestamp_stale", ageMs, toleranceMs } };
  if (-ageMs > toleranceMs) return { rejection: { reason: "timestamp_future", aheadMs: -ageMs, toleranceMs } };
  return { timestamp: text };
}

/** Milliseconds since 1970, or `null` where the text is not a time in that unit: digits only, no sign, no exponent. */
function instant(text: string, unit: "s" | "ms" | "iso" | "iso-utc" | "http"): number | null {
  if (unit === "s") return /^\d{1,11}$/.test(text) ? Number(text) * 1000 : null;
  if (unit === "ms") return /^\d{1,14}$/.test(text) ? Number(text) : null;
  if (unit === "iso-utc") return instant(/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`, "iso");
  const known =
    unit === "iso"
      ? /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text)
      : /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(text);
  const time = known ? Date.parse(text.replace(/(\.\d{3})\d+/, "$1")) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}
