// Why was this refused, and what mends it? For the operator only: names, ages and places, never a body and never a secret. Pure but for WebCrypto.

import type { VerificationRejection } from "../../errors.ts";
import { signatureHeaders } from "../identify.ts";
import type { Inbound } from "../../verify/readings.ts";
import { parseJson } from "../../verify/readings.ts";
import { findProvider, providerIds } from "../../providers/catalogue.ts";
import type { Provider, SecretForm } from "../../scheme/scheme.ts";
import type { Secret } from "../../types.ts";
import { verify } from "../../verify/verify.ts";

export interface Diagnosis {
  /** Stable, for filters and tests: the reason of the refusal, or a finer one. */
  readonly code: string;
  /** One sentence that says what to do. */
  readonly advice: string;
}

/** Largest body, in bytes, that is tried in other spellings. */
const REWRITE_LIMIT = 256 * 1024;

/** Forms that a secret is mistaken for. */
const FORMS: readonly SecretForm[] = ["text", "base64", "hex", "whsec", "after-colon"];

/**
 * Looks into a refusal. It may verify the request some twenty times over, so it is for refusals that are kept, which are bounded in
 * number and rate, and never before an answer.
 */
export async function diagnose(
  rejection: VerificationRejection,
  request: Inbound,
  provider: Provider,
  secrets: readonly Secret[],
  settings: Readonly<Record<string, string>>,
  now: number,
): Promise<Diagnosis> {
  const passes = async (
    changed: Partial<{ request: Inbound; provider: Provider; secrets: readonly Secret[] }>,
  ): Promise<boolean> =>
    (await verify(changed.request ?? request, changed.provider ?? provider, changed.secrets ?? secrets, settings, now))
      .ok;
  const { reason } = rejection;
  if (reason === "signature_missing" || reason === "signature_malformed")
    return stranger(request, provider) ?? plainly(rejection, provider);
  if (reason === "timestamp_stale" || reason === "timestamp_future") return timeFault(rejection, provider, passes);
  if (reason !== "signature_mismatch") return plainly(rejection, provider);
  return (
    (await secretFault(provider, secrets, passes)) ??
    (await bodyFault(request, passes)) ??
    (await urlFault(request, provider, passes)) ?? {
      code: "wrong_secret",
      advice: `None of the secrets fits (${rejection.tried.join(", ")}): copy the one that ${provider.name} shows for this endpoint.`,
    }
  );
}

type Passes = (
  changed: Partial<{ request: Inbound; provider: Provider; secrets: readonly Secret[] }>,
) => Promise<boolean>;

async function secretFault(provider: Provider, secrets: readonly Secret[], passes: Passes): Promise<Diagnosis | null> {
  const trimmed = secrets.map(({ name, value }) => ({ name, value: value.trim() }));
  if (secrets.some(({ value }, i) => value !== trimmed[i]?.value) && (await passes({ secrets: trimmed }))) {
    return {
      code: "secret_has_spaces",
      advice: "The secret has a space or a line break at one end: put it again without.",
    };
  }
  const taken = provider.secret ?? "text";
  for (const form of FORMS) {
    if (form === taken || !(await passes({ provider: { ...provider, secret: form } }))) continue;
    return {
      code: "secret_form",
      advice: `The secret fits when it is read as ${form}, but ${provider.name} is set up to read it as ${taken}: check which sender this is.`,
    };
  }
  return null;
}

/** Spellings that proxies and body parsers make of a body. */
const REWRITINGS: Readonly<Record<string, (text: string) => string>> = {
  "its JSON made compact": (text) => JSON.stringify(parseJson(text)) ?? text,
  "its JSON indented": (text) => JSON.stringify(parseJson(text), null, 2) ?? text,
  "characters beyond ASCII escaped": (text) =>
    text.replaceAll(/[\u0080-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`),
  "its slashes escaped": (text) => text.replaceAll("/", "\\/"),
  "a line break at the end": (text) => `${text}\n`,
  "no white space at the ends": (text) => text.trim(),
  "other line breaks": (text) =>
    text.includes("\r\n") ? text.replaceAll("\r\n", "\n") : text.replaceAll("\n", "\r\n"),
};

async function bodyFault(request: Inbound, passes: Passes): Promise<Diagnosis | null> {
  if (request.body.length > REWRITE_LIMIT) return null;
  const text = new TextDecoder().decode(request.body);
  for (const [what, rewrite] of Object.entries(REWRITINGS)) {
    const other = rewrite(text);
    if (other === text || !(await passes({ request: { ...request, body: new TextEncoder().encode(other) } }))) continue;
    return {
      code: "body_reencoded",
      advice: `The signature fits the body with ${what}: something between the sender and Hookline rewrites it. Let the bytes through as they are.`,
    };
  }
  return null;
}

async function urlFault(request: Inbound, provider: Provider, passes: Passes): Promise<Diagnosis | null> {
  if (!/\{(url|target|form-appended)/.test(provider.signs ?? "")) return null;
  const { url } = request;
  const [base = ""] = url.split("?");
  const others = [url.replace(/^https:/, "http:"), base, base.endsWith("/") ? base.slice(0, -1) : `${base}/`];
  for (const other of others) {
    if (other === url || !(await passes({ request: { ...request, url: other } }))) continue;
    return {
      code: "public_url",
      advice: `${provider.name} signs the URL, and it signed another spelling of it: set public_url to exactly what is entered there.`,
    };
  }
  return null;
}

async function timeFault(
  rejection: Extract<VerificationRejection, { reason: "timestamp_stale" | "timestamp_future" }>,
  provider: Provider,
  passes: Passes,
): Promise<Diagnosis> {
  const { timestamp } = provider;
  const off =
    rejection.reason === "timestamp_stale" ? `${span(rejection.ageMs)} old` : `${span(rejection.aheadMs)} ahead`;
  const limit = span(rejection.toleranceMs);
  if (
    timestamp !== undefined &&
    (await passes({ provider: { ...provider, timestamp: { at: timestamp.at, unit: timestamp.unit } } }))
  ) {
    return {
      code: rejection.reason,
      advice: `The signature is right, but its time is ${off} (limit ${limit}): a clock is wrong, the delivery was held up, or it is a replay.`,
    };
  }
  return {
    code: rejection.reason,
    advice: `The time is ${off} (limit ${limit}), and the signature does not fit either: an old request, or the time is in another unit.`,
  };
}

/** The signature of somebody else in a request that lacks the right one. */
function stranger(request: Inbound, provider: Provider): Diagnosis | null {
  const own = new Set(signatureHeaders(provider));
  for (const id of providerIds()) {
    const other = findProvider(id);
    if (other === null) continue;
    const header = signatureHeaders(other).find(
      (name) => !GENERIC.has(name) && !own.has(name) && request.headers.has(name),
    );
    if (header === undefined) continue;
    return {
      code: "other_provider",
      advice: `The request carries ${header}, which ${other.name} sends: is provider = "${id}" meant?`,
    };
  }
  return null;
}

/** Headers that say nothing about who sent them. */
const GENERIC = new Set([
  "authorization",
  "signature",
  "x-signature",
  "sign",
  "webhook-signature",
  "x-webhook-signature",
  "x-hub-signature",
]);

function plainly(rejection: VerificationRejection, provider: Provider): Diagnosis {
  return { code: rejection.reason, advice: sentence(rejection, provider.name) };
}

/** What a refusal says by itself, without a look at the request. */
export function sentence(rejection: VerificationRejection, name: string): string {
  switch (rejection.reason) {
    case "secret_missing":
      return `No secret is set: wrangler secret put ${rejection.names[0] ?? "NAME"}.`;
    case "secret_unusable":
      return `${rejection.name} is not written as ${name} writes it (${rejection.form}): copy it again, whole.`;
    case "setting_missing":
      return `${name} signs something that only you know: set ${rejection.setting} under settings.`;
    case "key_unavailable":
      return `${name} publishes its key, and it could not be had (${rejection.why}): it is tried again within a minute.`;
    case "signature_missing":
      return `The request has no signature at ${rejection.where}: set the secret at ${name}, or somebody else is calling.`;
    case "signature_malformed":
      return `What stands at ${rejection.where} is no signature of ${name}: is this the right provider, and its current version?`;
    case "part_missing":
      return `${rejection.where} is signed along with the body, but is not in the request: a proxy may have removed it.`;
    case "part_refused":
      return `${rejection.where} has a value that ${name} does not send or that this source does not take.`;
    case "challenge_signed":
      return `What is signed has the form of a challenge, whose answer anybody can have: it is no event of ${name}, and may be an attempt to forge one.`;
    case "body_mismatch":
      return `The signature is right, but speaks of another body (${rejection.where}): something rewrites it on the way, or it is forged.`;
    case "timestamp_missing":
      return `The request has no timestamp at ${rejection.where}.`;
    case "timestamp_malformed":
      return `What stands at ${rejection.where} is no time in the unit that ${name} uses.`;
    case "signature_mismatch":
    case "timestamp_stale":
    case "timestamp_future":
      return "The signature or its time does not fit.";
  }
  return rejection satisfies never;
}

function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
