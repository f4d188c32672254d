// The rules about the relay itself: its sweep, its limits, its journal. Pure.
import { iso } from "../time.ts";
import { MINUTE_MS, type Rule, seconds, some, span } from "./rule.ts";

/** The sweep comes every minute: what was to be looked at so long ago, in ms, was looked at by nobody. */
const LATE_MS = 5 * MINUTE_MS;
/** So much of a limit is near its end. */
const NEAR = 0.8;

const sweepLate: Rule = {
  name: "sweep-late",
  severity: "critical",
  of: "relay",
  says: `The sweep, which runs every minute, ran ${LATE_MS / MINUTE_MS} minutes late or later.`,
  calmMs: 10 * MINUTE_MS,
  look: ({ lateMs, now }) =>
    lateMs < LATE_MS ? [] : [{ subject: "sweep", since: now - lateMs, count: 1, context: { late_s: seconds(lateMs) } }],
  title: ({ context }) => `The sweep came ${span(context["late_s"])} late, and retries were delayed`,
  fix: () => ({
    says: "Check whether the cron trigger still exists, and whether a limit of the plan was reached",
    command: "npx wrangler triggers deploy",
    path: "/",
  }),
};

const limitNear: Rule = {
  name: "limit-near",
  severity: "critical",
  of: "relay",
  says: `${NEAR * 100} % or more of a limit of the plan is used: rows and size of D1, objects, the queue, requests, log lines.`,
  calmMs: 0,
  look: ({ limits, now }) =>
    limits?.flatMap(({ meter: subject, used, limit, reached, fullOn, says }) =>
      reached || (limit !== null && used !== null && used >= limit * NEAR)
        ? [{ subject, since: now, count: 1, context: { used, limit, reached: reached ? 1 : 0, full_on: fullOn, says } }]
        : [],
    ) ?? null,
  title({ subject, context: { reached, used, limit, full_on: full } }) {
    if (reached === 1) return `The limit of ${subject} is reached`;
    const until = typeof full === "string" ? `, and the rest by ${full} at this pace` : "";
    return `${String(used)} of ${String(limit)} ${subject} are used${until}`;
  },
  fix: ({ context: { says } }) => ({
    says:
      typeof says === "string"
        ? says
        : "The overview shows how much of each limit is used; docs/costs.md says what stops at each limit",
    command: "hookline overview",
    path: "/",
  }),
};

const stuck: Rule = {
  name: "event-stuck",
  severity: "critical",
  of: "relay",
  says: "D1 refuses an accepted event. The journal keeps the event and tries again.",
  calmMs: 0,
  look({ journal, now }) {
    if (journal === null) return null;
    const { stuck: count, waiting } = journal;
    return count === 0 ? [] : [{ subject: "journal", since: now, count, context: { waiting } }];
  },
  title: ({ count }) => `D1 refuses ${some(count, "an event", "events")}, which the journal keeps`,
  fix: () => ({
    says: "Nothing is lost. The log lines intake.commit_failed say why D1 refuses the event",
    command: "npx wrangler tail --search intake.commit_failed",
    path: "/",
  }),
};

const secretEnding: Rule = {
  name: "secret-ending",
  severity: "warning",
  of: "relay",
  says: "An old secret ends within a week, by the date that the configuration gives it.",
  calmMs: 0,
  look: ({ ending, now }) =>
    ending.map(({ secret: subject, until, of, name }) => ({
      subject,
      since: now,
      count: 1,
      context: { until: iso(until), of, name },
    })),
  title: ({ subject, context: { until, of, name } }) =>
    `${subject}, an old secret of ${of === "relay" ? "the relay" : `the ${String(of)} ${String(name)}`}, ends at ${String(until)}`,
  fix: ({ context: { of, name } }) => ({
    says: "Check who still uses the old secret. Give them the new one, or change the date",
    command: of === "source" ? "hookline sources" : "hookline destinations",
    path: of === "relay" ? "/" : `/${String(of)}s/${encodeURIComponent(String(name))}`,
  }),
};

/** A bucket that fails once is everyday. */
const ARCHIVE_MS = 10 * MINUTE_MS;

const archiveFailing: Rule = {
  name: "archive-failing",
  severity: "warning",
  of: "relay",
  says: `For ${ARCHIVE_MS / MINUTE_MS} minutes the relay could move nothing to the archive. Until it can, it removes nothing from D1.`,
  calmMs: 0,
  look: ({ archive, now }) =>
    archive === null || now - archive.since < ARCHIVE_MS
      ? []
      : [{ subject: "archive", since: archive.since, count: 1, context: { error: archive.error } }],
  title: () => "Nothing can be moved to the archive, and D1 grows",
  fix: () => ({
    says: "Nothing is lost. Check whether the bucket of EVENT_ARCHIVE still exists",
    command: "npx wrangler r2 bucket list",
    path: "/",
  }),
};

export const OF_THE_RELAY: readonly Rule[] = [sweepLate, limitNear, stuck, secretEnding, archiveFailing];
