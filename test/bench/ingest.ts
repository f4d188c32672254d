// How many events a second does the front door accept, next to yardsticks on the same workerd: routes that do nothing, and the least that
// a durable answer costs?
import type { Generator } from "./generator.ts";
import type { Outcome } from "./load.ts";
import type { Relay } from "./measured-relay.ts";
import type { Usage } from "./process.ts";
import { percentile, type Spread } from "./statistics.ts";

export interface IngestSpeed {
  readonly connections: number;
  /** Medians of the rounds, per second. */
  readonly noop: number;
  /** A route that asks a Durable Object to do nothing: what an answer that waits for an object can reach at most, one request at a time. */
  readonly hop: number;
  /** The durable minimum: a route that reads the body and has an object keep it, in groups, before it answers. */
  readonly durable: number;
  readonly accepted: number;
  /** What another checkout's relay accepted in the same rounds, and what this one accepted to that; `null` where there is none. */
  readonly before: number | null;
  readonly beforeRatio: number | null;
  /** Accepted to no-op, and to the durable minimum: medians of the rounds' own ratios. */
  readonly ratio: number;
  readonly durableRatio: number;
  /** The lowest and the highest of the rounds' ratios to the durable minimum: how far the machine can be trusted. */
  readonly durableRatios: readonly [lowest: number, highest: number];
  /** Latency of the round that had the median rate, in milliseconds. */
  readonly latencyMs: Spread;
  readonly noopLatencyMs: Spread;
  readonly durableLatencyMs: Spread;
  /** CPU of workerd for one event, in microseconds, until the event is in D1; medians. `null` where the system does not tell. */
  readonly cpuUs: { readonly accepted: number; readonly durable: number } | null;
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
  readonly durable: Outcome & Used;
  readonly relay: Outcome & Used;
  readonly before: Outcome | null;
  readonly lost: number;
  readonly drainMs: number;
}

interface Used {
  /** Of workerd for one accepted event, in microseconds. */
  readonly cpuUs: number | null;
}

const everyRow = "SELECT count(*) AS n FROM events";
/** For the last events of a round to come to D1, on a machine that has other work too. */
const drainPatienceMs = 60_000;

/** Who is measured, and beside whom. */
export interface Contest {
  readonly relay: Relay;
  /** Another checkout's relay; `null` where nobody asked for one. */
  readonly before: Relay | null;
}

/** Rounds take turns over all kinds of load; the first one of each warms up and does not count. */
export async function ingestSpeeds(
  contest: Contest,
  generator: Generator,
  options: { readonly rounds: number; readonly seconds: number },
): Promise<IngestSpeed[]> {
  const widths = [32, 128];
  const rounds = new Map<number, Round[]>(widths.map((width) => [width, []]));
  for (const width of widths) await round(contest, generator, width, 1);
  for (let n = 0; n < options.rounds; n += 1) {
    for (const width of widths) rounds.get(width)?.push(await round(contest, generator, width, options.seconds));
  }
  return [...rounds].map(([width, list]) => summary(width, list));
}

async function round(
  { relay, before }: Contest,
  generator: Generator,
  connections: number,
  seconds: number,
): Promise<Round> {
  const run = (path: string, { port, secret }: Relay = relay) =>
    generator.run({
      path,
      port,
      secret,
      connections,
      seconds,
      count: Number.POSITIVE_INFINITY,
      rate: null,
    });
  const noop = await run("/noop");
  const hop = await run("/hop");
  const begins = relay.used();
  const durable = await run("/durable");
  const between = relay.used();
  const old = before === null ? null : await kept(before, () => run("/in/quiet", before));
  const from = relay.used();
  const ours = await kept(relay, () => run("/in/quiet"));
  return {
    noop,
    hop,
    durable: { ...durable, cpuUs: perEvent(begins, between, durable) },
    relay: { ...ours.outcome, cpuUs: perEvent(from, relay.used(), ours.outcome) },
    before: old?.outcome ?? null,
    lost: ours.lost,
    drainMs: ours.drainMs,
  };
}

/** A load, and how long it takes until all of it is in D1. */
async function kept(relay: Relay, run: () => Promise<Outcome>) {
  const before = await relay.counted(everyRow, -1, 0).catch(() => 0); // before the first event there is no table
  const outcome = await run();
  const end = performance.now();
  const rows = await relay.counted(everyRow, before + outcome.accepted, drainPatienceMs);
  return { outcome, lost: before + outcome.accepted - rows, drainMs: performance.now() - end };
}

function perEvent(from: Usage | null, to: Usage | null, { accepted }: Outcome): number | null {
  return from === null || to === null ? null : ((to.cpuMs - from.cpuMs) * 1000) / accepted;
}

function summary(connections: number, rounds: readonly Round[]): IngestSpeed {
  const median = (value: (one: Round) => number): number => percentile(rounds.map(value), 0.5);
  const none = { count: 0, p50: Number.NaN, p99: Number.NaN, max: Number.NaN };
  const speedOf = (load: (one: Round) => Outcome) => {
    const perSecond = median((one) => load(one).perSecond);
    const typical = rounds.find((one) => load(one).perSecond === perSecond);
    return { perSecond, latencyMs: typical === undefined ? none : load(typical).latencyMs };
  };
  const accepted = speedOf(({ relay }) => relay);
  const noop = speedOf((one) => one.noop);
  const durable = speedOf((one) => one.durable);
  const toDurable = rounds.map(({ relay, durable: least }) => relay.perSecond / least.perSecond);
  const others: Record<string, number> = {};
  for (const { relay } of rounds)
    for (const [status, n] of Object.entries(relay.others)) others[status] = (others[status] ?? 0) + n;
  const hasBefore = rounds.every(({ before }) => before !== null);
  const isTold = rounds.every(({ relay }) => relay.cpuUs !== null);
  return {
    connections,
    noop: noop.perSecond,
    hop: median((one) => one.hop.perSecond),
    durable: durable.perSecond,
    accepted: accepted.perSecond,
    before: hasBefore ? median((one) => one.before?.perSecond ?? 0) : null,
    beforeRatio: hasBefore ? median((one) => one.relay.perSecond / (one.before?.perSecond ?? Number.NaN)) : null,
    ratio: median((one) => one.relay.perSecond / one.noop.perSecond),
    durableRatio: percentile(toDurable, 0.5),
    durableRatios: [Math.min(...toDurable), Math.max(...toDurable)],
    latencyMs: accepted.latencyMs,
    noopLatencyMs: noop.latencyMs,
    durableLatencyMs: durable.latencyMs,
    cpuUs: isTold
      ? { accepted: median(({ relay }) => relay.cpuUs ?? 0), durable: median((one) => one.durable.cpuUs ?? 0) }
      : null,
    others,
    lost: rounds.reduce((sum, one) => sum + one.lost, 0),
    drainMs: median((one) => one.drainMs),
    generatorBusy: Math.max(...rounds.flatMap((one) => [one.noop.busy, one.relay.busy])),
  };
}
