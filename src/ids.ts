// How things are named: events, receipts, deliveries. Pure.

import { concatenated, encodeHex } from "./bytes/encoding.ts";

const encoder = new TextEncoder();

/**
 * The id of an event: the same for every repeat of it, so that a repeat gets its first id without a lookup.
 *
 * @param source name of the source; two sources never share an id
 * @param rule the template that made the key, so that a source which is given another rule meets no id of the old one
 * @param key the sender's own id of the event
 * @param turn which turn of the source's window it came in, `null` where a repeat is a repeat for ever
 * @param body given where that id is not under the signature: a captured request with a fresh or a stolen id
 *   is then another event instead of a way past the dedupe, or into somebody else's
 */
export async function eventId(
  { source, rule, key, turn }: { source: string; rule: string; key: string; turn: number | null },
  body: Uint8Array | null,
): Promise<string> {
  // JSON ends itself, so no two of these read the same.
  const name = encoder.encode(JSON.stringify([source, rule, key, turn, body !== null]));
  const digest = await crypto.subtle.digest("SHA-256", concatenated(body === null ? [name] : [name, body]));
  return `evt_${encodeHex(new Uint8Array(digest, 0, 16))}`;
}

/**
 * The id of an event whose name may stand for one content only: 80 bits of the name and 48 of the content, so that
 * another content under the same name is another event, and is found by what its id begins with (`namesakes`).
 *
 * @param content all that must be the same where the name is
 */
export async function soleEventId(
  { source, rule, key, turn }: { source: string; rule: string; key: string; turn: number | null },
  content: readonly (string | Uint8Array)[],
): Promise<string> {
  const name = encoder.encode(JSON.stringify([source, rule, key, turn]));
  const [named, filled] = await Promise.all(
    [name, concatenated([name, ...content])].map(async (bytes) => await crypto.subtle.digest("SHA-256", bytes)),
  );
  return `evt_${encodeHex(new Uint8Array(named!, 0, SOLE_NAME / 2))}${encodeHex(new Uint8Array(filled!, 0, 16 - SOLE_NAME / 2))}`;
}

/** Hexadecimal digits of an id that are its name's, where a name stands for one content. */
const SOLE_NAME = 20;

/** What the ids of all contents of this event's name begin with. */
export function soleNameOf(id: string): string {
  return id.slice(0, "evt_".length + SOLE_NAME);
}

/**
 * Which turn of a window a moment is in: the clock is cut into turns of that length, so that a repeat finds its first
 * id without a lookup. The price is the edge: a repeat on the other side of it is a new event,
 * however short the time between the two.
 */
export function turnOf(now: number, windowMs: number | null): number | null {
  return windowMs === null ? null : Math.floor(now / windowMs);
}

/**
 * The end of an id, by which the archive finds an event: even two contents of one name differ in it
 * (`soleEventId`).
 */
export function shortId(id: string): string {
  return id.slice(-16);
}

/** The id of an event whose sender gives it none. `random` is 32 hexadecimal digits. */
export function anonymousEventId(random: string): string {
  return `evt_${random}`;
}

/** Names one acceptance. It sorts by time, so that what belongs to no event can be found by age. */
export function receiptId(now: number, random: string): string {
  return `${now.toString(36).padStart(9, "0")}${random.slice(0, 16)}`;
}

/** The same of an event that came out of another relay's history: its tenth character is no hexadecimal digit. */
export function importReceiptId(now: number, random: string): string {
  return `${receiptFloor(now)}i${random.slice(0, 15)}`;
}

/** The smallest receipt that could have been given at `now`. */
export function receiptFloor(now: number): string {
  return now.toString(36).padStart(9, "0");
}

/** Whether this could be the id of an event. */
export function isEventId(id: string): boolean {
  return /^evt_[0-9a-f]{32}$/.test(id);
}

/**
 * The header of a stored event that says which event it was made from by hand. The relay alone writes it: its name is
 * none of those that are kept of a request.
 */
export const EDITED_FROM = "hookline-edited-from";

/**
 * The header of a stored event that holds the headers by which its sender proved it, as JSON: kept only where a
 * destination passes them through. It is shown to nobody, and sent to no other destination.
 */
export const PROOF = "hookline-proof";

/**
 * The header of a stored event of which values were taken out: whoever gets it so is told by it. The relay alone writes
 * it: its name is none of those that are kept of a request.
 */
export const REDACTED = "hookline-redacted";
/** Stands in the place of what was taken out. */
export const REDACTED_TEXT = "[redacted]";

/** When the acceptance of this receipt was, in ms; `null` for what is none. */
export function acceptedAt(receipt: string): number | null {
  const at = Number.parseInt(receipt.slice(0, 9), 36);
  return /^[0-9a-z]{9}/.test(receipt) && Number.isSafeInteger(at) ? at : null;
}

/** A delivery is named by what it is: this event, to this destination. */
export function deliveryId(event: string, destination: string): string {
  return `${event}:${destination}`;
}

/** The two halves of a delivery's id, or `null` if it is none. */
export function parseDeliveryId(id: string): { event: string; destination: string } | null {
  const match = /^(evt_[0-9a-f]{32}):([a-z0-9][a-z0-9_-]{0,62})$/.exec(id);
  return match === null ? null : { event: match[1] ?? "", destination: match[2] ?? "" };
}

/**
 * FNV-1a in 32 bits: the same in every isolate and version.
 * It spreads names and tells versions apart, and keeps nobody out.
 */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}
