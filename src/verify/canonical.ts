// The parts of signed content that a sender first rewrites: sorted forms, URLs, lists of headers, checksums. Pure.

import { encodeBase64Url, encodeHex } from "../bytes/encoding.ts";
import { queryOf } from "./readings.ts";
import { signatureBase, signingString } from "./message-signature.ts";
import type { Scope } from "./scope.ts";

/** What a place of a derived kind holds, or `null` where the request lacks it. */
export function canonical(source: string, name: string, scope: Scope): string | Uint8Array | null {
  const { readings } = scope;
  const url = scope.url ?? readings.request.url;
  switch (source) {
    case "url":
      return url;
    case "url-without-query":
      return url.split("?", 1)[0]!;
    case "target":
      return targetOf(url);
    case "body-sha256":
      return readings.bodyHash;
    case "body-sha256-hex":
      return encodeHex(readings.bodyHash);
    case "body-base64url":
      return encodeBase64Url(readings.request.body);
    case "body-crc32":
      return String(crc32(readings.request.body));
    case "body-quoted":
      return readings.isText ? JSON.stringify(readings.text) : null;
    case "pair-quoted": {
      const value = scope.pairs?.get(name);
      return value === undefined ? null : JSON.stringify(value);
    }
    case "query-sorted":
      return queryOf(url).split("&").toSorted().join("&");
    case "query-lower":
      return readings.query.get(name)?.[0]?.toLowerCase() ?? null;
    case "get-query":
      // A challenge in the query stands for the message only where there is no body that it could be mistaken for.
      return readings.request.method === "GET" ? (readings.query.get(name)?.[0] ?? null) : null;
    case "default":
      return name;
    case "form-sorted":
      return !isSignable(scope) ? null : joined(readings.form, (values) => values);
    case "form-sorted-unique":
      return !isSignable(scope) ? null : joined(readings.form, (values) => [...new Set(values)].toSorted());
    case "form-only":
      // Without an ampersand there is nothing beside it, and nothing of another form around it.
      return readings.text.startsWith(`${name}=`) && !readings.text.includes("&")
        ? (readings.form.get(name)?.[0] ?? null)
        : null;
    case "form-appended":
      return !isSignable(scope) ? null : appended(url, readings.form);
    case "xml":
      return xmlText(readings.text, name);
    case "signature-base":
      return signatureBase(scope);
    case "signing-string":
      return signingString(scope);
    default:
      return null;
  }
}

/** Whether the fields of the form stand for the whole body, or what is no form is bound by a hash of its own. */
function isSignable({ readings, provider }: Scope): boolean {
  return readings.isFieldsOnly || (provider.bodyHash !== undefined && !readings.isForm);
}

/** Path and query, as the request line has them. */
function targetOf(url: string): string {
  const path = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "").split("#", 1)[0]!;
  return path.startsWith("/") ? path : `/${path}`;
}

/** Spellings of a URL under which a sender may have signed it; the given one comes first. */
export function urlForms(url: string, forms: readonly string[] = []): readonly string[] {
  if (forms.length === 0) return [url];
  const all = new Set([url]);
  const add = (rewrite: (one: string) => string): void => [...all].forEach((one) => all.add(rewrite(one)));
  for (const form of forms) {
    if (form === "port") {
      add(withoutPort);
      add(withDefaultPort);
    } else if (form === "apostrophe") {
      // Request URLs are normalised (`'` becomes `%27`), whichever way the sender wrote it.
      add((one) => one.replaceAll("'", "%27"));
      add((one) => one.replaceAll("%27", "'"));
    } else if (form === "decoded") add(decodedPunctuation);
    else if (form === "encoded") add(escapedTwice);
  }
  return [...all];
}

/** Twilio's library leaves out any port, and spells out the default one where there is none. */
function withoutPort(url: string): string {
  return url.replace(/^(https?:\/\/[^/?#]*):\d+(?=[/?#]|$)/, "$1");
}

function withDefaultPort(url: string): string {
  const [, scheme, authority, rest] = /^(https?):\/\/([^/?#]*)(.*)$/s.exec(url) ?? [];
  if (scheme === undefined || authority === undefined || /:\d+$/.test(authority)) return url;
  return `${scheme}://${authority}${scheme === "https" ? ":443" : ":80"}${rest ?? ""}`;
}

/**
 * The query as a whole is escaped, and then what came of it:
 * Contentful's library (`@contentful/node-apps-toolkit`) does so on both sides.
 */
function escapedTwice(url: string): string {
  const [path = "", query = ""] = url.toWellFormed().split("?");
  return encodeURI(query === "" ? path : `${path}?${encodeURIComponent(query)}`);
}

/** The escapes that HubSpot's documentation lists ("Validating requests", version 3). */
function decodedPunctuation(url: string): string {
  return url.replaceAll(/%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi, (escape) => decodeURIComponent(escape));
}

function joined(
  form: ReadonlyMap<string, readonly string[]>,
  arranged: (values: readonly string[]) => readonly string[],
): string {
  let text = "";
  for (const name of [...form.keys()].toSorted()) {
    for (const value of arranged(form.get(name) ?? [])) text += name + value;
  }
  return text;
}

/** Plivo's version 3: the URL with its query in order, and the form in order behind a dot. */
function appended(url: string, form: ReadonlyMap<string, readonly string[]>): string {
  const query = new URLSearchParams(queryOf(url));
  const names = [...new Set(query.keys())].toSorted();
  const pairs = names.flatMap((name) =>
    query
      .getAll(name)
      .toSorted()
      .map((value) => `${name}=${value}`),
  );
  const base = url.split("?", 1)[0]!;
  const posted = joined(form, (values) => values.toSorted());
  if (form.size === 0) return pairs.length === 0 ? base : `${base}?${pairs.join("&")}`;
  return `${base}?${pairs.join("&")}${pairs.length === 0 ? "" : "."}${posted}`;
}

/** The headers that the request says are signed, in the order in which it names them. */
export function signedHeaders(list: string, { readings, provider }: Scope): string | null {
  const rule = provider.signedHeaders;
  if (rule === undefined) return null;
  const written: string[] = [];
  for (const listed of list.split(rule.separator)) {
    const name = listed.trim().toLowerCase();
    const value = /^[\w-]+$/.test(name) ? readings.request.headers.get(name) : null;
    if (value === null) return null;
    written.push(rule.form === "value" ? value : `${name}:${value}`);
  }
  return written.join(rule.join);
}

/** The text of the first element of that name: WeCom's messages are flat, so this is no parser and follows nothing. */
function xmlText(text: string, name: string): string | null {
  const open = text.indexOf(`<${name}>`);
  const close = open < 0 ? -1 : text.indexOf(`</${name}>`, open);
  if (close < 0) return null;
  const inner = text.slice(open + name.length + 2, close).trim();
  return inner.startsWith("<![CDATA[") && inner.endsWith("]]>") ? inner.slice(9, -3) : inner;
}

let table: Uint32Array | undefined;

/** CRC-32 as in zlib, which is what PayPal binds a body by. */
function crc32(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, n) => {
    let value = n;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
  let sum = 0xffffffff;
  for (const byte of bytes) sum = (table[(sum ^ byte) & 0xff] ?? 0) ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}
