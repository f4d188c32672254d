// What is wrong, since when and what fixes it; what was; and by which rules somebody is told.
import { wordsOf } from "../alert/notice.ts";
import { mutedUntil } from "../alert/muted.ts";
import { RULES } from "../alert/rules.ts";
import { type AlertAnswer, type MuteAnswer, OWN_NAME } from "../contract/alerts.ts";
import type { Config } from "../config/configured.ts";
import type { Alert, Alerts } from "../d1/alerts.ts";
import type { Mute, Mutes } from "../d1/mutes.ts";
import type { AlertLooks } from "./operator.ts";
import { iso } from "../time.ts";

interface Deps {
  readonly config: Pick<Config, "routes" | "alerts">;
  readonly alerts: Pick<Alerts, "list">;
  readonly mutes: Mutes;
  readonly now: () => number;
}

/** @see AlertLooks */
export function openAlertLooks({ config, alerts, mutes, now }: Deps): AlertLooks {
  const muted = new Set<string>(config.alerts.mute);
  const rules = RULES.map(({ name, severity, of, says }) => ({ name, severity, of, says, muted: muted.has(name) }));
  const routed = config.routes.some(({ from, disabled }) => disabled !== true && from.includes(OWN_NAME));
  return {
    async list({ state, limit, cursor }) {
      // One more than is shown says whether there are older ones.
      const [found, inForce] = await Promise.all([alerts.list(state ?? "all", cursor, limit + 1), mutes.list(now())]);
      const shown = found.slice(0, limit);
      const last = shown.at(-1);
      const next = found.length > limit && last !== undefined ? String(last.id) : null;
      const answers = shown.map((one) => toAlert(one, inForce, now()));
      return { alerts: answers, next, rules, mutes: inForce.map(toMute), routed };
    },
  };
}

const TOLD = ["nobody", "opened", "ended"] as const;

/** A mute as it is shown. */
export function toMute({ rule, subject, until, at, actor }: Mute): MuteAnswer {
  return { rule: rule || null, subject: subject || null, until: iso(until), since: iso(at), by: actor };
}

function toAlert(kept: Alert, mutes: readonly Mute[], now: number): AlertAnswer {
  const { id, rule, subject, since, openedAt, endedAt, count, told, toldAt } = kept;
  const { severity, of, title, fix, context } = wordsOf(kept);
  return {
    id,
    rule,
    severity,
    of,
    subject,
    title,
    since: iso(since),
    opened_at: iso(openedAt),
    ended_at: iso(endedAt),
    count,
    context: { ...context },
    fix: { ...fix },
    told: TOLD[told] ?? "nobody",
    told_at: iso(toldAt),
    muted_until: endedAt === null ? iso(mutedUntil(kept, mutes, now)) : null,
  };
}
