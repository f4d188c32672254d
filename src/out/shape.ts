// What does a destination get? An event's headers and bytes as they are sent, signed;
// the same for the same arguments, and touches nothing.
import type { Guarded } from "../scheme/redaction.ts";
import type { StoredEvent } from "../d1/store.ts";
import { EDITED_FROM, PROOF, REDACTED } from "../ids.ts";
import type { Destination } from "../types.ts";
import { clean, headerText, HOP, nextHop } from "../net/headers.ts";
import { spanOf, TRACEPARENT } from "../net/trace.ts";
import { compressed } from "./gzip.ts";
import { make } from "./formats.ts";
import { withMembers } from "./members.ts";

/** What is sent of an event besides its body. */
export type EventHead = Pick<StoredEvent, "id" | "source" | "type" | "headers"> & {
  readonly receipt?: string;
} & Guarded;

/** The request, without the address that it goes to. */
export interface Shaped {
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
  /** Parameters that the URL gets, because the sender that is signed for puts a part of its proof there. */
  readonly query?: Readonly<Record<string, string>>;
  /** Texts by which others could prove a request of their own. */
  readonly hidden?: readonly string[];
}

/**
 * Standard Webhooks, unless the destination asks for another format: the id is the event's over all attempts, timestamp
 * and signature are of this attempt.
 *
 * @param attempt number of the attempt, from 1
 * @param body the bytes as they were received
 * @param now in ms since 1970
 */
export async function shape(
  event: EventHead,
  destination: Pick<Destination, "name" | "url" | "keys" | "shape" | "version">,
  attempt: number,
  body: Uint8Array,
  now: number,
): Promise<Shaped> {
  const timestamp = Math.floor(now / 1000);
  const { [HOP]: way, [EDITED_FROM]: original, [PROOF]: _proof, [REDACTED]: redacted, ...sent } = event.headers;
  const { shape: asked } = destination;
  // The signature is over what is sent, and so over these too.
  const full = asked?.members === undefined ? body : withMembers(body, asked.members);
  const made = await make(asked?.format ?? "standard", { event, destination, body: full, timestamp });
  // Those of events that were kept before there were bounds are held to them as well.
  const theirs = ofSender(clean(new Map(Object.entries(sent)), Object.keys(sent)).kept);
  const span = await spanOf(event, destination.name, attempt);
  if (span === null) delete theirs[TRACEPARENT];
  else theirs[TRACEPARENT] = span.header;
  // What is written anew is not encoded as the sender had encoded it.
  if (made.body !== undefined) delete theirs["content-encoding"];
  const headers = {
    ...theirs,
    "user-agent": "Hookline (+https://www.standardwebhooks.com)",
    ...made.headers,
    "hookline-source": event.source,
    "hookline-event-type": headerText(event.type),
    "hookline-attempt": String(attempt),
    ...(destination.version === undefined ? {} : { "hookline-version": destination.version }),
    ...(original === undefined ? {} : { [EDITED_FROM]: original }),
    ...(redacted === undefined ? {} : { [REDACTED]: "true" }),
    [HOP]: nextHop(way, destination.url) ?? "",
    ...asked?.headers,
  };
  const request = await compressed({ headers, body: made.body ?? full }, asked?.gzipAbove ?? null);
  if (made.hidden === undefined) return request;
  return { ...request, hidden: made.hidden, ...(made.query === undefined ? {} : { query: made.query }) };
}

/** Names that are the relay's own on the way out. */
const OURS = /^(?:hookline-|webhook-(?:id|timestamp|signature)$|user-agent$)/;

/**
 * The sender's headers as the receiver gets them. One that has a name of ours (the `webhook-id` of a sender that
 * follows Standard Webhooks, `hookline-event-type` of another relay) comes under `hookline-sender-`:
 * `hookline-sender-id` is the id that the sender knows.
 */
export function ofSender(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      OURS.test(name) ? `hookline-sender-${name.replace(/^(?:hookline|webhook)-/, "")}` : name,
      value,
    ]),
  );
}
