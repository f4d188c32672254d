// JSON from strangers: parsed only within bounds of depth and size, and read by own properties only. Pure.

/** How much of a request is taken apart. */
export interface Measure {
  /**
   * Commas, lists and objects of a JSON document, all levels together:
   * an empty list costs some 65 bytes, whatever it took to write it.
   */
  readonly elements: number;
  /** Fields of a form. */
  readonly fields: number;
}

/**
 * Of a request that nobody has proven: senders whose signature stands in the document itself have it read before. The
 * largest of theirs, Microsoft Graph's batches of a thousand, have some twenty thousand elements.
 */
export const UNPROVEN: Measure = { elements: 200_000, fields: 2_000 };
/**
 * Of one that is proven. A document of 25 MB (GitHub's largest) has less;
 * an isolate has 128 MB for it and its elements.
 */
export const PROVEN: Measure = { elements: 2_000_000, fields: 250_000 };

/**
 * A member by its path, own properties only: `__proto__` and `constructor` name nothing unless the sender wrote them.
 */
export function member(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

/**
 * Scalars as text. Integers that JSON cannot carry exactly are nothing: two different ones could become the same id.
 */
export function scalar(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "number" || (Number.isInteger(value) && !Number.isSafeInteger(value))) return null;
  return String(value);
}

/**
 * The value of a document; `undefined` where it is none,
 * is nested beyond reason or has more members and elements than may be.
 *
 * @param most members and elements; as many as of a stranger, by default
 * @param deepest levels
 */
export function parseJson(text: string, most: number = UNPROVEN.elements, deepest = DEPTH_LIMIT): unknown {
  return weigh(text, most, deepest) === "light" ? parsed(text) : undefined;
}

/**
 * The same for a document that is to be written again: integers that a number would round are kept as they are written,
 * and `JSON.stringify` writes them so (https://tc39.es/proposal-json-parse-with-source/).
 */
export function parseJsonExactly(text: string): unknown {
  return weigh(text, UNPROVEN.elements) === "light" ? parsedStrictly(text, exactly) : undefined;
}

/** @param context tells with which digits a number is written */
function exactly(_key: string, value: unknown, ...context: readonly unknown[]): unknown {
  const source: unknown = Object(context[0]).source;
  const rounds = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
  return rounds && typeof source === "string" ? Exact.rawJSON(source) : value;
}

/** What every runtime of ours has, and TypeScript's library does not know yet. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
const Exact = JSON as unknown as {
  rawJSON(text: string): unknown;
  isRawJSON(value: unknown): value is { readonly rawJSON: string };
};

/** The digits of such an integer; `null` of anything else. */
export function exactDigits(value: unknown): string | null {
  return Exact.isRawJSON(value) ? value.rawJSON : null;
}

/** The value of a document that was weighed; `undefined` where it is none. */
export function parsed(text: string): unknown {
  return parsedStrictly(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
}

/**
 * The value of a text that has its bound from the caller; `undefined` where it is no JSON.
 * RFC 8259, 8.1 leaves a byte order mark to the reader: here it is a fault.
 */
export function parsedStrictly(text: string, reviver?: typeof exactly): unknown {
  try {
    const value: unknown = JSON.parse(text, reviver);
    return value;
  } catch {
    return undefined;
  }
}

/** Levels of a document. A level costs the parser some fifty bytes, so that 25 MB of brackets would end the process. */
const DEPTH_LIMIT = 1000;

/**
 * Whether a document may be parsed: judged as far as the text is JSON; after the first fault in it, the parser stops
 * anyway, and so it does at a form or at binary data.
 */
export function weigh(text: string, most: number, deepest = DEPTH_LIMIT): "light" | "deep" | "many" {
  // Every level and every element is a character at least.
  if ((text.length <= deepest && text.length <= most) || !/^\uFEFF?[\t\n\r ]*[[{]/.test(text)) return "light";
  let depth = 0;
  let parts = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (quoted) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) quoted = false;
    } else if (code === QUOTE) quoted = true;
    else if (code === COMMA) parts++;
    else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      if (++depth > deepest) return "deep";
      parts++;
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) depth--;
    if (parts > most) return "many";
  }
  return "light";
}

const [QUOTE, COMMA, BACKSLASH, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [
  34, 44, 92, 91, 93, 123, 125,
] as const;
