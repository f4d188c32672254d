// What the judge of alerts is given where nothing is wrong, and the pieces that tests change of it.
import type { Telling } from "../../src/alert/judge.ts";
import type { Seen } from "../../src/alert/seen.ts";
import type { Alert } from "../../src/d1/alerts.ts";

export const [MINUTE, NOW] = [60_000, Date.parse("2026-11-29T12:00:00Z")];

export const NOTHING: Seen = {
  now: NOW,
  clock: NOW,
  lateMs: 0,
  breakers: [],
  failures: [],
  unrouted: [],
  undecided: [],
  overdue: [],
  refusals: [],
  lately: [],
  gaps: [],
  limits: [],
  journal: { waiting: 0, stuck: 0 },
  ending: [],
  archive: null,
  mutes: [],
  sources: new Set(["acme"]),
};
export const TOLD: Telling = { mute: [], quietMs: 15 * MINUTE, url: "https://relay.example.com", wants: () => true };

export const failing = (destination: string, openedAt: number | null, failures = 12) => ({
  destination,
  failures,
  since: NOW - 10 * MINUTE,
  lastAt: NOW,
  status: 503,
  fault: null,
  openedAt,
});
export const alertOf = (change: Partial<Alert>): Alert => ({
  id: 1,
  rule: "breaker-open",
  subject: "crm",
  since: NOW - 10 * MINUTE,
  openedAt: NOW - 9 * MINUTE,
  seenAt: NOW - MINUTE,
  endedAt: null,
  count: 12,
  context: "{}",
  notice: "n0",
  owes: null,
  told: 1,
  toldAt: NOW - 9 * MINUTE,
  ...change,
});
