// Can the relay sign as this sender does? Only with a secret that two share, and outside of the body. Pure.
import { parsePlace, type Place } from "./places.ts";
import type { Provider } from "./scheme.ts";
import { parseTemplate, type Piece } from "./template.ts";

/** Places of a sender's own body, or of what only its own requests have. */
const OWN = new Set(["json", "form", "xml", "item", "claim", "pair-quoted", "get-query", "first-key"]);

/** Why a request cannot be signed as this sender does, as the end of a sentence; `null` where it can. */
export function producingFault(provider: Provider): string | null {
  const { name, algorithm, secret, signature, timestamp, each, sorted, signedHeaders, demands } = provider;
  const algorithms = typeof algorithm === "string" ? [algorithm] : Object.values(algorithm.of);
  if (secret === "public" || algorithms.some((one) => /^(?:rsa|ecdsa|ed25519)/.test(one)))
    return `only ${name} has the private key that it signs with`;
  if (algorithms.some((one) => one === "jwt" || one === "jws-detached"))
    return `${name} proves itself by a JSON Web Token, which the relay does not make`;
  if (each !== undefined || writtenAt(signature.at) === null)
    return `${name} puts its signature into the body, which is sent as it came`;
  if (signature.format === "envelope" || signature.format === "rfc9421" || signature.format === "cavage")
    return `${name} signs in a form that the relay does not make`;
  if (signedHeaders !== undefined) return `${name} signs headers that each of its requests names`;
  const at = timestamp === undefined ? null : parsePlace(timestamp.at)[0];
  if (at !== null && at !== undefined && !["header", "pair", "query"].includes(at.source))
    return `${name} puts the time into the body, which is sent as it came`;
  const content = alternatives(provider.signs ?? "{body}");
  // Another body is bound by `bodyHash`, where the scheme has one.
  if (provider.bodyHash === undefined && content.some((one) => one.every(isForm)))
    return `${name} signs the fields of a form, and an event may be anything`;
  const signed = sorted !== undefined || content.some((one) => !isMade(one, timestamp?.at));
  if (signed) return `${name} signs parts that only its own requests have`;
  const demanded = Object.keys(demands ?? {}).some((place) => parsePlace(place)[0]?.source !== "header");
  return demanded ? `${name} wants fields of its own in the body` : null;
}

function isMade(places: readonly Place[], timestamp: string | undefined): boolean {
  return places.some(({ source, name }) => !OWN.has(source) && (source !== "pair" || timestamp === `pair:${name}`));
}

function isForm({ source }: Place): boolean {
  return source.startsWith("form-");
}

/** Where a signature is written: the first header or parameter among its places, `null` where there is none. */
export function writtenAt(at: string | readonly string[]): Place | null {
  const places = [at].flat().flatMap(parsePlace);
  return places.find(({ source }) => source === "header" || source === "query") ?? null;
}

/** For each place of a template that must be there, or may be, its alternatives. */
export function alternatives(template: string): readonly (readonly Place[])[] {
  const of = (pieces: readonly Piece[]): (readonly Place[])[] =>
    pieces.flatMap((piece) => {
      if (piece.kind === "text") return [];
      return piece.kind === "place" ? [piece.places] : of(piece.pieces);
    });
  return of(parseTemplate(template));
}
