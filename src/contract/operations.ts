// What the API answers about destinations, routes, inspectors and bulk replays. Schemas only.
import * as z from "zod/mini";
import { instant } from "./history.ts";
import { forecast } from "./costs.ts";
import { orNull } from "./question.ts";

const text = z.nullable(z.string());
const count = z.number();

const latency = z.object({ p50_ms: count, p95_ms: count, p99_ms: count });

/** In which shape a destination gets events; what stands for a secret is its name. */
const shape = z.object({
  method: z.string(),
  /** Such as `standard`, `cloudevents` or `none`. */
  format: z.string(),
  /** Of `standard-v1a`: what the receiver verifies with, newest first. */
  public_keys: z.array(z.string()),
  headers: z.record(z.string(), z.string()),
  query: z.record(z.string(), z.string()),
  /** What a body of JSON gets besides its own; only where that is configured. */
  members: z.optional(z.record(z.string(), z.string())),
  /** Bytes; `null` where nothing is compressed. */
  gzip_above: z.nullable(count),
  /** How long an attempt may take; `null` for the usual time. */
  timeout_s: z.nullable(count),
  /** Secrets of headers and query that are not set: nothing is sent without them. */
  unset: z.array(z.string()),
});

/**
 * A destination that has failed lately. `open`: its deliveries wait and spend no attempt, all but one that probes;
 * `closing`: it has answered, and what waited is let go step by step.
 */
const breaker = z.object({
  state: z.enum(["counting", "open", "closing"]),
  /** Attempts that failed in a row, up to the one that opened it. */
  failures: count,
  since: instant,
  opened_at: z.nullable(instant),
  /** The next probe's time where none is under way. */
  next_probe_at: z.nullable(instant),
  /** What the last failure was. */
  status: z.nullable(count),
  fault: text,
});

/** A destination as configured, how it does, and what waits for it. `window` counts are of the last 24 hours. */
export const destination = z.object({
  name: z.string(),
  kind: z.enum(["http", "inspect", "service", "queue", "r2", "email", "tunnel"]),
  /** Of another Worker, a queue, a bucket or e-mail: the binding's name; and of a bucket, the template of its keys. */
  binding: z.optional(z.string()),
  key: z.optional(z.string()),
  /** `null` where the URL is a secret, is not set, or there is none. */
  url: text,
  state: z.enum(["active", "paused", "unaddressed"]),
  /**
   * How it does now, by its last attempts: `failing` when three in a row or all of the last two minutes have failed,
   * `retrying` before that, `healthy` when the last one was delivered;
   * `waiting` and `idle` where there was none in 24 hours.
   */
  health: z.enum(["unaddressed", "paused", "failing", "retrying", "healthy", "waiting", "idle"]),
  /**
   * Of a failing or retrying one, to the minute: when the first of its failures in a row was.
   * Of others, since when they have been so.
   */
  health_since: z.nullable(instant),
  failures_in_a_row: count,
  paused_at: z.nullable(instant),
  paused_by: text,
  /** `null` where nothing has failed lately. */
  breaker: z.nullable(breaker),
  /** When its breaker opens: after so many failures in a row, over so many seconds; `null` where it has none. */
  breaker_rule: z.nullable(z.object({ failures: count, over_s: count })),
  /** Waits between attempts, in seconds. */
  retry_s: z.array(count),
  /** Statuses that end a delivery at once, such as 422 or 4xx, and those that do not; only where it has rules. */
  give_up_on: z.optional(z.array(z.string())),
  retry_on: z.optional(z.array(z.string())),
  /** How many it gets in any window of that length, such as 10/s, and at once; only where that is configured. */
  rate: z.optional(z.string()),
  concurrency: z.optional(count),
  /** What events have in common that must not overtake each other; what becomes of those behind a failed one. */
  order: z.optional(z.string()),
  after_failure: z.optional(z.enum(["skip", "wait"])),
  /** The destination that gets what has failed here; only where that is configured. */
  on_failed: z.optional(z.string()),
  /** The version of the events that it gets, where it has pinned one. */
  version: z.optional(z.string()),
  /** How old an event may become, in seconds; only where that is configured. */
  max_age_s: z.optional(count),
  /** The keys that sign now, newest first. */
  signed_by: z.array(z.string()),
  /** The old key that has an end, in force or ended; left out where none has. */
  old_key: z.optional(z.object({ name: z.string(), until: instant, ended: z.boolean() })),
  /** Of an inspector: what it answers, attempt by attempt. */
  script: text,
  /** Only where it asks for another shape than a signed POST of the bytes as they came. */
  shape: z.optional(shape),
  routes: z.array(z.string()),
  /** Open and held deliveries; a count stops at 1,000 and `waiting_more` then says so. */
  waiting: count,
  held: count,
  /** Open deliveries that come behind another of their order; only where there are any, and up to 1,000. */
  behind: z.optional(count),
  waiting_more: z.boolean(),
  oldest_waiting_at: z.nullable(instant),
  /**
   * Only where a pause was just ordered: Intake objects that have not confirmed it,
   * and may send for a few seconds more. Pause again.
   */
  unconfirmed: z.optional(z.array(z.string())),
  window: z.object({ delivered: count, retried: count, failed: count, latency: z.nullable(latency) }),
});
export type DestinationAnswer = z.output<typeof destination>;

export const route = z.object({
  name: z.string(),
  from: z.array(z.string()),
  /** Empty: every event. */
  events: z.array(z.string()),
  to: z.array(z.string()),
  /** The condition in CEL, `null` where there is none. */
  when: text,
  /** What its destinations get in the place of the body, in JSONata; only where it transforms. */
  transform: z.optional(
    z.array(
      z.object({
        /** The version that a destination has pinned; `null` for all others. */
        version: text,
        text: z.string(),
      }),
    ),
  ),
  /** One that is not enabled takes nothing. */
  enabled: z.boolean(),
});
export type RouteAnswer = z.output<typeof route>;

/** What arrived at an inspector, and what it was answered. */
export const inspection = z.object({
  id: z.string(),
  destination: z.string(),
  event: z.string(),
  attempt: count,
  at: instant,
  headers: z.record(z.string(), z.string()),
  size: count,
  encoding: z.enum(["text", "base64"]),
  /** The first 64 KB of the one that was asked for, the first 2 KB of the others. */
  body: z.string(),
  /** Whether the signature is the one that the destination's key makes; `null` where the relay signs nothing. */
  proven: z.nullable(z.boolean()),
  answered: z.string(),
});
export type Inspection = z.output<typeof inspection>;

const REPLAYED = ["failed", "delivered", "both"] as const;
/**
 * Which of the ended deliveries a bulk replay opens where nobody says it. The API, the command line and the pages all
 * take it from here: whoever asks for "everything" at night means what has failed,
 * and a receiver must not get again what it has.
 */
export const REPLAYED_UNLESS_SAID = "failed" satisfies (typeof REPLAYED)[number];

/** The state as somebody asks for it: left out, or `null`, it is `REPLAYED_UNLESS_SAID`. */
export const replayState = z.pipe(
  z._default(
    z.nullable(
      z.enum(REPLAYED, {
        error: `must be one of ${REPLAYED.join(", ")}: left out, it is ${REPLAYED_UNLESS_SAID}`,
      }),
    ),
    REPLAYED_UNLESS_SAID,
  ),
  z.transform((said) => said ?? REPLAYED_UNLESS_SAID),
);

/**
 * Which ended deliveries: the failed ones unless `state` says otherwise; what else is left out admits all.
 * The operator judges what it says.
 */
export const filterParameters = z.strictObject({
  source: orNull(z.string()),
  type: orNull(z.string()),
  destination: orNull(z.string()),
  state: replayState,
  since: orNull(z.string()),
  until: orNull(z.string()),
});

/** The names of its fields, as parameters, options of the command line and fields of a form. */
export const FILTER_FIELDS = [
  "source",
  "type",
  "destination",
  "state",
  "since",
  "until",
] as const satisfies readonly (keyof typeof filterParameters.shape)[];

export const replayFilter = z.object({
  source: text,
  type: text,
  destination: text,
  /** Of the ended ones. */
  state: z.enum(REPLAYED),
  since: z.nullable(instant),
  until: z.nullable(instant),
});
export type ReplayFilter = z.output<typeof replayFilter>;

/** Deliveries a minute: a step takes what is due in ten seconds in one transaction, which is 1,000 at most. */
export const RATE = { least: 1, usual: 600, most: 6_000 } as const;

const rateError = `must be a whole number of deliveries a minute, from ${RATE.least} to ${RATE.most}`;

/** What a preview is asked for: a filter, and the rate that its forecast is about. */
export const previewParameters = z.extend(filterParameters, {
  rate: z._default(
    z
      .pipe(z.string().check(z.regex(/^[1-9]\d{0,3}$/, rateError)), z.transform(Number))
      .check(z.refine((rate) => rate <= RATE.most, rateError)),
    RATE.usual,
  ),
});

/** How many deliveries a bulk replay would open; `complete: false` where counting stopped early. */
export const replayPreview = z.object({
  filter: replayFilter,
  matching: count,
  complete: z.boolean(),
  looked_back_to: z.nullable(instant),
  /** What it would use, for those that were counted. */
  forecast,
});
export type ReplayPreview = z.output<typeof replayPreview>;

export const replayJob = z.object({
  id: z.string(),
  state: z.enum(["running", "done", "cancelled"]),
  filter: replayFilter,
  actor: z.string(),
  /** Deliveries a minute. */
  rate: count,
  /** What the preview counted when the job was asked for. */
  expected: count,
  expected_complete: z.boolean(),
  replayed: count,
  /** Matches whose destination is no longer configured: they stay as they are. */
  skipped: count,
  /** How far back it has come. */
  looked_back_to: z.nullable(instant),
  created_at: instant,
  updated_at: instant,
  ended_at: z.nullable(instant),
});
export type ReplayJob = z.output<typeof replayJob>;
