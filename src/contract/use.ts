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
  /** For each limit that is reached: what it stops, what still works, and what to do. */
  reached: z.array(z.object({ name: z.enum(METERS), says: z.string() })),
  /** Messages that wait in the queue; `null` where it does not say. */
  queue: z.nullable(z.object({ backlog: z.number(), oldest_at: z.nullable(instant) })),
});
export type Use = z.output<typeof use>;
