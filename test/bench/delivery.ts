// How soon and how fast do accepted events reach a receiver on this machine, and does every one of them? Beside the least that can be done
// for that: to keep the body, to answer, to send it, to tell the end.
import type { Generator } from "./generator.ts";
import type { Contest } from "./ingest.ts";
import type { Outcome } from "./load.ts";
import type { Receiver } from "./receiver.ts";
import type { Relay } from "./measured-relay.ts";
import { percentile, type Spread, spread } from "./statistics.ts";

export interface DeliverySpeed {
  /** What the load was, in words. */
  readonly load: string;
  readonly accepted: number;
  readonly others: Readonly<Record<string, number>>;
  /** Accepted events that never reached the receiver: must be 0. */
  readonly lost: number;
  /** Requests beyond the first for an event: must be 0. */
  readonly repeats: number;
  /** From the first request of the load to the last arrival, events per second. Of several rounds the median. */
  readonly deliveredPerSecond: number;
  /** From the end of the sender's answer to the first byte of the delivery, in milliseconds; negative where the delivery was first. */
  readonly ackToFirstByteMs: Spread;
  /** CPU of workerd for one event, in microseconds, from the first request to the last arrival; `null` where the system does not tell. */
  readonly cpuUs: number | null;
  /** The same burst to the durable minimum with a send, delivered per second; only for a burst. */
  readonly minimumPerSecond: number | null;
  /** What another checkout's relay delivered of such bursts in the same rounds; `null` where there is none. */
  readonly beforePerSecond: number | null;
  /** Delivered to that minimum, median of the rounds' own ratios; only for a burst. */
  readonly sendRatio: number | null;
}

interface DeliveryOptions {
  /** Of one burst. */
  readonly events: number;
  /** How many bursts there are, of the relay and of the minimum in turns. */
  readonly rounds: number;
  /** Of the idle and the steady load. */
  readonly seconds: number;
}

type Phase = Omit<DeliverySpeed, "minimumPerSecond" | "sendRatio" | "beforePerSecond">;

/** One round of bursts. */
interface Bursts {
  readonly minimum: Phase;
  readonly before: Phase | null;
  readonly ours: Phase;
}

/** Time for the last events to arrive. What a lost bell leaves is rung again after 60 s. */
const patienceMs = 75_000;
/** Less than that cannot be a pace: the steady load must come to its end even where the burst was slow. */
const slowest = 20;

export async function deliverySpeeds(
  { relay: measured, before }: Contest,
  receiver: Receiver,
  generator: Generator,
  { events, rounds, seconds }: DeliveryOptions,
): Promise<DeliverySpeed[]> {
  const phase = async (
    path: string,
    load: string,
    connections: number,
    count: number,
    rate: number | null,
    relay: Relay = measured,
  ) => {
    const since = { requests: receiver.requests() - receiver.firsts.size, cpuMs: relay.used()?.cpuMs };
    const patience = rate === null ? 60 : count / rate + 5;
    const { port, secret } = relay;
    const outcome = await generator.run({ port, secret, path, connections, seconds: patience, count, rate });
    await receiver.complete(Object.keys(outcome.acks), patienceMs);
    const cpuMs = (relay.used()?.cpuMs ?? Number.NaN) - (since.cpuMs ?? Number.NaN);
    const repeats = receiver.requests() - receiver.firsts.size - since.requests;
    return { ...summary(load, outcome, receiver), repeats, cpuUs: perEvent(cpuMs, outcome) };
  };
  const burst = (path: string, count: number, relay: Relay = measured) =>
    phase(path, `burst: ${events} events as fast as 32 connections send`, 32, count, null, relay);

  for (const path of ["/durable-send", "/in/github"]) await burst(path, 200);
  if (before !== null) await burst("/in/github", 200, before);
  const idle = await phase("/in/github", "idle: 20 events a second, one connection", 1, 20 * seconds, 20);
  const all: Bursts[] = [];
  for (let n = 0; n < rounds; n += 1)
    all.push({
      minimum: await burst("/durable-send", events),
      before: before === null ? null : await burst("/in/github", events, before),
      ours: await burst("/in/github", events),
    });
  const bursts = together(all);
  const half = Math.max(slowest, Math.floor(bursts.deliveredPerSecond / 2));
  const name = `steady: half of that, ${half} a second`;
  const steady = await phase("/in/github", name, 32, half * seconds, half);
  const alone = { minimumPerSecond: null, beforePerSecond: null, sendRatio: null };
  return [{ ...idle, ...alone }, { ...steady, ...alone }, bursts];
}

/** All bursts as one: what was lost or came twice is added up, and the wait is that of the burst with the median speed. */
function together(all: readonly Bursts[]): DeliverySpeed {
  const ours = all.map((round) => round.ours);
  const sum = (value: (one: Phase) => number) => ours.reduce((total, one) => total + value(one), 0);
  const median = (value: (round: Bursts) => number) => percentile(all.map(value), 0.5);
  const deliveredPerSecond = median((round) => round.ours.deliveredPerSecond);
  const typical = ours.find((one) => one.deliveredPerSecond === deliveredPerSecond);
  if (typical === undefined) throw new Error("no burst");
  const others: Record<string, number> = {};
  for (const one of ours)
    for (const [status, n] of Object.entries(one.others)) others[status] = (others[status] ?? 0) + n;
  const hasBefore = all.every(({ before }) => before !== null);
  return {
    ...typical,
    others,
    accepted: sum(({ accepted }) => accepted),
    lost: sum(({ lost }) => lost),
    repeats: sum(({ repeats }) => repeats),
    minimumPerSecond: median(({ minimum }) => minimum.deliveredPerSecond),
    beforePerSecond: hasBefore ? median(({ before }) => before?.deliveredPerSecond ?? 0) : null,
    sendRatio: median((round) => round.ours.deliveredPerSecond / round.minimum.deliveredPerSecond),
  };
}

function perEvent(cpuMs: number, { accepted }: Outcome): number | null {
  return Number.isNaN(cpuMs) ? null : (cpuMs * 1000) / accepted;
}

function summary(
  load: string,
  { accepted, acks, others, startedAt }: Outcome,
  { firsts }: Receiver,
): Omit<Phase, "repeats" | "cpuUs"> {
  const waits: number[] = [];
  let last = startedAt;
  for (const [id, ack] of Object.entries(acks)) {
    const arrival = firsts.get(id);
    if (arrival === undefined) continue;
    waits.push(arrival - ack);
    last = Math.max(last, arrival);
  }
  return {
    load,
    accepted,
    others,
    lost: accepted - waits.length,
    deliveredPerSecond: (waits.length / (last - startedAt)) * 1000,
    ackToFirstByteMs: spread(waits),
  };
}
