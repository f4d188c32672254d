// What the relay says of alerts: their rules by name, and an alert as it is shown.
import * as z from "zod/mini";
import { instant } from "./history.ts";

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
});
export type AlertAnswer = z.output<typeof alert>;

/** A rule as it applies to this relay. */
const ruleInForce = z.object({
  name: z.string(),
  severity: z.enum(["critical", "warning"]),
  says: z.string(),
  /** Nobody is told of it, by the configuration. */
  muted: z.boolean(),
});

export const alertsAnswer = z.object({
  alerts: z.array(alert),
  next: z.nullable(z.string()),
  rules: z.array(ruleInForce),
  /** Whether a route leads from the source `hookline` to a destination: without one nobody is told. */
  routed: z.boolean(),
});
export type AlertsAnswer = z.output<typeof alertsAnswer>;
