// One event as a line of NDJSON, with all that happened to it: what the archive keeps, `hookline export` writes and
// `hookline import` reads. docs/archive.md explains every member. Schemas only.
import * as z from "zod/mini";
import { attempt, event, instant, undecided } from "./history.ts";

/** The version of the format: a member is added without another one, and none is changed or taken away. */
export const LINE_VERSION = 1;

const text = z.nullable(z.string());
const count = z.int().check(z.minimum(0));
const time = z.nullable(instant.check(z.iso.datetime()));

export const lineDelivery = z.object({
  destination: z.string().check(z.regex(/^[a-z0-9][a-z0-9_-]{0,62}$/)),
  route: z.string(),
  state: z.enum(["pending", "delivering", "delivered", "failed", "held"]),
  reason: z.nullable(z.enum(["exhausted", "gone", "blocked", "cancelled", "expired", "refused"])),
  /** Attempts that were begun, and how many of them before the schedule began anew. */
  attempt: count,
  round: count,
  repeats: count,
  status: z.nullable(count),
  fault: text,
  latency_ms: z.nullable(count),
  answer: text,
  last_attempt_at: time,
  due_at: instant.check(z.iso.datetime()),
  ended_at: time,
  receipt: z.string(),
  transform: z.nullable(z.literal(1)),
  order_key: text,
  story: text,
  /** What a sender that waited for the answer was told, as D1 keeps it; left out where none waited. */
  replied: z.optional(z.string()),
  attempts: z.array(z.object({ ...attempt.shape, started_at: instant.check(z.iso.datetime()), next_attempt_at: time })),
});
export type LineDelivery = z.output<typeof lineDelivery>;

export const line = z.object({
  v: z.literal(LINE_VERSION, { error: `must be ${LINE_VERSION}: a newer relay has written this line` }),
  ...event.shape,
  id: z.string().check(z.regex(/^evt_[0-9a-f]{32}$/, "must be evt_ and 32 hexadecimal digits")),
  received_at: instant.check(z.iso.datetime()),
  size: count,
  encoding: z.enum(["text", "base64"]),
  headers: z.record(z.string(), z.string()),
  undecided: z.array(undecided),
  object: z.nullable(z.object({ fetched_at: instant.check(z.iso.datetime()), path: z.string(), body: z.string() })),
  edited_as: z.array(z.object({ event: z.string(), destination: z.string(), edited_at: instant })),
  receipt: z.string(),
  /** Why it has no body any more, as D1 keeps it; left out where it has one. */
  gone: z.optional(z.string()),
  /** Of an event that is kept encrypted: what stands for its headers and object, and its body's parts. */
  sealed: z.optional(z.object({ headers: z.string(), object: text, parts: count })),
  deliveries: z.array(lineDelivery),
  body: z.string(),
});
export type Line = z.output<typeof line>;
