// Invisible characters, and how they are shown so that a stranger's text cannot mislead its reader. Pure.

/**
 * Controls, ends of lines (U+0085, U+2028), marks of direction (UAX #9), what joins or has no width, the byte order
 * mark, tags: JSON lets all but the first 32 through. Some readers take them for the end of a line or a command to the
 * terminal, and all of them may hide or turn round text.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A text in which each of them is what `write` makes of it, by its code point. */
export function withoutUnseen(text: string, write: (one: string, codePoint: number) => string): string {
  return text.replaceAll(UNSEEN, (one) => write(one, one.codePointAt(0) ?? 0));
}
