// What the API takes and answers about the routes of one event, and of many. Schemas only.
import * as z from "zod/mini";
import { instant, state, undecided } from "./history.ts";
import { name, orNull, time } from "./question.ts";

const text = z.nullable(z.string());
const count = z.number();

/** What one route says to an event: `taken`, or the first reason why it does not take it. */
const routeVerdict = z.object({
  route: z.string(),
  to: z.array(z.string()),
  /** `source`, `events` and `when` name the key that does not admit the event. */
  verdict: z.enum(["taken", "disabled", "source", "events", "when", "undecided"]),
  /** Why its condition could not decide. */
  error: text,
  from: z.array(z.string()),
  events: z.array(z.string()),
  when: text,
  /** What its condition reads, and what stands there: JSON, cut; `null` where there is nothing. */
  reads: z.array(z.object({ path: z.string(), value: text })),
  /** Routes before it that lead to the same destination, whose delivery it is. */
  already_by: z.array(z.string()),
});
export type RouteVerdict = z.output<typeof routeVerdict>;

/** Where an event would go by the routes of today. */
export const routesTried = z.object({
  event: text,
  source: z.string(),
  type: z.string(),
  routes: z.array(routeVerdict),
});
export type RoutesTried = z.output<typeof routesTried>;

/** What became of an event that was routed anew. */
export const routed = z.object({
  routed: count,
  deliveries: z.array(z.object({ id: z.string(), created: z.boolean(), state })),
  undecided: z.array(undecided),
});

/** One step over many events. */
export const routeOrder = z.strictObject({
  filter: z.strictObject({
    routing: z._default(z.enum(["unrouted", "undecided"], "must be one of unrouted, undecided"), "unrouted"),
    source: name,
    type: name,
    since: time,
    until: time,
  }),
  /** The `next` of the step before; left out, it begins with the newest. */
  cursor: orNull(z.string()),
});

/** `next` is `null` once the last event was looked at. */
export const routedMany = z.object({
  looked: count,
  routed: count,
  deliveries: count,
  undecided: count,
  next: text,
});

/** An event that never came. */
export const tryOrder = z.strictObject({
  source: z.string("must be the name of a source"),
  /** Left out: as the source's sender would name it, by body and headers. */
  type: orNull(z.string()),
  headers: z._default(z.record(z.string(), z.string("must be text")), {}),
  body: z._default(z.string("must be the body, as text"), ""),
});

/** Expressions over one event: those of the routes, or others that stand in the order. Nothing is sent. */
export const dryOrder = z.strictObject({
  /** An event that is stored; left out, `source` and `body` say what would come. */
  event: orNull(z.string()),
  source: orNull(z.string()),
  type: orNull(z.string()),
  headers: z._default(z.record(z.string(), z.string("must be text")), {}),
  body: z._default(z.string("must be the body, as text"), ""),
  /** The route whose expressions are tried; left out, all that take from the source. */
  route: orNull(z.string()),
  /** In the place of what the routes have: JSONata, and CEL. */
  transform: orNull(z.string()),
  when: orNull(z.string()),
});

/** What one expression makes of it. */
const dried = z.object({
  /** `null` for an expression of the order's own. */
  route: text,
  /** Of the transforms by version, which; `null` for the one that serves all others. */
  version: text,
  when: text,
  /** `null` where there is no condition, or it cannot say: then `undecided` says why. */
  wanted: z.nullable(z.boolean()),
  undecided: text,
  reads: z.array(z.object({ path: z.string(), value: text })),
  transform: text,
  /** The body that would be sent; `null` where there is no transform, or it makes none: then `error` says why. */
  after: text,
  content_type: text,
  error: text,
});

export const triedDry = z.object({
  event: text,
  source: z.string(),
  type: z.string(),
  /** The body as it came: its first 256 Ki characters. */
  before: z.string(),
  tried: z.array(dried),
});
export type TriedDry = z.output<typeof triedDry>;

/** Events that are tried at once: each takes a query, and a Worker of the free plan has 50. */
export const MOST_DRY = 20;
const lastError = `must be a whole number from 1 to ${MOST_DRY}`;

/** The same over the last events of a source that are stored. */
export const dryManyOrder = z.strictObject({
  source: z.string("must be the name of a source"),
  type: name,
  since: time,
  until: time,
  /** So many, the newest first. */
  last: z._default(z.number(lastError).check(z.int(lastError), z.gte(1, lastError), z.lte(MOST_DRY, lastError)), 10),
  route: orNull(z.string()),
  transform: orNull(z.string()),
  when: orNull(z.string()),
});

export const driedMany = z.object({
  source: z.string(),
  events: z.array(
    z.object({
      ...triedDry.shape,
      received_at: instant,
      /** Whether `before`, or an `after`, is longer than the 16 Ki characters that stand here. */
      cut: z.boolean(),
      /** Why nothing was tried on it: its body is large, and is tried alone. */
      skipped: text,
    }),
  ),
  /** Whether these are all that fit; otherwise there may be more, further back. */
  complete: z.boolean(),
});
export type DriedMany = z.output<typeof driedMany>;
