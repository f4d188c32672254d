// Signs a request as another sender does: the verifier turned around, over the same description. Pure but for hashes.
import { decodeHex, encodeBase64, encodeBase64Url, encodeHex } from "../bytes/encoding.ts";
import { headerText } from "../net/headers.ts";
import { withQuery } from "../net/query.ts";
import { parsePlace, type Place } from "../scheme/places.ts";
import { alternatives, writtenAt } from "../scheme/producible.ts";
import type { Algorithm, Provider } from "../scheme/scheme.ts";
import type { As } from "../scheme/shape.ts";
import type { Secret } from "../types.ts";
import { digest, hmac } from "../verify/hmac.ts";
import { Readings } from "../verify/readings.ts";
import { render, renderChunks } from "../verify/render.ts";
import type { Scope } from "../verify/scope.ts";

/** What is signed, as the receiver will have it. */
export interface Signing {
  readonly id: string;
  readonly type: string;
  readonly method: string;
  readonly url: string;
  /** The sender's own, in lower case: an id that it has given stays. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Unix seconds. */
  readonly timestamp: number;
}

export interface SignedAs {
  readonly headers: Record<string, string>;
  /** Parameters that the URL gets, because the scheme puts its parts there. */
  readonly query: Record<string, string>;
  readonly hidden: readonly string[];
}

/** The event lacks a part that the scheme signs. The message names it. */
export class Unproducible extends Error {}

/**
 * @throws `Unproducible` where the event lacks what is signed, and anything else where the scheme can never be
 * produced: the configuration lets no such scheme through
 */
export function signAs({ scheme, settings }: As, secret: Secret, signing: Signing): SignedAs {
  const { id, type, method, url, body, timestamp: now } = signing;
  const { signature } = scheme;
  const at = writtenAt(signature.at);
  if (at === null) throw new Error(`${scheme.name} has no place for a signature`);
  const put: Parts = { headers: {}, query: {} };
  const time = timeText(now, scheme.timestamp?.unit);
  if (scheme.timestamp !== undefined) write(put, parsePlace(scheme.timestamp.at)[0], time);
  // Every part that it signs and that is a header of its own; an id that the sender has given stays.
  const ids = placesIn(scheme.id);
  for (const place of [...placesIn(scheme.signs), ...ids]) {
    if (place.source !== "header" || place.name === at.name || put.headers[place.name] !== undefined) continue;
    write(put, place, signing.headers[place.name] ?? named(id, formOf(scheme, place.name)));
  }
  for (const place of placesIn(scheme.type).slice(0, 1))
    if (place.source === "header" && put.headers[place.name] === undefined && place.name !== at.name)
      write(put, place, signing.headers[place.name] ?? headerText(type));
  const base: Scope = { readings: Readings.of(inbound(signing, put)), provider: scheme, settings };
  for (const [place, [wanted = ""]] of Object.entries(scheme.demands ?? {}))
    write(put, parsePlace(place)[0], render(wanted, base) ?? "");
  const { algorithm, name } = algorithmOf(scheme);
  if (typeof scheme.algorithm !== "string") write(put, parsePlace(scheme.algorithm.by)[0], name);
  if (scheme.bodyHash !== undefined && !(scheme.bodyHash.exceptForms === true && base.readings.isForm))
    write(put, parsePlace(scheme.bodyHash.at)[0], encodeHex(base.readings.bodyHash));
  const request = {
    method,
    url: withQuery(url, put.query),
    headers: new Headers({ ...signing.headers, ...put.headers }),
    body,
  };
  const proof = proofOf(algorithm, secret, {
    readings: Readings.of(request),
    provider: scheme,
    settings,
    url: request.url,
    timestamp: time,
    secret: secret.value,
  });
  const value = inFormat(scheme, proof, time, name, base);
  write(put, at, value);
  return { ...put, hidden: [value, proof] };
}

interface Parts {
  readonly headers: Record<string, string>;
  readonly query: Record<string, string>;
}

function inbound({ method, url, headers, body }: Signing, put: Parts) {
  return { method, url, headers: new Headers({ ...headers, ...put.headers }), body };
}

function write({ headers, query }: Parts, place: Place | undefined, value: string): void {
  if (place?.source === "header") headers[place.name] = value;
  else if (place?.source === "query") query[place.name] = value;
}

/** The first of each place's alternatives. */
function placesIn(template: string | undefined): readonly Place[] {
  return template === undefined ? [] : alternatives(template).flatMap(([first]) => first ?? []);
}

/** Headers have no case, and descriptions write them as senders do. */
function formOf({ forms = {} }: Provider, header: string): string | undefined {
  return Object.entries(forms).find(([place]) => place.toLowerCase() === `header:${header}`)?.[1];
}

/** The event's id in the form that the part must have: its 32 digits, as they are or in a UUID. */
function named(id: string, form: string | undefined): string {
  const digits = (id.replace(/^evt_(?:test_)?/, "").match(/[0-9a-f]/g) ?? []).join("").padEnd(32, "0").slice(0, 32);
  if (form === "uuid") return digits.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-8$4-$5");
  if (form === "digits") return [...(decodeHex(digits) ?? [])].map((byte) => byte % 10).join("");
  return form === undefined || form === "any" || form === "name" || form === "token" ? id : digits;
}

function timeText(seconds: number, unit: NonNullable<Provider["timestamp"]>["unit"]): string {
  const date = new Date(seconds * 1000);
  switch (unit) {
    case "ms":
      return String(seconds * 1000);
    case "iso":
      return date.toISOString();
    case "iso-utc":
      return date.toISOString().slice(0, -1);
    case "http":
      return date.toUTCString();
    case undefined:
    case "s":
    case "text":
      return String(seconds);
  }
  return unit satisfies never;
}

/** Of several, the one with SHA-256. */
function algorithmOf({ algorithm }: Provider): { readonly algorithm: Algorithm; readonly name: string } {
  if (typeof algorithm === "string") return { algorithm, name: "" };
  const all = Object.entries(algorithm.of);
  const [name = "", chosen = "hmac-sha256"] = all.find(([, one]) => one === "hmac-sha256") ?? all[0] ?? [];
  return { algorithm: chosen, name };
}

function proofOf(algorithm: Algorithm, secret: Secret, scope: Scope): string {
  if (algorithm === "token") return secret.value;
  if (algorithm === "basic") return `Basic ${encodeBase64(new TextEncoder().encode(secret.value))}`;
  const content = renderChunks(scope.provider.signs ?? "{body}", scope);
  if ("missing" in content)
    throw new Unproducible(`${scope.provider.name} signs ${content.missing}, and this event has none`);
  const hash = /(sha\d+)$/.exec(algorithm)?.[1];
  if (hash !== "sha1" && hash !== "sha256" && hash !== "sha384" && hash !== "sha512")
    throw new Error(`${scope.provider.name} signs with ${algorithm}`);
  const code = algorithm.startsWith("hmac-")
    ? hmac(hash, secret, scope.provider.secret ?? "text", content)
    : digest(hash, content);
  if (code === null) throw new Error(`${secret.name} is no secret of ${scope.provider.name}`);
  const { encoding } = scope.provider.signature;
  if (encoding === "base64url") return encodeBase64Url(code);
  return encoding === "base64" ? encodeBase64(code) : encodeHex(code);
}

/** The value of the header, in the form that `signature.ts` takes apart. */
function inFormat(scheme: Provider, proof: string, time: string, name: string, scope: Scope): string {
  const { format = "plain", prefix = "", key, tag = "v1", separator, equals = "=" } = scheme.signature;
  const value = prefix !== "" && !proof.startsWith(prefix) ? `${prefix}${proof}` : proof;
  const timed = scheme.timestamp?.at.startsWith("pair:") === true;
  if (format === "tagged") return `${tag},${value}`;
  if (format === "named") return `${name}=${value}`;
  if (format === "after-timestamp") return `${time}${separator ?? ","}${value}`;
  if (format !== "pairs") return value;
  const pair = timed ? `${scheme.timestamp?.at.slice("pair:".length)}${equals}${time}${separator ?? ","}` : "";
  return `${pair}${render(key ?? "v1", scope) ?? "v1"}${equals}${value}`;
}
