// What somebody is told: the message of an alert that has begun or is over. Pure.
import type { Alert } from "../d1/alerts.ts";
import { iso } from "../time.ts";
import { ruleOf } from "./rules.ts";
import { seconds, span } from "./rule.ts";
import type { Cause } from "./seen.ts";

/** What is sent, as an event of the source `hookline`. */
export interface Notice {
  readonly id: string;
  readonly type: "alert.opened" | "alert.ended";
  readonly timestamp: string;
  readonly data: object;
}

/** What one alert says, wherever it is shown. */
export function wordsOf({
  rule: name,
  subject,
  count,
  context: written,
}: Pick<Alert, "rule" | "subject" | "count" | "context">) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `judge` wrote it
  const context = JSON.parse(written) as Cause["context"];
  const rule = ruleOf(name);
  if (rule === null) {
    const fix = { says: "A later release of the relay has raised it", command: "hookline alerts", path: "/alerts" };
    return { severity: "warning" as const, of: "relay" as const, title: `${name}: ${subject}`, fix, context };
  }
  const cause = { subject, count, context };
  return { severity: rule.severity, of: rule.of, title: rule.title(cause), fix: rule.fix(cause), context };
}

/** What of an alert is told. */
export type Told = Pick<Alert, "rule" | "subject" | "since" | "count" | "context">;

/** How a notice tells. */
export interface Manner {
  /** Names this notice and no other. */
  readonly id: string;
  /** The same in the notice that something has begun and in the one that it is over. */
  readonly key: string;
  /** When it was over, `null` where it begins. */
  readonly endedAt: number | null;
  readonly now: number;
  /** Where the pages are, without a slash at the end; `null` where nobody has said it. */
  readonly origin: string | null;
}

/**
 * One notice for all alerts of a rule that begin at the same time, or have begun so: the first of them in full, and the
 * others by their names.
 */
export function noticeOf(
  [first, ...rest]: readonly [Told, ...Told[]],
  { id, key, endedAt, now, origin }: Manner,
): Notice {
  const { since, rule, count } = first;
  const { severity, of, title, fix, context } = wordsOf(first);
  const others = rest.map((one) => ({ subject: one.subject, title: wordsOf(one).title }));
  const url = origin === null ? null : `${origin}${fix.path}`;
  const over = endedAt !== null;
  const lasted = endedAt === null ? "" : `Over after ${span(seconds(endedAt - since))}: `;
  const more =
    others.length === 0 ? "" : ` And ${others.length} more: ${others.map(({ subject }) => subject).join(", ")}.`;
  const what = over ? "" : ` ${fix.says}: ${fix.command}`;
  return {
    id,
    type: over ? "alert.ended" : "alert.opened",
    timestamp: iso(now),
    data: {
      key,
      rule,
      severity,
      subject: { kind: of, name: first.subject },
      title,
      text: `${lasted}${title} (since ${iso(since)}).${more}${what}${url === null ? "" : ` ${url}`}`,
      since: iso(since),
      ended: iso(endedAt),
      count,
      context,
      fix: { says: fix.says, command: fix.command },
      url,
      others,
    },
  };
}
