// Could the answer to a challenge also prove an event? No event may have content that a handshake signs: the rule, over
// descriptions of senders. Pure.

import type { Handshake, Provider } from "./scheme.ts";
import { parseTemplate, type Piece } from "./template.ts";

/**
 * What a challenge may look like. The sender chooses it and sees it again, at some providers under a key that also
 * proves events: text that could be markup, a body or a signed string is never echoed and never signed.
 */
export const SYNTAX = {
  token: /^[\w.~+/=-]{1,512}$/,
  uuid: /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/,
  hex: /^[0-9a-f]{20,32}$/,
  digits: /^\d{1,20}$/,
  origin: /^(\*|[\w.-]{1,253}(:\d{1,5})?)$/,
  sentence: /^[\w .:,;+/=@-]{1,1024}$/,
} as const;

/** What is wrong with a provider, as a key and a sentence that goes on from it. */
export interface Fault {
  readonly key: string;
  readonly message: string;
}

/**
 * The rule over the data: why the handshakes of `asked` could compute a proof for `scheme`, or `null` where they
 * cannot. They are two providers where two sources have a secret in common.
 *
 * A handshake computes over one challenge of a known syntax and constants, so that the verifier can tell such content
 * from an event (`couldBeComputed`); and the events of the sender must not all have that form, or none would be taken.
 */
export function oracleFault(scheme: Provider, asked: Provider = scheme): Fault | null {
  for (const [index, one] of (asked.handshake ?? []).entries()) {
    const key = `handshake.${index}`;
    const told = revealed(one);
    if (told !== null)
      return {
        key: `${key}.answer`,
        message: `gives the secret away in ${told}. Answer with {computed} or {challenge}`,
      };
    if (one.compute === undefined) continue;
    const message = faultOf(one, one.compute, scheme);
    if (message !== null) return { key: `${key}.compute`, message };
    if (!collides(one.compute.algorithm, scheme) || scheme === asked || refusesToo(scheme, one)) continue;
    return { key: `${key}.compute`, message: "answers codes under the secret that proves these events" };
  }
  return null;
}

type Compute = NonNullable<Handshake["compute"]>;

function faultOf(one: Handshake, { algorithm, over }: Compute, scheme: Provider): string | null {
  const places = writtenIn(parseTemplate(over));
  if (one.challenge === undefined || places.filter((place) => place === "challenge").length !== 1)
    return `signs ${over}, without one {challenge} whose syntax is known. Name the place and its syntax under challenge, and write over = "{challenge}"`;
  const free = places.find((place) => !CONSTANT.test(place));
  if (free !== undefined)
    return `signs {${free}}, which whoever asks may choose: it would sign events for strangers. Write over = "{challenge}"`;
  if (!collides(algorithm, scheme)) return null;
  if (algorithm === "sha256")
    return "is a plain hash, and so are the signatures of the events: a stranger can extend the one into the other. Use an HMAC for the events";
  if (places.includes("url-without-query"))
    return 'signs {url-without-query}, which whoever asks may choose by the Host header. Write over = "{challenge}" or a {setting:…}';
  const [before = "", after = ""] = over.split("{challenge}");
  const event = sample(scheme);
  if (event.startsWith(before) && event.endsWith(after)) {
    const middle = event.slice(before.length, event.length - after.length);
    if (SYNTAX[one.challenge.syntax].test(middle))
      return `signs a challenge in the syntax "${one.challenge.syntax}", which the events have too: a stranger could have one signed. Choose a syntax that no event has, such as "uuid" or "hex", or sign the body`;
  }
  return null;
}

/** What is the same in every request to a source: nobody who asks can put anything there. */
const CONSTANT = /^(?:challenge|secret|setting:[\w.-]+|default:.*|url-without-query)$/;

/**
 * Whether a code of this kind could be a signature of the scheme.
 * How the code is written (hex, base64) does not matter: it can be rewritten.
 */
function collides(algorithm: Compute["algorithm"], scheme: Provider): boolean {
  const { algorithm: own, jwt, secret } = scheme;
  if (secret === "public") return false;
  const names = typeof own === "string" ? [own] : Object.values(own.of);
  if (names.includes("jwt") || names.includes("jws-detached"))
    return (jwt?.algorithms ?? []).some((one) => one.replace("HS", "hmac-sha") === algorithm);
  // The forms in which a key is written do not keep two keys apart:
  // SHA-1 of a long text is its HMAC key in both, and base64 may be text.
  return names.some((one) => one === algorithm);
}

/** An event of the scheme, as plain as it may be: what a place outside the body holds could always be a token. */
function sample({ algorithm, signs = "{body}", sorted }: Provider): string {
  if (algorithm === "jwt" || algorithm === "jws-detached") return "eyJhbGciOiJIUzI1NiJ9.e30";
  const within = (pieces: readonly Piece[]): string =>
    pieces
      .map((piece) => {
        if (piece.kind === "text") return piece.text;
        if (piece.kind === "optional") return within(piece.pieces);
        return piece.places.every(({ source }) => ["body", "body-quoted"].includes(source)) ? '{"a":1}' : "PD94bWw/";
      })
      .join("");
  return (sorted ?? [signs]).map((template) => within(parseTemplate(template))).join("");
}

/**
 * Whether the verifier of the scheme refuses what this handshake computes, because the scheme has the same handshake.
 */
function refusesToo(scheme: Provider, one: Handshake): boolean {
  return (
    one.compute?.over.includes("{setting:") === false &&
    (scheme.handshake ?? []).some((own) => formOf(own) === formOf(one))
  );
}

function formOf({ compute, challenge }: Handshake): string {
  return `${challenge?.syntax} ${compute?.over}`;
}

/** The part of an answer that would hold the secret itself. */
function revealed({ answer: { text, json = {}, headers = {} } }: Handshake): string | null {
  const parts: [string, string | number][] = [
    ["text", text ?? ""],
    ...Object.entries(json),
    ...Object.entries(headers),
  ];
  const found = parts.find(
    ([, value]) => typeof value === "string" && writtenIn(parseTemplate(value)).includes("secret"),
  );
  return found?.[0] ?? null;
}

/** Every place of a template as it is written, alternatives and optional parts included. */
function writtenIn(pieces: readonly Piece[]): string[] {
  return pieces.flatMap((piece) => {
    if (piece.kind === "text") return [];
    return piece.kind === "place" ? piece.written.split("|") : writtenIn(piece.pieces);
  });
}
