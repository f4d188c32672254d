// An event without the values that nobody is to see: headers, and places of a body that is JSON or a form. Pure.
import { parseJson, PROVEN } from "../bytes/json.ts";
import { longestFirst, spellingsOf } from "../net/excerpt.ts";
import type { Hidden, Redaction } from "../scheme/redaction.ts";
import { jsonWithout, REDACTED_TEXT } from "./redact-json.ts";

export interface Redacted {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly hidden: Hidden;
}

/** Shorter values say nothing where they stand elsewhere, and would make holes in every answer. */
const SHORTEST = 3;
/** Of longer ones an answer may have a part. */
const LONGEST = 200;

/** What is kept may be longer than what came, in characters: a thousand numbers are a thousand words then. */
const MOST_GROWTH = 64 * 1024;

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * What is kept in the place of an event; `null` where none of these values is in it. A body that cannot be read is
 * taken out as a whole: nobody knows what is where in it.
 */
export function redact(
  { headers: names, body: paths }: Redaction,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): Redacted | null {
  const there = names.filter((name) => headers[name] !== undefined);
  const read = paths.length === 0 || body.length === 0 ? UNTOUCHED : inBody(paths, headers["content-type"] ?? "", body);
  const found = read !== null && read.text.length > body.length + MOST_GROWTH ? null : read;
  const values = [...there.map((name) => headers[name] ?? ""), ...(found?.values ?? [])];
  if (found !== null && values.length === 0) return null;
  const hidden = longestFirst(values.filter(({ length }) => length >= SHORTEST).flatMap(spellingsOf));
  return {
    headers: { ...headers, ...Object.fromEntries(there.map((name) => [name, REDACTED_TEXT])) },
    body:
      found === null ? encoder.encode(REDACTED_TEXT) : found.values.length === 0 ? body : encoder.encode(found.text),
    // A receiver that says back the beginning of a body may cut a long value anywhere.
    hidden: { texts: hidden, all: found === null || values.some(({ length }) => length > LONGEST) },
  };
}

/**
 * The texts at a place of an event, names leading to it as those of `redact` do; `null` where the body cannot be read.
 *
 * @param place `body` or `headers`, and the names that lead on
 */
export function textsAt(
  [root = "", ...path]: readonly string[],
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): readonly string[] | null {
  if (root === "headers") return [headers[path.join(".").toLowerCase()] ?? []].flat();
  if (body.length === 0) return [];
  return inBody([path], headers["content-type"] ?? "", body)?.values ?? null;
}

interface Found {
  readonly text: string;
  readonly values: readonly string[];
}

const UNTOUCHED: Found = { text: "", values: [] };

/** `null` for a body that is neither. */
function inBody(paths: Redaction["body"], type: string, body: Uint8Array): Found | null {
  try {
    const text = strict.decode(body);
    if (parseJson(text, PROVEN.elements) !== undefined) return jsonWithout(text, paths);
    return /^application\/x-www-form-urlencoded\b/i.test(type) ? formWithout(text, paths) : null;
  } catch {
    return null;
  }
}

/** @throws where a name or value is not written as a form is */
function formWithout(text: string, paths: Redaction["body"]): Found {
  const values: string[] = [];
  const fields = text.split("&").map((field) => {
    const [name = "", ...rest] = field.split("=");
    const value = decoded(rest.join("="));
    // `a[b]` and `a.b` are the two ways in which forms write what is inside something.
    const places = decoded(name)
      .replaceAll(/\[([^\]]*)\]/g, ".$1")
      .split(".");
    const left = paths.flatMap((path) => remaining(path, places));
    if (left.some(({ length }) => length === 0)) {
      values.push(value);
      return `${name}=${encodeURIComponent(REDACTED_TEXT)}`;
    }
    // Slack and others send JSON in a field.
    if (left.length === 0 || parseJson(value, PROVEN.elements) === undefined) return field;
    const inside = jsonWithout(value, left);
    values.push(...inside.values);
    return inside.values.length === 0 ? field : `${name}=${encodeURIComponent(inside.text)}`;
  });
  return { text: fields.join("&"), values };
}

function decoded(text: string): string {
  return decodeURIComponent(text.replaceAll("+", " "));
}

/** What of a path is left behind these places; nothing where it leads elsewhere. What is inside its end goes too. */
function remaining(path: readonly string[], places: readonly string[]): (readonly string[])[] {
  const fits = places.every((place, at) => at >= path.length || path[at] === "*" || path[at] === place);
  return fits ? [path.slice(places.length)] : [];
}
