// Which alerts begin, go on or are over, and what is somebody told of them now? Pure.
import type { Alert, Found, Over } from "../d1/alerts.ts";
import type { Failures } from "../d1/wrong.ts";
import { mutedUntil } from "./muted.ts";
import { type Manner, type Notice, noticeOf, type Told } from "./notice.ts";
import { MINUTE_MS, REMEMBERED_MS, type Rule } from "./rule.ts";
import { ruleOf, RULES } from "./rules.ts";
import type { Cause, Seen } from "./seen.ts";

/** What the operator says about being told. */
export interface Telling {
  /** Names of rules of which nobody is told: their alerts are on record all the same. */
  readonly mute: readonly string[];
  /** From one notice of a cause to the next one that it has begun again, in ms. */
  readonly quietMs: number;
  /** Where the relay's pages are, without a slash at the end; `null` where nobody has said it. */
  readonly url: string | null;
  /** Whether a route takes this notice: what nobody wants is still to be told once somebody does. */
  readonly wants: (notice: Notice) => boolean;
}

/** What becomes of alerts. */
export interface Judged {
  readonly found: readonly Found[];
  readonly over: readonly Over[];
  /** Failures of which there is nothing to say any more. */
  readonly forgotten: readonly Failures[];
}

/** An alert that goes on is written down again where its count has changed, or so much time has passed, in ms. */
const AGAIN_MS = 5 * MINUTE_MS;

/**
 * @param alerts those that are open, and those that ended lately
 * @param newId names a notice
 */
export function judge(seen: Seen, alerts: readonly Alert[], telling: Telling, newId: () => string): Judged {
  const open = alerts.filter(({ endedAt }) => endedAt === null);
  const found: Found[] = [];
  const over: Over[] = [];
  const isOpen = (rule: string, subject: string) => found.some((one) => one.rule === rule && one.subject === subject);
  const muted = (rule: string, subject: string) =>
    telling.mute.includes(rule) || mutedUntil({ rule, subject }, seen.mutes, seen.now) !== null;
  for (const rule of RULES) {
    const causes = rule.look(seen);
    if (causes === null) continue;
    const begun = causes.map(({ subject, since, count, context }) => {
      return { rule: rule.name, subject, since, count, context: JSON.stringify(context) };
    });
    const told = begun.filter(
      (one) =>
        rule.within?.some((other) => !muted(other, one.subject) && isOpen(other, one.subject)) !== true &&
        !muted(rule.name, one.subject) &&
        isTold(rule, one.subject, alerts, telling, seen.now) &&
        telling.wants(noticeOf([one], { id: "", key: "", endedAt: null, now: seen.now, origin: telling.url })),
    );
    const key = newId();
    const opens = written(told, { id: key, key, endedAt: null, now: seen.now, origin: telling.url });
    for (const one of begun) {
      const owed = told.includes(one);
      found.push({ ...one, notice: owed ? key : null, owes: owed ? opens : null });
    }
    const isOver = (one: Alert) =>
      one.rule === rule.name &&
      one.owes === null &&
      !causes.some(({ subject }) => subject === one.subject) &&
      rule.lasts?.(one, seen) !== true &&
      seen.now - one.seenAt >= rule.calmMs;
    over.push(...ends(open.filter(isOver), alerts, seen.now, telling, newId));
  }
  return {
    found: found.filter((one) => isNews(one, open, seen.now)),
    over,
    forgotten: seen.failures.filter(({ lastAt }) => seen.clock - lastAt > REMEMBERED_MS),
  };
}

/**
 * What is over, and how it is told. Those that one notice has told of are over with the last of them: whoever has an
 * incident open for that notice must not close it before. D1 knows which is the last.
 */
function ends(
  over: readonly Alert[],
  alerts: readonly Alert[],
  now: number,
  { url: origin }: Telling,
  newId: () => string,
): Over[] {
  const owed = new Map<string, string | null>();
  for (const key of new Set(over.flatMap(({ notice, told }) => (told === 1 ? (notice ?? []) : [])))) {
    const shared = alerts.filter(({ notice }) => notice === key);
    owed.set(key, written(shared, { id: newId(), key, endedAt: now, now, origin }));
  }
  return over.map(({ id, notice, told }) => ({ id, owes: told === 1 ? (owed.get(notice ?? "") ?? null) : null }));
}

/** One notice of all of them, as JSON; `null` where there is nothing to tell. */
function written([first, ...others]: readonly Told[], how: Manner): string | null {
  return first === undefined ? null : JSON.stringify(noticeOf([first, ...others], how));
}

/** Whether it has to be written down: what only goes on as before need not be, minute by minute. */
function isNews({ rule, subject, count, owes }: Found, open: readonly Alert[], now: number): boolean {
  const before = open.find((one) => one.rule === rule && one.subject === subject);
  const calmMs = ruleOf(rule)?.calmMs ?? 0;
  // What is over once it was calm for a while needs to be known to have been seen a part of that ago.
  const againMs = calmMs === 0 ? AGAIN_MS : Math.min(AGAIN_MS, calmMs / 2);
  return before === undefined || owes !== null || before.count !== count || now - before.seenAt >= againMs;
}

/** Whether somebody is told now that this has begun. */
function isTold(
  { name }: Rule,
  subject: Cause["subject"],
  alerts: readonly Alert[],
  { quietMs }: Telling,
  now: number,
): boolean {
  const same = alerts.filter((one) => one.rule === name && one.subject === subject);
  if (same.some(({ endedAt, told, owes }) => endedAt === null && (told > 0 || owes !== null))) return false;
  // The same cause was told of already, before it came to this.
  const lesser = new Set(RULES.flatMap((rule) => (rule.within?.includes(name) === true ? [rule.name] : [])));
  const ofCause = alerts.filter((one) => lesser.has(one.rule) && one.subject === subject && one.endedAt === null);
  if (ofCause.some(({ told, owes }) => told > 0 || owes !== null)) return false;
  return now - Math.max(...same.map(({ toldAt }) => toldAt ?? -Infinity)) >= quietMs;
}
