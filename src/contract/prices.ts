// What Cloudflare allows and charges for each thing that a relay uses, with the page of each figure and the day on
// which it was read. Data.

/** When the pages of `PRICES` were last read. */
export const READ_ON = "2026-11-29";

/** What is metered, in the order in which it is shown. GB-s: seconds in which an object is awake, times its 128 MB. */
export const METERS = [
  "d1_rows_written",
  "d1_rows_read",
  "d1_bytes",
  "object_requests",
  "object_gb_s",
  "object_rows_written",
  "object_rows_read",
  "queue_operations",
  "worker_requests",
  "worker_cpu_ms",
  "log_lines",
  "log_bytes",
] as const;
export type Meter = (typeof METERS)[number];

export const PLANS = ["free", "paid"] as const;
export type Plan = (typeof PLANS)[number];

/** A limit counts until midnight UTC, or it is a size; from `from` on, or until the day before `until`. */
export interface Limit {
  /** Of the whole account, but for `d1_bytes`, which is of one database. `null`: none, more is billed. */
  readonly free: number | null;
  readonly paid: number | null;
  readonly per: "day" | "size";
  readonly from?: string;
  readonly until?: string;
}

/**
 * Where a plan ends. Past a limit of the free plan whatever needs more fails until midnight UTC; log lines are
 * only dropped.
 */
export const LIMITS: Readonly<Record<Meter, Limit>> = {
  d1_rows_written: { free: 100_000, paid: null, per: "day" },
  d1_rows_read: { free: 5_000_000, paid: null, per: "day" },
  d1_bytes: { free: 500_000_000, paid: 10_000_000_000, per: "size" },
  object_requests: { free: 100_000, paid: null, per: "day" },
  object_gb_s: { free: 13_000, paid: null, per: "day" },
  object_rows_written: { free: 100_000, paid: null, per: "day" },
  object_rows_read: { free: 5_000_000, paid: null, per: "day" },
  queue_operations: { free: 10_000, paid: null, per: "day" },
  worker_requests: { free: 100_000, paid: null, per: "day" },
  // The free plan has 10 ms for each invocation, and no sum.
  worker_cpu_ms: { free: null, paid: null, per: "day" },
  log_lines: { free: 200_000, paid: null, per: "day", until: "2026-12-01" },
  log_bytes: { free: 500_000_000, paid: null, per: "day", from: "2026-12-01" },
};

/** What the paid plan charges for `per` units, beyond what it includes in a month, and where that is written. */
export interface Price {
  readonly usd: number;
  readonly per: number;
  readonly included: number;
  readonly page: string;
  /** What is charged once more for storing them so many days: `usd` for `per` units and a month of 30 days. */
  readonly stored?: { readonly usd: number; readonly days: number };
}

const PAGES = "https://developers.cloudflare.com/";
const MILLION = 1_000_000;
const GB = 1_000_000_000;

/** What the Workers Paid plan itself is, in US dollars a month. */
export const PLAN_USD = 5;

/** US dollars of the Workers Paid plan beyond that. */
export const PRICES: Readonly<Record<Meter, Price>> = {
  d1_rows_written: { usd: 1, per: MILLION, included: 50 * MILLION, page: `${PAGES}d1/platform/pricing/` },
  d1_rows_read: { usd: 0.001, per: MILLION, included: 25_000 * MILLION, page: `${PAGES}d1/platform/pricing/` },
  // A month of each GB.
  d1_bytes: { usd: 0.75, per: GB, included: 5 * GB, page: `${PAGES}d1/platform/pricing/` },
  object_requests: { usd: 0.15, per: MILLION, included: MILLION, page: `${PAGES}durable-objects/platform/pricing/` },
  object_gb_s: { usd: 12.5, per: MILLION, included: 400_000, page: `${PAGES}durable-objects/platform/pricing/` },
  object_rows_written: {
    usd: 1,
    per: MILLION,
    included: 50 * MILLION,
    page: `${PAGES}durable-objects/platform/pricing/`,
  },
  object_rows_read: {
    usd: 0.001,
    per: MILLION,
    included: 25_000 * MILLION,
    page: `${PAGES}durable-objects/platform/pricing/`,
  },
  queue_operations: { usd: 0.4, per: MILLION, included: MILLION, page: `${PAGES}queues/platform/pricing/` },
  worker_requests: { usd: 0.3, per: MILLION, included: 10 * MILLION, page: `${PAGES}workers/platform/pricing/` },
  worker_cpu_ms: { usd: 0.02, per: MILLION, included: 30 * MILLION, page: `${PAGES}workers/platform/pricing/` },
  log_lines: {
    usd: 0.6,
    per: MILLION,
    included: 20 * MILLION,
    page: `${PAGES}workers/observability/logs/workers-logs/`,
  },
  log_bytes: {
    usd: 0.25,
    per: GB,
    included: 50 * GB,
    page: `${PAGES}observability/pricing/`,
    stored: { usd: 0.1, days: 7 },
  },
};

/** Whether a meter counts on a day, given as `2026-12-01`. */
export function inForce(meter: Meter, day: string): boolean {
  const { from, until } = LIMITS[meter];
  return (from === undefined || day >= from) && (until === undefined || day < until);
}

/** US dollars of the paid plan for so much on a day, without what it includes. Of a size: of a whole month of it. */
export function usdOf(meter: Meter, count: number, day: string): number {
  if (!inForce(meter, day)) return 0;
  const { usd, per, stored } = PRICES[meter];
  const kept = stored === undefined ? 0 : (stored.usd * stored.days) / 30;
  return (count * (usd + kept)) / per;
}
