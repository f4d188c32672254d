// What the relay says of alerts: their rules by name, and an alert as it is shown.
import * as z from "zod/mini";
import { instant } from "./history.ts";
import { limit, orNull } from "./question.ts";

/** The source of what the relay itself says, as routes name it: `from = "hookline"`. */
export const OWN_NAME = "hookline";

/** The types of its events. */
export const NOTICE_TYPES = ["alert.opened", "alert.ended"] as const;

/** Names of all rules, in the order in which they are shown. */
export const ALERT_RULES = [
  "breaker-open",
  "destination-failing",
  "delivery-failed",
  "dead-letters-growing",
  "backlog-old",
  "events-unrouted",
  "route-undecided",
  "refusals-spiking",
  "source-silent",
  "sweep-late",
  "limit-near",
  "event-stuck",
  "secret-ending",
  "archive-failing",
] as const;
export type AlertRule = (typeof ALERT_RULES)[number];

const fix = z.object({
  /** What to do, in a sentence. */
  says: z.string(),
  command: z.string(),
  /** The page that has the button. */
  path: z.string(),
});

export const alert = z.object({
  id: z.number(),
  rule: z.string(),
  severity: z.enum(["critical", "warning"]),
  /** What it is about: the kind, and its name. */
  of: z.enum(["destination", "source", "relay"]),
  subject: z.string(),
  title: z.string(),
  /** When it began to be so, when the relay noticed, and when it was over; `null` while it is not. */
  since: instant,
  opened_at: instant,
  ended_at: z.nullable(instant),
  /** How many failures, events or refusals it is about by now. */
  count: z.number(),
  context: z.record(z.string(), z.nullable(z.union([z.string(), z.number()]))),
  fix,
  /** Whether somebody was told: by which route is in the history of the source `hookline`. */
  told: z.enum(["nobody", "opened", "ended"]),
  told_at: z.nullable(instant),
  /** Nobody is told that it has begun before that, by an operator's order; `null` where it is not muted so. */
  muted_until: z.nullable(instant),
});
export type AlertAnswer = z.output<typeof alert>;

/** What nobody is told of until a time. */
export const mute = z.object({
  /** `null`: every rule. */
  rule: z.nullable(z.string()),
  /** `null`: every subject. */
  subject: z.nullable(z.string()),
  until: instant,
  since: instant,
  by: z.string(),
});
export type MuteAnswer = z.output<typeof mute>;

/** A rule as it applies to this relay. */
export const ruleInForce = z.object({
  name: z.string(),
  severity: z.enum(["critical", "warning"]),
  of: z.enum(["destination", "source", "relay"]),
  /** When it is raised, and when it is over. */
  says: z.string(),
  /** Nobody is told of it, by the configuration. */
  muted: z.boolean(),
});

const cursorError = 'must be the "next" of an earlier page of /api/alerts: leave it out to start with the newest';

/** Which of them are asked for: those that are open, those that are over, or all that are kept. */
export const alertParameters = z.strictObject({
  state: orNull(z.enum(["open", "ended"], { error: "must be one of open, ended: leave it out to see both" })),
  limit,
  cursor: orNull(
    z.pipe(
      z.string().check(z.regex(/^\d{1,15}$/, cursorError)),
      z.transform((text: string) => Number(text)),
    ),
  ),
});

export const alertsAnswer = z.object({
  /** Newest first. */
  alerts: z.array(alert),
  next: z.nullable(z.string()),
  rules: z.array(ruleInForce),
  /** What operators have muted for now; what the configuration mutes stands with its rule. */
  mutes: z.array(mute),
  /** Whether a route leads from the source `hookline` to a destination: without one nobody is told. */
  routed: z.boolean(),
});
export type AlertsAnswer = z.output<typeof alertsAnswer>;
