// What came in, and its readings: JSON, form, query and pairs, each parsed at most once and only when somebody asks. Pure.

import { parsed, UNPROVEN, weigh, type Measure } from "../bytes/json.ts";
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

  readonly #most: Measure;
  readonly #formBy: "type" | "bytes";
  #excess: string | null = null;

  /**
   * @param most what is larger is not read, and `excess` says so
   * @param formBy what says that a body is a form: its content type, as the sender's own library reads it before it signs, or its
   *   bytes. No signature covers the content type, so that whatever must be the same for a captured request goes by the bytes.
   */
  constructor(request: Inbound, most: Measure = UNPROVEN, formBy: "type" | "bytes" = "type") {
    this.request = request;
    this.#most = most;
    this.#formBy = formBy;
  }

  /** What was asked for and is not read because it has more parts than are taken apart; `null` where there was no such thing. */
  get excess(): string | null {
    return this.#excess;
  }

  /** Lets go of what was read, for as long as somebody else is waited for; it is read again where it is asked for again. */
  forget(): void {
    this.#text = this.#json = this.#form = undefined;
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
    const { elements } = this.#most;
    const weight = weigh(text, elements);
    if (weight === "many") this.#excess = `more than ${elements} members and elements of JSON`;
    const value = weight === "light" ? parsed(text) : undefined;
    this.#json.set(source, value);
    return value;
  }

  /** Fields of an urlencoded or multipart body, in order; a body of another type has none. */
  get form(): ReadonlyMap<string, readonly string[]> {
    return (this.#form ??= this.#readForm());
  }

  get query(): ReadonlyMap<string, readonly string[]> {
    // The platform bounds a URL to 16 KB.
    return (this.#query ??= parsePairs(queryOf(this.request.url), Infinity) ?? new Map());
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
    const most = this.#most.fields;
    const form =
      boundary === undefined ? parsePairs(this.text, most) : parseMultipart(this.text, `--${boundary}`, most);
    if (form === null) this.#excess = `more than ${most} fields of a form`;
    return form ?? new Map();
  }
}

/** Without the question mark; a fragment is never sent. */
export function queryOf(url: string): string {
  const start = url.indexOf("?");
  return start < 0 ? "" : url.slice(start + 1).split("#", 1)[0]!;
}

/** `null` where there are more fields than that. */
function parsePairs(text: string, most: number): Map<string, string[]> | null {
  const fields = new Map<string, string[]>();
  if (text === "") return fields;
  let ends = 0;
  for (let at = text.indexOf("&"); at >= 0; at = text.indexOf("&", at + 1)) if (++ends >= most) return null;
  for (const [name, value] of new URLSearchParams(text)) add(fields, name, value);
  return fields;
}

/** What stands before the value of a field, in characters: its name, its type and the name of a file. */
const PART_HEADERS = 8 * 1024;

/** Only the text of named fields; files and nested parts are of no use to a signature. `null` where there are more parts than that. */
function parseMultipart(text: string, delimiter: string, most: number): Map<string, string[]> | null {
  const fields = new Map<string, string[]>();
  let parts = 0;
  for (let start = text.indexOf(delimiter); start >= 0;) {
    if (++parts > most) return null;
    const next = text.indexOf(delimiter, start + delimiter.length);
    const part = text.slice(start + delimiter.length, next < 0 ? text.length : next);
    start = next;
    const end = part.indexOf("\r\n\r\n");
    if (end < 0 || end > PART_HEADERS) continue;
    const name = /^content-disposition:[^\r\n]*[;\s]name="([^"\r\n]*)"/im.exec(part.slice(0, end))?.[1];
    if (name !== undefined) add(fields, name, part.slice(end + 4).replace(/\r\n$/, ""));
  }
  return fields;
}

function add(fields: Map<string, string[]>, name: string, value: string): void {
  const values = fields.get(name);
  if (values === undefined) fields.set(name, [value]);
  else values.push(value);
}
