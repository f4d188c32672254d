// HTTP message signatures: what RFC 9421 and the draft before it (Cavage) put under a signature. Pure.

import type { Scope } from "./scope.ts";

/** One signature out of a header of this kind, and the parameters beside it. */
export interface MessageSignature {
  readonly signature: string;
  /** `created`, `keyid`, `alg` …, and the covered names, joined by a space, under `headers`. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Signatures of one request that are looked at, and the longest list of what they cover, in characters. */
const LIMIT = 4;
const INPUT_LIMIT = 8192;

/** `sig1=:…:` with `Signature-Input: sig1=("content-digest");created=…` (RFC 9421, 4). */
export function rfc9421(value: string, input: string | null): readonly MessageSignature[] {
  if (input === null || input.length > INPUT_LIMIT) return [];
  const found: MessageSignature[] = [];
  let looked = 0;
  const members = /(?:^|,)[ \t]{0,8}([a-z*][a-z0-9_.*-]{0,64})=:([A-Za-z0-9+/=]+):(?=[ \t]{0,8}(?:,|$))/g;
  for (const [, label, signature] of value.matchAll(members)) {
    if (label === undefined || signature === undefined || looked >= LIMIT) break;
    looked += 1;
    const covered = inputOf(input, label);
    if (covered !== null) found.push({ signature, parameters: covered });
  }
  return found;
}

function inputOf(input: string, label: string): ReadonlyMap<string, string> | null {
  const member =
    /(?:^|,)[ \t]{0,8}([a-z*][a-z0-9_.*-]{0,64})=(\(([^()]*)\)((?:;[a-z*][a-z0-9_.*-]*(?:=(?:"[^"\\]*"|-?\d+|[A-Za-z*][\w.*-]*))?)*))(?=[ \t]{0,8}(?:,|$))/g;
  const matches = [...input.matchAll(member)].filter(([, name]) => name === label);
  const [, , whole, names, rest] = matches.length === 1 ? matches[0]! : [];
  if (whole === undefined || names === undefined || rest === undefined) return null;
  const list = [...names.matchAll(/"([a-z0-9@-]+)"/g)].map(([, name]) => name ?? "");
  // A component with parameters of its own (`;bs`, `;req`) is not among those that are understood.
  if (names.trim() !== list.map((name) => `"${name}"`).join(" ") || new Set(list).size !== list.length) return null;
  const parameters = new Map([
    ["headers", list.join(" ")],
    ["@signature-params", whole],
  ]);
  for (const [, name, quoted, plain] of rest.matchAll(/;([a-z*][a-z0-9_.*-]*)=(?:"([^"]*)"|([\w.*-]+))/g)) {
    // RFC 8941 lets the last of two win, and readers differ. Nor may one pose as the list of what is covered.
    if (name === undefined || parameters.has(name)) return null;
    parameters.set(name, quoted ?? plain ?? "");
  }
  return parameters;
}

/** `keyid="…",algorithm="…",headers="(request-target) date",signature="…"` (draft-cavage-http-signatures-12, 4). */
export function cavage(value: string): readonly MessageSignature[] {
  const parameters = new Map<string, string>();
  for (const [, name, quoted, plain] of value.matchAll(/\b([a-zA-Z]{1,32})=(?:"([^"]*)"|(\d+))/g)) {
    if (name === undefined || parameters.has(name)) return [];
    parameters.set(name, quoted ?? plain ?? "");
  }
  const signature = parameters.get("signature");
  parameters.delete("signature");
  return signature === undefined ? [] : [{ signature, parameters }];
}

/** The signature base of RFC 9421, 2.5. */
export function signatureBase(scope: Scope): string | null {
  const names = scope.pairs?.get("headers");
  const parameters = scope.pairs?.get("@signature-params");
  if (names === undefined || parameters === undefined) return null;
  const lines: string[] = [];
  for (const name of names === "" ? [] : names.split(" ")) {
    const value = component(name, scope);
    if (value === null) return null;
    lines.push(`"${name}": ${value}`);
  }
  return [...lines, `"@signature-params": ${parameters}`].join("\n");
}

/** The signing string of the draft, 2.3. */
export function signingString(scope: Scope): string | null {
  const lines: string[] = [];
  for (const name of (scope.pairs?.get("headers") ?? "date").toLowerCase().split(" ")) {
    const value = name === "(request-target)" ? requestTarget(scope) : component(name, scope);
    if (value === null) return null;
    lines.push(`${name}: ${value}`);
  }
  return lines.join("\n");
}

function requestTarget({ readings: { request } }: Scope): string {
  const { pathname, search } = new URL(request.url);
  return `${request.method.toLowerCase()} ${pathname}${search}`;
}

function component(name: string, { readings: { request } }: Scope): string | null {
  const url = URL.canParse(request.url) ? new URL(request.url) : null;
  if (name === "host") return request.headers.get("host") ?? url?.host ?? null;
  if (!name.startsWith("@")) return request.headers.get(name)?.trim() ?? null;
  if (url === null) return null;
  switch (name) {
    case "@method":
      return request.method;
    case "@target-uri":
      return request.url;
    case "@authority":
      return url.host;
    case "@scheme":
      return url.protocol.slice(0, -1);
    case "@path":
      return url.pathname;
    case "@query":
      return url.search === "" ? "?" : url.search;
    default:
      return null;
  }
}
