// Why was this refused, and what fixes it? For the operator only: names, ages and places, never a body and never a
// secret. Pure but for WebCrypto.

import type { VerificationRejection } from "../../errors.ts";
import type { Provider } from "../../scheme/scheme.ts";
import { keyTextFault } from "../../verify/key-text.ts";
import { inForce, isEnded } from "../../verify/in-force.ts";
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
import { adviseOn } from "../../reasons.ts";
import { inUtc } from "../../time.ts";

export type { Diagnosis } from "./trials.ts";

/**
 * Looks into a refusal. It may verify the request some sixty times over, so it is for refusals that are kept, which are
 * bounded in number and rate, and never before an answer.
 */
export async function diagnose(rejection: VerificationRejection, one: Case): Promise<Diagnosis> {
  return (
    (await endedSecret(rejection, one)) ??
    (await look(rejection, inForce(one, one.now))) ??
    plainly(rejection, one.provider)
  );
}

/** What is said of a request that a secret proves which has ended. */
export function saysEnded(name: string, until: number, provider: string): Diagnosis {
  const advice = `Signed with ${name}, which ended on ${inUtc(until)}: have ${provider} use the new secret. If it does already, somebody else has the old one.`;
  return { code: "secret_ended", advice };
}

/** Reasons of a request that a secret proves which is not in force any more. */
const UNPROVEN = new Set(["signature_mismatch", "secret_missing", "key_unavailable"]);

/** A secret that has ended and fits: its sender has not heard of the new one, or somebody has kept the old one. */
async function endedSecret({ reason }: VerificationRejection, one: Case): Promise<Diagnosis | null> {
  if (!UNPROVEN.has(reason)) return null;
  for (const { name, value, until = 0 } of one.secrets.filter((secret) => isEnded(secret, one.now))) {
    if ((await retried(one, { secrets: [{ name, value }] })) !== null) continue;
    return saysEnded(name, until, one.provider.name);
  }
  return null;
}

/** What the request itself tells about a reason; `null` where it tells no more than the reason does. */
async function look(rejection: VerificationRejection, one: Case): Promise<Diagnosis | null> {
  switch (rejection.reason) {
    case "signature_missing":
      return contentType(one, rejection.where) ?? (await stranger(one)) ?? strangeHeader(one, rejection.where);
    case "signature_malformed":
      return (await prefixFault(one, rejection.where)) ?? (await schemeFault(one)) ?? (await stranger(one));
    case "part_missing":
      return contentType(one, rejection.where);
    case "timestamp_malformed":
      return await schemeFault(one);
    case "timestamp_stale":
    case "timestamp_future":
      return (await schemeFault(one)) ?? (await timeFault(rejection, one));
    case "signature_mismatch":
      return (await mismatch(one)) ?? wrongSecret(one);
    case "secret_unusable":
      return keyFault(one);
    case "secret_missing":
    case "setting_missing":
    case "key_unavailable":
    case "part_refused":
    case "body_mismatch":
    case "body_too_complex":
    case "challenge_signed":
    case "body_not_json":
    case "timestamp_missing":
      return null;
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
  // If the provider publishes its keys, the secret may be the credential with which they are fetched.
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
  // A token's claims are only judged after its signature has verified.
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

/** A type that somebody sends by mistake. Any other text is a stranger's own, and is said back to nobody. */
const KNOWN_TYPE =
  /^(?:application|text)\/(?:(?:[a-z.]{1,20}\+)?(?:json|xml)|plain|html|octet-stream|x-ndjson)(?=;|$)/i;

/** Whether a form field is needed, but the request's content type is not that of a form. */
function contentType({ request, provider }: Case, where: string): Diagnosis | null {
  if (!where.includes("form:") || isForm(request.headers)) return null;
  const said = request.headers.get("content-type") ?? "";
  const type = KNOWN_TYPE.exec(said)?.[0] ?? (said === "" ? "nothing in particular" : "something else");
  const advice = `${where} is read from a form, and the request says it is ${type}: let it come with the content type that ${provider.name} sends, application/x-www-form-urlencoded or multipart/form-data.`;
  return { code: "content_type", advice };
}

function plainly(rejection: VerificationRejection, provider: Provider): Diagnosis {
  return { code: rejection.reason, advice: adviseOn(rejection, provider.name) };
}

function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
