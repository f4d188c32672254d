// An event as CloudEvents 1.0 writes it over HTTP: as headers beside its body, or as one JSON document. Pure.
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
import { encodeBase64 } from "../bytes/encoding.ts";
import { encodeBody } from "../bytes/body.ts";
import { parsedStrictly, PROVEN, weigh } from "../bytes/json.ts";

/** What a CloudEvent says of the event; its data is the body. */
export interface Described {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** When the relay accepted it, RFC 3339; `null` where it is not known. */
  readonly time: string | null;
}

/** The attributes of a CloudEvent. Its source is a path: relative to the relay, whose name a receiver knows. */
export function attributesOf({ id, source, type, time }: Described): Record<string, string> {
  const said = { specversion: "1.0", id, source: `/in/${source}`, type: type === "" ? "unknown" : type };
  return time === null ? said : { ...said, time };
}

/** Binary mode (3.1): an attribute a header. The content type, which is an attribute too, is the body's own. */
export function inHeaders(attributes: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, encoded(value)]));
}

/** Space, quote, percent and all beyond printable ASCII, as UTF-8 with percents (3.1.3.2). */
function encoded(value: string): string {
  return value
    .toWellFormed()
    .replaceAll(/[^\x21\x23\x24\x26-\x7e]/gu, (character) =>
      character.length === 1 && character < "\u0080"
        ? `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`
        : encodeURIComponent(character),
    );
}

/** Without a charset, which JSON does not have (RFC 8259, 11) and official libraries do not take. */
export const STRUCTURED_TYPE = "application/cloudevents+json";

/**
 * Structured mode (3.2): JSON as it came where the body is JSON by its type, text where it is text, base64 otherwise
 * (JSON format, 3.1).
 *
 * @param contentType of the body, and `contentEncoding` where its sender compressed it
 */
export function asDocument(
  attributes: Readonly<Record<string, string>>,
  body: Uint8Array,
  contentType: string | undefined,
  contentEncoding: string | undefined,
): Uint8Array {
  const said = {
    ...attributes,
    ...(contentType === undefined ? {} : { datacontenttype: contentType }),
    ...(contentEncoding === undefined ? {} : { contentencoding: contentEncoding }),
  };
  const head = JSON.stringify(said).slice(0, -1);
  return new TextEncoder().encode(
    `${head}${contentEncoding === undefined ? dataOf(body, contentType) : base64(body)}}`,
  );
}

function dataOf(body: Uint8Array, contentType: string | undefined): string {
  if (body.byteLength === 0) return "";
  const type = contentType?.split(";", 1)[0]?.trim().toLowerCase();
  const json = type === undefined || /\/(?:.+\+)?json$/.test(type);
  if (!json && !type.startsWith("text/") && !type.startsWith("application/x-www-form-urlencoded")) return base64(body);
  const { encoding, data } = encodeBody(body);
  if (encoding === "base64") return base64(body);
  const isData = !json || (weigh(data, PROVEN.elements) === "light" && parsedStrictly(data) !== undefined);
  if (!isData) return base64(body);
  // As it came: numbers keep their digits, and members that are there twice stay so.
  return `,"data":${json ? data : JSON.stringify(data)}`;
}

function base64(body: Uint8Array): string {
  return `,"data_base64":"${encodeBase64(body)}"`;
}
