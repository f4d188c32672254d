// One attempt of one delivery: sign, send, classify. What comes out is a settlement; noting it is the caller's.
import type { Answer, Destination, Fault } from "../types.ts";
import type { Claim, StoredEvent } from "../d1/store.ts";
import type { Send } from "../net/send.ts";
import type { Inspect } from "./inspector.ts";
import { classify } from "./classify.ts";
import { secretParts } from "../net/excerpt.ts";
import { clean, HOP, nextHop } from "../net/headers.ts";
import { nextDue } from "./retry.ts";
import { signatures } from "./sign.ts";
import type { Settlement } from "../d1/settlement.ts";

/**
 * No send starts with less lease than this, in ms: it takes 15 s at most and its end must be noted. With D1 slow, a body may
 * arrive when the delivery is somebody else's again.
 */
const LEASE_LEFT_MS = 20_000;

export interface AttemptDeps {
  readonly send: Send;
  readonly inspect: Inspect;
  readonly now: () => number;
  readonly dice: () => number;
}

/**
 * @param destination as configured now; `undefined` where it was removed after the event was accepted
 * @param body gives the bytes as they were received
 * @returns `null` where too little is left of the lease: nothing was sent, and the claim is to be given back
 * @throws our own faults only: the lease then ends, and the sweep frees the delivery
 */
export async function attempt(
  claim: Claim,
  event: StoredEvent,
  destination: Destination | undefined,
  body: () => Promise<Uint8Array>,
  deps: AttemptDeps,
): Promise<Settlement | null> {
  const startedAt = deps.now();
  const ended: Settlement = {
    event: claim.event,
    destination: claim.destination,
    attempt: claim.attempt,
    state: "failed",
    reason: null,
    dueAt: startedAt,
    startedAt,
    latencyMs: 0,
    status: null,
    fault: null,
    excerpt: "",
  };
  if (destination === undefined) return { ...ended, reason: "cancelled" };
  const made = claim.attempt - claim.round;
  // Attempts whose answer was lost count too; they may have used up the schedule.
  if (made > destination.retry.length + 1) return { ...ended, reason: "exhausted" };

  const { url, keys, script } = destination;
  let answer: Answer;
  if (url === null && script === undefined) answer = unsent("unaddressed");
  else if (keys.length === 0) answer = unsent("unsigned");
  else if (nextHop(event.headers[HOP], url) === null) answer = unsent("loop");
  else {
    const bytes = await body();
    if (claim.leaseUntil - deps.now() < LEASE_LEFT_MS) return null;
    const request = await signed(claim, event, destination, bytes, deps.now());
    answer = await deps.send({ ...request, ...addressed(destination, claim, deps) });
  }
  const seen: Settlement = {
    ...ended,
    status: answer.status,
    fault: answer.fault,
    latencyMs: answer.latencyMs,
    excerpt: answer.excerpt,
  };
  const now = deps.now();
  const outcome = classify(answer, now);
  switch (outcome.kind) {
    case "delivered":
      return { ...seen, state: "delivered" };
    case "failed":
      return { ...seen, reason: outcome.reason };
    case "retry": {
      const { retryAfterMs } = outcome;
      const dueAt = nextDue({ schedule: destination.retry, attemptsMade: made, now, dice: deps.dice, retryAfterMs });
      return dueAt === null ? { ...seen, reason: "exhausted" } : { ...seen, state: "pending", dueAt };
    }
  }
}

/** Where it goes, and which parts of that are a secret. An inspector has no address, and stands where the network would. */
function addressed(destination: Destination, { id, attempt: n, round }: Claim, { inspect }: AttemptDeps) {
  const { name, url, keys, script, secretUrl } = destination;
  if (script !== undefined)
    return { url: "", reach: inspect({ destination: { name, keys, script }, event: id, attempt: n, nth: n - round }) };
  return { url: url ?? "", hidden: secretUrl === true && url !== null ? secretParts(url) : [] };
}

/** What the operator still has to put is no reason to give up: the attempt counts, and the schedule goes on. */
function unsent(fault: Fault): Answer {
  return { status: null, fault, latencyMs: 0, excerpt: "", retryAfter: null };
}

/** Standard Webhooks: the id is the event's over all attempts, timestamp and signature are of this attempt. */
async function signed(claim: Claim, event: StoredEvent, destination: Destination, body: Uint8Array, now: number) {
  const timestamp = Math.floor(now / 1000);
  const { [HOP]: way, ...sent } = event.headers;
  const headers = {
    // Those of events that were kept before there were bounds are held to them as well.
    ...ofSender(clean(new Map(Object.entries(sent)), Object.keys(sent)).kept),
    "user-agent": "Hookline (+https://www.standardwebhooks.com)",
    "webhook-id": event.id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": await signatures(destination, event.id, timestamp, body),
    "hookline-source": event.source,
    "hookline-event-type": headerText(event.type),
    "hookline-attempt": String(claim.attempt),
    [HOP]: nextHop(way, destination.url) ?? "",
  };
  return { headers, body };
}

/** Names that are the relay's own on the way out. */
const OURS = /^(?:hookline-|webhook-(?:id|timestamp|signature)$|user-agent$)/;

/**
 * The sender's headers as the receiver gets them. One that has a name of ours (the `webhook-id` of a sender that follows Standard
 * Webhooks, `hookline-event-type` of another relay) comes under `hookline-sender-`: `hookline-sender-id` is the id that the sender knows.
 */
export function ofSender(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      OURS.test(name) ? `hookline-sender-${name.replace(/^(?:hookline|webhook)-/, "")}` : name,
      value,
    ]),
  );
}

/** A type may hold any character; a header value may not (RFC 9110, 5.5). Half a surrogate pair cannot be encoded at all. */
function headerText(text: string): string {
  return text.toWellFormed().replaceAll(/[^\x20-\x7e]/gu, (character) => encodeURIComponent(character));
}
