// What came in, and its readings: JSON, form and query,
// each parsed at most once for all stages and only when somebody asks. Pure.

import { parsed, PROVEN, UNPROVEN, weigh, type Measure } from "../bytes/json.ts";
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
 * The URL as the sender had it: scheme, host and path of the one that the source configures, the query of this very
 * request (senders add to it). Request URLs are rewritten by parsers (`'` becomes `%27`) and by proxies (scheme, host,
 * port), so a configured query is taken as it is configured where the request's begins with it.
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

/** What says that a body is a form. */
type FormBy = "type" | "bytes";

/** What has been parsed of one request, whoever asked. */
interface Parsed {
  /** What is larger is not read, and `excess` says so. */
  most: Measure;
  excess: string | null;
  text?: string | undefined;
  hash?: Uint8Array<ArrayBuffer>;
  query?: Map<string, string[]>;
  /** By the text that they were parsed from: `body`, or a boundary and a field. */
  readonly documents: Map<string, unknown>;
  readonly tokens: Map<string, unknown>;
  /** By the boundary between their parts, empty for an urlencoded one. */
  readonly forms: Map<string, Map<string, string[]>>;
}

/** A request has its readings for as long as somebody holds it. */
const known = new WeakMap<Inbound, Readings>();

/** The readings of one request, which all stages share. A reading that fails is empty; it never throws. */
export class Readings {
  readonly request: Inbound;
  readonly #formBy: FormBy;
  readonly #parsed: Parsed;
  #byBytes: Readings | undefined;

  /** The readings of this request: the same for everybody who asks. */
  static of(request: Inbound): Readings {
    let readings = known.get(request);
    if (readings === undefined) {
      readings = new Readings(request);
      known.set(request, readings);
    }
    return readings;
  }

  private constructor(request: Inbound, formBy: FormBy = "type", shared?: Parsed) {
    this.request = request;
    this.#formBy = formBy;
    this.#parsed = shared ?? {
      most: UNPROVEN,
      excess: null,
      documents: new Map(),
      tokens: new Map(),
      forms: new Map(),
    };
  }

  /**
   * Reads as much as may be read of a request that is proven.
   * What was too much before is read again where it is asked for.
   */
  get proven(): this {
    const all = this.#parsed;
    if (all.most === PROVEN) return this;
    all.most = PROVEN;
    if (all.excess === null) return this;
    all.excess = null;
    all.documents.clear();
    all.forms.clear();
    return this;
  }

  /**
   * The same readings, but for what a form is. By default the content type says it, as the sender's own library reads
   * it before it signs. No signature covers the content type,
   * so that whatever must be the same for a captured request goes by the bytes.
   */
  get byBytes(): Readings {
    return (this.#byBytes ??= new Readings(this.request, "bytes", this.#parsed));
  }

  /**
   * What was asked for and is not read because it has more parts than are taken apart;
   * `null` where there was no such thing.
   */
  get excess(): string | null {
    return this.#parsed.excess;
  }

  /**
   * Lets go of what was read, for as long as somebody else is waited for; it is read again where it is asked for again.
   */
  forget(): void {
    this.#parsed.text = undefined;
    this.#parsed.documents.clear();
    this.#parsed.tokens.clear();
    this.#parsed.forms.clear();
  }

  /** What `read` makes of a token of this request, made once for all who ask. */
  token<T>(text: string, read: (text: string) => T): T {
    const { tokens } = this.#parsed;
    if (!tokens.has(text)) tokens.set(text, read(text));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one reader per request: `tokenOf`
    return tokens.get(text) as T;
  }

  /** The body as text; bytes that are not UTF-8 become U+FFFD, so this is for reading, never for signing. */
  get text(): string {
    return (this.#parsed.text ??= lenient.decode(this.request.body));
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
    return (this.#parsed.hash ??= digest("sha256", [this.request.body]));
  }

  /** The JSON document, from the body or from a form field. `undefined` where there is none. */
  json(source: string): unknown {
    const { documents } = this.#parsed;
    const name = source === "body" ? source : `${this.#boundary ?? this.#formBy} ${source}`;
    if (documents.has(name)) return documents.get(name);
    const text = source === "body" ? this.text : (this.form.get(source)?.[0] ?? "");
    const { elements } = this.#parsed.most;
    const weight = weigh(text, elements);
    if (weight === "many") this.#parsed.excess = `more than ${elements} members and elements of JSON`;
    const value = weight === "light" ? parsed(text) : undefined;
    documents.set(name, value);
    return value;
  }

  /** Fields of an urlencoded or multipart body, in order; a body of another type has none. */
  get form(): ReadonlyMap<string, readonly string[]> {
    const boundary = this.#boundary;
    if (boundary === null) return NO_FORM;
    let form = this.#parsed.forms.get(boundary);
    if (form === undefined) {
      form = this.#readForm(boundary);
      this.#parsed.forms.set(boundary, form);
    }
    return form;
  }

  get query(): ReadonlyMap<string, readonly string[]> {
    // The platform bounds a URL to 16 KB.
    return (this.#parsed.query ??= parsePairs(queryOf(this.request.url), Infinity) ?? new Map());
  }

  /** Whether the content type says form data. */
  get isForm(): boolean {
    return isForm(this.request.headers);
  }

  /**
   * Whether its fields are all that the body holds:
   * a multipart one holds more than fields with names, and any other is no form at all.
   */
  get isFieldsOnly(): boolean {
    const type = this.request.headers.get("content-type")?.toLowerCase() ?? "";
    const encoded = type.startsWith("application/x-www-form-urlencoded") || this.request.body.length === 0;
    return this.#formBy === "bytes" || encoded;
  }

  /**
   * What stands between the parts of a multipart body, empty for an urlencoded one; `null` for a body that is no form.
   */
  get #boundary(): string | null {
    if (this.#formBy === "bytes") return /^--([^\r\n]{1,70})\r\n/.exec(this.text)?.[1] ?? "";
    if (!this.isForm) return null;
    const type = this.request.headers.get("content-type") ?? "";
    return /^multipart\/form-data\s*;.*boundary="?([^";]{1,70})"?/i.exec(type)?.[1] ?? "";
  }

  #readForm(boundary: string): Map<string, string[]> {
    const { fields } = this.#parsed.most;
    const form = boundary === "" ? parsePairs(this.text, fields) : parseMultipart(this.text, `--${boundary}`, fields);
    if (form === null) this.#parsed.excess = `more than ${fields} fields of a form`;
    return form ?? new Map();
  }
}

const NO_FORM: ReadonlyMap<string, readonly string[]> = new Map();

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

/**
 * Only the text of named fields; files and nested parts are of no use to a signature.
 * `null` where there are more parts than that.
 */
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
