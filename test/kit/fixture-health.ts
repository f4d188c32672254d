// Sources, inspections and the overview of the relay of the fixtures.
import type { Inspection } from "../../src/contract/operations.ts";
import type { Overview, SourceAnswer } from "../../src/contract/overview.ts";
import { NAUGHTY, NOW, ROTATED, ago, ahead } from "./fixture-words.ts";
import { destinations } from "./fixture-destinations.ts";
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
    gaps: {
      at: "https://api.github.com",
      every_ms: 900_000,
      secrets: [{ name: "GITHUB_TOKEN", set: true }],
      looked_at: ago(400),
      next_look_at: ahead(500),
      fault: NAUGHTY,
      last: { at: ago(90_000), missed: 3, recovered: 2, since: ago(99_000) },
    },
  }),
  source("stripe", "stripe", "Stripe", {
    last_event_at: ago(260),
    last_refusal: refusals[0] ?? null,
    window: { accepted: 9_120, refused: 212 },
    secrets: ROTATED,
    hydrate: {
      from: "https://api.stripe.com",
      path: "related_object.url",
      headers: ["authorization", "stripe-version"],
      secrets: [
        { name: "STRIPE_API_KEY", set: true },
        { name: "STRIPE_CONTEXT", set: false },
      ],
    },
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
      alerts: 3,
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
