// What the API answers about events, deliveries and attempts.
// Schemas only: the API's document, its typed client and the pages follow from them.
import * as z from "zod/mini";

/** ISO 8601 in UTC, with milliseconds. */
export const instant = z.string();
const text = z.nullable(z.string());
const count = z.number();

export const state = z.enum(["pending", "delivering", "delivered", "failed", "held"]);
const reason = z.nullable(z.enum(["exhausted", "gone", "blocked", "cancelled", "expired", "refused"]));

export const event = z.object({
  id: z.string(),
  source: z.string(),
  type: z.string(),
  received_at: instant,
  verified_by: text,
  size: count,
});
export type EventAnswer = z.output<typeof event>;

/**
 * Of a delivery whose answer the sender waited for (`reply` of a route): after how many ms it got it, or why it got the
 * plain acknowledgement.
 */
export const replied = z.union([
  z.object({ ms: count }),
  z.object({ why: z.enum(["unsent", "late", "silent", "status", "empty", "type", "encoding", "large", "secret"]) }),
]);

export const delivery = z.object({
  id: z.string(),
  event: z.string(),
  destination: z.string(),
  route: z.string(),
  source: z.string(),
  type: z.string(),
  state,
  reason,
  /** Of one that waits for something else than its time: for what. */
  waits: z.nullable(z.enum(["pause", "breaker", "rate", "concurrency", "order", "tunnel", "filter"])),
  /** Of one that waits for its turn: the event that has to end before it. */
  waits_behind: z.optional(z.string()),
  replied: z.optional(replied),
  attempt: count,
  status: z.nullable(count),
  fault: text,
  latency_ms: z.nullable(count),
  answer: text,
  received_at: instant,
  last_attempt_at: z.nullable(instant),
  next_attempt_at: z.nullable(instant),
  ended_at: z.nullable(instant),
});
export type DeliveryAnswer = z.output<typeof delivery>;

export const attempt = z.object({
  attempt: count,
  outcome: z.enum(["delivered", "retry", "failed", "lost", "running"]),
  status: z.nullable(count),
  fault: text,
  latency_ms: z.nullable(count),
  started_at: z.nullable(instant),
  next_attempt_at: z.nullable(instant),
  answer: text,
});
export type AttemptAnswer = z.output<typeof attempt>;

/** An event that was made from another by hand, and the one destination that it went to. */
const edition = z.object({ event: z.string(), destination: z.string(), edited_at: instant });

/** A route whose condition could not say whether it wants the event. */
export const undecided = z.object({ route: z.string(), error: z.string() });

/** Why an event has no body any more, when it went, and the same in a sentence. */
const bodyGone = z.object({ why: z.enum(["retention", "deleted"]), at: instant, says: z.string() });

/** One event with all that happened to it. Its body is beside it: the API writes it into `body` piece by piece. */
export const eventStory = z.object({
  ...event.shape,
  headers: z.record(z.string(), z.string()),
  /** The trace that its sender has told of (`traceparent`), which every attempt goes on with. */
  trace_id: text,
  deliveries: z.array(z.object({ ...delivery.shape, attempts: z.array(attempt) })),
  /** The event that this one was made from by hand: its body is an operator's, and its sender has not signed it. */
  edited_from: text,
  /** What was made from this one, oldest first: a hundred at most. */
  edited_as: z.array(edition),
  /** Routes that could not decide, each with why. */
  undecided: z.array(undecided),
  /** What a thin event names, once a transform has asked for it: beside the body, and never in its place. */
  object: z.optional(z.object({ fetched_at: instant, path: z.string(), body: z.string() })),
  /** Left out while its body is there; without one `body` is empty, and nothing can be sent again. */
  body_gone: z.optional(bodyGone),
  /** Left out where it is kept as it came. */
  encrypted: z.optional(z.literal(true)),
  /** Values were taken out of it: once its deliveries have ended, a replay sends it as it is here. */
  redacted: z.optional(z.literal(true)),
  encoding: z.enum(["text", "base64"]),
  /** The segment of the archive that has it; left out for an event of the history. */
  archived: z.optional(z.string()),
});
export type EventStory = z.output<typeof eventStory>;

/** `complete: false` means that the page is short because enough was looked at: `next` looks further. */
const progress = z.object({
  next: text,
  complete: z.boolean(),
  scanned: z.optional(count),
  looked_back_to: z.optional(instant),
});
export type Progress = z.output<typeof progress>;

/** An event in a list, with how far it has come at each destination. */
const listedEvent = z.object({
  ...event.shape,
  deliveries: z.array(z.object({ destination: z.string(), state })),
  /** Whether a route could not decide: the event itself says which, and why. */
  undecided: z.boolean(),
});
export type ListedEvent = z.output<typeof listedEvent>;

export const eventPage = z.object({
  events: z.array(listedEvent),
  ...progress.shape,
  /** Of a search: how many events were passed over because their bodies are not text. */
  binary_skipped: z.optional(count),
  /** The same for events that are kept encrypted. */
  sealed_skipped: z.optional(count),
  /** The same for large bodies that are in the bucket `EVENT_BODIES`. */
  bucket_skipped: z.optional(count),
});
export type EventPage = z.output<typeof eventPage>;
export const deliveryPage = z.object({ deliveries: z.array(delivery), ...progress.shape });
export type DeliveryPage = z.output<typeof deliveryPage>;
