// The rules about destinations: one that fails, what has failed for good, what waits for nobody. Pure.
import { MINUTE_MS, REMEMBERED_MS, type Rule, some } from "./rule.ts";
import type { Cause } from "./seen.ts";

/** A destination that fails now and then is everyday: it must have failed so often in a row, for so long, in ms. */
const FAILING = { times: 5, overMs: 5 * MINUTE_MS };
/** Letters for which a destination for dead letters is worth a look. */
const LETTERS = 10;

const pageOf = (name: string) => `/destinations/${encodeURIComponent(name)}`;

function answered({ status, fault }: { readonly status: number | null; readonly fault: string | null }) {
  return status === null ? { last_fault: fault } : { last_status: status };
}

function lastAnswer({ last_status: status, last_fault: fault }: Cause["context"]): string {
  if (typeof status === "number") return `, last answer ${status}`;
  return typeof fault === "string" ? `, last fault ${fault}` : "";
}

const breakerOpen: Rule = {
  name: "breaker-open",
  severity: "critical",
  of: "destination",
  says: "The breaker of a destination is open, because it failed too often in a row. Its deliveries wait, and one at a time probes it.",
  calmMs: 0,
  look: ({ breakers }) =>
    breakers.flatMap(({ destination: subject, failures, since, openedAt, status, fault }) =>
      openedAt === null ? [] : [{ subject, since, count: failures, context: answered({ status, fault }) }],
    ),
  title: ({ subject, count, context }) =>
    `The breaker of ${subject} is open after ${some(count, "a failure", "failures in a row")}${lastAnswer(context)}`,
  fix: ({ subject }) => ({
    says: "Fix the receiver. After the first successful probe the waiting deliveries go out. To see what it answers now, send a test",
    command: `hookline test ${subject}`,
    path: pageOf(subject),
  }),
};

const failing: Rule = {
  name: "destination-failing",
  severity: "critical",
  of: "destination",
  says: `A destination has failed ${FAILING.times} times in a row or more, over ${FAILING.overMs / MINUTE_MS} minutes or more.`,
  calmMs: 0,
  within: ["breaker-open"],
  look: ({ breakers, clock }) =>
    breakers.flatMap(({ destination: subject, failures, since, status, fault }) =>
      failures < FAILING.times || clock - since < FAILING.overMs
        ? []
        : [{ subject, since, count: failures, context: answered({ status, fault }) }],
    ),
  title: ({ subject, count, context }) => `${subject} has failed ${count} times in a row${lastAnswer(context)}`,
  fix: breakerOpen.fix,
};

const failed: Rule = {
  name: "delivery-failed",
  severity: "critical",
  of: "destination",
  says: "Deliveries have failed for good: their retry schedule has ended, or the receiver refused them. The alert ends when none has failed for an hour.",
  calmMs: 0,
  look: ({ failures, clock }) =>
    failures.flatMap(({ kind, destination: subject, count, since, lastAt, event, reason, status, fault }) =>
      kind !== "failed" || clock - lastAt > REMEMBERED_MS
        ? []
        : [{ subject, since, count, context: { reason, event, ...answered({ status, fault }) } }],
    ),
  title: ({ subject, count, context }) =>
    `${some(count, "A delivery", "deliveries")} to ${subject} failed for good (${String(context["reason"])})${lastAnswer(context)}`,
  fix: ({ subject, context: { event } }) => ({
    says: "Fix the receiver, then replay the failed deliveries",
    command: `hookline replays start --destination ${subject}`,
    path: typeof event === "string" ? `/events/${event}` : pageOf(subject),
  }),
};

const letters: Rule = {
  name: "dead-letters-growing",
  severity: "warning",
  of: "destination",
  says: `A destination for dead letters has got ${LETTERS} of them or more. The alert ends when none has arrived for an hour.`,
  calmMs: 0,
  look: ({ failures, clock }) =>
    failures.flatMap(({ kind, destination: subject, count, since, lastAt, event, reason }) =>
      kind !== "letters" || count < LETTERS || clock - lastAt > REMEMBERED_MS
        ? []
        : [{ subject, since, count, context: { failed_at: reason, event } }],
    ),
  title: ({ subject, count, context }) =>
    `${subject} got ${some(count, "a dead letter", "dead letters")}, the last from ${String(context["failed_at"])}`,
  fix: ({ subject, context }) => ({
    says: "Fix the receiver of the failed deliveries, then replay them",
    command: `hookline replays start --destination ${String(context["failed_at"])}`,
    path: pageOf(subject),
  }),
};

const backlog: Rule = {
  name: "backlog-old",
  severity: "critical",
  of: "destination",
  says: "Deliveries have been due for ten minutes or more, and no attempt has begun.",
  calmMs: 2 * MINUTE_MS,
  look: ({ overdue }) =>
    overdue.map(({ destination: subject, count, since }) => ({ subject, since, count, context: {} })),
  title: ({ subject, count }) =>
    `${some(count, "A delivery", "deliveries or more")} to ${subject} should have begun ten minutes ago or earlier`,
  fix: ({ subject }) => ({
    says: "First check the limits of the plan and the queue, then whether the receiver hangs",
    command: "hookline overview",
    path: pageOf(subject),
  }),
};

export const OF_DESTINATIONS: readonly Rule[] = [breakerOpen, failing, failed, letters, backlog];
