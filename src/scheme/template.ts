// The grammar of templates such as `{timestamp}.{body}`: text, places in braces, and what may be left out in brackets.
// No request, no interpreter. Pure.

import { closing, parsePlace, type Place, placeFault } from "./places.ts";

export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "place"; readonly places: readonly Place[]; readonly written: string }
  | { readonly kind: "optional"; readonly pieces: readonly Piece[] };

/** Parsed once each: templates come from the catalogue and the configuration, so their number is fixed. */
const templates = new Map<string, readonly Piece[]>();

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

/** Every place of a template, alternatives and optional parts included. */
export function placesIn(pieces: readonly Piece[]): readonly Place[] {
  return pieces.flatMap((piece) => {
    if (piece.kind === "text") return [];
    return piece.kind === "place" ? piece.places : placesIn(piece.pieces);
  });
}

/** The places of a template that is written as text; none of an empty one. */
export function placesOf(template: string): readonly Place[] {
  return template === "" ? [] : placesIn(parseTemplate(template));
}
