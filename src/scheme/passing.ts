// May a sender's proof be passed on as it came, and which headers are it? Pure.
import { headersOf } from "./naming.ts";
import { parsePlace, type Place } from "./places.ts";
import type { Provider } from "./scheme.ts";
import { placesOf } from "./template.ts";

/** Places of the URL that the sender called, which a receiver behind the relay has not. */
const OF_QUERY = new Set(["query", "query-lower", "query-sorted", "get-query"]);

/** Why a sender's proof cannot be passed on, as the end of a sentence; `null` where it can. */
export function passingFault(provider: Provider): string | null {
  const { algorithm, jwt, signature, name } = provider;
  if (algorithm === "token" || algorithm === "basic") return `what ${name} sends to prove itself is the secret`;
  const bound = [jwt?.bodyHash, jwt?.queryHash].some((hash) => hash !== undefined) || placesAt(provider).some(isBody);
  if (algorithm === "jwt" && !bound)
    return `${name} proves itself by a token that is not bound to the request: whoever has it is taken for ${name}`;
  if (signature.format === "cavage") return `${name} signs the host and the path that it calls`;
  if ((signature.covers ?? []).some((one) => one.startsWith("@")))
    return `${name} signs parts of the URL that it calls`;
  const [at, time] = [placesAt(provider), timePlaces(provider)];
  const asked = [at, time].some((places) => places.length > 0 && places.every(isOfQuery));
  // A form is signed itself.
  const hash = provider.bodyHash?.exceptForms === true ? undefined : provider.bodyHash;
  const hashed = hash === undefined ? [] : parsePlace(hash.at);
  return asked || [...contentPlaces(provider), ...hashed].some(isOfQuery)
    ? `${name} puts a part of its proof into the query of the URL that it calls`
    : null;
}

/**
 * Names of the headers that prove a request of this sender, in lower case; none where its proof cannot be passed on.
 * Headers that the request itself names (`signedHeaders`) come with `namedHeaders`.
 */
export function provingHeaders(provider: Provider): readonly string[] {
  let names = known.get(provider);
  if (names === undefined) {
    names = passingFault(provider) === null ? namesIn(provider) : [];
    known.set(provider, names);
  }
  return names;
}

/** A provider does not change, and every request asks. */
const known = new WeakMap<Provider, readonly string[]>();

function namesIn(provider: Provider): readonly string[] {
  const { signature, demands, bodyHash, algorithm, signedHeaders } = provider;
  const places = [
    ...placesAt(provider),
    ...timePlaces(provider),
    ...contentPlaces(provider),
    ...[...Object.keys(demands ?? {}), ...Object.keys(signature.names ?? {})].flatMap(parsePlace),
    ...(bodyHash === undefined ? [] : parsePlace(bodyHash.at)),
    ...(typeof algorithm === "string" ? [] : parsePlace(algorithm.by)),
    ...(signedHeaders === undefined ? [] : parsePlace(signedHeaders.at)),
    ...placesOf(provider.id ?? ""),
    ...placesOf(provider.type ?? ""),
  ];
  const message = signature.format === "rfc9421" ? ["signature-input", ...(signature.covers ?? [])] : [];
  return [...new Set([...headersOf(places), ...message])];
}

/** Headers that a request says it has signed: words of the header in which it lists them. */
export function namedHeaders(provider: Provider, get: (name: string) => string | null): readonly string[] {
  const { signedHeaders } = provider;
  if (signedHeaders === undefined) return [];
  const listed = parsePlace(signedHeaders.at);
  const lists = [
    ...headersOf(listed),
    ...(listed.some(({ source }) => source === "pair") ? headersOf(placesAt(provider)) : []),
  ];
  const words = lists.flatMap((name) => (get(name) ?? "").toLowerCase().split(/[^\w-]+/, 64));
  return [...new Set(words)].filter((name) => name !== "" && !UNPASSED.has(name));
}

/** Whatever a request says that it has signed, these are not passed on. */
const UNPASSED = new Set(["authorization", "cookie", "host", "content-length", "proxy-authorization", "connection"]);

function placesAt({ signature }: Provider): readonly Place[] {
  return [signature.at].flat().flatMap(parsePlace);
}

function timePlaces({ timestamp }: Provider): readonly Place[] {
  return timestamp === undefined ? [] : parsePlace(timestamp.at);
}

function contentPlaces({ signs, sorted }: Provider): readonly Place[] {
  return (sorted ?? [signs ?? "{body}"]).flatMap(placesOf);
}

function isOfQuery({ source }: Place): boolean {
  return OF_QUERY.has(source);
}

function isBody({ source }: Place): boolean {
  return source === "body";
}
