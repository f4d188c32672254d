// What a tunnel's object and a listener say to each other over their socket. Text is JSON; bytes are a piece of a body.
import * as z from "zod/mini";
import { parsed } from "../bytes/json.ts";

/**
 * Bytes of a body in one message. An object takes messages of 32 MiB, and one of them would hold up all others
 * (https://developers.cloudflare.com/durable-objects/platform/limits/; it was 1 MiB until 2025).
 */
export const PIECE_BYTES = 256 * 1024;
/** How many pieces may be under way before the listener says that it has got them. */
export const PIECES_AHEAD = 4;
/** A listener says "ping" this often, in ms; the platform answers "pong", and the object sleeps on. */
export const PING_MS = 15_000;
/** Codes with which the object closes a socket; a listener comes back at once after the first. */
export const CLOSED = { over: 4000, silent: 4001, wrong: 4002 } as const;

/** Bytes before each piece: the number of the delivery that it belongs to. */
const HEAD_BYTES = 4;

const names = z.array(z.string().check(z.maxLength(200))).check(z.maxLength(20));

/** What a listener says. */
const fromListener = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("hello"),
    /** It sees what others answer, and answers nothing. */
    watches: z.boolean(),
    /** Which events it wants; all of them where a list is empty. */
    sources: names,
    events: names,
    /** A condition over what is sent. */
    when: z.optional(z.string()),
  }),
  /** It has got so many pieces. */
  z.object({ type: z.literal("got"), n: z.number(), pieces: z.number() }),
  z.object({
    type: z.literal("answer"),
    n: z.number(),
    status: z.number(),
    headers: z.record(z.string(), z.string()),
    /** Base64, of the first 64 KiB: the history keeps less. */
    body: z.string(),
  }),
]);
export type FromListener = z.output<typeof fromListener>;

const count = z.number();
const head = { event: z.string(), source: z.string(), event_type: z.string(), attempt: count, size: count };

/** What the object says. */
export const fromObject = z.discriminatedUnion("type", [
  /** Whether it answers, and how many listen. */
  z.object({ type: z.literal("role"), destination: z.string(), answers: z.boolean(), listeners: count }),
  /** A delivery, whose body follows in pieces. */
  z.object({
    type: z.literal("push"),
    n: count,
    ...head,
    method: z.string(),
    path: z.string(),
    headers: z.record(z.string(), z.string()),
  }),
  /** The attempt has begun: only now may it be posted. */
  z.object({ type: z.literal("go"), n: count }),
  /** Nobody waits for the answer any more. */
  z.object({ type: z.literal("over"), n: count }),
  /** Another listener has got one, and what it said. */
  z.object({ type: z.literal("seen"), n: count, ...head }),
  z.object({ type: z.literal("answered"), n: count, event: z.string(), status: z.nullable(count), latency_ms: count }),
]);
export type FromObject = z.output<typeof fromObject>;

/** One piece as it goes over the socket. */
export function toPiece(n: number, bytes: Uint8Array): Uint8Array {
  const piece = new Uint8Array(HEAD_BYTES + bytes.length);
  new DataView(piece.buffer).setUint32(0, n);
  piece.set(bytes, HEAD_BYTES);
  return piece;
}

/** What a piece is of, and its bytes. */
export function ofPiece(piece: Uint8Array): { n: number; bytes: Uint8Array } {
  const n = new DataView(piece.buffer, piece.byteOffset, piece.byteLength).getUint32(0);
  return { n, bytes: piece.subarray(HEAD_BYTES) };
}

/** A listener's words, or `null` for what is none of them. */
export function readListener(text: string): FromListener | null {
  const read = fromListener.safeParse(parsed(text));
  return read.success ? read.data : null;
}
