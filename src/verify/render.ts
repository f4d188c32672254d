// Templates such as `{timestamp}.{body}`: what a provider signs, names and answers, filled in from a request. Pure.

import { encodeHex } from "../bytes/encoding.ts";
import { member, parseJson, scalar } from "../bytes/json.ts";
import { canonical, signedHeaders } from "./canonical.ts";
import { parsePlace, type Place } from "../scheme/places.ts";
import { parseTemplate, type Piece } from "../scheme/template.ts";
import type { Scope } from "./scope.ts";

/**
 * The text of a template, or `null` where a place that it needs is missing.
 *
 * @param quote how the value of a place is written; as it is, by default
 */
export function render(text: string, scope: Scope, quote: (value: string) => string = (value) => value): string | null {
  return renderPieces(parseTemplate(text), scope, quote);
}

function renderPieces(pieces: readonly Piece[], scope: Scope, quote: (value: string) => string): string | null {
  let rendered = "";
  for (const piece of pieces) {
    if (piece.kind === "text") rendered += piece.text;
    else if (piece.kind === "optional") rendered += renderPieces(piece.pieces, scope, quote) ?? "";
    else {
      const value = first(piece.places, scope);
      if (value === null) return null;
      rendered += quote(typeof value === "string" ? value : encodeHex(value));
    }
  }
  return rendered;
}

/** The names of a document's members, without those that stand in a list with commas. */
export function keysOf(root: unknown, without: string): readonly string[] {
  if (typeof root !== "object" || root === null) return [];
  const left = new Set(without.split(","));
  return Object.keys(root).filter((key) => !left.has(key));
}

/** Between the steps of a path that is written as one text: no dot, which a step may hold. */
export const STEP = "\0";

/** A path whose stars are replaced by the current elements. */
export function chosen(path: readonly string[], indices: ReadonlyMap<string, string> | undefined): readonly string[] {
  if (indices === undefined || !path.includes("*")) return path;
  return path.map((step, at) => (step === "*" ? (indices.get(path.slice(0, at).join(STEP)) ?? step) : step));
}

/**
 * The signed content of a template in pieces, or the first place that is missing. The body is handed on without a copy.
 */
export function renderChunks(text: string, scope: Scope): (string | Uint8Array)[] | { readonly missing: string } {
  if (text === "{body}") return [scope.readings.request.body];
  const chunks: (string | Uint8Array)[] = [];
  let plain = "";
  for (const piece of parseTemplate(text)) {
    if (piece.kind === "text") plain += piece.text;
    else if (piece.kind === "optional") plain += renderPieces(piece.pieces, scope, (value) => value) ?? "";
    else {
      const value = first(piece.places, scope);
      if (value === null) return { missing: piece.written };
      if (typeof value === "string") plain += value;
      else {
        if (plain !== "") chunks.push(plain);
        plain = "";
        chunks.push(value);
      }
    }
  }
  if (plain !== "") chunks.push(plain);
  return chunks;
}

/** The text at a place, or `null`. */
export function read(place: string, scope: Scope): string | null {
  const value = first(parsePlace(place), scope);
  return value === null || typeof value === "string" ? value : encodeHex(value);
}

function first(alternatives: readonly Place[], scope: Scope): string | Uint8Array | null {
  for (const place of alternatives) {
    const value = lookUp(place, scope);
    if (value !== null) return value;
  }
  return null;
}

/** The document that `json:` reads: the body, or the form field that the provider puts it into. */
export function document({ readings, provider }: Scope): unknown {
  for (const { source, name } of parsePlace(provider.payload ?? "body")) {
    const value = readings.json(source === "form" ? name : "body");
    if (value !== undefined) return value;
  }
  return undefined;
}

/**
 * A claim by its path. One that is itself JSON, as text, is read through: a Wix token holds its event so, twice over.
 */
function through(claims: unknown, path: readonly string[]): unknown {
  let value = claims;
  for (const step of path) value = member(typeof value === "string" ? parseJson(value) : value, [step]);
  return value;
}

function lookUp({ source, name, path }: Place, scope: Scope): string | Uint8Array | null {
  const { readings } = scope;
  switch (source) {
    case "body":
      return readings.request.body;
    case "timestamp":
      return scope.timestamp ?? null;
    case "header":
      return readings.request.headers.get(name);
    case "json":
      return scalar(member(document(scope), chosen(path, scope.indices)));
    case "first-key":
      return scope.indices?.get(`first-key:${name}`) ?? keysOf(document(scope), name)[0] ?? null;
    case "item":
      return scalar(member(scope.item, path));
    case "claim":
      return scalar(through(scope.claims, path));
    case "form":
      return readings.form.get(name)?.[0] ?? null;
    case "query":
      return readings.query.get(name)?.[0] ?? null;
    case "pair":
      return scope.pairs?.get(name) ?? null;
    case "setting":
      return Object.hasOwn(scope.settings, name) ? scope.settings[name]! : null;
    case "signed-headers": {
      const at = scope.provider.signedHeaders?.at;
      const list = at === undefined ? null : read(at, scope);
      return list === null ? null : signedHeaders(list, scope);
    }
    case "method":
      return readings.request.method;
    case "secret":
      return scope.secret ?? null;
    case "kid":
      return scope.kid ?? null;
    case "challenge":
      return scope.challenge ?? null;
    case "computed":
      return scope.computed ?? null;
    default:
      return canonical(source, name, scope);
  }
}
