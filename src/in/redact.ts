// An event without the values that nobody is to see: headers, and places of a body that is JSON or a form. Pure.
import { parseJson, PROVEN } from "../bytes/json.ts";
import type { Redaction } from "../scheme/redaction.ts";
import { type Cut, jsonWithout, scalarsOf } from "./redact-json.ts";
import { REDACTED_TEXT } from "../ids.ts";

export interface Redacted {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

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
  if (found !== null && there.length === 0 && found.cuts.length === 0) return null;
  return {
    headers: { ...headers, ...Object.fromEntries(there.map((name) => [name, REDACTED_TEXT])) },
    body: found === null ? encoder.encode(REDACTED_TEXT) : found.cuts.length === 0 ? body : encoder.encode(found.text),
  };
}

/**
 * The texts at the very end of a place of an event, names leading to it as those of `redact` do; `null` where the body
 * cannot be read.
 *
 * @param place `body` or `headers`, and the names that lead on; any other is nowhere
 */
export function textsAt(
  [root = "", ...path]: readonly string[],
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): readonly string[] | null {
  const name = path.join(".").toLowerCase();
  if (root === "headers") return Object.hasOwn(headers, name) ? [headers[name] ?? ""] : [];
  if (root !== "body" || path.length === 0 || body.length === 0) return [];
  return inBody([path], headers["content-type"] ?? "", body)?.hits.flatMap(scalarsOf) ?? null;
}

const UNTOUCHED: Cut = { text: "", cuts: [], hits: [] };

/** `null` for a body that is neither. */
function inBody(paths: Redaction["body"], type: string, body: Uint8Array): Cut | null {
  try {
    const text = strict.decode(body);
    if (parseJson(text, PROVEN.elements) !== undefined) return jsonWithout(text, paths);
    return /^application\/x-www-form-urlencoded\b/i.test(type) ? formWithout(text, paths) : null;
  } catch {
    return null;
  }
}

/** @throws where a name or value is not written as a form is */
function formWithout(text: string, paths: Redaction["body"]): Cut {
  const cuts: string[] = [];
  const hits: string[] = [];
  const fields = text.split("&").map((field) => {
    const [name = "", ...rest] = field.split("=");
    const value = decoded(rest.join("="));
    // `a[b]` and `a.b` are the two ways in which forms write what is inside something.
    const places = decoded(name)
      .replaceAll(/\[([^\]]*)\]/g, ".$1")
      .split(".");
    const led = paths.flatMap((path) => remaining(path, places));
    const left = led.map((one) => one.rest);
    if (left.length === 0) return field;
    // Slack and others send JSON in a field. What cannot be read may hold the value in a way that nobody knows.
    const isHit = left.some(({ length }) => length === 0);
    const isWhole = isHit || (value !== "" && parseJson(value, PROVEN.elements) === undefined);
    if (isWhole) cuts.push(JSON.stringify(value));
    if (led.some((one) => one.rest.length === 0 && !one.isInside)) hits.push(JSON.stringify(value));
    if (isWhole) return `${name}=${encodeURIComponent(REDACTED_TEXT)}`;
    const inside = jsonWithout(value, left);
    for (const cut of inside.cuts) cuts.push(cut);
    for (const hit of inside.hits) hits.push(hit);
    return inside.cuts.length === 0 ? field : `${name}=${encodeURIComponent(inside.text)}`;
  });
  return { text: fields.join("&"), cuts, hits };
}

function decoded(text: string): string {
  return decodeURIComponent(text.replaceAll("+", " "));
}

const ELEMENT = /^\d*$/;

/**
 * What of a path is left behind these places; nothing where it leads elsewhere. What is inside its end goes too, and
 * `isInside` tells it from the end itself.
 * A name leads through lists: `items[0][note]` and `items[][note]` are in `items.note`.
 */
function remaining(
  path: readonly string[],
  places: readonly string[],
): { rest: readonly string[]; isInside: boolean }[] {
  let at = 0;
  for (const [n, place] of places.entries()) {
    const next = path[at];
    if (next === undefined) return [{ rest: [], isInside: !places.slice(n).every((name) => ELEMENT.test(name)) }];
    // Nobody knows which element `[]` is.
    if (next === "*" || next === place || (place === "" && ELEMENT.test(next))) at += 1;
    else if (!ELEMENT.test(place) || ELEMENT.test(next)) return [];
  }
  return [{ rest: path.slice(at), isInside: false }];
}
