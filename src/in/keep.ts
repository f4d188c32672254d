// The body of a proven request on its way into an event: beside it, or in parts of its own where it is large and new.
import { encodeBody, encodeParts, INLINE_BYTES, PIECES_AT_ONCE } from "../bytes/body.ts";
import type { Parts } from "../d1/parts.ts";
import type { Rejection } from "../errors.ts";
import { within } from "../patience.ts";
import type { AskRepeats } from "../d1/known.ts";
import type { Event } from "../types.ts";

/** D1 has this long for all parts of a large body, in ms: GitHub gives up at 10 s, and Intake comes after. */
const PARTS_PATIENCE_MS = 7_000;

export interface KeepDeps {
  readonly parts: Pick<Parts, "put" | "drop">;
  /** Which of these events D1 has: asked before the parts of a large body are written. */
  readonly repeats: AskRepeats;
  readonly now: () => number;
}

/** The event as it is kept: a repeat of what D1 has is none, and is at its end where it opens nothing. */
export interface Kept {
  readonly row: Event | null;
  readonly repeat: boolean;
  readonly ended: boolean;
}

/** An event whose body has not been looked at. */
export type Bodiless = Omit<Event, "encoding" | "body" | "parts">;

function inline(event: Bodiless, body: Uint8Array): Event {
  const { encoding, data } = encodeBody(body);
  return { ...event, encoding, body: data, parts: 0 };
}

/**
 * Keeps what must be kept before the event may be accepted:
 * a large body in parts, or nothing where D1 has the event already.
 */
export async function keepBody(
  event: Bodiless,
  body: Uint8Array,
  { parts, repeats, now }: KeepDeps,
): Promise<Rejection | Kept> {
  const { id, receipt, size } = event;
  if (size <= INLINE_BYTES) return { row: inline(event, body), repeat: false, ended: false };
  const deadline = event.receivedAt + PARTS_PATIENCE_MS;
  try {
    const [known] = await within(deadline - now(), "D1", repeats([id]));
    if (known !== undefined) return { row: null, repeat: true, ended: known.opens === 0 };
    // Before the event, so that an event which is accepted always has its body;
    // the sweep removes parts without an event.
    const pieces = encodeParts(body);
    for (let n = 0; n < pieces.parts.length; n += PIECES_AT_ONCE)
      await within(deadline - now(), "D1", parts.put(receipt, id, n, ...pieces.parts.slice(n, n + PIECES_AT_ONCE)));
    return {
      row: { ...event, encoding: pieces.encoding, body: null, parts: pieces.parts.length },
      repeat: false,
      ended: false,
    };
  } catch (error) {
    return { reason: "busy", why: `D1 took no part of a large body: ${String(error)}`, retryAfterMs: 30_000 };
  }
}
