// What does one event cost in the units that Cloudflare bills, from the request to the settled delivery, and what is
// that in money?
// Counted, not timed.
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod/mini";
import { use } from "../../src/contract/use.ts";
import type { Generator } from "./generator.ts";
import type { Receiver } from "./receiver.ts";
import { HUNDRED } from "./goals.ts";
import { type Relay, withRelay } from "./measured-relay.ts";
import { type Counts, GB_OF_OBJECT, type Priced, priced, priceLines } from "./price.ts";

export interface Cost {
  /** How many events were averaged over, and how they came. */
  readonly load: string;
  /** By what was counted; the names are those of `worker/counted.ts`. */
  readonly perEvent: Readonly<Record<string, number>>;
  /** By the meters of the price table, and in US dollars; of the two loads that are priced. */
  readonly priced?: Priced;
}

/** After the last delivery is settled, the acknowledgement of its bell may still be on its way. */
const settleMs = 500;
/** What the relay counts of itself is told a little later. */
const toldMs = 6_000;

/** For the last of them to be settled. */
const patienceMs = 5 * 60_000;

/** Events a second: a steady load, and one every three seconds, which is what the free plan carries. */
const steadyRate = 100;
const loneRate = 0.3;
/** They take longer than the half minute for which the relay gives one answer about its use. */
const loneEvents = 10;

const deliveredRows = "SELECT count(*) AS n FROM deliveries WHERE state = 'delivered'";
const health = z.object({ use });

export async function costs(receiver: Receiver, generator: Generator, events: number): Promise<Cost[]> {
  const token = randomBytes(24).toString("hex");
  const measure = async (relay: Relay) => {
    const load = loader(relay, generator, token);
    await load("the first one, which also makes the tables", 1, 1, null);
    return [
      await load("one every three seconds", 1, loneEvents, loneRate),
      await load("one at a time", 1, 10, 4),
      await load(HUNDRED, 32, events, steadyRate),
      await load(`${events} as fast as 32 connections send`, 32, events, null),
    ];
  };
  const loads = await withRelay("counted.ts", receiver.url, measure, { secrets: { ADMIN_TOKEN: token } });
  // Of a lone event next to nothing could be measured beside the looks of the bench itself.
  const cpu = loads.find(({ rate }) => rate === steadyRate)?.cpuMs ?? 0;
  const all = loads.map(({ load, perEvent, rate, gbSeconds }): Cost => {
    if (rate !== steadyRate && rate !== loneRate) return { load, perEvent };
    // Under a steady load both objects are awake all the time.
    const awake = rate === steadyRate ? (2 * GB_OF_OBJECT) / steadyRate : gbSeconds;
    const counted = { ...metersOf(perEvent), object_gb_s: awake, worker_cpu_ms: cpu };
    return { load, perEvent, priced: priced(counted, rate === steadyRate ? "steady" : "lone") };
  });
  process.stderr.write(priceLines(all));
  return all;
}

interface Loaded extends Pick<Cost, "load" | "perEvent"> {
  readonly rate: number | null;
  /** Of the objects, by the relay's own estimate, for each event. */
  readonly gbSeconds: number;
  /** Of the whole runtime: objects and D1, which are not billed by CPU, are in it. */
  readonly cpuMs: number;
}

function loader(relay: Relay, generator: Generator, token: string) {
  let delivered = 0;
  return async (name: string, connections: number, count: number, rate: number | null): Promise<Loaded> => {
    const [before, awakeBefore, usedBefore] = [await counts(relay), await awakeOf(relay, token), relay.used()];
    const { port, secret } = relay;
    const plan = { port, secret, path: "/in/github", connections, count, rate, seconds: 300 };
    const { accepted } = await generator.run(plan);
    delivered += accepted;
    const settled = await relay.counted(deliveredRows, delivered, patienceMs);
    const cpuMs = ((relay.used()?.cpuMs ?? 0) - (usedBefore?.cpuMs ?? 0)) / count;
    if (settled !== delivered || accepted !== count)
      throw new Error(`${name}: ${count} sent, ${accepted} accepted, ${settled} of ${delivered} delivered`);
    await sleep(rate === loneRate ? toldMs : settleMs);
    const after = Object.entries(await counts(relay));
    const differences = after.map(([key, n]) => [key, (n - (before[key] ?? 0)) / count] as const);
    const perEvent = Object.fromEntries(differences.filter(([, n]) => n !== 0));
    return { load: name, perEvent, rate, gbSeconds: ((await awakeOf(relay, token)) - awakeBefore) / count, cpuMs };
  };
}

/** In the meters of the price table. A message of the queue is written, read and deleted. */
function metersOf(perEvent: Readonly<Record<string, number>>): Counts {
  const of = (...names: string[]) => names.reduce((sum, name) => sum + (perEvent[name] ?? 0), 0);
  return {
    d1_rows_written: of("D1 rows written"),
    d1_rows_read: of("D1 rows read"),
    object_requests: of("Durable Object requests", "Feed requests", "Durable Object alarms"),
    object_rows_written: of("Durable Object rows written", "Feed rows written"),
    queue_operations: of("queue messages written", "queue messages read", "queue messages read"),
    worker_requests: 1,
  };
}

/** Of the objects, as the relay itself has counted them today. */
async function awakeOf({ url }: Relay, token: string): Promise<number> {
  const answer = await fetch(`${url}/health`, { headers: { authorization: `Bearer ${token}` } });
  const { meters } = health.parse(await answer.json()).use;
  return meters.find(({ name }) => name === "object_gb_s")?.used ?? 0;
}

export async function counts({ url }: Relay): Promise<Record<string, number>> {
  const answer: unknown = await (await fetch(`${url}/counts`)).json();
  return Object.fromEntries(Object.entries(Object(answer)).map(([name, n]) => [name, Number(n)] as const));
}
