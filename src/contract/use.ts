// What the API answers about use and limits: what is metered, how much of it today has had, and what a reached limit
// stops. Schemas only.
import * as z from "zod/mini";
import { instant } from "./history.ts";
import { METERS, PLANS } from "./prices.ts";

const meter = z.object({
  name: z.enum(METERS),
  /** Since midnight UTC, as counted by the relay itself; of a size, the last word. `null`: a Worker cannot know it. */
  used: z.nullable(z.number()),
  /** Of the plan, for the whole account; `null` where the plan bills more instead of stopping. */
  limit: z.nullable(z.number()),
  per: z.enum(["day", "size"]),
  estimated: z.boolean(),
  /** Whether the platform has refused something today because of this limit, or the count says that it must. */
  reached: z.boolean(),
});

export const use = z.object({
  plan: z.enum(PLANS),
  /** The day, in UTC, that is counted, and when the next begins. */
  day: z.string(),
  resets_at: instant,
  resets_in_s: z.number(),
  meters: z.array(meter),
  /** The database, how it grows, and when it is full at that pace; `null` until D1 has told its size. */
  database: z.nullable(
    z.object({
      /** In bytes, as D1 told it last, and what the plan allows for one database. */
      used: z.number(),
      limit: z.nullable(z.number()),
      /** In bytes, over the time of `over_s`: a week at most. `null` before an hour is counted. */
      growth_a_day: z.nullable(z.number()),
      over_s: z.nullable(z.number()),
      /** A day in UTC; `null` where the database does not grow, or is not full for ten years. */
      full_on: z.nullable(z.string()),
    }),
  ),
  /** For each limit that is reached: what it stops, what still works, and what to do. */
  reached: z.array(z.object({ name: z.enum(METERS), says: z.string() })),
  /** Messages that wait in the queue; `null` where it does not say. */
  queue: z.nullable(z.object({ backlog: z.number(), oldest_at: z.nullable(instant) })),
});
export type Use = z.output<typeof use>;
