// The trace that a sender's request belongs to, and how each attempt goes on with it
// (W3C Trace Context, https://www.w3.org/TR/trace-context/). Pure.
import { encodeHex } from "../bytes/encoding.ts";

/** Under this name a valid one is kept beside the event, as version 00 whatever version it came in. */
export const TRACEPARENT = "traceparent";

/** Longer ones are of no version that anybody has described, in characters. */
const LONGEST = 256;
/** Version, trace id, parent id and flags; a version after 00 may say more behind them. All zeroes are no id. */
const FORM = /^(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(-[\x21-\x7e]*)?$/;
/** Of the flags, `sampled` and `random`: all others mean nothing in version 00, and must be sent as zeroes. */
const KNOWN_FLAGS = 0x03;

/** What is kept of the header, or `null` where it is invalid: then there is no trace. */
export function readTrace(value: string | null): string | null {
  if (value === null || value.length > LONGEST) return null;
  const [, version, trace, parent, flags = "", more] = FORM.exec(value) ?? [];
  if (trace === undefined || parent === undefined || (version === "00" && more !== undefined)) return null;
  const known = encodeHex(new Uint8Array([Number.parseInt(flags, 16) & KNOWN_FLAGS]));
  return `00-${trace}-${parent}-${known}`;
}

/** The id of the trace that an event belongs to; `null` where its sender has told none. */
export function traceIn(headers: Readonly<Record<string, string>>): string | null {
  return readTrace(headers[TRACEPARENT] ?? null)?.slice(3, 35) ?? null;
}

/** An attempt as a span of the sender's trace. */
export interface Span {
  readonly trace: string;
  readonly span: string;
  /** The header that the receiver gets. */
  readonly header: string;
}

/**
 * The span of one attempt. Its id is made from what the attempt is, so that nothing has to be kept of it.
 *
 * @param attempt number of the attempt, over all rounds
 * @returns `null` where the sender has told of no trace: one that began here would decide in the receiver's place
 * whether its own is sampled
 */
export async function spanOf(
  { id, headers }: { readonly id: string; readonly headers: Readonly<Record<string, string>> },
  destination: string,
  attempt: number,
): Promise<Span | null> {
  const kept = readTrace(headers[TRACEPARENT] ?? null);
  if (kept === null) return null;
  const named = new TextEncoder().encode(JSON.stringify([id, destination, attempt]));
  const span = encodeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", named)).subarray(0, 8));
  const trace = kept.slice(3, 35);
  return { trace, span, header: `00-${trace}-${span}-${kept.slice(-2)}` };
}
