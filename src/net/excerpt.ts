// What is kept of a destination's answer: its beginning, without the secret that the destination's URL may be. Pure.

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
  return [...new Set(all)].filter((text) => text.length >= SHORTEST).toSorted((a, b) => b.length - a.length);
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
