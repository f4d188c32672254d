// Known answers (requests with a verdict, challenges with an answer), judged by the real stages.
// No I/O, so that it runs on workerd too.

import * as z from "zod/mini";
import { decodeBase64 } from "../../bytes/encoding.ts";
import type { ConfiguredSource } from "../../config/configured.ts";
import { resolveProvider } from "../../config/custom.ts";
import { read } from "../../verify/render.ts";
import { ingest } from "../../in/ingest.ts";
import type { Provider } from "../../scheme/scheme.ts";
import type { Secret } from "../../types.ts";
import { type Inbound, Readings, signedUrl } from "../../verify/readings.ts";
import { verify } from "../../verify/verify.ts";
import { memoryRelay } from "./memory-relay.ts";

const texts = z.record(z.string(), z.string());

/** A request as these files write it. Members that nobody knows (`source`, `note` …) are left alone. */
const knownRequest = z.object({
  /** A sender of the catalogue; no more than a name where there is a `table`. */
  provider: z.string().check(z.minLength(1)),
  /**
   * A sender's own scheme, as a source has it under `provider` in wrangler.toml:
   * a table, or `"hmac"` or `"token"` with settings.
   */
  table: z.optional(z.union([z.string(), z.record(z.string(), z.unknown())])),
  method: z.string().check(z.regex(/^[A-Z]+$/, "is no method")),
  /** The URL that was asked for. */
  url: z.url(),
  /** The URL that the sender was given, where it is not the one that was asked for: `public_url` of the source. */
  publicUrl: z.optional(z.url()),
  headers: texts,
  body: z.string(),
  bodyEncoding: z.optional(z.literal("base64")),
  secret: z.optional(z.string()),
  publicKey: z.optional(z.string()),
  publicKeyJwk: z.optional(z.record(z.string(), z.unknown())),
  /** Settings of the source; `settings` is the same. */
  config: z.optional(texts),
  settings: z.optional(texts),
});

const vector = z.extend(knownRequest, {
  description: z.string(),
  /** Unix seconds. */
  now: z.number(),
  expect: z.enum(["accept", "reject"]),
});

const knownHandshake = z.extend(knownRequest, {
  /** Unix seconds; where the row has none, its request comes at the time that it is signed for, or at any. */
  now: z.optional(z.number()),
  response: z.object({
    status: z.int(),
    contentType: z.optional(z.string()),
    headers: z.optional(texts),
    body: z.optional(z.string()),
    json: z.optional(z.unknown()),
  }),
});

export type KnownRequest = Readonly<z.output<typeof knownRequest>>;
export type Vector = Readonly<z.output<typeof vector>>;
export type KnownHandshake = Readonly<z.output<typeof knownHandshake>>;

/**
 * `null` where the verdict is the expected one, else what happened instead,
 * or what is wrong with the row. Never throws.
 */
export function judgeVector(row: unknown): Promise<string | null> {
  return judged(vector, row, async (known) => {
    const { now, expect } = known;
    const scheme = schemeOf(known);
    const verdict = await verify(requestOf(known), scheme, secretsOf(known), settingsFor(known, scheme), now * 1000);
    if (verdict.ok === (expect === "accept")) return null;
    return verdict.ok
      ? `accepted by ${verdict.value.secret ?? "nothing"}`
      : `refused: ${JSON.stringify(verdict.rejection)}`;
  });
}

/**
 * `null` where the relay answers as expected, else what it answers instead,
 * or what is wrong with the row. Never throws.
 */
export function judgeHandshake(row: unknown): Promise<string | null> {
  return judged(knownHandshake, row, async (known) => {
    const answer = await answerTo(known);
    const { status, contentType, headers = {}, body, json } = known.response;
    if (answer.status !== status) return `status ${answer.status} instead of ${status}`;
    const type = answer.headers.get("content-type") ?? "";
    if (contentType !== undefined && !type.startsWith(contentType))
      return `content type ${type} instead of ${contentType}`;
    for (const [name, value] of Object.entries(headers))
      if (answer.headers.get(name) !== value) return `${name} is ${answer.headers.get(name) ?? "missing"}`;
    const text = await answer.text();
    if (body !== undefined && text !== body) return `body ${text} instead of ${body}`;
    if (json === undefined) return null;
    return sameJson(JSON.parse(text), json) ? null : `body ${text} instead of ${JSON.stringify(json)}`;
  });
}

/** Whatever is wrong with a row fails that row alone. */
async function judged<Schema extends z.ZodMiniType>(
  schema: Schema,
  row: unknown,
  judge: (known: z.output<Schema>) => Promise<string | null>,
): Promise<string | null> {
  const parsed = schema.safeParse(row);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(
      ({ path, message }) => `${path.length === 0 ? "the row" : path.map(String).join(".")} ${message}`,
    );
    return `the row is broken: ${faults.join("; ")}`;
  }
  try {
    return await judge(parsed.data);
  } catch (error) {
    return `the row is broken: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/**
 * What the relay answers, by the stages that it answers everybody with. Documents show challenges without their
 * signatures: such a row says nothing of the proof, and is believed where the proof is what it lacks, unless it is that
 * refusal that the row is about.
 */
async function answerTo(known: KnownHandshake): Promise<Response> {
  const answer = await ask(known, schemeOf(known), secretsOf(known));
  if (answer.status !== 401 || known.response.status === 401 || !isUnsigned(known)) return answer;
  const believed = { ...known, headers: { ...known.headers, [BELIEF.name]: BELIEF.value } };
  return await ask(believed, shownOnly(schemeOf(known)), [...secretsOf(known), BELIEF]);
}

/** One request at the front door of a relay that has this source alone. */
async function ask(known: KnownHandshake, scheme: Provider, secrets: readonly Secret[]): Promise<Response> {
  const { method, url, headers, body } = requestOf({ ...known, publicUrl: undefined });
  const source = {
    ...sourceOf(known, known.now === undefined ? ageless(scheme) : scheme, body.byteLength),
    secrets,
    settings: settingsFor(known, scheme),
  };
  const config = {
    sources: new Map([[source.name, source]]),
    disabled: new Map<string, string>(),
    routes: [],
    destinations: new Map(),
    adminToken: { name: "ADMIN_TOKEN", value: "whoever has it is shown what senders hand over" },
  };
  const content = method === "GET" || method === "HEAD" ? {} : { body };
  const request = new Request(url, { method, headers, ...content });
  return await ingest(request, source.name, memoryRelay(config, (known.now ?? 0) * 1000));
}

/** The one source of a relay to which this request is sent: with the row's secrets and settings, and without limits. */
export function sourceOf(known: KnownRequest, scheme: Provider, bytes: number): ConfiguredSource {
  return {
    name: "known",
    provider: known.provider,
    scheme,
    secrets: secretsOf(known),
    secretNames: ["SECRET"],
    allow: [],
    allowPublished: false,
    rate: null,
    maxBody: bytes + 1,
    dedupeWindowMs: null,
    publicUrl: known.publicUrl ?? null,
    settings: settingsOf(known),
  };
}

/** A row without a time says nothing of the age of its request. */
function ageless(scheme: Provider): Provider {
  const { timestamp, jwt } = scheme;
  return {
    ...scheme,
    timestamp: timestamp && { ...timestamp, tolerance: undefined },
    jwt: jwt && { ...jwt, maxAge: undefined },
  };
}

/** Stands in for a signature that a row does not show. */
const BELIEF: Secret = { name: "known-answers-believed", value: "believed" };

/**
 * The scheme with its answers, and a signature that is shown and not computed.
 * Such a row says nothing of type and id either.
 */
function shownOnly(scheme: Provider): Provider {
  const { name, payload, handshake, replies } = scheme;
  return {
    name,
    payload,
    handshake,
    replies,
    algorithm: "token",
    signature: { at: `header:${BELIEF.name}` },
  };
}

function isUnsigned(known: KnownRequest): boolean {
  const provider = schemeOf(known);
  const scope = { readings: Readings.of(requestOf(known)), provider, settings: settingsOf(known) };
  return [provider.signature.at].flat().every((place) => read(place, scope) === null);
}

/** The scheme that the row names or brings. Throws where there is none. */
function schemeOf({ provider, table, ...row }: KnownRequest): Provider {
  const resolved = resolveProvider(table ?? provider, settingsOf({ provider, table, ...row }));
  if (resolved.ok) return resolved.provider;
  throw new TypeError(
    resolved.faults.map(({ path, message }) => `${path.map(String).join(".")} ${message}`).join("; "),
  );
}

function settingsOf({ config, settings }: KnownRequest): Readonly<Record<string, string>> {
  return { ...config, ...settings };
}

/**
 * The settings under which a row is judged. Rows that were made for another library know nothing of what our scheme
 * demands: where a row has no settings at all, what the request says stands in for them,
 * so that the signature is what is judged.
 */
function settingsFor(known: KnownRequest, provider: Provider): Readonly<Record<string, string>> {
  if (known.config !== undefined || known.settings !== undefined) return settingsOf(known);
  const scope = { readings: Readings.of(requestOf(known)), provider, settings: {} };
  const settings: Record<string, string> = {};
  for (const [place, templates] of Object.entries(provider.demands ?? {})) {
    const setting = templates.map((one) => /^\{setting:([\w-]+)\}$/.exec(one)?.[1]).find((one) => one !== undefined);
    const value = setting === undefined ? null : read(place, scope);
    if (setting !== undefined && value !== null) settings[setting] = value;
  }
  return settings;
}

/** The request, byte for byte, as the relay would see it. */
export function requestOf({ method, url, publicUrl, headers, body, bodyEncoding }: KnownRequest): Inbound {
  const bytes = bodyEncoding === "base64" ? decodeBase64(body) : new TextEncoder().encode(body);
  if (bytes === null && body !== "") throw new TypeError("the body is no base64");
  return {
    method,
    url: signedUrl(publicUrl ?? null, url),
    headers: new Headers(headers),
    body: bytes ?? new Uint8Array(),
  };
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
