// What do counts for one event come to: in US dollars for a million of them, and in events a day on the free plan?
// Pure.
import { inForce, LIMITS, type Meter, METERS, READ_ON, usdOf } from "../../src/contract/prices.ts";

/** How much one event, or one idle day, uses of each meter. What is not there is nothing. */
export type Counts = Readonly<Partial<Record<Meter, number>>>;

const MILLION = 1_000_000;
/** An object is billed for all of its 128 MB while it is awake. */
export const GB_OF_OBJECT = 0.128;

/** What the retention's deletes cost for each event with one delivery, later: held by test/worker/feed/use.test.ts. */
export const FORGETTING = { d1_rows_written: 2, d1_rows_read: 33 };

/**
 * US dollars for a million events, without any of the amounts that the plan includes. A size is a month of it.
 *
 * @param day decides which meters there are: logs were billed by the line until November 2026, and by the GB after that
 */
export function usdPerMillion(counts: Counts, day = READ_ON): number {
  return METERS.reduce((sum, meter) => sum + usdOf(meter, counts[meter] ?? 0, day), 0) * MILLION;
}

/** Two counts together. */
export function plus(one: Counts, other: Counts): Counts {
  return Object.fromEntries(METERS.map((meter) => [meter, (one[meter] ?? 0) + (other[meter] ?? 0)]));
}

/** How many events a day the free plan carries, and which limit ends it. */
export interface Free {
  readonly eventsADay: number;
  readonly binds: Meter;
  /** By each limit alone. */
  readonly by: Readonly<Partial<Record<Meter, number>>>;
}

/**
 * The least over all limits of the free plan.
 *
 * @param perEvent `d1_bytes` is what it takes in the database while it is kept
 * @param idle what the relay uses on a day without events
 * @param days how long events are kept: the size of the database holds the events of so many days
 */
export function freePlan(perEvent: Counts, idle: Counts, days: number, day = READ_ON): Free {
  const by: Partial<Record<Meter, number>> = {};
  for (const meter of METERS) {
    const { free, per } = LIMITS[meter];
    const each = perEvent[meter] ?? 0;
    if (free === null || each <= 0 || !inForce(meter, day)) continue;
    const left = Math.max(0, free - (idle[meter] ?? 0));
    by[meter] = Math.floor(per === "size" ? left / each / days : left / each);
  }
  const binds = METERS.reduce((least, meter) => ((by[meter] ?? Infinity) < (by[least] ?? Infinity) ? meter : least));
  return { eventsADay: by[binds] ?? Infinity, binds, by };
}

/** What an event with a body of 1 KB and one delivery takes in D1, in bytes. */
const STORED = { d1_bytes: 1_550 };
/** A line of some 350 bytes for each event, and what the platform stores with it: 1,000 bytes, which is an estimate. */
const LOGGED = { log_lines: 1, log_bytes: 1_350 };
/** What a relay uses in a day without events: held by test/worker/sweep/idle.test.ts. */
export const IDLE: Counts = {
  worker_requests: 1_440,
  d1_rows_read: 62_000,
  d1_rows_written: 110,
  // Every quarter of an hour the cron tells what it has used (a row, which is deleted after a day, and one by the hour),
  // and asks how long sources are silent and whether an event is stuck.
  object_requests: 288,
  object_rows_written: 240,
};
/** For how many days the free plan's figure keeps events: twice the standard schedule of retries. */
const FREE_DAYS = 7;
/** When logs change from lines to GB. */
const CHANGE = "2026-12-01";

/** One event in money. */
export interface Priced {
  readonly load: "lone" | "steady";
  readonly perEvent: Counts;
  /** US dollars a million, with nothing included: as of `READ_ON`, and as announced from December 2026 on. */
  readonly usdPerMillion: { readonly now: number; readonly announced: number };
  readonly usdPerMillionWithDeletes: { readonly now: number; readonly announced: number };
  /** Without what is deleted later, and with it. */
  readonly free: Free;
  readonly freeWithDeletes: Free;
}

/** @param counted what was measured; what is known beforehand of logs and size is added */
export function priced(counted: Counts, load: Priced["load"]): Priced {
  // What is stored is a monthly charge of its own, and a limit.
  const perEvent = plus(counted, LOGGED);
  const deleted = plus(perEvent, FORGETTING);
  const usd = (counts: Counts) => ({ now: usdPerMillion(counts), announced: usdPerMillion(counts, CHANGE) });
  return {
    load,
    perEvent,
    usdPerMillion: usd(perEvent),
    usdPerMillionWithDeletes: usd(deleted),
    free: freePlan(plus(perEvent, STORED), IDLE, FREE_DAYS),
    freeWithDeletes: freePlan(plus(deleted, STORED), IDLE, FREE_DAYS),
  };
}

/** What a load costs, and what the free plan carries of it, as lines for a terminal. */
export function priceLines(loads: readonly { readonly load: string; readonly priced?: Priced }[]): string {
  const lines = loads.flatMap(({ load, priced: one }) => {
    if (one === undefined) return [];
    const { usdPerMillion: usd, usdPerMillionWithDeletes: all, free, freeWithDeletes: kept } = one;
    return [
      `  ${load}: $${usd.now.toFixed(2)} a million, $${all.now.toFixed(2)} with the retention's deletes (from ${CHANGE} on $${usd.announced.toFixed(2)} and $${all.announced.toFixed(2)})`,
      ...(one.load === "lone"
        ? [
            `  free plan: ${free.eventsADay} events a day (${free.binds} binds), ${kept.eventsADay} with deletes (${kept.binds} binds)`,
          ]
        : []),
    ];
  });
  const stored = (usdPerMillion(STORED) / 1).toFixed(2);
  return `Price of an event, by Cloudflare's pages of ${READ_ON}, without what a plan includes\n${lines.join("\n")}\n  stored: $${stored} a month for each million that D1 keeps\n`;
}
