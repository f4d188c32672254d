// How many events a second does the front door accept, next to routes that do nothing on the same workerd?
import type { Generator } from "./generator.ts";
import type { Outcome } from "./load.ts";
import type { Relay } from "./measured-relay.ts";
import { percentile, type Spread } from "./statistics.ts";

export interface IngestSpeed {
  readonly connections: number;
  /** Medians of the rounds, per second. */
  readonly noop: number;
  /** A route that asks a Durable Object to do nothing: what an answer that waits for an object can reach at most, one request at a time. */
  readonly hop: number;
  readonly accepted: number;
  /** Accepted to no-op, median of the rounds' own ratios. */
  readonly ratio: number;
  /** Latency of the round that had the median rate, in milliseconds. */
  readonly latencyMs: Spread;
  readonly noopLatencyMs: Spread;
  /** Answers that were not 200 and accepted, of all rounds, by status. */
  readonly others: Readonly<Record<string, number>>;
  /** Events that were acknowledged and are not in D1: must be 0. */
  readonly lost: number;
  /** From the last answer until the last of the events was in D1, median. */
  readonly drainMs: number;
  /** Most of a core that the generator used in any round. */
  readonly generatorBusy: number;
}

interface Round {
  readonly noop: Outcome;
  readonly hop: Outcome;
  readonly relay: Outcome;
  readonly lost: number;
  readonly drainMs: number;
}

const everyRow = "SELECT count(*) AS n FROM events";

/** Rounds take turns over all kinds of load; the first one of each warms up and does not count. */
export async function ingestSpeeds(
  relay: Relay,
  generator: Generator,
  options: { readonly rounds: number; readonly seconds: number },
): Promise<IngestSpeed[]> {
  const widths = [32, 128];
  const rounds = new Map<number, Round[]>(widths.map((width) => [width, []]));
  for (const width of widths) await round(relay, generator, width, 1);
  for (let n = 0; n < options.rounds; n += 1) {
    for (const width of widths) rounds.get(width)?.push(await round(relay, generator, width, options.seconds));
  }
  return [...rounds].map(([width, list]) => summary(width, list));
}

async function round(relay: Relay, generator: Generator, connections: number, seconds: number): Promise<Round> {
  const plan = {
    port: relay.port,
    secret: relay.secret,
    connections,
    seconds,
    count: Number.POSITIVE_INFINITY,
    rate: null,
  };
  const noop = await generator.run({ ...plan, path: "/noop" });
  const hop = await generator.run({ ...plan, path: "/hop" });
  const before = await relay.counted(everyRow, -1, 0).catch(() => 0); // before the first event there is no table
  const accepted = await generator.run({ ...plan, path: "/in/quiet" });
  const end = performance.now();
  const rows = await relay.counted(everyRow, before + accepted.accepted, 20_000);
  return {
    noop,
    hop,
    relay: accepted,
    lost: before + accepted.accepted - rows,
    drainMs: performance.now() - end,
  };
}

function summary(connections: number, rounds: readonly Round[]): IngestSpeed {
  const median = (value: (one: Round) => number): number => percentile(rounds.map(value), 0.5);
  const accepted = median(({ relay }) => relay.perSecond);
  const noop = median((one) => one.noop.perSecond);
  const typical = rounds.find(({ relay }) => relay.perSecond === accepted);
  const typicalNoop = rounds.find((one) => one.noop.perSecond === noop);
  const none = { count: 0, p50: Number.NaN, p99: Number.NaN, max: Number.NaN };
  const others: Record<string, number> = {};
  for (const { relay } of rounds)
    for (const [status, n] of Object.entries(relay.others)) others[status] = (others[status] ?? 0) + n;
  return {
    connections,
    noop,
    hop: median((one) => one.hop.perSecond),
    accepted,
    ratio: median((one) => one.relay.perSecond / one.noop.perSecond),
    latencyMs: typical?.relay.latencyMs ?? none,
    noopLatencyMs: typicalNoop?.noop.latencyMs ?? none,
    others,
    lost: rounds.reduce((sum, one) => sum + one.lost, 0),
    drainMs: median((one) => one.drainMs),
    generatorBusy: Math.max(...rounds.flatMap((one) => [one.noop.busy, one.relay.busy])),
  };
}
