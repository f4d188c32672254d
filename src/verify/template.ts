// Templates such as `{timestamp}.{body}`: what a provider signs, names and answers, filled in from a request. Pure.

import { encodeHex } from "../bytes/encoding.ts";
import type { Readings } from "./readings.ts";
import { member, scalar } from "./readings.ts";
import { canonical, signedHeaders } from "./canonical.ts";
import { closing, parsePlace, type Place, placeFault } from "./place.ts";
import type { Provider } from "../scheme/scheme.ts";

/** Everything that a place can name. What a step does not know yet is left out, and its places are then missing. */
export interface Scope {
  readonly readings: Readings;
  readonly provider: Provider;
  readonly settings: Readonly<Record<string, string>>;
  readonly url?: string;
  readonly timestamp?: string | null;
  readonly secret?: string;
  /** Members of the signature header. */
  readonly pairs?: ReadonlyMap<string, string>;
  /** The element of `each` at hand. */
  readonly item?: unknown;
  readonly claims?: unknown;
  /** The name of the sender's key. */
  readonly kid?: string | null;
  readonly challenge?: string;
  readonly computed?: string;
  /** Which element of a list a `*` of a path stands for, by the path before it. */
  readonly indices?: ReadonlyMap<string, string>;
}

export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "place"; readonly places: readonly Place[]; readonly written: string }
  | { readonly kind: "optional"; readonly pieces: readonly Piece[] };

/** Parsed once each: templates come from the catalogue and the configuration, so their number is fixed. */
const templates = new Map<string, readonly Piece[]>();
const encoder = new TextEncoder();

/** The pieces of a template; throws on unbalanced brackets, which the configuration check reports. */
export function parseTemplate(text: string): readonly Piece[] {
  let pieces = templates.get(text);
  if (pieces === undefined) {
    pieces = group(text, { at: 0 }, false);
    templates.set(text, pieces);
  }
  return pieces;
}

function group(text: string, cursor: { at: number }, nested: boolean): Piece[] {
  const pieces: Piece[] = [];
  let plain = "";
  const flush = (): void => {
    if (plain !== "") pieces.push({ kind: "text", text: plain });
    plain = "";
  };
  while (cursor.at < text.length) {
    const character = text[cursor.at]!;
    if ("{}[]".includes(character) && text[cursor.at + 1] === character) {
      plain += character;
      cursor.at += 2;
    } else if (character === "{") {
      const end = closing(text, cursor.at + 1);
      if (end < 0)
        throw new SyntaxError("has a brace that is not closed. Write } behind the place, or {{ for a brace itself");
      flush();
      const written = text.slice(cursor.at + 1, end);
      pieces.push({ kind: "place", places: parsePlace(written), written });
      cursor.at = end + 1;
    } else if (character === "[") {
      flush();
      cursor.at++;
      pieces.push({ kind: "optional", pieces: group(text, cursor, true) });
    } else if (character === "]" && nested) {
      flush();
      cursor.at++;
      return pieces;
    } else if (character === "]" || character === "}") {
      throw new SyntaxError(`has a ${character} that closes nothing. Write ${character}${character} for one itself`);
    } else {
      plain += character;
      cursor.at++;
    }
  }
  if (nested)
    throw new SyntaxError(
      "has a bracket that is not closed. Write ] behind the optional part, or [[ for a bracket itself",
    );
  flush();
  return pieces;
}

/** What is wrong with a template, or `null`. */
export function templateFault(text: string): string | null {
  try {
    const faults = (pieces: readonly Piece[]): (string | null)[] =>
      pieces.flatMap((piece) => {
        if (piece.kind === "text") return [];
        return piece.kind === "place" ? [placeFault(piece.written)] : faults(piece.pieces);
      });
    return text === ""
      ? "is empty. Write a template such as {json:type}, or leave the key out"
      : (faults(parseTemplate(text)).find((fault) => fault !== null) ?? null);
  } catch (error) {
    return error instanceof SyntaxError ? error.message : String(error);
  }
}

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

/** A path with the elements at hand in the place of its stars. */
export function chosen(path: readonly string[], indices: ReadonlyMap<string, string> | undefined): readonly string[] {
  if (indices === undefined || !path.includes("*")) return path;
  return path.map((step, at) => (step === "*" ? (indices.get(path.slice(0, at).join(STEP)) ?? step) : step));
}

/** The signed content of a template in pieces, or the first place that is missing. The body is handed on without a copy. */
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

/** The pieces as one, for signatures that want the whole. */
export function concatenated(chunks: readonly (string | Uint8Array)[]): Uint8Array {
  if (chunks.length === 1 && chunks[0] instanceof Uint8Array) return chunks[0];
  const pieces = chunks.map((chunk) => (typeof chunk === "string" ? encoder.encode(chunk) : chunk));
  const bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
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
      return scalar(member(scope.claims, path));
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
