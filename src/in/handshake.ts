// Challenges, pings and subscription confirmations: what a provider wants to hear before it sends.
// Pure but for WebCrypto.

import { decryptLark, decryptWecom } from "../verify/decrypt.ts";
import { encryptedAnswer } from "../verify/encrypt.ts";
import { encodeBase64, encodeBase64Url, encodeHex, equal } from "../bytes/encoding.ts";
import { digest, hmac } from "../verify/hmac.ts";
import { asType } from "./identify.ts";
import { Readings, type Inbound } from "../verify/readings.ts";
import { parseJson } from "../bytes/json.ts";
import { SYNTAX } from "../scheme/oracle.ts";
import { read, render } from "../verify/render.ts";
import type { Scope } from "../verify/scope.ts";
import { pinnedUrl } from "../verify/pinned.ts";
import type { Answer, Handshake, Provider } from "../scheme/scheme.ts";
import type { Secret } from "../types.ts";
import { isVerifyToken, verify } from "../verify/verify.ts";

/** The answer to a handshake; the request goes no further than this. */
export interface HandshakeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** A secret that the sender handed over, for the operator to keep. Never log it. */
  readonly reveals?: string;
  /** The URL that confirms the subscription when it is fetched; its host has been checked. */
  readonly visits?: string;
  /** The type of the event that the message is as well. */
  readonly news?: string;
}

/**
 * Some handshakes are themselves signed and are answered only once that is proven;
 * the others come before any signature.
 */
export type Phase = "before-verify" | "after-verify";

/** Of what a request asks to see again in a header, such as a rate, no more than this is sent back. */
const HEADER_VALUE = /^[\w .:,;+/=@*~-]{1,512}$/;

/** A challenge never comes back as something that a browser would run. */
const PLAIN = {
  "content-type": "text/plain; charset=utf-8",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

/**
 * Largest body of a handshake that nobody has proven, in bytes: a challenge and a token.
 * What is larger is an event, or nothing.
 */
const GREETING_LIMIT = 64 * 1024;

const encoder = new TextEncoder();

/** Methods that a source of this provider accepts: POST, and those of its handshakes. */
export function acceptedMethods(provider: Provider): readonly string[] {
  return [...new Set(["POST", ...(provider.handshake ?? []).map(({ method }) => method)])];
}

/** Whether any handshake of this provider could apply in this phase, without looking at the request. */
export function hasHandshake(provider: Provider, method: string, phase: Phase): boolean {
  return provider.handshake?.some((one) => one.method === method && phaseOf(one) === phase) ?? false;
}

/** The answer, or `null` where this request is no handshake (or one that must be verified first). */
export async function handshake(
  request: Inbound,
  provider: Provider,
  secrets: readonly Secret[],
  settings: Readonly<Record<string, string>>,
  phase: Phase,
): Promise<HandshakeAnswer | null> {
  if (!hasHandshake(provider, request.method, phase)) return null;
  const proven = phase === "after-verify";
  if (!proven && request.body.byteLength > GREETING_LIMIT) return null;
  const readings = Readings.of(request);
  const scope: Scope = { readings: proven ? readings.proven : readings, provider, settings };
  for (const one of provider.handshake ?? []) {
    if (one.method !== request.method || phaseOf(one) !== phase) continue;
    const within = await applicable(one, scope, secrets);
    if (within === null) continue;
    // Such challenges have no tolerance, so the time does not matter.
    if (one.signed === true && !(await verify(request, provider, secrets, settings, 0)).ok) return refusalOf(one);
    if (one.signedWith !== undefined) {
      const offered = [{ name: one.signedWith, value: read(one.signedWith, within) ?? "" }];
      if (!(await verify(request, provider, offered, settings, 0)).ok) return refusalOf(one);
    }
    return answerTo(one, within, secrets);
  }
  return null;
}

/** What the sender must hear when a request of its was accepted or refused; `null` where any answer will do. */
export function replyTo(
  request: Inbound,
  provider: Provider,
  settings: Readonly<Record<string, string>>,
  outcome: "accepted" | "refused",
  secrets: readonly Secret[] = [],
): HandshakeAnswer | null {
  const reply = provider.replies?.[outcome];
  if (reply === undefined) return null;
  const readings = outcome === "accepted" ? Readings.of(request).proven : Readings.of(request);
  return composed(reply, { readings, provider, settings }, secrets);
}

/**
 * The acknowledgement that a sender takes in the place of the answer that it waits for;
 * `null` where any 2xx will do.
 */
export function plainReply(
  request: Inbound,
  provider: Provider,
  settings: Readonly<Record<string, string>>,
): HandshakeAnswer | null {
  const scope: Scope = { readings: Readings.of(request).proven, provider, settings };
  const plain = provider.replies?.awaited?.plain.find(({ when = {} }) => holds(when, scope));
  return plain === undefined ? null : composed(plain.answer, scope, []);
}

function phaseOf(one: Handshake): Phase {
  return one.verified === true ? "after-verify" : "before-verify";
}

/** The scope in which this handshake is answered, or `null` where the request is not this handshake. */
async function applicable(one: Handshake, scope: Scope, secrets: readonly Secret[]): Promise<Scope | null> {
  if (one.unset === true && secrets.some(({ value }) => value !== "")) return null;
  if (one.empty === true && scope.readings.request.body.length > 0) return null;
  if (one.unless?.some((place) => read(place, scope) !== null) === true) return null;
  const within = one.decrypt === undefined ? scope : await decrypted(one.decrypt, scope, secrets);
  if (within === null) return null;
  return holds(one.when ?? {}, within) ? within : null;
}

/** Whether each of these places holds what it must. */
function holds(when: Readonly<Record<string, string>>, scope: Scope): boolean {
  return Object.entries(when).every(([place, wanted]) => {
    const value = read(place, scope);
    return value !== null && (wanted === "" || value === wanted);
  });
}

async function decrypted(
  { by, at, key }: NonNullable<Handshake["decrypt"]>,
  scope: Scope,
  secrets: readonly Secret[],
): Promise<Scope | null> {
  const text = read(at, scope);
  if (text === null) return null;
  const own = key === undefined ? null : read(key, scope);
  for (const value of own === null ? secrets.map((secret) => secret.value) : [own]) {
    const plain = by === "lark" ? await decryptLark(text, value) : await decryptWecom(text, value);
    if (plain !== null) return { ...scope, claims: by === "lark" ? parseJson(plain) : { message: plain } };
  }
  return null;
}

function refusalOf({ refusal = 403 }: Handshake): HandshakeAnswer {
  return { status: refusal, headers: PLAIN, body: "" };
}

function answerTo(one: Handshake, scope: Scope, secrets: readonly Secret[]): HandshakeAnswer {
  const refusal = refusalOf(one);
  const challenge = one.challenge === undefined ? "" : read(one.challenge.at, scope);
  if (challenge === null || (one.challenge && !SYNTAX[one.challenge.syntax].test(challenge))) return refusal;
  if (one.token !== undefined && !holdsSecret(read(one.token, scope), secrets)) return refusal;
  for (const [place, template] of Object.entries(one.expects ?? {})) {
    const wanted = render(template, scope);
    if (wanted === null || read(place, scope) !== wanted) return refusal;
  }
  const computed = one.compute === undefined ? "" : compute(one.compute, { ...scope, challenge }, secrets);
  if (computed === null) return refusal;
  const answer = composed(one.answer, { ...scope, challenge, computed }, secrets);
  const reveals = one.reveals === undefined ? null : read(one.reveals, scope);
  const visits = one.visits === undefined ? null : pinnedUrl(read(one.visits.at, scope), one.visits);
  if (one.visits !== undefined && visits === null) return refusal;
  const news = typeof one.news === "string" ? asType(render(one.news, scope)) : null;
  return {
    ...answer,
    ...(reveals === null ? {} : { reveals }),
    ...(visits === null ? {} : { visits }),
    ...(news === null ? {} : { news }),
  };
}

function composed(
  { status = 200, text, json, headers = {}, encrypted }: Answer,
  scope: Scope,
  secrets: readonly Secret[],
): HandshakeAnswer {
  const extra: Record<string, string> = {};
  for (const [name, template] of Object.entries(headers)) {
    const value = render(template, scope);
    if (value !== null && HEADER_VALUE.test(value)) extra[name.toLowerCase()] = value;
  }
  const secret = newestOf(secrets);
  if (encrypted !== undefined) {
    const members = secret === undefined ? null : encryptedAnswer(encrypted, scope, secret.value);
    const body = members === null ? "" : JSON.stringify(members);
    return { status, headers: { ...PLAIN, "content-type": "application/json", ...extra }, body };
  }
  if (json === undefined) {
    return { status, headers: { ...PLAIN, ...extra }, body: text === undefined ? "" : (render(text, scope) ?? "") };
  }
  const members = Object.entries(json).map(([name, value]) => [
    name,
    typeof value === "number" ? value : render(value, scope),
  ]);
  return {
    status,
    headers: { ...PLAIN, "content-type": "application/json", ...extra },
    body: JSON.stringify(Object.fromEntries(members)),
  };
}

function holdsSecret(token: string | null, secrets: readonly Secret[]): boolean {
  return token !== null && secrets.some(({ value }) => equal(encoder.encode(token), encoder.encode(value)));
}

/** A code under the newest secret that is not itself shown to the sender. */
function compute(
  { algorithm, over, key, encoding = "hex" }: NonNullable<Handshake["compute"]>,
  scope: Scope,
  secrets: readonly Secret[],
): string | null {
  const newest = newestOf(secrets);
  if (newest === undefined) return null;
  const content = render(over, { ...scope, secret: newest.value });
  if (content === null) return null;
  const code =
    algorithm === "sha256"
      ? digest("sha256", [content])
      : hmac(algorithm === "hmac-sha1" ? "sha1" : "sha256", newest, key ?? "text", [content]);
  if (code === null) return null;
  return encoding === "hex" ? encodeHex(code) : encoding === "base64" ? encodeBase64(code) : encodeBase64Url(code);
}

/** The newest secret that is not itself shown to the sender. */
function newestOf(secrets: readonly Secret[]): Secret | undefined {
  return secrets.find(({ name, value }) => value !== "" && !isVerifyToken(name));
}
