// Routes, refusals, replays, keys and the audit of the relay of the fixtures.
import type { ApiKey, AuditEntry } from "../../src/contract/access.ts";
import type { ReplayFilter, ReplayJob, RouteAnswer } from "../../src/contract/operations.ts";
import type { DriedMany, RoutesTried, TriedDry } from "../../src/contract/routing.ts";
import type { RefusalAnswer } from "../../src/contract/overview.ts";
import { NAUGHTY, ago, ahead } from "./fixture-words.ts";

export const routes: RouteAnswer[] = [
  {
    name: "pushes",
    from: ["github"],
    events: ["push", "pull_request.*"],
    to: ["ci", "bin"],
    when: null,
    enabled: true,
  },
  {
    name: "payments",
    from: ["stripe", "shopify"],
    events: [],
    to: ["ledger", "billing", "warehouse", "partner", "orders-worker", "lake"],
    transform: [
      { version: null, text: '{ "text": body.customer.name & " pays " & $string(body.amount) }' },
      { version: "2026-11-01", text: NAUGHTY },
    ],
    when: "body.livemode && body.data.object.amount >= 100000",
    enabled: true,
  },
  {
    name: "invoices-to-billing-and-the-archive",
    from: ["stripe", "internal-erp-of-the-emea-region"],
    events: ["invoice.*", "credit_note.*", "customer.subscription.updated", "payout.*"],
    to: ["billing"],
    when: null,
    enabled: true,
  },
  { name: "alerts", from: ["hookline"], events: ["alert.*"], to: ["bin"], when: null, enabled: true },
  { name: "removed", from: ["slack"], events: ["app_mention"], to: ["no-longer-there"], when: null, enabled: false },
];

/** One of each that a route may say. */
export function tried(event: string | null): RoutesTried {
  const of = routes.map(({ name, to, from, events, when }) => ({ route: name, to, from, events, when }));
  const nothing = { error: null, reads: [], already_by: [] };
  return {
    event,
    source: "stripe",
    type: "invoice.paid",
    routes: [
      { ...of[0]!, ...nothing, verdict: "source" },
      { ...of[1]!, ...nothing, verdict: "when", reads: [{ path: "body.livemode", value: "false" }] },
      { ...of[1]!, ...nothing, verdict: "undecided", error: NAUGHTY, reads: [{ path: "body.data", value: null }] },
      { ...of[2]!, ...nothing, verdict: "taken", already_by: ["payments"] },
      { ...of[4]!, ...nothing, verdict: "disabled" },
    ],
  };
}

const untried = { version: null, when: null, wanted: null, undecided: null, reads: [], transform: null, after: null };
export const triedDry: TriedDry = {
  event: null,
  source: "stripe",
  type: "invoice.paid",
  before: JSON.stringify({ id: "in_1", livemode: true, customer: { name: NAUGHTY, lines: "x".repeat(900) } }),
  tried: [
    {
      ...untried,
      route: "payments",
      when: "body.livemode",
      wanted: true,
      reads: [{ path: "body.livemode", value: "true" }],
      transform: '{ "text": body.customer.name }',
      after: JSON.stringify({ text: NAUGHTY }),
      content_type: "application/json",
      error: null,
    },
    {
      ...untried,
      route: "payments",
      version: "2026-11-01",
      when: "body.none == 1",
      undecided: NAUGHTY,
      transform: "body.none",
      content_type: null,
      error: "the transform gives nothing: a path in it leads nowhere for this event",
    },
    { ...untried, route: "everything", content_type: null, error: null },
  ],
};

const long = { ...triedDry, event: "evt_2", received_at: ago(60), cut: true, skipped: null };
export const triedMany: DriedMany = {
  source: "stripe",
  events: [
    { ...triedDry, event: "evt_1", received_at: ago(4), cut: false, skipped: null },
    long,
    { ...long, event: "evt_3", before: "", tried: [], skipped: "its body is large: try it alone" },
  ],
  complete: false,
};

export const refusals: RefusalAnswer[] = [
  {
    at: ago(42),
    status: 401,
    reason: "signature_mismatch",
    code: "other_secret",
    advice:
      "The signature is well formed and was made with another secret: copy the signing secret of this very endpoint from Stripe.",
    address: "3.18.12.63",
    evidence: { tried: ["STRIPE_SECRET"] },
  },
  {
    at: ago(4_000),
    status: 401,
    reason: "timestamp_stale",
    code: "timestamp_stale",
    advice: "The request was signed 11 min before it came, and 5 min are admitted: look at the clock of the sender.",
    address: "2a0a:a440::17",
    evidence: { ageMs: 660_000, toleranceMs: 300_000 },
  },
  {
    at: ago(90_000),
    status: 401,
    reason: "secret_missing",
    code: "secret_missing",
    advice: "No secret is set: wrangler secret put ZOOM_SECRET",
    address: "203.0.113.9",
    evidence: { names: ["ZOOM_SECRET", NAUGHTY] },
  },
];

const everything: ReplayFilter = {
  source: null,
  type: null,
  destination: null,
  state: "failed",
  since: null,
  until: null,
};

function job(id: string, more: Partial<ReplayJob>): ReplayJob {
  return {
    id,
    state: "running",
    filter: everything,
    actor: "key:night-shift",
    rate: 600,
    expected: 1_240,
    expected_complete: true,
    replayed: 431,
    skipped: 4,
    looked_back_to: ago(20_000),
    created_at: ago(50),
    updated_at: ago(2),
    ended_at: null,
    ...more,
  };
}

export const jobs: [ReplayJob, ReplayJob, ...ReplayJob[]] = [
  job("rpl_running", {
    filter: {
      ...everything,
      destination: "billing",
      source: "stripe",
      type: "invoice.*",
      since: ago(90_000),
      until: ago(3_600),
    },
  }),
  job("rpl_cancelled", {
    state: "cancelled",
    ended_at: ago(7_000),
    created_at: ago(7_600),
    replayed: 88,
    actor: "ops@example.com",
  }),
  job("rpl_done", {
    state: "done",
    ended_at: ago(70_000),
    created_at: ago(71_000),
    replayed: 1_240,
    filter: { ...everything, state: "both" },
  }),
  job("rpl_vague", {
    expected_complete: false,
    replayed: 5_020,
    expected: 5_000,
    rate: 6_000,
    looked_back_to: null,
    actor: NAUGHTY,
  }),
];

function key(n: number, more: Pick<ApiKey, "name" | "role" | "state"> & Partial<ApiKey>): ApiKey {
  return {
    id: `k${n}f9a2c`,
    created_at: ago(1_000_000 * n),
    created_by: "ops@example.com",
    expires_at: ahead(86_400 * 30),
    revoked_at: null,
    last_used_at: ago(3_600),
    ...more,
  };
}

export const apiKeys: [ApiKey, ...ApiKey[]] = [
  key(1, { name: "night-shift", role: "operator", state: "live", created_by: "admin" }),
  key(2, { name: "grafana", role: "viewer", state: "live", expires_at: null, last_used_at: null }),
  key(3, { name: "deploy-pipeline", role: "admin", state: "expired", expires_at: ago(40_000) }),
  key(4, { name: NAUGHTY, role: "viewer", state: "revoked", revoked_at: ago(8_000) }),
];

export const auditEntries: AuditEntry[] = [
  {
    at: ago(30),
    actor: "key:night-shift",
    action: "replays.start",
    target: "rpl_running",
    detail: JSON.stringify({
      filter: {
        source: "github",
        type: "invoice.payment_failed",
        destination: "billing",
        state: "failed",
        since: 1_795_000_000_000,
        until: null,
      },
      rate: 600,
      expected: 4_211,
    }),
  },
  {
    at: ago(600),
    actor: "stranger",
    action: "sign-in.refused",
    target: "2001:db8:85a3::/48",
    detail: JSON.stringify({
      why: "key_revoked",
      at: "authorization",
      key: "left the company",
      further: "not listed for an hour",
    }),
  },
  {
    at: ago(700),
    actor: "access:somebody.with.a.long.name@platform.acme-international.example",
    action: "replay",
    target: `evt_${"c0ffee12".repeat(4)}:archive-of-everything-that-ever-happened-in-the-emea-region`,
    detail: JSON.stringify(["archive-of-everything-that-ever-happened-in-the-emea-region", "billing"]),
  },
  { at: ago(5_400), actor: "key:night-shift", action: "destination.pause", target: "warehouse", detail: null },
  { at: ago(9_000), actor: "ops@example.com", action: "delivery.replay", target: "evt_c0ffee:billing", detail: null },
  { at: ago(90_000), actor: "admin", action: "key.create", target: "k0f9a2c", detail: NAUGHTY },
];
