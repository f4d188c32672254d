// What is wrong, since when and what fixes it; what was; and by which rules somebody is told.
import { wordsOf } from "../alert/notice.ts";
import { RULES } from "../alert/rules.ts";
import { type AlertAnswer, OWN_NAME } from "../contract/alerts.ts";
import type { Config } from "../config/configured.ts";
import type { Alert, Alerts } from "../d1/alerts.ts";
import type { AlertLooks } from "./operator.ts";
import { iso } from "../time.ts";

interface Deps {
  readonly config: Pick<Config, "routes" | "alerts">;
  readonly alerts: Pick<Alerts, "list">;
}

/** @see AlertLooks */
export function openAlertLooks({ config, alerts }: Deps): AlertLooks {
  const muted = new Set<string>(config.alerts.mute);
  const rules = RULES.map(({ name, severity, of, says }) => ({ name, severity, of, says, muted: muted.has(name) }));
  const routed = config.routes.some(({ from, disabled }) => disabled !== true && from.includes(OWN_NAME));
  return {
    async list({ state, limit, cursor }) {
      // One more than is shown says whether there are older ones.
      const found = await alerts.list(state ?? "all", cursor, limit + 1);
      const shown = found.slice(0, limit);
      const last = shown.at(-1);
      const next = found.length > limit && last !== undefined ? String(last.id) : null;
      return { alerts: shown.map(toAlert), next, rules, routed };
    },
  };
}

const TOLD = ["nobody", "opened", "ended"] as const;

function toAlert(kept: Alert): AlertAnswer {
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
  };
}
