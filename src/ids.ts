// How things are named: events, receipts, deliveries. Pure.

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
  const whole = new Uint8Array(name.length + (body?.length ?? 0));
  whole.set(name);
  if (body !== null) whole.set(body, name.length);
  const digest = await crypto.subtle.digest("SHA-256", whole);
  return `evt_${hex(digest.slice(0, 16))}`;
}

/**
 * Which turn of a window a moment is in: the clock is cut into turns of that length, so that a repeat finds its first id without a lookup.
 * The price is the edge: a repeat on the other side of it is a new event, however short the time between the two.
 */
export function turnOf(now: number, windowMs: number | null): number | null {
  return windowMs === null ? null : Math.floor(now / windowMs);
}

/** The id of an event whose sender gives it none. `random` is 32 hexadecimal digits. */
export function anonymousEventId(random: string): string {
  return `evt_${random}`;
}

/** Names one acceptance. It sorts by time, so that what belongs to no event can be found by age. */
export function receiptId(now: number, random: string): string {
  return `${now.toString(36).padStart(9, "0")}${random.slice(0, 16)}`;
}

/** The smallest receipt that could have been given at `now`. */
export function receiptFloor(now: number): string {
  return now.toString(36).padStart(9, "0");
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

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Lower-case hexadecimal. */
export function hex(bytes: ArrayBuffer | Uint8Array): string {
  let text = "";
  for (const byte of new Uint8Array(bytes)) text += HEX[byte] ?? "";
  return text;
}
