// Looks whether anything is wrong, keeps a record of it, and sends notices. Beside the sweep, by cron and by alarm.
import type { Alert, Alerts, Known } from "../d1/alerts.ts";
import type { Pulse } from "../d1/wrong.ts";
import type { Config } from "../config/configured.ts";
import type { Log } from "../log.ts";
import { judge, type Telling } from "./judge.ts";
import { wordsOf } from "./notice.ts";
import { HOUR_MS, MINUTE_MS } from "./rule.ts";
import type { Limit, Seen } from "./seen.ts";
import { isWanted, type SendNotice } from "./send.ts";

export interface WatchDeps {
  readonly alerts: Pick<Alerts, "pulse" | "known" | "find" | "end" | "told">;
  readonly config: Pick<Config, "routes" | "alerts" | "sources" | "retentionMs">;
  /** @throws where the Feed object cannot be reached */
  readonly lately: (since: number) => Promise<NonNullable<Seen["lately"]>>;
  readonly gaps: () => Promise<NonNullable<Seen["gaps"]>>;
  readonly limits: () => Promise<readonly Limit[]>;
  readonly journal: () => Promise<{ readonly waiting: number; readonly stuck: number }>;
  /** Old secrets that end within a week. */
  readonly ending: (now: number) => Seen["ending"];
  readonly send: SendNotice;
  /** Names a notice. */
  readonly newId: () => string;
  readonly now: () => number;
  readonly log: Log;
}

/** What an isolate has looked at. */
interface Looks {
  lookedAt: number;
  quarterAt: number;
}

/** From one look to the next, in ms, however often it is asked for. */
const PAUSE_MS = 10_000;
/** What lasts for hours is looked at so often, in ms: it takes thousands of rows of the Feed object. */
const QUARTER_MS = 15 * MINUTE_MS;
/** What counts as lately, in ms. */
const LATELY_MS = 10 * MINUTE_MS;
/** So long after the last event nothing new can be wrong that no row of D1 tells, in ms. */
const ACTIVE_MS = 15 * MINUTE_MS;
/** Notices of one look: each is a request to Intake. */
const MOST_NOTICES = 4;
/** Alerts that ended so long ago, in ms, still decide how soon somebody is told again. */
const OVER_MS = 24 * HOUR_MS;

/** @returns a look, which never rejects, and what is asked before the sweep: afterwards nothing is late any more */
export function openWatch(deps: WatchDeps) {
  const looks: Looks = { lookedAt: -Infinity, quarterAt: deps.now() };
  return {
    /** `null` where it is not time to look, or D1 does not answer. */
    async pulse(): Promise<Pulse | null> {
      const at = deps.now();
      if (at >= looks.lookedAt && at - looks.lookedAt < PAUSE_MS) return null;
      looks.lookedAt = at;
      try {
        return await deps.alerts.pulse(at - LATELY_MS);
      } catch (error) {
        deps.log.warn("alerts.not_looked", { error: String(error) });
        return null;
      }
    },

    async look(pulse: Pulse | null): Promise<void> {
      if (pulse === null) return;
      const now = deps.now();
      // Each minute of the cron may have an isolate of its own, which remembers no quarter.
      const isQuarter = now % QUARTER_MS < MINUTE_MS || now - looks.quarterAt >= QUARTER_MS;
      const active = isActive(pulse, now);
      if (!isQuarter && !active) return;
      if (isQuarter) looks.quarterAt = now;
      try {
        await look({ pulse, now, isQuarter, active }, deps);
      } catch (error) {
        deps.log.error("alerts.failed", { error: String(error) });
      }
    },
  };
}

export type Watch = ReturnType<typeof openWatch>;

function isActive({ eventAt, refusalAt, lookAt, troubled }: Pulse, now: number): boolean {
  return lookAt !== null || troubled === 1 || [eventAt, refusalAt].some((at) => at !== null && now - at < ACTIVE_MS);
}

/** One look: what there is to look at, and how thoroughly. */
interface Look {
  readonly pulse: Pulse;
  readonly now: number;
  readonly isQuarter: boolean;
  /** Something happens: where nothing does, there is no more to find than a silent source and a stuck event. */
  readonly active: boolean;
}

async function look(one: Look, deps: WatchDeps): Promise<void> {
  const { now } = one;
  const { alerts, config } = deps;
  const known = await alerts.known(now - OVER_MS, now - LATELY_MS);
  const seen = await see(one, known, deps);
  const { found, over, forgotten } = judge(seen, known.alerts, tellingOf(config, now), deps.newId);
  const begun = found.length === 0 ? [] : await alerts.find(found, now);
  const ended =
    over.length + forgotten.length === 0 ? [] : await alerts.end(over, forgotten, now, now - config.retentionMs);
  const before = new Set(known.alerts.flatMap(({ id, endedAt }) => (endedAt === null ? [id] : [])));
  for (const alert of begun) if (!before.has(alert.id)) say("alert.opened", alert, deps.log);
  for (const alert of ended) say("alert.ended", alert, deps.log);
  const latest = new Map([...known.alerts, ...begun, ...ended].map((alert) => [alert.id, alert]));
  await tell([...latest.values()], now, deps);
}

/** Whatever cannot be asked is not looked at: no alert of it begins, and none is over. */
async function see({ pulse, now, isQuarter, active }: Look, known: Known, deps: WatchDeps): Promise<Seen> {
  const whereDue = async <T>(isDue: boolean, what: string, asked: () => Promise<T>): Promise<T | null> => {
    if (!isDue) return null;
    try {
      return await asked();
    } catch (error) {
      deps.log.warn("alerts.not_looked", { at: what, error: String(error) });
      return null;
    }
  };
  const [lately, gaps, limits, journal] = await Promise.all([
    whereDue(active, "feed", () => deps.lately(now - LATELY_MS)),
    whereDue(isQuarter, "feed", deps.gaps),
    whereDue(isQuarter && active, "use", deps.limits),
    whereDue(isQuarter, "journal", deps.journal),
  ]);
  const { alerts: _alerts, ...rest } = known;
  const sources = new Set(deps.config.sources.keys());
  const configured = gaps?.filter(({ source }) => sources.has(source)) ?? null;
  const lateMs = Math.max(0, now - (pulse.lookAt ?? now));
  return {
    ...rest,
    now,
    lateMs,
    overdue: pulse.overdue,
    sources,
    lately,
    gaps: configured,
    limits,
    journal,
    ending: deps.ending(now),
  };
}

/** What no route takes is told to nobody; once one does, it is told what is still open. */
function tellingOf({ routes, alerts }: WatchDeps["config"], now: number): Telling {
  return { ...alerts, wants: (notice) => isWanted(notice, routes, now) };
}

/** Sends what is owed, and notes it. A notice that was sent and not noted is sent once more, and is the same event. */
async function tell(all: readonly Alert[], now: number, { alerts, send, log }: WatchDeps): Promise<void> {
  const owed = new Set(all.flatMap(({ owes }) => owes ?? []));
  const told: string[] = [];
  for (const notice of [...owed].slice(0, MOST_NOTICES)) {
    try {
      if (await send(notice)) told.push(notice);
      else log.warn("alert.not_told", { error: "Intake did not take it" });
    } catch (error) {
      log.warn("alert.not_told", { error: String(error) });
    }
  }
  if (told.length > 0) await alerts.told(told, now);
}

function say(event: "alert.opened" | "alert.ended", alert: Alert, log: Log): void {
  const { rule, subject, count } = alert;
  const { severity, title } = wordsOf(alert);
  const fields = { alert: alert.id, rule, subject, count, severity, title };
  if (event === "alert.opened") log.warn(event, fields);
  else log.info(event, fields);
}
