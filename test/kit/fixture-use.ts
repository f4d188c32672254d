// How much of its plan the relay of the fixtures has used.
import type { Meter } from "../../src/contract/prices.ts";
import type { Use } from "../../src/contract/use.ts";
import { NOW, ago, ahead } from "./fixture-words.ts";

const day = (name: Meter, used: number | null, limit: number | null, estimated = false) =>
  ({ name, used, limit, per: "day", estimated, reached: used !== null && limit !== null && used >= limit }) as const;

/** At 9.4 MB a day. */
const FULL_ON = ahead(16.8 * 86_400).slice(0, 10);

/** On the free plan, at ten in the evening: the rows of D1 are nearly used up, the queue is. */
export function use(): Use {
  return {
    plan: "free",
    day: NOW.slice(0, 10),
    resets_at: ahead(2 * 3_600),
    resets_in_s: 2 * 3_600,
    meters: [
      day("d1_rows_written", 93_412, 100_000),
      day("d1_rows_read", 812_004, 5_000_000),
      { name: "d1_bytes", used: 341_229_568, limit: 500_000_000, per: "size", estimated: false, reached: false },
      day("object_requests", 62_118, 100_000),
      day("object_gb_s", 5_210, 13_000, true),
      day("object_rows_written", 71_020, 100_000),
      day("object_rows_read", 402_118, 5_000_000),
      day("queue_operations", 10_000, 10_000),
      day("worker_requests", 31_340, 100_000),
      day("worker_cpu_ms", null, null),
      day("log_lines", 36_904, 200_000),
    ],
    database: { used: 341_229_568, limit: 500_000_000, growth_a_day: 9_437_184, over_s: 7 * 86_400, full_on: FULL_ON },
    reached: [
      {
        name: "queue_operations",
        says: "The queue takes no messages until midnight UTC. Events are accepted and first attempts are made at once; the sweep makes about ten other attempts a minute",
      },
    ],
    queue: { backlog: 12, oldest_at: ago(95) },
  };
}
