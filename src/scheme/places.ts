// The grammar of places such as `header:X-Signature|json:data.id`: alternatives, names, paths and quoting. Pure.

export interface Place {
  readonly source: string;
  readonly name: string;
  readonly path: readonly string[];
}

/** Parsed once each: places come from the catalogue and the configuration, so their number is fixed. */
const places = new Map<string, readonly Place[]>();

/** The alternatives of a place, in the order in which they are asked. */
export function parsePlace(text: string): readonly Place[] {
  let parsed = places.get(text);
  if (parsed === undefined) {
    parsed = splitAt("|", text).map((written) => {
      const colon = written.indexOf(":");
      const source = colon < 0 ? written : written.slice(0, colon);
      const given = colon < 0 ? "" : written.slice(colon + 1);
      const name = unescaped(given);
      const path = splitAt(".", given).map(unescaped);
      return { source, name: source === "header" ? name.toLowerCase() : name, path };
    });
    places.set(text, parsed);
  }
  return parsed;
}

/**
 * The parts between separators; one behind a backslash belongs to a name
 * (`json:labels.app\.kubernetes\.io/name`) and separates nothing.
 */
function splitAt(separator: string, text: string): string[] {
  const parts = [""];
  for (const [token] of text.matchAll(/\\.|./gs)) {
    if (token === separator) parts.push("");
    else parts[parts.length - 1] += token;
  }
  return parts;
}

/** Characters that mean something in a place, and are meant as they are behind a backslash. */
const ESCAPE = /\\([\\.|}])/g;

function unescaped(text: string): string {
  return text.replaceAll(ESCAPE, "$1");
}

/** Where the brace closes that opens before `from`, or -1. */
export function closing(text: string, from: number): number {
  const inner = /^(?:\\.|[^\\}])*/s.exec(text.slice(from))?.[0].length ?? 0;
  return text[from + inner] === "}" ? from + inner : -1;
}

/** Kinds of places, for the check of the configuration; `canonical.ts` explains the derived ones. */
const SOURCES = new Set(
  (
    "body body-base64url body-crc32 body-quoted body-sha256 body-sha256-hex challenge claim computed default first-key form form-appended " +
    "form-only form-sorted form-sorted-unique get-query header item json kid method pair pair-quoted query query-lower query-sorted secret " +
    "setting signature-base signed-headers signing-string target timestamp url url-without-query xml"
  ).split(" "),
);

/** What is wrong with a place as it is written, or `null`. */
export function placeFault(written: string): string | null {
  if (written.replaceAll(ESCAPE, "").includes("\\"))
    return `has a backslash before what needs none (${written}). Write one before a dot, a bar, a brace or a backslash that belongs to a name, and nowhere else`;
  for (const { source } of parsePlace(written)) {
    if (!SOURCES.has(source))
      return `is no place (${written}). Write one such as "header:X-Signature" or "json:data.id"`;
  }
  return null;
}
