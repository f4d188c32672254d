// Who looks whether anything is wrong, over a real D1: what it has to say is in the test's hands.
import type { Notice } from "../../../src/alert/notice.ts";
import { openWatch, type WatchDeps } from "../../../src/alert/watch.ts";
import type { Alerts } from "../../../src/d1/alerts.ts";
import type { Log } from "../../../src/log.ts";

/** What a relay is configured to say: everything, to somebody. */
export const TOLD: WatchDeps["config"] = {
  routes: [{ name: "alerts", from: ["hookline"], events: [], to: ["pager"] }],
  alerts: { mute: [], quietMs: 15 * 60_000, url: "https://relay.example.com" },
  sources: new Map(),
  retentionMs: 30 * 24 * 60 * 60_000,
};

/** @param sent gets the notices */
export function watching(
  alerts: Alerts,
  now: () => number,
  log: Log,
  sent: Notice[] = [],
  change: Partial<WatchDeps> = {},
) {
  return openWatch({
    alerts,
    config: TOLD,
    lately: () => Promise.resolve([]),
    gaps: () => Promise.resolve([]),
    limits: () => Promise.resolve([]),
    journal: () => Promise.resolve({ waiting: 0, stuck: 0 }),
    ending: () => [],
    send: (notice) => Promise.resolve(sent.push(JSON.parse(notice)) > 0),
    newId: () => crypto.randomUUID(),
    now,
    log,
    ...change,
  });
}
