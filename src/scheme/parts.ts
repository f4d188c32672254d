// Which form does each part of the signed content have? Without one,
// bytes can move from one part into the next under the same signature. Pure.

import { parseTemplate, type Piece } from "./template.ts";
import type { FormName, Provider } from "./scheme.ts";

/** The forms that a part may be held to, each as a regular expression of the whole part. */
const FORMS: Readonly<Record<FormName, string>> = {
  seconds: "\\d{10}",
  millis: "\\d{13}",
  iso: "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:Z|[+-]\\d\\d:\\d\\d)",
  "iso-utc": "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?(?:Z|[+-]\\d\\d:\\d\\d)?",
  http: "[A-Z][a-z]{2}, \\d\\d [A-Z][a-z]{2} \\d{4} \\d\\d:\\d\\d:\\d\\d GMT",
  digits: "\\d{1,20}",
  time: "[0-9A-Za-z:.+-]{1,40}",
  uuid: "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
  name: "[0-9A-Za-z_-]{1,256}",
  token: "[0-9A-Za-z_+/=-]{1,512}",
  // Of several with a full stop between, each has something that is no digit: none of them is a time.
  dotted: "[^.]{0,512}|\\d*[^.\\d][^.]*(?:\\.\\d*[^.\\d][^.]*)*",
  url: 'https?://[^\\s"<>{}\\[\\]]+',
  // A document in base64, in lines.
  base64: "[0-9A-Za-z+/=\\n]*",
  unbracketed: "[^{}\\[\\]]{0,8192}",
  // An object or an array, or nothing. It ends itself:
  // what is cut off a document, or put before or behind it, leaves none.
  json: "(?:\\s*[{\\[][^]*[}\\]]\\s*)?",
  any: "[^]*",
};

/**
 * Forms of a timestamp by its unit; `text` has none of its own.
 * Where nothing stands between it and its neighbour, its length must be known.
 */
const TIMES = {
  s: FORMS.seconds,
  ms: FORMS.millis,
  iso: FORMS.iso,
  "iso-utc": FORMS["iso-utc"],
  http: FORMS.http,
  text: null,
} as const;
const LOOSE = { ...TIMES, s: "\\d{1,11}", ms: "\\d{1,14}" } as const;

/**
 * What a part that the relay makes itself looks like, whatever the request says;
 * `¤` is a constant, `§` one that nobody else knows.
 */
const MADE: Readonly<Record<string, string>> = {
  body: FORMS.any,
  "body-quoted": '"(?:[^"\\\\]|\\\\[^])*"',
  "pair-quoted": '"(?:[^"\\\\]|\\\\[^])*"',
  "body-sha256": "[^]{32}",
  "body-sha256-hex": "[0-9a-f]{64}",
  "body-base64url": "[0-9A-Za-z_-]*",
  "body-crc32": "\\d{1,10}",
  method: "POST",
  secret: "§",
  setting: "¤",
  default: "¤",
  url: 'https://[^\\s"<>]*',
  "url-without-query": "¤",
  target: '/[^\\s"<>]*',
  "query-sorted": '[^\\s"<>]*',
  "signed-headers": "[^\\r\\n]*",
  "form-sorted": FORMS.any,
  "form-sorted-unique": FORMS.any,
  "form-appended": FORMS.any,
};

/** A piece of the signed content: what it looks like, and whether the request must be held to that. */
interface Part {
  readonly written: string;
  readonly pattern: string;
  readonly held: boolean;
}

/** Parts and the text between them, in order; together they may be left out where `optional`. */
export interface Stretch {
  readonly optional: boolean;
  readonly parts: readonly (Part | string)[];
}

/**
 * The signed content in stretches. A part beside the body that has no form of its own may not hold the character that
 * stands between it and the next, seen from the body outwards.
 */
export function stretchesOf(provider: Provider): readonly Stretch[] {
  const pieces = parseTemplate(provider.signs ?? "{body}");
  const all = flat(pieces);
  const free = freeOf(all, provider);
  let at = 0;
  return pieces.map((piece) => ({
    optional: piece.kind === "optional",
    parts: flat([piece]).map(() => partAt(all, at++, free, provider)),
  }));
}

function partAt(pieces: readonly Piece[], at: number, free: number, provider: Provider): Part | string {
  const piece = pieces[at];
  if (piece?.kind !== "place") return piece?.kind === "text" ? piece.text : "";
  const { written } = piece;
  const tight = [pieces[at - 1], pieces[at + 1]].some((one) => one?.kind === "place");
  const time = written === "timestamp" ? (tight ? TIMES : LOOSE)[provider.timestamp?.unit ?? "s"] : null;
  const declared = formOf(written, provider) ?? time;
  if (declared !== null) return { written, pattern: declared, held: written !== "body" };
  const made = piece.places.map(({ source }) => MADE[source]);
  const [first] = made;
  const beside = at < free ? pieces[at + 1] : pieces[at - 1];
  const edge = beside?.kind !== "text" ? undefined : at < free ? beside.text[0] : beside.text.at(-1);
  if (written === "url" && edge !== undefined && !OF_URLS.test(edge))
    return { written, pattern: `https?://[^\\s"<>${escaped(edge)}]*`, held: true };
  if (first !== undefined && made.every((one) => one === first)) return { written, pattern: first, held: false };
  if (edge === undefined) return { written, pattern: FORMS.any, held: false };
  return { written, pattern: `[^${escaped(edge)}]{0,1024}`, held: true };
}

/** Characters that a URL must be able to hold, so that none of them can end it. */
const OF_URLS = /[\w./:?&=%~+-]/;

function formOf(written: string, { forms = {} }: Provider): string | null {
  const name = forms[written];
  return name === undefined ? null : FORMS[name];
}

/** The piece that may hold anything, and from which the others are told apart: the body, as a rule. */
function freeOf(pieces: readonly Piece[], { forms = {} }: Provider): number {
  const find = (fits: (piece: Piece & { kind: "place" }) => boolean): number =>
    pieces.findIndex((piece) => piece.kind === "place" && fits(piece));
  const found = [
    find(({ written }) => forms[written] === "any"),
    find(({ places }) => places.some(({ source }) => /^(?:body|form-)/.test(source))),
    find(({ places }) => places.some(({ source }) => source === "url")),
  ].find((at) => at >= 0);
  return found ?? pieces.length;
}

function flat(pieces: readonly Piece[]): Piece[] {
  return pieces.flatMap((piece) => (piece.kind === "optional" ? flat(piece.pieces) : [piece]));
}

function escaped(character: string): string {
  return character === "\n" ? "\\n" : /[\\\]^-]/.test(character) ? `\\${character}` : character;
}

/** A part that a request is held to, and what the whole of it must match. */
export interface Held {
  readonly written: string;
  readonly whole: RegExp;
}

/** A provider does not change, and every request asks. */
const held = new WeakMap<Provider, readonly Held[]>();

/** The parts of the signed content that a request is held to. */
export function heldOf(provider: Provider): readonly Held[] {
  let parts = held.get(provider);
  if (parts === undefined) {
    const templates = provider.sorted ?? [provider.signs ?? "{body}"];
    parts = templates
      .flatMap((signs) => stretchesOf({ ...provider, signs }).flatMap(({ parts: all }) => all))
      .flatMap((part) =>
        typeof part !== "string" && part.held
          ? [{ written: part.written, whole: new RegExp(`^(?:${part.pattern})$`) }]
          : [],
      );
    held.set(provider, parts);
  }
  return parts;
}
