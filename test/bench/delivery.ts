// How soon and how fast do accepted events reach a receiver on this machine, and does every one of them?
import type { Generator } from "./generator.ts";
import type { Outcome } from "./load.ts";
import type { Receiver } from "./receiver.ts";
import type { Relay } from "./measured-relay.ts";
import { type Spread, spread } from "./statistics.ts";

export interface DeliverySpeed {
  /** What the load was, in words. */
  readonly load: string;
  readonly accepted: number;
  readonly others: Readonly<Record<string, number>>;
  /** Accepted events that never reached the receiver: must be 0. */
  readonly lost: number;
  /** Requests beyond the first for an event. */
  readonly repeats: number;
  /** From the first request of the load to the last arrival, events per second. */
  readonly deliveredPerSecond: number;
  /** From the end of the sender's answer to the first byte of the delivery, in milliseconds; negative where the delivery was first. */
  readonly ackToFirstByteMs: Spread;
}

/** Time for the last events to arrive. What a lost bell leaves is rung again after 60 s. */
const patienceMs = 75_000;

export async function deliverySpeeds(
  relay: Relay,
  receiver: Receiver,
  generator: Generator,
  options: { readonly events: number; readonly seconds: number },
): Promise<DeliverySpeed[]> {
  const phase = async (load: string, connections: number, count: number, rate: number | null) => {
    const plan = { port: relay.port, path: "/in/github", secret: relay.secret };
    const seconds = rate === null ? 60 : count / rate + 5;
    const before = receiver.requests() - receiver.firsts.size;
    const outcome = await generator.run({ ...plan, connections, seconds, count, rate });
    await receiver.complete(Object.keys(outcome.acks), patienceMs);
    return summary(load, outcome, receiver, receiver.requests() - receiver.firsts.size - before);
  };
  const { events, seconds } = options;
  await phase("warm-up", 32, 200, null);
  const idle = await phase("idle: 20 events a second, one connection", 1, 20 * seconds, 20);
  const burst = await phase(`burst: ${events} events as fast as 32 connections send`, 32, events, null);
  const half = Math.max(1, Math.floor(burst.deliveredPerSecond / 2));
  const steady = await phase(`steady: half of that, ${half} a second`, 32, half * seconds, half);
  return [idle, steady, burst];
}

function summary(
  load: string,
  { accepted, acks, others, startedAt }: Outcome,
  { firsts }: Receiver,
  repeats: number,
): DeliverySpeed {
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
    repeats,
    deliveredPerSecond: (waits.length / (last - startedAt)) * 1000,
    ackToFirstByteMs: spread(waits),
  };
}
