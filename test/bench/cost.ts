// What does one event cost in the units that Cloudflare bills, from the request to the settled delivery? Counted, not timed.
import { setTimeout as sleep } from "node:timers/promises";
import type { Generator } from "./generator.ts";
import type { Receiver } from "./receiver.ts";
import { HUNDRED } from "./goals.ts";
import { type Relay, withRelay } from "./measured-relay.ts";

export interface Cost {
  /** How many events were averaged over, and how they came. */
  readonly load: string;
  /** By what was counted; the names are those of `worker/counted.ts`. */
  readonly perEvent: Readonly<Record<string, number>>;
}

/** After the last delivery is settled, the acknowledgement of its bell may still be on its way. */
const settleMs = 500;

/** For the last of them to be settled. */
const patienceMs = 5 * 60_000;

const deliveredRows = "SELECT count(*) AS n FROM deliveries WHERE state = 'delivered'";

export async function costs(receiver: Receiver, generator: Generator, events: number): Promise<Cost[]> {
  return await withRelay("counted.ts", receiver.url, async (relay) => {
    const load = loader(relay, generator);
    await load("the first one, which also makes the tables", 1, 1, null);
    return [
      await load("one at a time", 1, 10, 4),
      await load(HUNDRED, 8, events, 100),
      await load(`${events} as fast as 32 connections send`, 32, events, null),
    ];
  });
}

function loader(relay: Relay, generator: Generator) {
  let delivered = 0;
  return async (name: string, connections: number, count: number, rate: number | null): Promise<Cost> => {
    const before = await counts(relay);
    const { port, secret } = relay;
    const plan = { port, secret, path: "/in/github", connections, count, rate, seconds: 300 };
    const { accepted } = await generator.run(plan);
    delivered += accepted;
    const settled = await relay.counted(deliveredRows, delivered, patienceMs);
    if (settled !== delivered || accepted !== count)
      throw new Error(`${name}: ${count} sent, ${accepted} accepted, ${settled} of ${delivered} delivered`);
    await sleep(settleMs);
    const after = Object.entries(await counts(relay));
    const differences = after.map(([key, n]) => [key, (n - (before[key] ?? 0)) / count] as const);
    return { load: name, perEvent: Object.fromEntries(differences.filter(([, n]) => n !== 0)) };
  };
}

async function counts({ url }: Relay): Promise<Record<string, number>> {
  const answer: unknown = await (await fetch(`${url}/counts`)).json();
  return Object.fromEntries(Object.entries(Object(answer)).map(([name, n]) => [name, Number(n)] as const));
}
