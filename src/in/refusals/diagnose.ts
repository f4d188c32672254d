// Why was this refused, and what fixes it? For the operator only: names, ages and places, never a body and never a
// secret. Pure but for WebCrypto.

import type { VerificationRejection } from "../../errors.ts";
import type { Provider } from "../../scheme/scheme.ts";
import { keyTextFault } from "../../verify/key-text.ts";
import { isForm } from "../../verify/readings.ts";
import { strangeHeader, stranger } from "./strangers.ts";
import {
  bodyFault,
  type Case,
  type Diagnosis,
  prefixFault,
  retried,
  schemeFault,
  secretFault,
  urlFault,
  wrongSecret,
} from "./trials.ts";

export type { Diagnosis } from "./trials.ts";

/**
 * Looks into a refusal. It may verify the request some sixty times over, so it is for refusals that are kept, which are
 * bounded in number and rate, and never before an answer.
 */
export async function diagnose(rejection: VerificationRejection, one: Case): Promise<Diagnosis> {
  const plain = plainly(rejection, one.provider);
  switch (rejection.reason) {
    case "signature_missing":
      return contentType(one, rejection.where) ?? (await stranger(one)) ?? strangeHeader(one, rejection.where) ?? plain;
    case "signature_malformed":
      return (await prefixFault(one, rejection.where)) ?? (await schemeFault(one)) ?? (await stranger(one)) ?? plain;
    case "part_missing":
      return contentType(one, rejection.where) ?? plain;
    case "timestamp_malformed":
      return (await schemeFault(one)) ?? plain;
    case "timestamp_stale":
    case "timestamp_future":
      return (await schemeFault(one)) ?? (await timeFault(rejection, one));
    case "signature_mismatch":
      return (await mismatch(one)) ?? wrongSecret(one);
    case "secret_unusable":
      return keyFault(one) ?? plain;
    case "secret_missing":
    case "setting_missing":
    case "key_unavailable":
    case "part_refused":
    case "body_mismatch":
    case "body_too_complex":
    case "challenge_signed":
    case "body_not_json":
    case "timestamp_missing":
      return plain;
  }
}

async function mismatch(one: Case): Promise<Diagnosis | null> {
  return (
    keyFault(one) ??
    (await secretFault(one)) ??
    (await bodyFault(one)) ??
    (await urlFault(one)) ??
    (await schemeFault(one)) ??
    (await stranger(one, true))
  );
}

/** A secret that is meant to be a public key and is none. */
function keyFault({ provider: { name, secret = "text", keys }, secrets }: Case): Diagnosis | null {
  // Where the sender publishes its keys, the secret may be what they are asked for with.
  if (secret !== "public" || keys !== undefined) return null;
  for (const { name: put, value } of secrets) {
    const why = value === "" ? null : keyTextFault(value);
    if (why !== null) return { code: "secret_unusable", advice: `${put} is no public key of ${name}: ${why}.` };
  }
  return null;
}

async function timeFault(
  rejection: Extract<VerificationRejection, { reason: "timestamp_stale" | "timestamp_future" }>,
  one: Case,
): Promise<Diagnosis> {
  const { timestamp } = one.provider;
  const off =
    rejection.reason === "timestamp_stale" ? `${span(rejection.ageMs)} old` : `${span(rejection.aheadMs)} ahead`;
  const limit = span(rejection.toleranceMs);
  // The claims of a token are judged once its signature is right.
  const right =
    timestamp === undefined ||
    (await retried(one, { provider: { ...one.provider, timestamp: { at: timestamp.at, unit: timestamp.unit } } })) ===
      null;
  const whose = timestamp?.toleranceBy === "relay" ? `, which ${one.provider.name} never named` : "";
  const advice = right
    ? `The signature is right, but its time is ${off} (limit ${limit}${whose}): a clock is wrong, the request was delayed, or somebody sent it again. If the sender is only late, set tolerance of the source.`
    : `The time is ${off} (limit ${limit}), and the signature does not match either: an old request, or the time is in another unit.`;
  return { code: rejection.reason, advice };
}

/** Where a form is read and the request says that it is none. */
function contentType({ request, provider }: Case, where: string): Diagnosis | null {
  if (!where.includes("form:") || isForm(request.headers)) return null;
  const type = (request.headers.get("content-type") ?? "").replaceAll(/[^\w/.+-].*$/gs, "").slice(0, 60);
  const advice = `${where} is read from a form, and the request says it is ${type === "" ? "nothing in particular" : type}: let it come with the content type that ${provider.name} sends, application/x-www-form-urlencoded or multipart/form-data.`;
  return { code: "content_type", advice };
}

function plainly(rejection: VerificationRejection, provider: Provider): Diagnosis {
  return { code: rejection.reason, advice: sentence(rejection, provider.name) };
}

/** What a refusal says by itself, without a look at the request. */
export function sentence(rejection: VerificationRejection, name: string): string {
  switch (rejection.reason) {
    case "secret_missing":
      return `No secret is set: npx wrangler secret put ${rejection.names[0] ?? "NAME"}, or for npm run dev a line in .dev.vars.`;
    case "secret_unusable":
      return `${rejection.name} is not written as ${name} writes it (${rejection.form}): copy it again, whole.`;
    case "setting_missing":
      return `${name} signs something that only you know: set ${rejection.setting} under settings.`;
    case "key_unavailable":
      return `${name} publishes its key, and it is unavailable (${rejection.why}): the relay tries again within a minute.`;
    case "signature_missing":
      return `The request has no signature at ${rejection.where}: set the secret at ${name}, or somebody else is calling.`;
    case "signature_malformed":
      return `${rejection.where} does not hold a signature of ${name}: is this the right provider, and its current version?`;
    case "part_missing":
      return `${rejection.where} is signed along with the body, but is not in the request: a proxy may have removed it.`;
    case "part_refused":
      return `${rejection.where} has a value that ${name} does not send or that this source does not take.`;
    case "challenge_signed":
      return `The signed content has the form of a challenge, for which anybody can get a signature: it is not an event of ${name}, and may be an attempt to forge one.`;
    case "body_not_json":
      return `The signature is right, but the body is no JSON, and ${name} has ${rejection.where} in it: it was cut or moved on the way, or the table of this source reads its type or id from a place that is not there. Put a part that may be missing in square brackets.`;
    case "body_mismatch":
      return `The signature is right, but belongs to another body (${rejection.where}): something rewrites the body on the way, or it is forged.`;
    case "body_too_complex":
      return `The body has ${rejection.what}, which is more than the relay parses: have ${name} send less in one request.`;
    case "timestamp_missing":
      return `The request has no timestamp at ${rejection.where}.`;
    case "timestamp_malformed":
      return `${rejection.where} does not hold a time in the unit that ${name} uses.`;
    case "signature_mismatch":
    case "timestamp_stale":
    case "timestamp_future":
      return "The signature or its time does not match.";
  }
  return rejection satisfies never;
}

function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
