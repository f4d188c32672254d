// What the API takes and answers about the routes of one event, and of many. Schemas only.
import * as z from "zod/mini";
import { state, undecided } from "./history.ts";
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
