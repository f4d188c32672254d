// What the relay of the fixtures has cost: a month of it, and one of which nothing is counted yet.
import { costsOf } from "../../src/operate/costs.ts";
import { forecastOf } from "../../src/operate/forecast.ts";
import type { Forecast } from "../../src/contract/costs.ts";
import type { Spent } from "../../src/feed/tally.ts";
import { use } from "./fixture-use.ts";
import { NAUGHTY, NOW } from "./fixture-words.ts";

const DAY = 86_400_000;
const now = Date.parse(NOW);

/** So many thousands of events at a time. */
function spentAt(at: number, n: number): Spent {
  return {
    at,
    use: new Map([
      ["d1_rows_written", 3_400 * n],
      ["d1_rows_read", 19_000 * n],
      ["d1_bytes", 341_229_568],
      ["object_requests", 3_100 * n],
      ["object_gb_s", 30 * n],
      ["object_rows_written", 2_900 * n],
      ["object_rows_read", 17_000 * n],
      ["queue_operations", 240 * n],
      ["worker_requests", 1_440 + 1_300 * n],
      ["log_lines", 1_200 * n],
      ["log_bytes", 1_500_000 * n],
      ["refused:stripe:signature_mismatch", 9],
    ]),
    sources: new Map([
      ["github", { accepted: 700 * n, refused: 2 }],
      ["stripe", { accepted: 300 * n, refused: 40 * n }],
      [NAUGHTY.slice(0, 40), { accepted: 1, refused: 0 }],
    ]),
    destinations: new Map([
      ["billing", { delivered: 280 * n, retried: 70 * n, failed: 20 * n }],
      ["archive-of-everything-that-ever-happened-in-the-emea-region", { delivered: 700 * n, retried: 0, failed: 0 }],
    ]),
  };
}

const NOTHING: Omit<Spent, "at"> = { use: new Map(), sources: new Map(), destinations: new Map() };
const days = Array.from({ length: 31 }, (_, n) => now - (now % DAY) - (30 - n) * DAY);
const nothing = days.map((at) => Object.assign({ at }, NOTHING));

export const costs = costsOf(
  days.map((at, n) => (n < 9 ? Object.assign({ at }, NOTHING) : spentAt(at, 8 + ((n * 7) % 11)))),
  spentAt(now - DAY, 12),
  "free",
  now,
);
export const costsOfNothing = costsOf(nothing, { at: now - DAY, ...NOTHING }, "paid", now);

export function forecast(deliveries: number, rate = 600): Forecast {
  return forecastOf({ deliveries, rate, delivered: false }, "free", use().meters, now);
}
