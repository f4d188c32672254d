// Sources, destinations and the overview of the relay of the fixtures.
import type { DestinationAnswer, Inspection } from "../../src/contract/operations.ts";
import type { Overview, SourceAnswer } from "../../src/contract/overview.ts";
import { NAUGHTY, NOW, ROTATED, ago, ahead } from "./fixture-words.ts";
import { refusals } from "./fixture-records.ts";
import { use } from "./fixture-use.ts";

const HOST = "https://hookline.acme.workers.dev";

function source(name: string, provider: string, providerName: string, more: Partial<SourceAnswer> = {}): SourceAnswer {
  const secret = `${name.toUpperCase().replaceAll("-", "_")}_SECRET`;
  return {
    name,
    path: `/in/${name}`,
    url: `${HOST}/in/${name}`,
    state: "ready",
    why: null,
    provider,
    provider_name: providerName,
    proven_by: "official library",
    secrets: [
      { name: secret, set: true },
      { name: `${secret}_OLD`, set: false },
    ],
    addresses: null,
    last_event_at: ago(8),
    last_refusal: null,
    window: { accepted: 18_204, refused: 0 },
    ...more,
  };
}

export const sources: SourceAnswer[] = [
  source("github", "github", "GitHub", {
    addresses: {
      networks: ["192.30.252.0/22", "185.199.108.0/22", "140.82.112.0/20", "143.55.64.0/20", "2a0a:a440::/29"],
      refreshed_at: ago(3_000),
      next_refresh_at: ahead(600),
      fault: null,
    },
  }),
  source("stripe", "stripe", "Stripe", {
    last_event_at: ago(260),
    last_refusal: refusals[0] ?? null,
    window: { accepted: 9_120, refused: 212 },
    secrets: ROTATED,
  }),
  source("slack", "slack", "Slack", { last_event_at: ago(7_300), window: { accepted: 41, refused: 0 } }),
  source("zoom", "zoom", "Zoom", {
    state: "secret_missing",
    why: "No secret is set: wrangler secret put ZOOM_SECRET",
    secrets: [{ name: "ZOOM_SECRET", set: false }],
    last_event_at: null,
    window: { accepted: 0, refused: 3 },
    last_refusal: refusals[2] ?? null,
  }),
  source("asana", "asana", "Asana", {
    state: "secret_missing",
    why: "No secret is set: wrangler secret put ASANA_SECRET",
    secrets: [{ name: "ASANA_SECRET", set: false }],
    last_event_at: null,
    window: { accepted: 0, refused: 0 },
  }),
  source("shopify", "shopify", "Shopify", { last_event_at: null, window: { accepted: 0, refused: 0 } }),
  source("internal-erp-of-the-emea-region", "custom", NAUGHTY, {
    proven_by: null,
    last_event_at: ago(86_400 * 3),
    window: { accepted: 0, refused: 0 },
    addresses: { networks: [], refreshed_at: null, next_refresh_at: ahead(30), fault: "answered 503" },
  }),
  {
    name: "legacy",
    path: "/in/legacy",
    url: `${HOST}/in/legacy`,
    state: "disabled",
    why: 'SOURCES.legacy.provider: "gihtub" is no provider. Did you mean github?',
    provider: null,
    provider_name: null,
    proven_by: null,
    secrets: [],
    addresses: null,
    last_event_at: null,
    last_refusal: null,
    window: { accepted: 0, refused: 17 },
  },
];

const STANDARD = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

function destination(name: string, more: Partial<DestinationAnswer> = {}): DestinationAnswer {
  return {
    name,
    kind: "http",
    url: `https://${name}.internal.acme.example/hooks`,
    state: "active",
    health: "healthy",
    health_since: null,
    failures_in_a_row: 0,
    paused_at: null,
    paused_by: null,
    breaker: null,
    breaker_rule: { failures: 10, over_s: 30 },
    retry_s: STANDARD,
    signed_by: ["SIGNING_KEY"],
    script: null,
    routes: ["payments"],
    waiting: 0,
    held: 0,
    waiting_more: false,
    oldest_waiting_at: null,
    window: {
      delivered: 9_106,
      retried: 14,
      failed: 0,
      latency: { p50_ms: 84, p95_ms: 240, p99_ms: 910 },
    },
    ...more,
  };
}

export const destinations: DestinationAnswer[] = [
  destination("ledger"),
  destination("billing", {
    health: "failing",
    health_since: ago(11_400),
    failures_in_a_row: 412,
    breaker: {
      state: "open",
      failures: 412,
      since: ago(11_400),
      opened_at: ago(11_360),
      next_probe_at: ago(-40),
      status: 503,
      fault: null,
    },
    waiting: 1_000,
    waiting_more: true,
    oldest_waiting_at: ago(11_400),
    signed_by: ["BILLING_KEY", "BILLING_KEY_OLD"],
    routes: ["payments", "invoices-to-billing-and-the-archive"],
    window: { delivered: 2_204, retried: 3_310, failed: 61, latency: { p50_ms: 1_900, p95_ms: 9_400, p99_ms: 15_000 } },
  }),
  destination("ci", {
    retry_s: [5, 15, 30],
    give_up_on: ["4xx"],
    retry_on: ["404", "429"],
    on_failed: "bin",
    max_age_s: 86_400,
    shape: {
      method: "PUT",
      format: "standard-v1a",
      public_keys: ["whpk_MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="],
      headers: { authorization: "Bearer $CI_TOKEN", "x-note": NAUGHTY },
      query: { key: "$CI_KEY" },
      gzip_above: 8_192,
      timeout_s: 30,
      unset: ["CI_KEY"],
    },
    routes: ["pushes"],
    window: { delivered: 18_190, retried: 2, failed: 0, latency: { p50_ms: 31, p95_ms: 88, p99_ms: 301 } },
  }),
  destination("warehouse", {
    state: "paused",
    health: "paused",
    health_since: ago(5_400),
    paused_at: ago(5_400),
    paused_by: "key:night-shift",
    held: 318,
    oldest_waiting_at: ago(5_380),
    window: { delivered: 811, retried: 0, failed: 0, latency: { p50_ms: 120, p95_ms: 300, p99_ms: 420 } },
  }),
  destination("partner", {
    url: null,
    state: "unaddressed",
    health: "unaddressed",
    health_since: ago(700),
    signed_by: [],
    waiting: 12,
    oldest_waiting_at: ago(700),
    window: { delivered: 0, retried: 12, failed: 0, latency: null },
  }),
  destination("bin", {
    kind: "inspect",
    url: null,
    script: "503x3,200",
    health: "retrying",
    health_since: ago(60),
    failures_in_a_row: 2,
    retry_s: [1, 2, 4],
    routes: ["pushes"],
    waiting: 2,
    oldest_waiting_at: ago(3),
    window: { delivered: 41, retried: 123, failed: 0, latency: { p50_ms: 2, p95_ms: 4, p99_ms: 9 } },
  }),
  destination("archive-of-everything-that-ever-happened-in-the-emea-region", {
    routes: [],
    health: "idle",
    retry_s: [],
    window: { delivered: 0, retried: 0, failed: 0, latency: null },
  }),
];

const body = JSON.stringify({
  id: "evt_1QK",
  type: "invoice.paid",
  note: NAUGHTY,
  lines: [{ amount: 4200, currency: "eur" }],
});

function inspection(n: number, more: Pick<Inspection, "at"> & Partial<Inspection>): Inspection {
  return {
    id: `ins_${n}`,
    destination: "bin",
    event: `evt_${"c0ffee".repeat(4)}${n}`,
    attempt: 1,
    size: (more.body ?? body).length,
    headers: {
      "content-type": "application/json",
      "user-agent": "Hookline/0.1",
      "webhook-id": "evt_c0ffeec0ffee",
      "webhook-timestamp": "1795298400",
      "webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
      "x-naughty": NAUGHTY,
    },
    encoding: "text",
    body,
    proven: true,
    answered: "503",
    ...more,
  };
}

export const inspections: Inspection[] = [
  inspection(0, { at: ago(4), attempt: 2 }),
  inspection(1, { at: ago(6), size: 912_345 }),
  inspection(2, { at: ago(400), proven: false, answered: "200", body: "AAECAwQFBgcICQoLDA0ODxD/", encoding: "base64" }),
  inspection(3, { at: ago(9_000), answered: "429 retry-after=7", body: "" }),
];

/** Counts with a night, a day, and an hour in which billing broke. */
export function overview(hours: 1 | 24 | 168): Overview {
  const step_s = { 1: 60, 24: 900, 168: 7_200 }[hours];
  const count = (hours * 3_600) / step_s;
  const points = Array.from({ length: count }, (_, n) => {
    const wave = 0.55 + 0.4 * Math.sin((n / count) * 9) + 0.12 * Math.sin(n * 1.7);
    const broken = n > count * 0.7 && n < count * 0.82;
    const accepted = Math.max(0, Math.round(step_s * 0.35 * wave));
    return {
      at: ago((count - n) * step_s),
      accepted,
      delivered: Math.round(accepted * (broken ? 0.45 : 0.99)),
      retried: Math.round(accepted * (broken ? 0.6 : 0.02)),
      failed: broken ? Math.round(accepted * 0.04) : 0,
      refused: n % 11 === 3 ? Math.round(accepted * 0.05) : 0,
    };
  });
  const sum = (key: "accepted" | "delivered" | "retried" | "failed" | "refused") =>
    points.reduce((total, point) => total + point[key], 0);
  return {
    now: NOW,
    since: ago(hours * 3_600),
    step_s,
    points,
    totals: {
      accepted: sum("accepted"),
      delivered: sum("delivered"),
      retried: sum("retried"),
      failed: sum("failed"),
      refused: sum("refused"),
    },
    backlog: {
      open: 1_014,
      more: false,
      oldest_received_at: ago(11_400),
      journal: { waiting: 3, stuck: 1, bytes: 48_213 },
      held: 318,
      replayable: 61,
      replayable_more: false,
      unrouted: 12,
      undecided: 3,
    },
    sources,
    destinations,
    use: use(),
    missing: ["ZOOM_SECRET", "ASANA_SECRET", "PARTNER_URL"],
    findings: [
      {
        key: "SOURCES.legacy.provider",
        level: "error",
        says: '"gihtub" is no provider. Did you mean github?',
      },
      {
        key: "RETENTION_DAYS",
        level: "warning",
        says: "2 is shorter than the retry schedule of billing. Write 4 or more",
      },
    ],
  };
}
