// What came in, and its readings: JSON, form, query and pairs, each parsed at most once and only when somebody asks. Pure.

import { digest } from "./hmac.ts";

/** A request as verification sees it. */
export interface Inbound {
  readonly method: string;
  /** As the sender wrote it: the public URL where one is configured, with the query string byte for byte. */
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/**
 * The URL as the sender had it: scheme, host and path of the one that the source configures, the query of this very request (senders
 * add to it). Request URLs are rewritten by parsers (`'` becomes `%27`) and by proxies (scheme, host, port), so a configured query is
 * taken as it is configured where the request's begins with it.
 */
export function signedUrl(publicUrl: string | null, requestUrl: string): string {
  if (publicUrl === null) return requestUrl;
  const [base = "", ...configured] = publicUrl.split("?");
  const query = queryOf(requestUrl);
  const own = configured.join("?");
  const known = normalised(own);
  if (own !== "" && normalised(query).startsWith(known))
    return `${base}?${own}${normalised(query).slice(known.length)}`;
  return query === "" ? publicUrl : `${base}?${query}`;
}

function normalised(query: string): string {
  return new URL(`https://host/?${query}`).search.slice(1);
}

/** Whether the content type says form data. */
export function isForm(headers: Headers): boolean {
  const type = headers.get("content-type")?.toLowerCase() ?? "";
  return type.startsWith("application/x-www-form-urlencoded") || type.startsWith("multipart/form-data");
}

/** The readings of one request. A reading that fails is empty; it never throws. */
export class Readings {
  readonly request: Inbound;
  #text: string | undefined;
  #json: Map<string, unknown> | undefined;
  #form: Map<string, string[]> | undefined;
  #query: Map<string, string[]> | undefined;
  #hash: Uint8Array<ArrayBuffer> | undefined;

  readonly #formBy: "type" | "bytes";

  /**
   * @param formBy what says that a body is a form: its content type, as the sender's own library reads it before it signs, or its
   *   bytes. No signature covers the content type, so that whatever must be the same for a captured request goes by the bytes.
   */
  constructor(request: Inbound, formBy: "type" | "bytes" = "type") {
    this.request = request;
    this.#formBy = formBy;
  }

  /** The body as text; bytes that are not UTF-8 become U+FFFD, so this is for reading, never for signing. */
  get text(): string {
    return (this.#text ??= lenient.decode(this.request.body));
  }

  /** Whether the body is UTF-8 throughout, so that its text stands for its bytes. */
  get isText(): boolean {
    try {
      strict.decode(this.request.body);
      return true;
    } catch {
      return false;
    }
  }

  /** SHA-256 of the body. */
  get bodyHash(): Uint8Array<ArrayBuffer> {
    return (this.#hash ??= digest("sha256", [this.request.body]));
  }

  /** The JSON document, from the body or from a form field. `undefined` where there is none. */
  json(source: string): unknown {
    this.#json ??= new Map();
    if (this.#json.has(source)) return this.#json.get(source);
    const text = source === "body" ? this.text : (this.form.get(source)?.[0] ?? "");
    const value = parseJson(text);
    this.#json.set(source, value);
    return value;
  }

  /** Fields of an urlencoded or multipart body, in order; a body of another type has none. */
  get form(): ReadonlyMap<string, readonly string[]> {
    return (this.#form ??= this.#readForm());
  }

  get query(): ReadonlyMap<string, readonly string[]> {
    return (this.#query ??= parsePairs(queryOf(this.request.url)));
  }

  /** Whether the content type says form data. */
  get isForm(): boolean {
    return isForm(this.request.headers);
  }

  /** Whether its fields are all that the body holds: a multipart one holds more than fields with names, and any other is no form at all. */
  get isFieldsOnly(): boolean {
    const type = this.request.headers.get("content-type")?.toLowerCase() ?? "";
    const encoded = type.startsWith("application/x-www-form-urlencoded") || this.request.body.length === 0;
    return this.#formBy === "bytes" || encoded;
  }

  #readForm(): Map<string, string[]> {
    const byBytes = this.#formBy === "bytes";
    if (!byBytes && !this.isForm) return new Map();
    const type = this.request.headers.get("content-type") ?? "";
    const [, boundary] = byBytes
      ? (/^--([^\r\n]{1,70})\r\n/.exec(this.text) ?? [])
      : (/^multipart\/form-data\s*;.*boundary="?([^";]{1,70})"?/i.exec(type) ?? []);
    return boundary === undefined ? parsePairs(this.text) : parseMultipart(this.text, boundary);
  }
}

/** Without the question mark; a fragment is never sent. */
export function queryOf(url: string): string {
  const start = url.indexOf("?");
  return start < 0 ? "" : url.slice(start + 1).split("#", 1)[0]!;
}

/** A member by its path, own properties only: `__proto__` and `constructor` name nothing unless the sender wrote them. */
export function member(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

/** Scalars as text. Integers that JSON cannot carry exactly are nothing: two different ones could become the same id. */
export function scalar(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "number" || (Number.isInteger(value) && !Number.isSafeInteger(value))) return null;
  return String(value);
}

export function parseJson(text: string): unknown {
  const start = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (isTooDeep(start)) return undefined;
  try {
    const value: unknown = JSON.parse(start);
    return value;
  } catch {
    return undefined;
  }
}

/** Levels of a document. A level costs the parser some fifty bytes, so that 25 MB of brackets would end the process. */
const DEPTH_LIMIT = 1000;

/** As far as the text is JSON; after the first fault in it, the parser stops anyway. */
function isTooDeep(text: string): boolean {
  if (text.length <= DEPTH_LIMIT) return false;
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (quoted) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) quoted = false;
    } else if (code === QUOTE) quoted = true;
    else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      if (++depth > DEPTH_LIMIT) return true;
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) depth--;
  }
  return false;
}

const [QUOTE, BACKSLASH, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [34, 92, 91, 93, 123, 125] as const;

function parsePairs(text: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  if (text === "") return fields;
  for (const [name, value] of new URLSearchParams(text)) {
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [value]);
    else values.push(value);
  }
  return fields;
}

/** Only the text of named fields; files and nested parts are of no use to a signature. */
function parseMultipart(text: string, boundary: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const part of text.split(`--${boundary}`).slice(1)) {
    const end = part.indexOf("\r\n\r\n");
    if (end < 0) continue;
    const name = /^content-disposition:[^\r\n]*[;\s]name="([^"\r\n]*)"/im.exec(part.slice(0, end))?.[1];
    if (name === undefined) continue;
    const value = part.slice(end + 4).replace(/\r\n$/, "");
    fields.set(name, [...(fields.get(name) ?? []), value]);
  }
  return fields;
}
