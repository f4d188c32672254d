// An operator whose relay holds every state that a page can show, hostile text included: for pages, where a real relay would need days.
import type { Operator } from "../../src/operate/open.ts";
import { alertLooks, noAlerts } from "./fixture-alerts.ts";
import { NAUGHTY, NOW, ago } from "./fixture-words.ts";
import { costs, costsOfNothing, forecast } from "./fixture-costs.ts";
import { deliveries } from "./fixture-history.ts";
import { destinations } from "./fixture-destinations.ts";
import { erasures } from "./fixture-erasures.ts";
import { inspections, overview, sources } from "./fixture-health.ts";
import { archived } from "./fixture-archive.ts";
import { apiKeys, auditEntries, jobs, refusals, routes, tried, triedDry, triedMany } from "./fixture-records.ts";

const notFound = (what: string) => ({ ok: false as const, problem: { status: 404, title: "Not Found", detail: what } });
const done = <T>(value: T) => ({ ok: true as const, value });

/** Everything at once: failing, paused, missing, refused, held, hostile. */
export function fullOperator(): Operator {
  return {
    // The pages of events are looked at over a real relay.
    events: async () => ({ events: [], next: null, complete: true }),
    event: async () => null,
    archive: { isOpen: true, list: async () => done(archived) },
    exports: async () => done({ lines: new Blob([]).stream(), next: null }),
    tries: async (event) => done(tried(event)),
    tunnel: (name) => done(name),
    configuration: () => ({ vars: {}, secrets: [], missing: [] }),
    deliveries: async ({ filter }) => ({
      deliveries: deliveries.filter(({ destination }) => (filter.destination ?? destination) === destination),
      next: null,
      complete: true,
    }),
    overview: async (_origin, hours) => overview(hours),
    metrics: async () => [],
    measure: async () => [],
    sources: async () => ({ sources, events_looked_back_to: ago(7 * 86_400) }),
    secrets: async (name) => {
      const source = sources.find((one) => one.name === name);
      if (source === undefined) return notFound(name);
      const used = source.secrets.map((secret, n) =>
        Object.assign(secret, { events: 90 - 83 * n, last_event_at: ago(60) }),
      );
      return done({ source: name, secrets: used, looked_back_to: null });
    },
    refusals: async (source) =>
      sources.some(({ name }) => name === source) ? done({ source, refusals }) : notFound(source),
    destinations: async () => destinations,
    destination: found,
    routes: () => routes,
    inspections: async () => done(inspections),
    alerts: alertLooks,
    costs: async () => done(costs),
    replays: {
      preview: async (filter, rate) =>
        done({
          filter,
          matching: 1_240,
          complete: false,
          looked_back_to: ago(40_000),
          forecast: forecast(1_240, rate),
        }),
      list: async () => jobs,
      show: async (id) => {
        const job = jobs.find((one) => one.id === id);
        return job === undefined ? notFound(id) : done(job);
      },
    },
    erasures: {
      list: async () => erasures,
      show: async (id) => {
        const job = erasures.find((one) => one.id === id);
        return job === undefined ? notFound(id) : done(job);
      },
    },
    keys: {
      list: async () => apiKeys,
      audit: async () => done({ entries: auditEntries, next: "bmV4dA" }),
    },
    acts: {
      replay: async () => done({ replayed: 1, deliveries: [] }),
      cancel: async () => done({ cancelled: 1, deliveries: [] }),
      send: async ({ event }, _, { destination }) =>
        done({ delivery: `${event}:${destination}`, created: true, state: "pending" as const }),
      route: async ({ event }) =>
        done({
          routed: 1,
          deliveries: [{ id: `${event}:ci`, created: true, state: "pending" as const }],
          undecided: [],
        }),
      "routes.apply": async () => done({ looked: 2, routed: 1, deliveries: 1, undecided: 0, next: null }),
      "routes.try": async () => done(tried(null)),
      "transforms.try": async (_, _by, { event }) => done({ ...triedDry, event }),
      "transforms.try-stored": async (_, _by, { source }) => done({ ...triedMany, source }),
      delete: ({ event }: { event: string }) =>
        Promise.resolve({ ok: true as const, value: { event, deleted: [event], cancelled: 0, under_way: 0 } }),
      edit: async ({ event }, _, { destination, body }) =>
        done({ event: "evt_edited", delivery: `evt_edited:${destination}`, edited_from: event, size: body.length }),
      test: async (destination) =>
        done({
          destination,
          event: "test_01",
          outcome: "retry" as const,
          status: 503,
          fault: null,
          latency_ms: 1_482,
          answer: NAUGHTY,
        }),
      pause: async (name) => {
        const paused = await found(name);
        return paused.ok && name === "warehouse" ? done({ ...paused.value, unconfirmed: ["intake-1"] }) : paused;
      },
      resume: found,
      script: async (name, _, { script }) =>
        script === "broken"
          ? {
              ok: false,
              problem: { status: 400, title: "Bad Request", detail: 'step 1: "broken" is no step. Write 503 or hang' },
            }
          : found(name),
      "offers.reveal": async (source) =>
        done({
          source,
          offers: [{ offered_at: ago(120), address: "203.0.113.7", secret: "offered-secret-of-asana" }],
          advice: "Handed over by whoever called from this address; nothing proves that it was Asana.",
        }),
      "replays.start": async () => done(jobs[0]),
      "replays.cancel": async () => done(jobs[1]),
      "erasures.start": async () => done(erasures[0]),
      "erasures.confirm": async () => done(erasures[1]),
      "erasures.cancel": async () => done(erasures[2]),
      "key.create": async (_, __, { name, role }) =>
        name.trim() === ""
          ? { ok: false, problem: { status: 400, title: "Bad Request", detail: "name: must have a visible character" } }
          : done({ key: { ...apiKeys[0], name, role }, secret: "hlk_3f9a_not-a-real-secret-of-anybody" }),
      "alerts.mute": async () => done({ mutes: [] }),
      "alerts.unmute": async () => done({ mutes: [] }),
      "gaps.look": async (source) => done({ source, asked: true, looked_at: ago(600) }),
      "key.revoke": async () => done(apiKeys[0]),
      import: async (_, __, { lines }) =>
        done({ imported: lines.length, known: 0, cancelled: 0, expired: 0, not_configured: [] }),
      "import.parts": async () => done({ receipt: null }),
    },
  };
}

/** A relay of its first minute: nothing configured, nothing happened. */
export function emptyOperator(): Operator {
  const full = fullOperator();
  const nothing = { accepted: 0, delivered: 0, retried: 0, failed: 0, refused: 0 };
  return {
    ...full,
    archive: { isOpen: false, list: async () => notFound("archive") },
    deliveries: async () => ({ deliveries: [], next: null, complete: true }),
    overview: async (_origin, hours) => ({
      ...overview(hours),
      points: overview(hours).points.map(({ at }) => Object.assign({ at }, nothing)),
      totals: nothing,
      backlog: {
        open: 0,
        more: false,
        oldest_received_at: null,
        journal: { waiting: 0, stuck: 0, bytes: 0 },
        held: 0,
        replayable: 0,
        replayable_more: false,
        unrouted: 0,
        undecided: 0,
        alerts: 0,
      },
      sources: [],
      destinations: [],
      missing: ["SIGNING_KEY"],
      findings: [],
    }),
    sources: async () => ({ sources: [], events_looked_back_to: null }),
    secrets: async (source) => notFound(source),
    refusals: async (source) => notFound(source),
    destinations: async () => [],
    routes: () => [],
    inspections: async () => done([]),
    alerts: noAlerts,
    costs: async () => done(costsOfNothing),
    erasures: { ...full.erasures, list: async () => [] },
    replays: {
      ...full.replays,
      list: async () => [],
      preview: async (filter) =>
        done({ filter, matching: 0, complete: true, looked_back_to: null, forecast: forecast(0) }),
    },
    keys: { ...full.keys, list: async () => [], audit: async () => done({ entries: [], next: null }) },
  };
}

/** An ordinary day, for the README: one destination fails, one is paused, and every name is short. */
export function shownOperator(): Operator {
  const ordinary = new Set(["github", "stripe", "slack", "shopify", "ledger", "billing", "ci", "warehouse", "bin"]);
  return {
    ...fullOperator(),
    overview: async (_origin, hours) => {
      const all = overview(hours);
      return {
        ...all,
        sources: all.sources.filter(({ name }) => ordinary.has(name)),
        destinations: all.destinations.filter(({ name }) => ordinary.has(name)),
        missing: [],
        findings: [],
      };
    },
  };
}

/** A relay with fifty sources, thirty routes and twelve destinations. */
export function wideOperator(): Operator {
  const full = fullOperator();
  const source = sources[0]!;
  const many = Array.from({ length: 50 }, (_, n) =>
    Object.assign({}, source, { name: `tenant-${n}${n % 7 === 0 ? "-with-a-rather-long-name-of-its-own" : ""}` }),
  );
  const target = destinations.find(({ state }) => state === "active")!;
  const ends = Array.from({ length: 12 }, (_, n) => Object.assign({}, target, { name: `service-${n}` }));
  const ways = Array.from({ length: 30 }, (_, n) => ({
    name: `route-${n}`,
    from: many.filter((_one, at) => at % 30 === n).map(({ name }) => name),
    events: n % 3 === 0 ? [] : [`kind-${n}.*`],
    to: ends.filter((_one, at) => at === n % 12 || at === (n * 5) % 12).map(({ name }) => name),
    when: n % 4 === 0 ? "body.amount > 5" : null,
    enabled: n % 7 !== 0,
  }));
  return {
    ...full,
    sources: async () => ({ sources: many, events_looked_back_to: NOW }),
    destinations: async () => ends,
    routes: () => ways,
  };
}

async function found(name: string) {
  const one = destinations.find((destination) => destination.name === name);
  return one === undefined ? notFound(name) : done(one);
}
