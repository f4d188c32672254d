// What may be measured of a relay: counters since its first event, and how it stands now.
// Numbers only; how they are written is the API's.
import type { Backlog } from "../contract/overview.ts";
import { METERS } from "../contract/prices.ts";
import type { Use } from "../contract/use.ts";
import type { FeedDoor } from "../feed/door.ts";
import type { Bounds, Lifetime } from "../feed/lifetime.ts";
import type { Log } from "../log.ts";
import { within } from "../patience.ts";
import type { Looks } from "./operator.ts";

/** One number with its labels. `suffix` is what stands behind the family's name, such as `_total`. */
interface Sample {
  readonly suffix?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** How many lasted how long, in the buckets of an OpenTelemetry exponential histogram of times in ms. */
interface Distribution extends Pick<Bounds, "count" | "sumMs" | "scale" | "buckets"> {
  readonly labels: Readonly<Record<string, string>>;
}

/** Numbers of one name (OpenMetrics 1.0: https://prometheus.io/docs/specs/om/open_metrics_spec/). */
export interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram" | "stateset";
  readonly unit?: "seconds" | "bytes";
  readonly help: string;
  readonly samples: readonly Sample[];
  /** Of a histogram: what its samples are made of. */
  readonly distributions?: readonly Distribution[];
}

export interface MetricsDeps extends Pick<Looks, "destinations"> {
  readonly feed: Pick<FeedDoor, "lifetime">;
  readonly backlog: () => Promise<Backlog>;
  readonly use: () => Promise<Use>;
  readonly now: () => number;
  readonly log: Log;
}

/** How long an answer is given again, in ms: whoever asks more often reads no more rows of D1. */
const KEPT_MS = 10_000;
/** How long D1 and the Feed object are waited for, in ms: Prometheus itself waits for ten seconds. */
const ANSWER_MS = 8_000;

/**
 * Looks, unless it has just done so. What cannot be reached is left out, and `hookline_counts_available` or
 * `hookline_database_available` says so: a relay whose database is gone is one that somebody wants to measure.
 */
export function openMetrics(deps: MetricsDeps): () => Promise<readonly Family[]> {
  let kept: { readonly at: number; readonly families: readonly Family[] } | null = null;
  return async () => {
    const now = deps.now();
    if (kept === null || now - kept.at >= KEPT_MS || now < kept.at) kept = { at: now, families: await look(deps) };
    return kept.families;
  };
}

/**
 * How the relay stands, with counters that are taken from elsewhere: the same families as for a scraper, because they
 * are made by the same lines.
 */
export function openMeasure(deps: MetricsDeps): (lifetime: Lifetime) => Promise<readonly Family[]> {
  return async (lifetime) => await look({ ...deps, feed: { lifetime: async () => await Promise.resolve(lifetime) } });
}

async function look({ feed, backlog, use, destinations, now, log }: MetricsDeps): Promise<readonly Family[]> {
  const orNull = async <T>(what: string, answer: Promise<T>): Promise<T | null> => {
    try {
      return await within(ANSWER_MS, what, answer);
    } catch (error) {
      log.warn("metrics.unavailable", { what, error: String(error) });
      return null;
    }
  };
  const [lifetime, stored, used] = await Promise.all([
    orNull("feed", feed.lifetime()),
    orNull("database", Promise.all([backlog(), destinations()])),
    use(),
  ]);
  return [
    gauge("counts_available", "Whether the counters could be read.", Number(lifetime !== null)),
    gauge("database_available", "Whether D1 answered.", Number(stored !== null)),
    ...(lifetime === null ? [] : countersOf(lifetime)),
    ...(stored === null ? [] : [...backlogOf(stored[0], now()), ...standingOf(stored[1])]),
    ...useOf(used),
  ];
}

type Labelled = readonly [labels: Readonly<Record<string, string>>, value: number];

function family(type: Family["type"], name: string, help: string, samples: readonly Labelled[]): Family {
  const suffix = type === "counter" ? { suffix: "_total" } : {};
  const unit = (["seconds", "bytes"] as const).find((one) => name.endsWith(`_${one}`));
  return {
    name: `hookline_${name}`,
    type,
    help,
    ...(unit === undefined ? {} : { unit }),
    samples: samples.map(([labels, value]) => ({ labels, value, ...suffix })),
  };
}

function gauge(name: string, help: string, value: number | null): Family {
  return family("gauge", name, help, value === null ? [] : [[{}, value]]);
}

function countersOf({ since, sources, refusals, destinations, acks, use }: Lifetime): Family[] {
  const attempts = [...destinations].flatMap(([destination, { delivered, retried, failed }]) =>
    Object.entries({ delivered, retried, failed }).map(
      ([outcome, n]) => [{ destination, outcome }, n] satisfies Labelled,
    ),
  );
  // A size is no counter. Fractions are cut, because a sum that is made in another order ends in other last digits.
  const meters = METERS.filter((meter) => meter !== "d1_bytes" && use.has(meter));
  return [
    gauge("counting_since_timestamp_seconds", "When counting began.", since / 1000),
    family(
      "counter",
      "events_accepted",
      "Events that were answered with 2xx, without repeats.",
      [...sources].map(([source, { accepted }]) => [{ source }, accepted]),
    ),
    family(
      "counter",
      "requests_refused",
      "Requests that were turned away, by the reason in the log.",
      refusals.map(({ source, reason, n }) => [{ source, reason }, n]),
    ),
    family("counter", "attempts", "Attempts at deliveries: delivered, retried later, or failed for good.", attempts),
    histogram(
      "attempt_duration_seconds",
      "From the start of an attempt until its end.",
      [...destinations].map(([destination, { latency }]) => [{ destination }, latency] as const),
    ),
    histogram("ack_duration_seconds", "From the last byte of a request until its 2xx.", [[{}, acks]]),
    family(
      "counter",
      "use",
      "What was used of what the platform meters, as counted by the relay.",
      meters.map((meter) => [{ meter }, Math.round((use.get(meter) ?? 0) * 1000) / 1000]),
    ),
  ];
}

/** A histogram of times. The sum is an estimate from the middles of buckets that are 9 % wide. */
function histogram(
  name: string,
  help: string,
  all: readonly (readonly [Readonly<Record<string, string>>, Bounds])[],
): Family {
  const samples = all.flatMap(([labels, { bounds, count, sumMs }]): Sample[] => {
    return [
      ...bounds.map(({ ms, below }) => ({
        suffix: "_bucket",
        labels: { ...labels, le: ms === Infinity ? "+Inf" : String(ms / 1000) },
        value: below,
      })),
      { suffix: "_count", labels, value: count },
      { suffix: "_sum", labels, value: Math.round(sumMs) / 1000 },
    ];
  });
  const distributions = all.map(([labels, bounds]) => ({ ...bounds, labels }));
  return { ...family("histogram", name, help, []), samples, distributions };
}

function backlogOf(waits: Backlog, now: number): Family[] {
  const { journal, oldest_received_at: oldest } = waits;
  return [
    gauge("deliveries_open", "Deliveries that are due or will be; counted up to 5,000.", waits.open),
    gauge("deliveries_held", "Deliveries that wait for a pause or a breaker; counted up to 5,000.", waits.held),
    gauge(
      "deliveries_replayable",
      "Failed deliveries that wait for an operator, among the last 1,000 that failed.",
      waits.replayable,
    ),
    gauge(
      "oldest_open_event_age_seconds",
      "The age of the oldest event with an open delivery; 0 if there is none.",
      oldest === null ? 0 : Math.max(0, (now - Date.parse(oldest)) / 1000),
    ),
    gauge("events_unrouted", "Events that go nowhere; counted up to 1,000.", waits.unrouted),
    gauge("events_undecided", "Events of which a route could not decide; counted up to 1,000.", waits.undecided),
    gauge("journal_events", "Events that are accepted and not in D1 yet.", journal?.waiting ?? null),
    gauge("journal_stuck_events", "Events that D1 does not take.", journal?.stuck ?? null),
    gauge("journal_size_bytes", "What the journal of all Intake objects holds.", journal?.bytes ?? null),
  ];
}

function useOf({ meters, database, queue }: Use): Family[] {
  const full = database?.full_on ?? null;
  return [
    gauge("database_size_bytes", "The size of D1, as it said last.", database?.used ?? null),
    gauge("database_limit_bytes", "The size at which D1 is full.", database?.limit ?? null),
    gauge(
      "database_daily_growth_bytes",
      "How much D1 has grown a day, in the last week.",
      database?.growth_a_day ?? null,
    ),
    gauge(
      "database_full_timestamp_seconds",
      "The day on which D1 is full if it goes on like this; absent while it does not grow.",
      full === null ? null : Date.parse(full) / 1000,
    ),
    gauge("queue_messages", "Messages that wait in the queue.", queue?.backlog ?? null),
    family(
      "gauge",
      "limit_reached",
      "Whether a limit of the plan is reached today.",
      meters.map(({ name, reached }) => [{ meter: name }, Number(reached)]),
    ),
  ];
}

const BREAKER = ["closed", "open", "closing"] as const;

function standingOf(all: Awaited<ReturnType<MetricsDeps["destinations"]>>): Family[] {
  const each = (value: (one: (typeof all)[number]) => number) =>
    all.map((one): Labelled => [{ destination: one.name }, value(one)]);
  return [
    family(
      "gauge",
      "destination_waiting_deliveries",
      "Open deliveries of a destination; counted up to 1,000.",
      each(({ waiting }) => waiting),
    ),
    family(
      "gauge",
      "destination_held_deliveries",
      "Held deliveries of a destination; counted up to 1,000.",
      each(({ held }) => held),
    ),
    family(
      "gauge",
      "destination_failures",
      "Attempts that failed in a row since the last success.",
      each(({ failures_in_a_row: n }) => n),
    ),
    family(
      "gauge",
      "destination_paused",
      "Whether an operator has paused it.",
      each(({ paused_at: at }) => Number(at !== null)),
    ),
    family(
      "stateset",
      "destination_breaker",
      "What the breaker of a destination does.",
      all.flatMap(({ name, breaker }) => {
        const state = breaker === null || breaker.state === "counting" ? "closed" : breaker.state;
        return BREAKER.map((one): Labelled => [
          { destination: name, hookline_destination_breaker: one },
          Number(one === state),
        ]);
      }),
    ),
  ];
}
