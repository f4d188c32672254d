// What becomes of the relay in bad company: destinations that hang beside one that does not, and two thousand connections at once?
import { setTimeout as sleep } from "node:timers/promises";
import type { Generator } from "./generator.ts";
import { EVERYTHING } from "./features.ts";
import { type More, type Relay, SOURCE, withRelay } from "./measured-relay.ts";
import { type Receiver, startHanging } from "./receiver.ts";
import { type Spread, spread } from "./statistics.ts";

/** One healthy destination among others of the same events that take a request and never answer. */
export interface Beside {
  readonly hanging: number;
  readonly perSecond: number;
  readonly accepted: number;
  /** Events that never reached the healthy destination: must be 0. */
  readonly lost: number;
  /** From the end of the sender's answer to the first byte at the healthy destination, in milliseconds. */
  readonly ackToFirstByteMs: Spread;
  /** The same where all of them have every feature that can be had together; `null` where it was not measured. */
  readonly everything: Omit<Beside, "everything"> | null;
}

/** Many senders at once, each of which sends its next event as soon as the last one is answered. */
export interface Crowd {
  readonly connections: number;
  readonly accepted: number;
  readonly others: Readonly<Record<string, number>>;
  readonly latencyMs: Spread;
  /** Resident memory of workerd in bytes; `null` where the system does not tell. */
  readonly memory: { readonly before: number; readonly peak: number } | null;
  /**
   * The same for the durable minimum, in a workerd of its own. Not for the one with a send: it has no bound for what is
   * under way, and runs out of files.
   */
  readonly minimumMemory: Crowd["memory"];
}

const hanging = 3;
const perSecond = 50;
const patienceMs = 75_000;

/** @param seconds while the others hang: an attempt is given up after 15 s, so that most of it falls into their first attempts */
export async function besideHanging(
  receiver: Receiver,
  generator: Generator,
  seconds: number,
  withEverything: boolean,
): Promise<Beside> {
  const others = await startHanging(hanging);
  const measure = async ({ port, secret }: Relay, path: string) => {
    const plan = { port, secret, path, connections: 8 };
    await generator.run({ ...plan, path: "/in/github", seconds: 10, count: 100, rate: perSecond }); // warms up
    const count = perSecond * seconds;
    const { acks, accepted } = await generator.run({ ...plan, seconds: seconds + 5, count, rate: perSecond });
    await receiver.complete(Object.keys(acks), patienceMs);
    const waits = Object.entries(acks).flatMap(([id, ack]) => {
      const first = receiver.firsts.get(id);
      return first === undefined ? [] : [first - ack];
    });
    return { hanging, perSecond, accepted, lost: accepted - waits.length, ackToFirstByteMs: spread(waits) };
  };
  try {
    const plain = await withRelay("beside.ts", receiver.url, (relay) => measure(relay, "/in/crowded"), {
      hanging: others.urls,
    });
    if (!withEverything) return { ...plain, everything: null };
    const more = everythingAt([receiver.url, ...others.urls]);
    const options = { more, secrets: { BENCH_TOKEN: "a token that nobody looks at" } };
    const loaded = await withRelay("beside.ts", receiver.url, (relay) => measure(relay, "/in/loaded"), options);
    return { ...plain, everything: loaded };
  } finally {
    await others.close();
  }
}

/** A source whose events go to all of these, each with every feature that can be had together. */
function everythingAt(urls: readonly string[]): More {
  const all = urls.map((url, n) => ({ url, name: `loaded-${n}` }));
  return {
    sources: { loaded: SOURCE },
    destinations: Object.fromEntries(all.map(({ url, name }) => [name, { url, ...EVERYTHING.to }])),
    routes: Object.fromEntries(all.map(({ name }) => [name, { from: "loaded", to: name, ...EVERYTHING.by }])),
  };
}

const connections = 2_000;

/** @param events in all; each connection sends its share */
export async function crowd(receiver: Receiver, generator: Generator, events: number): Promise<Crowd> {
  const minimum = await crowded("/durable", receiver, generator, events);
  const { accepted, others, latencyMs, memory } = await crowded("/in/github", receiver, generator, events);
  return { connections, accepted, others, latencyMs, memory, minimumMemory: minimum.memory };
}

async function crowded(path: string, receiver: Receiver, generator: Generator, events: number) {
  return await withRelay("beside.ts", receiver.url, async (relay) => {
    const { port, secret } = relay;
    const plan = { port, secret, path, rate: null };
    await generator.run({ ...plan, connections: 8, seconds: 10, count: 100 }); // warms up
    await sleep(500);
    const before = relay.used();
    const outcome = await generator.run({ ...plan, connections, seconds: 60, count: events });
    if (path === "/in/github") await receiver.complete(Object.keys(outcome.acks), patienceMs);
    const after = relay.used();
    const memory = before === null || after === null ? null : { before: before.residentBytes, peak: after.peakBytes };
    return { ...outcome, memory };
  });
}
