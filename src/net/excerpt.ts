// What is kept of a destination's answer: its beginning, without the secret that the destination's URL may be. Pure.
import { decodeBase64, encodeBase64 } from "../bytes/encoding.ts";

/** Shortest part of a URL that is taken for a secret, in characters; shorter ones are words such as `hooks`. */
const SHORTEST = 8;
const HIDDEN = "[secret]";

/**
 * The texts by which an answer could give away a URL that is itself a secret. Error pages say back the path that was
 * asked for ("Cannot POST /services/T0…"), as it was written or decoded, whole or in pieces. Longest first.
 */
export function secretParts(url: string): readonly string[] {
  const { href, host, hostname, pathname, search, searchParams } = new URL(url);
  const pieces = [...pathname.split("/"), ...searchParams.values(), ...search.slice(1).split(/[&=]/)];
  const whole = [url, href, host, hostname, `${pathname}${search}`, pathname, search];
  const all = [...whole, ...pieces].flatMap((text) => [text, decoded(text)]);
  return longestFirst(all.filter((text) => text.length >= SHORTEST));
}

/**
 * The texts by which an answer could give away a secret that stands in a header or in the query: as it is, and as error
 * pages write it, in a URL, a form, JSON, HTML or base64. Of credentials in base64 (RFC 7617), what is in them too.
 */
export function spellingsOf(secret: string): readonly string[] {
  const inside = printable(decodeBase64(secret));
  const password = inside?.slice(inside.indexOf(":") + 1) ?? "";
  const whole = [secret, ...(inside === null ? [] : [inside]), ...(password.length < SHORTEST ? [] : [password])];
  return whole.flatMap((text) => {
    const bytes = encodeBase64(new TextEncoder().encode(text));
    const url = encodeURIComponent(text.toWellFormed());
    const form = url.replaceAll("%20", "+");
    const lower = url.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
    const html = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    const spelled = [text, url, form, lower, JSON.stringify(text).slice(1, -1), html, html.replaceAll('"', "&quot;")];
    return [...spelled, bytes, bytes.replace(/=+$/, "")].filter((one) => one !== "");
  });
}

/** Each once, the longest first. */
export function longestFirst(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].toSorted((a, b) => b.length - a.length);
}

function printable(bytes: Uint8Array | null): string | null {
  if (bytes === null || bytes.length < SHORTEST || !bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) return null;
  return new TextDecoder().decode(bytes);
}

/**
 * The first characters of a text, with each of the hidden ones replaced. One that begins within the limit is looked at
 * whole, so `text` must go on beyond it by the longest of them.
 */
export function excerpt(text: string, limit: number, hidden: readonly string[]): string {
  let kept = "";
  let at = 0;
  while (at < limit && at < text.length) {
    const found = hidden.find((part) => text.startsWith(part, at));
    kept += found === undefined ? text.charAt(at) : HIDDEN;
    at += found?.length ?? 1;
  }
  // Half a surrogate pair cannot be stored as UTF-8, and SQLite's text functions stop at a NUL.
  return kept.slice(0, limit).toWellFormed().replaceAll("\u0000", "\uFFFD");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
