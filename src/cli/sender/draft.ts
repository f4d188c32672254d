// A request as a sender would write it, all but its signature: every place that its scheme reads has a value. Pure.
import { createHash, randomUUID } from "node:crypto";
import { parseJson } from "../../bytes/json.ts";
import type { FormName, Provider } from "../../scheme/scheme.ts";
import { parsePlace, type Place } from "../../scheme/places.ts";
import { parseTemplate, type Piece } from "../../scheme/template.ts";

/** What is to be sent. */
export interface Wanted {
  readonly provider: Provider;
  readonly settings: Readonly<Record<string, string>>;
  /** Where it goes; the sender signs this URL where it signs one. */
  readonly url: string;
  /** The event type; `null` leaves the body's own. */
  readonly event: string | null;
  /** The sender's own id of the event: the same twice is a repeat. */
  readonly id: string;
  /** The JSON document, or the bytes of a body that is none. */
  readonly body: Readonly<Record<string, unknown>> | string;
  /** When the sender signs it, in ms since 1970. */
  readonly at: number;
}

/** A request whose signature may be put in. */
export interface Draft {
  readonly method: "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Values of places, as they are gathered. A body that was given as text has no document to put values into. */
interface Sheet {
  readonly wanted: Wanted;
  readonly headers: Map<string, string>;
  readonly query: Map<string, string>;
  readonly form: Map<string, string>;
  readonly pairs: Map<string, string>;
  document: Record<string, unknown> | null;
}

/**
 * The request with this text as its signature.
 *
 * @throws TypeError naming a place of the scheme that no value can be made for
 */
export function drafted(wanted: Wanted, signature: string): Draft {
  const { provider, body } = wanted;
  const document = typeof body === "string" ? null : rooted(structuredClone(body), provider);
  const maps = {
    headers: new Map([["user-agent", "hookline-send"]]),
    query: new Map(),
    form: new Map(),
    pairs: new Map(),
  };
  const sheet: Sheet = { wanted, ...maps, document };
  const { algorithm, signs = "", sorted = [], timestamp, signedHeaders, demands = {} } = provider;
  // What a later line writes stands: an id may be made of the type and the time, and these are wanted as they are.
  spread(sheet, provider.id, (place, forms) => (forms[place] === undefined ? wanted.id : sampleOf(wanted, place)));
  const { event } = wanted;
  if (event !== null) spread(sheet, provider.type, () => event);
  for (const [place, values] of Object.entries(demands)) put(sheet, place, filled(sheet, values[0] ?? ""));
  if (timestamp !== undefined) put(sheet, timestamp.at, written(wanted.at, timestamp.unit));
  if (typeof algorithm !== "string") put(sheet, algorithm.by, Object.keys(algorithm.of).at(-1) ?? "");
  if (signedHeaders !== undefined) put(sheet, signedHeaders.at, "user-agent");
  for (const template of [signs, ...sorted]) ensure(sheet, parseTemplate(template));
  const [where = ""] = [provider.signature.at].flat();
  put(sheet, where, inFormat(sheet, signature));
  return finished(sheet);
}

/** Some senders' documents are lists. */
function rooted(body: Record<string, unknown>, { type = "", id = "" }: Provider): Record<string, unknown> {
  const isList = [...parseTemplate(type), ...parseTemplate(id)].some((piece) => {
    const [place] = piece.kind === "place" ? piece.places : [];
    return place?.source === "json" && /^(?:\*|\d+)$/.test(place.path[0] ?? "");
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a list is written to as an object is
  return isList && Object.keys(body).length === 0 ? ([] as unknown as Record<string, unknown>) : body;
}

/** Every part of a type or id has its value, each at the first place that it may be at. */
function spread(
  sheet: Sheet,
  template: string | undefined,
  valueOf: (place: string, forms: Readonly<Record<string, string>>) => string,
): void {
  for (const piece of parseTemplate(template ?? "")) {
    if (piece.kind !== "place") continue;
    const [place] = piece.places;
    if (place !== undefined) set(sheet, place, valueOf(piece.written, sheet.wanted.provider.forms ?? {}));
  }
}

/** What is signed must not be missing. */
function ensure(sheet: Sheet, pieces: readonly Piece[]): void {
  for (const piece of pieces) {
    if (piece.kind !== "place" || piece.places.some((place) => isThere(sheet, place))) continue;
    const [place] = piece.places;
    if (place !== undefined) set(sheet, place, sampleOf(sheet.wanted, piece.written));
  }
}

/** A value of the form that the scheme demands of this part. */
function sampleOf({ provider, at: time, url }: Wanted, place: string): string {
  const form = provider.forms?.[place];
  const samples: Partial<Record<FormName, string>> = {
    seconds: written(time),
    time: written(time),
    millis: written(time, "ms"),
    iso: written(time, "iso"),
    "iso-utc": written(time, "iso"),
    http: written(time, "http"),
    digits: "4711",
    uuid: randomUUID(),
    url,
    json: "{}",
  };
  return (form === undefined ? null : samples[form]) ?? "sample";
}

function put(sheet: Sheet, text: string, value: string): void {
  const [place] = parsePlace(text);
  if (place !== undefined) set(sheet, place, value);
}

function isThere(sheet: Sheet, { source, name, path }: Place): boolean {
  if (source === "header") return sheet.headers.has(name);
  if (source === "query") return sheet.query.has(name);
  if (source === "form") return sheet.form.has(name);
  if (source === "pair" || source === "pair-quoted") return sheet.pairs.has(name);
  if (source === "json") return sheet.document !== null && at(sheet.document, path) !== undefined;
  if (source === "item") return sheet.document !== null && at(sheet.document, itemPath(sheet, path)) !== undefined;
  return !["xml", "first-key"].includes(source);
}

/** Where the first element of a batch has this. */
function itemPath({ wanted: { provider } }: Sheet, path: readonly string[]): readonly string[] {
  const [list] = parsePlace(provider.each ?? "");
  return [...(list?.path ?? []), "0", ...path];
}

function set(sheet: Sheet, { source, name, path }: Place, value: string): void {
  if (source === "header") sheet.headers.set(name, value);
  else if (source === "query") sheet.query.set(name, value);
  else if (source === "form") sheet.form.set(name, value);
  else if (source === "pair" || source === "pair-quoted") sheet.pairs.set(name, value);
  else if (source === "json" && sheet.document !== null) write(sheet.document, path, value);
  else if (source === "item" && sheet.document !== null) write(sheet.document, itemPath(sheet, path), value);
  else if (source === "first-key" && sheet.document !== null) sheet.document = { [value]: {}, ...sheet.document };
  else if (["xml", "item", "first-key"].includes(source))
    throw new TypeError(`its bodies are no JSON ({${source}:${name}})`);
}

function at(document: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, step) => Object(value)[step === "*" ? "0" : step], document);
}

/** Members on the way are made; a number of a path is an element of a list. */
function write(document: Record<string, unknown>, path: readonly string[], value: string): void {
  let here: Record<string, unknown> = document;
  for (const [n, step] of path.entries()) {
    const key = step === "*" ? "0" : step;
    const next = path[n + 1];
    if (next === undefined) here[key] = value;
    else {
      if (typeof here[key] !== "object" || here[key] === null) here[key] = next === "*" || /^\d+$/.test(next) ? [] : {};
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made or seen to be an object in the line above
      here = here[key] as Record<string, unknown>;
    }
  }
}

/** What a demand may hold: text and settings. */
function filled({ wanted: { settings } }: Sheet, template: string): string {
  return parseTemplate(template)
    .map((piece) =>
      piece.kind === "text" ? piece.text : piece.kind === "place" ? (settings[piece.places[0]?.name ?? ""] ?? "") : "",
    )
    .join("");
}

/** A time as the sender writes it. */
function written(ms: number, unit = "s"): string {
  if (unit === "ms") return String(ms);
  if (unit === "iso" || unit === "iso-utc") return new Date(ms).toISOString();
  if (unit === "http") return new Date(ms).toUTCString();
  return String(Math.floor(ms / 1000));
}

/** The signature with what stands around it. */
function inFormat({ wanted: { provider }, pairs }: Sheet, proof: string): string {
  const { format = "plain", prefix = "", key = "v1", tag = "v1", separator, equals = "=" } = provider.signature;
  const value = prefix + proof;
  if (format === "tagged") return `${tag},${value}`;
  if (format === "named") return `${pairs.get("name") ?? ""}=${value}`;
  if (format === "after-timestamp") return `${pairs.get("0") ?? ""}${separator ?? ","}${value}`;
  if (format === "envelope")
    return Buffer.from(JSON.stringify({ ...Object.fromEntries(pairs), [key]: value })).toString("base64");
  if (format === "pairs")
    return [...pairs, [key, value]].map(([name, one]) => `${name}${equals}${one}`).join(separator ?? ",");
  if (format === "rfc9421" || format === "cavage") throw new TypeError(`HTTP message signatures (${format})`);
  return value;
}

/** Its document in the body, or in the field of a form, and the hash of the whole where one is sent. */
function finished({ wanted, headers, query, form, document }: Sheet): Draft {
  const { provider } = wanted;
  const [payload] = parsePlace(provider.payload ?? "body").slice(-1);
  const inForm = payload?.source === "form";
  if (inForm && document !== null && provider.payload?.startsWith("form:") === true)
    form.set(payload.name, JSON.stringify(document));
  const isForm = form.size > 0;
  const whole = document ?? wanted.body;
  const body = isForm
    ? new URLSearchParams([...form]).toString()
    : typeof whole === "string"
      ? whole
      : JSON.stringify(whole);
  const type = isForm
    ? "application/x-www-form-urlencoded"
    : parseJson(body) !== undefined
      ? "application/json"
      : "text/plain";
  headers.set("content-type", type);
  const [hash] = parsePlace(provider.bodyHash?.at ?? "");
  if (provider.bodyHash !== undefined && hash !== undefined && !(provider.bodyHash.exceptForms === true && isForm)) {
    const sum = createHash("sha256").update(body).digest();
    const value = provider.bodyHash.form === "digest" ? `sha-256=:${sum.toString("base64")}:` : sum.toString("hex");
    if (hash.source === "header") headers.set(hash.name, value);
    if (hash.source === "query") query.set(hash.name, value);
  }
  const url = new URL(wanted.url);
  for (const [name, value] of query) url.searchParams.set(name, value);
  return { method: "POST", url: url.href, headers: Object.fromEntries(headers), body };
}
