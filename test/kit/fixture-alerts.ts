// Alerts of the relay of the fixtures: three that are open, two that are over, in the words of their rules.
import type { Alert } from "../../src/d1/alerts.ts";
import { openAlertLooks } from "../../src/operate/alerts.ts";
import type { AlertLooks } from "../../src/operate/operator.ts";
import { NAUGHTY, NOW, ago, ahead } from "./fixture-words.ts";

const at = (seconds: number) => Date.parse(ago(seconds));

function alert(id: number, rule: string, subject: string, context: object, more: Partial<Alert>): Alert {
  const base = { id, rule, subject, since: at(900), openedAt: at(840), seenAt: at(20), endedAt: null, count: 1 };
  return { ...base, context: JSON.stringify(context), notice: `n${id}`, owes: null, told: 1, toldAt: at(838), ...more };
}

const kept: readonly Alert[] = [
  alert(
    7,
    "refusals-spiking",
    "stripe",
    { reason: "signature_mismatch", accepted: 40, code: "other_secret", advice: NAUGHTY },
    { count: 212, told: 0, toldAt: null },
  ),
  alert(
    6,
    "delivery-failed",
    "crm",
    { reason: "gone", event: `evt_${"c0ffee12".repeat(4)}`, last_status: 410 },
    { count: 61 },
  ),
  alert(5, "breaker-open", "billing", { last_status: 503 }, { since: Date.parse("2026-11-20T06:50:00Z"), count: 412 }),
  alert(
    4,
    "source-silent",
    "internal-erp-of-the-emea-region",
    { silent_s: 90_000, usual_s: 3_600 },
    { since: at(97_200), openedAt: at(93_600), endedAt: at(90_000), told: 2 },
  ),
  alert(3, "full-moon", "moon", {}, { since: at(200_000), endedAt: at(196_400), told: 0, toldAt: null }),
];

const ROUTE = { name: "alerts", from: ["hookline"], events: [], to: ["chat"] };
const ALERTING = { mute: ["events-unrouted"], quietMs: 900_000, url: null } as const;

const MUTES = [
  { rule: "delivery-failed", subject: "crm", until: Date.parse(ahead(3_600)), at: at(600), actor: "key:night watch" },
  { rule: "", subject: "warehouse", until: Date.parse(ahead(7_200)), at: at(7_000), actor: "admin" },
];

/** What a relay says whose alerts are these. */
function looksAt(rows: readonly Alert[], isRouted: boolean): AlertLooks {
  return openAlertLooks({
    config: { routes: isRouted ? [ROUTE] : [], alerts: ALERTING },
    now: () => Date.parse(NOW),
    mutes: { list: async () => await Promise.resolve(isRouted ? MUTES : []) },
    alerts: {
      list: async (which, below, limit) => {
        const isWanted = ({ endedAt }: Alert) => which === "all" || (which === "open") === (endedAt === null);
        const wanted = rows.filter((one) => one.id < (below ?? Infinity) && isWanted(one));
        return await Promise.resolve(wanted.slice(0, limit));
      },
    },
  });
}

/** Somebody is told, of all but one rule. */
export const alertLooks = looksAt(kept, true);
/** Nothing was ever wrong, and nobody would be told. */
export const noAlerts = looksAt([], false);
