// The functions of JSONata over text, none of which takes a pattern. Pure.
import { type Meter, TransformFault } from "./meter.ts";
import { isList, isText, type Natives, of, ofAny } from "./native.ts";
import { textOf } from "./values.ts";

/** What is looked for in a text, by a search that may have to begin at many places. */
function search(text: string, wanted: string, meter: Meter): void {
  meter.look(text.length * (1 + Math.min(wanted.length, text.length) / 256));
}

/** By code points, as the others count. */
function points(text: string, meter: Meter): string[] {
  meter.look(text.length * 4);
  return Array.from(text);
}

function coded(name: string, code: (text: string) => string, grows: number) {
  return of(isText, (text, _, meter) => {
    meter.text(text.length * grows);
    try {
      return code(text);
    } catch {
      throw new TransformFault(`calls $${name} with text that cannot be coded`);
    }
  });
}

export const TEXTS: Natives = {
  string: ["x-", 1, ofAny((value, _, meter) => textOf(value, meter))],
  length: ["s-", 1, of(isText, (text, _, meter) => points(text, meter).length)],
  lowercase: ["s-", 1, of(isText, (text, _, meter) => cased(text.toLowerCase(), meter))],
  uppercase: ["s-", 1, of(isText, (text, _, meter) => cased(text.toUpperCase(), meter))],
  trim: ["s-", 1, of(isText, trim)],
  substring: ["s-nn?", 3, of(isText, substring)],
  substringBefore: ["s-s", 2, of(isText, (text, [, at], meter) => around(text, at, meter)[0])],
  substringAfter: ["s-s", 2, of(isText, (text, [, at], meter) => around(text, at, meter)[1])],
  contains: ["s-s", 2, of(isText, contains)],
  split: ["s-sn?", 3, of(isText, split)],
  join: ["a<s>s?", 2, of(isList, join)],
  replace: ["s-ssn?", 4, of(isText, replace)],
  pad: ["s-ns?", 3, of(isText, pad)],
  base64encode: ["s-", 1, coded("base64encode", btoa, 2)],
  base64decode: ["s-", 1, coded("base64decode", atob, 1)],
  encodeUrlComponent: ["s-", 1, coded("encodeUrlComponent", encodeURIComponent, 9)],
  encodeUrl: ["s-", 1, coded("encodeUrl", encodeURI, 9)],
  decodeUrlComponent: ["s-", 1, coded("decodeUrlComponent", decodeURIComponent, 1)],
  decodeUrl: ["s-", 1, coded("decodeUrl", decodeURI, 1)],
};

function cased(text: string, meter: Meter): string {
  meter.text(text.length);
  return text;
}

function trim(text: string, _: readonly unknown[], meter: Meter): string {
  meter.look(text.length);
  return text
    .replaceAll(/[ \t\n\r]+/g, " ")
    .replace(/^ /, "")
    .replace(/ $/, "");
}

function substring(text: string, [, from, count]: readonly unknown[], meter: Meter): string {
  const all = points(text, meter);
  const start = Math.max(Number(from), -all.length);
  if (typeof count !== "number") return all.slice(start).join("");
  if (count <= 0) return "";
  return all.slice(start, start >= 0 ? start + count : all.length + start + count).join("");
}

/** The text before and after another; where that is not in it, the whole text twice. */
function around(text: string, at: unknown, meter: Meter): [string, string] {
  const wanted = String(at);
  search(text, wanted, meter);
  const place = text.indexOf(wanted);
  return place === -1 ? [text, text] : [text.slice(0, place), text.slice(place + wanted.length)];
}

function contains(text: string, [, wanted]: readonly unknown[], meter: Meter): boolean | undefined {
  if (typeof wanted !== "string") return undefined;
  search(text, wanted, meter);
  return text.includes(wanted);
}

function limitOf(limit: unknown, name: string): number {
  if (limit === undefined) return Infinity;
  if (typeof limit !== "number" || limit < 0) throw new TransformFault(`calls $${name} with a limit below 0`);
  return limit;
}

/** Places of a text in another, one after the other. */
function* places(text: string, wanted: string, most: number): Generator<number> {
  let count = 0;
  for (let at = text.indexOf(wanted); at !== -1 && count < most; at = text.indexOf(wanted, at + wanted.length)) {
    yield at;
    count += 1;
  }
}

function split(text: string, [, by, limit]: readonly unknown[], meter: Meter): unknown {
  const most = limitOf(limit, "split");
  if (most === 0) return [];
  if (typeof by !== "string") return [text];
  search(text, by, meter);
  if (by === "") {
    meter.list(Math.min(text.length, most));
    return Array.from({ length: Math.min(text.length, Math.trunc(most)) }, (_, at) => text.charAt(at));
  }
  const parts: string[] = [];
  let from = 0;
  for (const at of places(text, by, Infinity)) {
    if (parts.length >= Math.trunc(most)) return parts;
    meter.list(parts.length + 1);
    meter.spend();
    parts.push(text.slice(from, at));
    from = at + by.length;
  }
  if (parts.length < Math.trunc(most)) parts.push(text.slice(from));
  return parts;
}

function join(list: readonly unknown[], [, by]: readonly unknown[], meter: Meter): string {
  const between = typeof by === "string" ? by : "";
  const length = list.reduce<number>((sum, one) => sum + String(one).length + between.length, 0);
  meter.text(length);
  return list.join(between);
}

function replace(text: string, [, wanted, by, limit]: readonly unknown[], meter: Meter): string {
  const most = limitOf(limit, "replace");
  if (typeof wanted !== "string" || typeof by !== "string" || wanted === "")
    throw new TransformFault("calls $replace without text to look for, or to put there");
  search(text, wanted, meter);
  let result = "";
  let from = 0;
  for (const at of places(text, wanted, most)) {
    meter.text(result.length + (at - from) + by.length);
    result += text.slice(from, at) + by;
    from = at + wanted.length;
  }
  meter.text(result.length + text.length - from);
  return result + text.slice(from);
}

function pad(text: string, [, width, by]: readonly unknown[], meter: Meter): string {
  const size = Math.trunc(Number(width));
  meter.text(Math.abs(size));
  const missing = Math.abs(size) - points(text, meter).length;
  if (missing <= 0) return text;
  const signs = typeof by === "string" && by !== "" ? points(by, meter) : [" "];
  const padding = Array.from({ length: missing }, (_, at) => signs[at % signs.length]).join("");
  return size > 0 ? text + padding : padding + text;
}
