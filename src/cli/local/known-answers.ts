// Known answers (requests with a verdict, challenges with an answer), judged by the real interpreter. Pure, so that it runs in workerd too.

import { decodeBase64 } from "../../bytes/encoding.ts";
import { handshake, replyTo, type HandshakeAnswer } from "../../in/handshake.ts";
import { resolveProvider } from "../../scheme/custom.ts";
import type { Provider } from "../../scheme/scheme.ts";
import type { Secret } from "../../types.ts";
import { verify, type Inbound } from "../../verify/verify.ts";

/** A request as these files write it. */
export interface KnownRequest {
  /** A sender of the catalogue; only a name where there is a `table`. */
  readonly provider: string;
  /** A sender's own scheme, as a source has it under `provider` in wrangler.toml: a table, or `"hmac"` or `"token"` with `config`. */
  readonly table?: unknown;
  readonly method: string;
  /** The source's configured public URL. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly bodyEncoding?: "base64";
  readonly secret?: string;
  readonly publicKey?: string;
  readonly publicKeyJwk?: object;
  /** Settings of the source. */
  readonly config?: Readonly<Record<string, string>>;
}

export interface Vector extends KnownRequest {
  readonly description: string;
  /** Unix seconds. */
  readonly now: number;
  readonly expect: "accept" | "reject";
}

export interface KnownHandshake extends KnownRequest {
  readonly response: {
    readonly status: number;
    readonly contentType?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly json?: unknown;
  };
}

/** `null` where the verdict is the expected one, else what happened instead. */
export async function judgeVector(vector: Vector): Promise<string | null> {
  const provider = schemeOf(vector);
  if (typeof provider === "string") return provider;
  const { now, config = {}, expect } = vector;
  const verdict = await verify(requestOf(vector), provider, secretsOf(vector), config, now * 1000);
  if (verdict.ok === (expect === "accept")) return null;
  return verdict.ok
    ? `accepted by ${verdict.value.secret ?? "nothing"}`
    : `refused: ${JSON.stringify(verdict.rejection)}`;
}

/** `null` where the answer is the expected one. Handshakes that come after verification are asked as if that had succeeded. */
export async function judgeHandshake(known: KnownHandshake): Promise<string | null> {
  const provider = schemeOf(known);
  if (typeof provider === "string") return provider;
  const answer = await answerOf(known, provider);
  if (answer === null) return "no handshake";
  const { status, contentType, headers = {}, body, json } = known.response;
  if (answer.status !== status) return `status ${answer.status} instead of ${status}`;
  const type = answer.headers["content-type"] ?? "";
  if (contentType !== undefined && !type.startsWith(contentType))
    return `content type ${type} instead of ${contentType}`;
  for (const [name, value] of Object.entries(headers)) {
    if (answer.headers[name.toLowerCase()] !== value)
      return `${name} is ${answer.headers[name.toLowerCase()] ?? "missing"}`;
  }
  if (body !== undefined && answer.body !== body) return `body ${answer.body} instead of ${body}`;
  if (json === undefined) return null;
  return sameJson(JSON.parse(answer.body), json) ? null : `body ${answer.body} instead of ${JSON.stringify(json)}`;
}

async function answerOf(known: KnownHandshake, provider: Provider): Promise<HandshakeAnswer | null> {
  const request = requestOf(known);
  const settings = known.config ?? {};
  const secrets = secretsOf(known);
  return (
    (await handshake(request, provider, secrets, settings, "before-verify")) ??
    (await handshake(request, provider, secrets, settings, "after-verify")) ??
    replyTo(request, provider, settings, "accepted")
  );
}

/** The scheme that the row names or brings, or what is wrong with it. */
function schemeOf({ provider, table, config }: KnownRequest): Provider | string {
  const resolved = resolveProvider(table ?? provider, config);
  if (resolved.ok) return resolved.provider;
  return resolved.faults.map(({ path, message }) => `${path.map(String).join(".")} ${message}`).join("; ");
}

/** The request, byte for byte. */
export function requestOf(known: KnownRequest): Inbound {
  const { method, url, headers, body, bodyEncoding } = known;
  const bytes = bodyEncoding === "base64" ? decodeBase64(body) : new TextEncoder().encode(body);
  if (bytes === null && body !== "") throw new TypeError(`${known.provider}: the body is no base64`);
  return { method, url, headers: new Headers(headers), body: bytes ?? new Uint8Array() };
}

/** The secret or the sender's public key, as an operator would configure it. */
export function secretsOf({ secret, publicKey, publicKeyJwk }: KnownRequest): Secret[] {
  const given = [secret, publicKey, publicKeyJwk === undefined ? undefined : JSON.stringify(publicKeyJwk)];
  return given.flatMap((value) => (value === undefined ? [] : [{ name: "SECRET", value }]));
}

/** Whatever the order of the members. */
function sameJson(left: unknown, right: unknown): boolean {
  return JSON.stringify(left, ordered) === JSON.stringify(right, ordered);
}

function ordered(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
