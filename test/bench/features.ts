// What does each feature add to the cost of an event, and what do all of them together add? Counted at the bindings; of
// the CPU only the ratio to plain events of the same run says something.
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { counts } from "./cost.ts";
import type { Generator } from "./generator.ts";
import { type More, type Relay, SOURCE, withRelay } from "./measured-relay.ts";
import type { Receiver } from "./receiver.ts";
import { percentile } from "./statistics.ts";

/** What an event costs that goes to a destination with one feature. */
export interface FeatureCost {
  readonly feature: string;
  readonly d1RowsWritten: number;
  readonly d1RowsRead: number;
  /** Of all objects; a message of the queue is written, read and deleted. */
  readonly objectRequests: number;
  readonly objectRowsWritten: number;
  readonly queueOperations: number;
  /** What a destination beside the network is asked, and how often what an event names is fetched. */
  readonly others: Readonly<Record<string, number>>;
  /** CPU of workerd for an event, to that for a plain event of the rounds beside it; `null` where nobody tells. */
  readonly cpuRatio: number | null;
}

const TRANSFORM = '{ "text": body.pusher.name & " pushes to " & body.ref, "to": body.repository.full_name }';
const WHEN = "body.repository.id == 1.0 && body.ref.startsWith('refs/heads/')";
const HEADERS = { authorization: "Bearer $BENCH_TOKEN", "x-tenant": "7" };

/** What a destination and its route can have together. */
export const EVERYTHING = {
  to: { headers: HEADERS, format: "standard-v1a", rate: "500/s", concurrency: 50 },
  by: { when: WHEN, transform: TRANSFORM },
} as const;

/** By feature: its destination beyond the address, its route beyond where it leads, its source beyond who proves it. */
function features(receiver: string, things: string): Record<string, { to: object; by?: object; of?: object }> {
  const url = { url: receiver };
  return {
    plain: { to: url },
    when: { to: url, by: { when: WHEN } },
    transform: { to: url, by: { transform: TRANSFORM } },
    shape: { to: { ...url, headers: HEADERS, format: "standard-v1a" } },
    rate: { to: { ...url, rate: "500/s" } },
    concurrency: { to: { ...url, concurrency: 50 } },
    service: { to: { service: "PARTNER" } },
    queue: { to: { queue: "JOBS" } },
    r2: { to: { r2: "LAKE", key: "{source}/{event}" } },
    hydrate: {
      to: url,
      by: { transform: '{ "it": object.name }' },
      of: { hydrate: { from: things, path: "repository.url" } },
    },
    everything: { to: { ...url, ...EVERYTHING.to }, by: EVERYTHING.by },
  };
}

/** A source, a destination and a route for each of them. */
function configured(all: ReturnType<typeof features>): More {
  const names = Object.keys(all);
  const made = (of: (name: string, one: (typeof all)[string]) => object) =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- plain data, written down above
    Object.fromEntries(names.map((name) => [name, of(name, all[name] ?? { to: {} })])) as More["sources"];
  return {
    sources: made((_, { of }) => ({ ...SOURCE, ...of })),
    destinations: made((_, { to }) => to),
    routes: made((name, { by }) => ({ from: name, to: name, ...by })),
  };
}

const events = 100;
const rate = 25;
const patienceMs = 60_000;
/** After the last delivery is settled, words to the objects may still be on their way. */
const settleMs = 1_500;

/** @param rounds each feature takes its turns beside plain events */
export async function featureCosts(receiver: Receiver, generator: Generator, rounds: number): Promise<FeatureCost[]> {
  let fetched = 0;
  const things = createServer((_, response) => {
    fetched += 1;
    response.end('{"name":"a thing"}');
  }).listen(0, "127.0.0.1");
  await once(things, "listening");
  const address = things.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const all = features(receiver.url, `http://127.0.0.1:${address.port}`);
  const measure = async (relay: Relay): Promise<FeatureCost[]> => {
    const send = sender(relay, generator, () => fetched);
    for (const name of Object.keys(all)) await send(name, 10);
    const costs: FeatureCost[] = [];
    for (const name of Object.keys(all)) {
      const ratios: number[] = [];
      let counted: Readonly<Record<string, number>> = {};
      for (let round = 0; round < rounds; round += 1) {
        const plain = await send("plain", events);
        const one = await send(name, events);
        counted = one.perEvent;
        if (plain.cpuMs !== null && one.cpuMs !== null) ratios.push(one.cpuMs / plain.cpuMs);
      }
      costs.push(costOf(name, counted, ratios.length === 0 ? null : percentile(ratios, 0.5)));
    }
    return costs;
  };
  try {
    const secrets = { BENCH_TOKEN: "a token that receivers of the bench do not look at" };
    return await withRelay("counted.ts", receiver.url, measure, { more: configured(all), secrets });
  } finally {
    things.closeAllConnections();
    things.close();
  }
}

function sender(relay: Relay, generator: Generator, fetched: () => number) {
  let delivered = 0;
  return async (name: string, count: number) => {
    const [before, fetchedBefore, usedBefore] = [await counts(relay), fetched(), relay.used()];
    const { port, secret } = relay;
    const plan = { port, secret, path: `/in/${name}`, connections: 8, count, rate, seconds: 60 };
    const { accepted } = await generator.run(plan);
    delivered += accepted;
    const sql = "SELECT count(*) AS n FROM deliveries WHERE state = 'delivered'";
    const settled = await relay.counted(sql, delivered, patienceMs);
    if (settled !== delivered || accepted !== count)
      throw new Error(`${name}: ${count} sent, ${accepted} accepted, ${settled} of ${delivered} delivered`);
    await sleep(settleMs);
    const used = relay.used();
    const after = Object.entries(await counts(relay)).map(
      ([key, n]) => [key, (n - (before[key] ?? 0)) / count] as const,
    );
    const perEvent = { ...Object.fromEntries(after), "objects fetched": (fetched() - fetchedBefore) / count };
    const cpuMs = used === null || usedBefore === null ? null : (used.cpuMs - usedBefore.cpuMs) / count;
    return { perEvent, cpuMs };
  };
}

const OTHERS = ["service requests", "messages of a destination's queue", "R2 class A operations", "objects fetched"];

function costOf(feature: string, perEvent: Readonly<Record<string, number>>, cpuRatio: number | null): FeatureCost {
  const of = (...names: string[]) => names.reduce((sum, name) => sum + (perEvent[name] ?? 0), 0);
  return {
    feature,
    d1RowsWritten: of("D1 rows written"),
    d1RowsRead: of("D1 rows read"),
    objectRequests: of("Durable Object requests", "Feed requests", "Limiter requests", "Durable Object alarms"),
    objectRowsWritten: of("Durable Object rows written", "Feed rows written", "Limiter rows written"),
    queueOperations: of("queue messages written", "queue messages read", "queue messages read"),
    others: Object.fromEntries(OTHERS.flatMap((name) => (of(name) > 0 ? [[name, of(name)] as const] : []))),
    cpuRatio,
  };
}
