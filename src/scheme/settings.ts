// Which settings of a source does a scheme read,
// and which of them does it need? Derived from the scheme's own templates. Pure.
import type { Provider } from "./scheme.ts";
import { parsePlace, type Place } from "./places.ts";
import { parseTemplate, type Piece } from "./template.ts";

/** A setting by its name, and where the scheme reads it first. */
export interface ReadSetting {
  readonly name: string;
  /** Without it a template has no value: the request cannot be proven, or would be proven for everybody. */
  readonly needed: boolean;
  /** Which field of the description reads it, as a path: `keys.url`. */
  readonly at: string;
}

/**
 * Every `setting:NAME` of a scheme. One is needed unless the template is whole without it: it stands in square
 * brackets, or beside an alternative (`{setting:environment|default:production}`).
 */
export function settingsOf(provider: Provider): ReadSetting[] {
  let read = known.get(provider);
  if (read === undefined) {
    const found = new Map<string, ReadSetting>();
    for (const setting of readIn(provider, [])) {
      if (found.get(setting.name)?.needed !== true) found.set(setting.name, setting);
    }
    read = [...found.values()];
    known.set(provider, read);
  }
  return read;
}

/** A provider does not change, and the configuration is read in every isolate. */
const known = new WeakMap<Provider, ReadSetting[]>();

function readIn(value: unknown, path: readonly string[]): ReadSetting[] {
  if (typeof value === "string") return value.includes("setting:") ? readInText(value, path.join(".")) : [];
  if (typeof value !== "object" || value === null) return [];
  const names = Array.isArray(value) ? [] : Object.keys(value).flatMap((name) => readIn(name, path));
  const all = [...names, ...Object.entries(value).flatMap(([name, inner]) => readIn(inner, [...path, name]))];
  // A handshake that is there only where a setting is does not need it.
  const asked = "when" in value && typeof value.when === "object" ? Object.keys(value.when ?? {}) : [];
  return all.map(({ name, needed, at }) => ({ name, needed: needed && !asked.includes(`setting:${name}`), at }));
}

function readInText(text: string, at: string): ReadSetting[] {
  if (!text.includes("{")) return readInPlaces(parsePlace(text), at, true);
  try {
    return parseTemplate(text).flatMap((piece) => readInPiece(piece, at, true));
  } catch {
    // No template after all; the schema has said so where it should be one.
    return [];
  }
}

function readInPiece(piece: Piece, at: string, needed: boolean): ReadSetting[] {
  if (piece.kind === "text") return [];
  if (piece.kind === "place") return readInPlaces(piece.places, at, needed);
  return piece.pieces.flatMap((inner) => readInPiece(inner, at, false));
}

function readInPlaces(places: readonly Place[], at: string, needed: boolean): ReadSetting[] {
  const alone = places.every(({ source }) => source === "setting");
  return places
    .filter(({ source }) => source === "setting")
    .map(({ name }) => ({ name, needed: needed && alone && places.length === 1, at }));
}
