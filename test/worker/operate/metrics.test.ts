// /metrics of a relay on workerd: who may read it, what it counts, and what it says where a part of the relay is gone.
import { expect, test } from "vitest";
import type { Backlog } from "../../../src/contract/overview.ts";
import type { Use } from "../../../src/contract/use.ts";
import { openMetricsText } from "../../../src/api/openmetrics.ts";
import { lifetimeOf } from "../../../src/feed/lifetime.ts";
import { newTally } from "../../../src/feed/tally.ts";
import { type MetricsDeps, openMetrics } from "../../../src/operate/metrics.ts";
import { front } from "../kit/front.ts";
import { Logged } from "../kit/hands.ts";
import { deliveries, post, setUp, signed, until } from "../kit/relay.ts";

const receiver = setUp();

const relay = front({ acme: { provider: "hmac", settings: { header: "X-Signature" } } });
const TOKEN = "front-admin-token-0123456789abcdef";
const scrape = (headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }) =>
  relay.ask("/metrics", { headers });
const numbers = async () => {
  const lines = (await (await scrape()).text()).split("\n");
  return new Map(
    lines.flatMap((line): [string, number][] => {
      const at = line.lastIndexOf(" ");
      return line.startsWith("#") || at === -1 ? [] : [[line.slice(0, at), Number(line.slice(at + 1))]];
    }),
  );
};

test("without a key there is nothing to read, and the form is the same whatever is asked for", async () => {
  for (const headers of [{}, { authorization: "Bearer wrong" }, { cookie: "a=b" }]) {
    const answer = await scrape(headers);
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    expect(await answer.text()).not.toContain("hookline_");
  }
  const { secret } = await relay
    .ask("/api/keys", {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify({ name: "prometheus", role: "viewer", days: null }),
    })
    .then(async (answer) => await answer.json<{ secret: string }>());
  for (const accept of ["text/html", "*/*", "text/plain;version=0.0.4", "application/json"]) {
    const answer = await scrape({ authorization: `Bearer ${secret}`, accept });
    expect([answer.status, answer.headers.get("content-type"), answer.headers.get("cache-control")]).toEqual([
      200,
      "application/openmetrics-text; version=1.0.0; charset=utf-8",
      "no-store",
    ]);
    expect(await answer.text()).toMatch(/^# TYPE hookline_counts_available gauge\n[^]*\n# EOF\n$/);
  }
});

test("an acceptance, its attempts and a refusal are counted under their names", async () => {
  receiver.behaviour = ({ url }) => new Response("", { status: url.endsWith("/second") ? 410 : 200 });
  await signed("acme", "{}");
  await deliveries("delivered", "failed");
  expect((await post("/in/acme", "forged")).status).toBe(401);
  const found = await until(async () => {
    const all = await numbers();
    // An answer is given again for ten seconds, by each isolate; this one is the front's.
    return all.get('hookline_requests_refused_total{source="acme",reason="signature_missing"}') === 1 ? all : false;
  });
  expect(found.get(label("events_accepted_total", 'source="acme"'))).toBe(1);
  expect(found.get(label("attempts_total", 'destination="first",outcome="delivered"'))).toBe(1);
  expect(found.get(label("attempts_total", 'destination="second",outcome="failed"'))).toBe(1);
  expect(found.get(label("attempt_duration_seconds_count", 'destination="first"'))).toBe(1);
  expect(found.get(label("attempt_duration_seconds_bucket", 'destination="first",le="+Inf"'))).toBe(1);
  expect(found.get("hookline_ack_duration_seconds_count")).toBe(1);
  expect(found.get(label("use_total", 'meter="d1_rows_written"'))).toBeGreaterThan(0);
  expect(found.get("hookline_deliveries_open")).toBe(0);
  expect(found.get("hookline_journal_events")).toBe(0);
}, 60_000);

const label = (name: string, rest: string) => `hookline_${name}{${rest}}`;

const BACKLOG: Backlog = {
  open: 7,
  more: false,
  oldest_received_at: "2090-01-01T11:59:00.000Z",
  journal: null,
  held: 0,
  replayable: 0,
  replayable_more: false,
  unrouted: 2,
  undecided: 1,
  alerts: 2,
};
const USE: Use = {
  plan: "paid",
  day: "",
  resets_at: "",
  resets_in_s: 0,
  meters: [],
  database: null,
  reached: [],
  queue: null,
};

const gone = () => Promise.reject(new Error("gone"));

function open(change: Partial<MetricsDeps>) {
  const state = { clock: Date.parse("2090-01-01T12:00:00Z"), looks: 0 };
  const metrics = openMetrics({
    feed: { lifetime: async () => await Promise.resolve(lifetimeOf(0, newTally())) },
    backlog: async () => {
      state.looks += 1;
      return await Promise.resolve(BACKLOG);
    },
    use: async () => await Promise.resolve(USE),
    destinations: async () => await Promise.resolve([]),
    now: () => state.clock,
    log: new Logged(),
    ...change,
  });
  return { state, text: async () => openMetricsText(await metrics()) };
}

test("a part that does not answer is left out and named, and the rest is told", async () => {
  const withoutFeed = await open({ feed: { lifetime: gone } }).text();
  expect(withoutFeed).toContain("hookline_counts_available 0\n");
  expect(withoutFeed).toContain("hookline_oldest_open_event_age_seconds 60\n");
  const withoutD1 = await open({ backlog: gone }).text();
  expect(withoutD1).toContain("hookline_database_available 0\n");
  expect(withoutD1).toContain("hookline_counts_available 1\n");
  expect(withoutD1).not.toContain("deliveries_open");
});

test("whoever asks every second looks at D1 every ten", async () => {
  const { state, text } = open({});
  for (let n = 0; n < 30; n += 1) {
    await text();
    state.clock += 1_000;
  }
  expect(state.looks).toBe(3);
});
