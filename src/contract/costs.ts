// What the API answers about costs: what the last day and the month have used and what that comes to in dollars, for
// whom, and what a bulk replay would use. Schemas only.
import * as z from "zod/mini";
import { instant } from "./history.ts";
import { METERS, PLANS } from "./prices.ts";

const count = z.number();
const share = z.nullable(z.number());

/** US dollars by the price table, without what the paid plan includes: what the use is worth. */
const worth = z.number();

const meter = z.object({
  name: z.enum(METERS),
  /** Not counted, but computed from measured constants or from times. */
  estimated: z.boolean(),
  /** Of a size: as it was told last, in all four. */
  today: count,
  last_day: count,
  month: count,
  /** By the end of the month, at the pace of the last seven days. */
  projected: count,
  /** What the free plan allows a day, or in size; `null`: no limit. And how much of it today has had. */
  free: z.nullable(count),
  share_of_free: share,
  /** What the paid plan includes in a month. */
  included: count,
  usd: z.object({ last_day: worth, month: worth, projected: worth }),
  /** What the paid plan bills for it beyond what it includes. */
  billed: z.object({ month: count, projected: count }),
});

/** What was used for one name: an estimate from measured costs, which never gives out more than was counted. */
const uses = z.object({
  d1_rows_written: count,
  object_requests: count,
  queue_operations: count,
  usd: worth,
  /** Of the worth of everything. */
  share,
});

const sourceSpan = z.extend(uses, { accepted: count, refused: count });
const destinationSpan = z.extend(uses, { delivered: count, retried: count, failed: count });
const source = z.object({ name: z.string(), last_day: sourceSpan, month: sourceSpan });
const destination = z.object({ name: z.string(), last_day: destinationSpan, month: destinationSpan });

export const costs = z.object({
  now: instant,
  plan: z.enum(PLANS),
  /** The day on which the pages of the prices were read. */
  prices_read_on: z.string(),
  /** The calendar month in UTC that `month` is about, and when it ends. */
  month: z.string(),
  month_ends: instant,
  /** The first day of the last 31 on which anything was counted; `null`: none. */
  counted_since: z.nullable(z.string()),
  usd: z.object({
    /** What the last 24 hours and the month so far are worth, without what the paid plan includes. */
    last_day: worth,
    month: worth,
    /** What the paid plan bills for the month, its fee included: so far, and by its end. */
    billed: z.object({ fee: count, month: count, projected: count }),
  }),
  meters: z.array(meter),
  sources: z.array(source),
  destinations: z.array(destination),
  /** Everything that no source or destination caused: storage, the cron, the sweep, the API and the pages. */
  rest: z.object({ last_day: uses, month: uses }),
  /** The last 31 days, oldest first; today is the last. */
  days: z.array(
    z.object({
      day: z.string(),
      accepted: count,
      usd: worth,
      d1_rows_written: count,
      object_requests: count,
      queue_operations: count,
    }),
  ),
});
export type Costs = z.output<typeof costs>;
export type CostOf = z.output<typeof uses>;

/** What a bulk replay would use, if every delivery that it opens is taken at its first attempt. */
export const forecast = z.object({
  /** Deliveries a minute that it was computed for. */
  rate: count,
  deliveries: count,
  takes_s: count,
  meters: z.array(
    z.object({
      name: z.enum(METERS),
      uses: count,
      /** What of it falls before midnight UTC, on top of what today has used. */
      today: count,
      used: z.nullable(count),
      /** Of the free plan. */
      free: z.nullable(count),
      /** Whether today passes the free plan's limit with it. */
      passes: z.boolean(),
    }),
  ),
  usd: worth,
  /** Which limits of the free plan today passes with it; the plan of this relay says whether that stops anything. */
  passes: z.array(z.enum(METERS)),
  plan: z.enum(PLANS),
});
export type Forecast = z.output<typeof forecast>;
