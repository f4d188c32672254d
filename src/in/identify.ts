// What happened, and is it a repeat? The event type and the dedupe key, by the provider's templates. Pure.

import { Readings, type Inbound } from "../verify/readings.ts";
import { claimsOf } from "../verify/jws.ts";
import type { Provider } from "../scheme/scheme.ts";
import { renderEach } from "../verify/elements.ts";
import { idIsSigned } from "../scheme/derived.ts";
import { headersOf, namesEvents, namingHeaders } from "../scheme/naming.ts";
import { placesOf, parseTemplate } from "../scheme/template.ts";
import { parsePlace, type Place } from "../scheme/places.ts";
import { document, read, render } from "../verify/render.ts";
import type { Scope } from "../verify/scope.ts";

export interface Identity {
  /**
   * As the sender names it; `unknown` where it does not.
   * Of a batch, its types in the order in which they first come, with commas between.
   */
  readonly type: string;
  /** Every type in the request, once each: routes look at all of them. One alone where it is no batch. */
  readonly types: readonly string[];
  /** What is the same when the sender repeats the event; `null` where it says nothing of that sort. */
  readonly dedupe: Dedupe | null;
  /** What was not looked at because it has too many parts, so that type and key may be wrong. */
  readonly excess?: string | undefined;
  /**
   * The place in the JSON document that type or id need, where the body is no such document:
   * it is no event of this sender.
   */
  readonly lacks?: string | undefined;
}

interface Dedupe {
  readonly key: string;
  /**
   * The key is not under the signature (GitHub's and Shopify's delivery id), so that whoever has captured one request
   * could use up any key with it: the identity must be bound to the body too.
   */
  readonly bindBody: boolean;
  /**
   * What stands for the body where the sender signs the fields of a form,
   * which can be spelled in many ways under one signature.
   */
  readonly fields?: string;
  /** The key stands for one content only, and is refused with another (`Provider.message`). */
  readonly sole?: true;
}

/** Longest event type that is kept, in characters: it becomes a column, a header and a line on the screen. */
const TYPE_LIMIT = 200;

/** What stands at the end of a type that was cut. */
const CUT = "...";

/** Reads type and key. Call it on verified requests only: it parses the body where a template asks for it. */
export function identify(request: Inbound, provider: Provider, settings: Readonly<Record<string, string>>): Identity {
  const readings = Readings.of(request).proven.byBytes;
  const scope: Scope = { readings, provider, settings, claims: claimsOf({ readings, provider, settings }) };
  const types = typesOf(scope);
  const dedupe = dedupeOf(scope);
  const lacks = lacking(scope) ?? undefined;
  return { type: together(types), types, dedupe, excess: readings.excess ?? undefined, lacks };
}

/**
 * The JSON document of a proven request, from where its sender puts it; `undefined` where there is none.
 *
 * @throws Error if it has more parts than are taken apart
 */
export function documentOf(
  request: Inbound,
  { scheme: provider, settings }: { readonly scheme: Provider; readonly settings: Readonly<Record<string, string>> },
): unknown {
  const readings = Readings.of(request).proven.byBytes;
  const value = document({ readings, provider, settings });
  if (value === undefined && readings.excess !== null) throw new Error(`the body has ${readings.excess}`);
  return value;
}

/**
 * A part that type or id cannot do without (an optional one stands in square
 * brackets) and that only a JSON document could give.
 */
function lacking(scope: Scope): string | null {
  const { type, id } = scope.provider;
  for (const piece of [type, id].flatMap((template) => (template === undefined ? [] : parseTemplate(template)))) {
    if (piece.kind !== "place" || !piece.places.some(({ source }) => JSON_PLACES.has(source))) continue;
    if (read(piece.written, scope) !== null) continue;
    if (document(scope) === undefined) return piece.written;
  }
  return null;
}

const JSON_PLACES = new Set(["json", "first-key"]);

function typesOf(scope: Scope): readonly string[] {
  const { type } = scope.provider;
  const texts = type === undefined ? [] : renderEach(type, scope);
  return texts.length === 0 ? ["unknown"] : [...new Set(texts.map(asType))];
}

/**
 * A type is matched by routes and sent on as a header:
 * no control characters, nothing beyond ASCII's neighbours at the ends.
 */
export function asType(text: string | null): string {
  const clean = (text ?? "").replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, "").trim();
  return clean === "" ? "unknown" : clean;
}

/** As many types as there is room for; how many more there are is said, and a type that is too long ends in dots. */
export function together(types: readonly string[]): string {
  let text = "";
  for (const [at, type] of types.entries()) {
    const next = at === 0 ? type : `${text},${type}`;
    const rest = types.length - at - 1;
    if (next.length + (rest === 0 ? 0 : `,+${rest}`.length) > TYPE_LIMIT) {
      if (at > 0) return `${text},+${rest + 1}`;
      const more = rest === 0 ? "" : `,+${rest}`;
      return `${type.slice(0, TYPE_LIMIT - CUT.length - more.length).toWellFormed()}${CUT}${more}`;
    }
    text = next;
  }
  return text;
}

function dedupeOf(scope: Scope): Dedupe | null {
  const { id } = scope.provider;
  if (id === undefined) return null;
  const alone = parseTemplate(id).length === 1;
  let empty = false;
  const key = render(id, scope, (value) => {
    if (value.trim() === "") empty = true;
    // Of several places, each is written so that it ends itself: `a/b` and `c` are not `a` and `b/c`.
    return alone ? value : JSON.stringify(value);
  });
  // What is empty names nothing, and every event that has nothing there would be one.
  if (key === null || key.trim() === "" || empty) return null;
  if (scope.provider.message !== undefined) return { key, bindBody: true, sole: true };
  const bindBody = scope.provider.idShared === true || !idIsSigned(scope.provider);
  const fields = bindBody ? signedFields(scope) : null;
  return { key, bindBody, ...(fields === null ? {} : { fields }) };
}

/** The signed content, where it is made of the fields of a form: it is the same for every spelling of them. */
function signedFields(scope: Scope): string | null {
  const { signs, payload, timestamp } = scope.provider;
  const ofForm = ({ source, name }: Place): boolean => source.startsWith("form-") || `${source}:${name}` === payload;
  if (signs === undefined) return null;
  // Where the sender may post no form (Gitea signs the field or the body),
  // the body itself counts, and is the same event.
  const there = placesOf(signs)
    .filter(ofForm)
    .some(({ source, name }) => read(`${source}:${name}`, scope) !== null);
  if (!there) return null;
  return render(signs, { ...scope, timestamp: timestamp === undefined ? null : read(timestamp.at, scope) });
}

/**
 * Names of the inbound headers that are kept and forwarded, in lower case: what the body is, and what names the event.
 * A list of what may pass, never of what may not: cookies, credentials, signatures and tokens are not on it.
 */
export function keptHeaders(provider: Provider): readonly string[] {
  let names = kept.get(provider);
  if (names === undefined) {
    names = headersToKeep(provider);
    kept.set(provider, names);
  }
  return names;
}

/** A provider does not change, and every request asks. */
const kept = new WeakMap<Provider, readonly string[]>();

function headersToKeep(provider: Provider): readonly string[] {
  const signing = new Set(signatureHeaders(provider));
  const naming = namingHeaders(provider).filter((name) => !signing.has(name) && namesEvents(name));
  return [...new Set(["content-type", "content-encoding", ...naming])];
}

/** Headers that carry signatures and tokens, in lower case: never kept, never forwarded. */
export function signatureHeaders(provider: Provider): string[] {
  return headersOf([provider.signature.at].flat().flatMap(parsePlace));
}
