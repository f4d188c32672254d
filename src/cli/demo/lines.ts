// What does the Worker say as it works? Its log lines, as far as the demo tells of them; touches nothing.
import * as z from "zod";
import { deliveryId } from "../../ids.ts";
import type { LogLine } from "../local/local.ts";

const accepted = z.object({
  event: z.literal("ingest.accepted"),
  id: z.string(),
  source: z.string(),
  type: z.string(),
  size: z.number(),
  status: z.string(),
  destinations: z.number(),
  /** First attempts that had ended when the line was written. Those that did not succeed have a line of their own. */
  first: z
    .array(
      z.object({ destination: z.string(), state: z.string(), status: z.number().nullable(), latencyMs: z.number() }),
    )
    .default([]),
});

const rejected = z.object({
  event: z.literal("ingest.rejected"),
  source: z.string(),
  status: z.number(),
  reason: z.string(),
  tried: z.array(z.string()).optional(),
});

const attempt = {
  delivery: z.string(),
  attempt: z.number(),
  status: z.number().nullable(),
  fault: z.string().nullable(),
  latencyMs: z.number(),
};
const attempted = z.object({
  event: z.literal("delivery.attempted"),
  ...attempt,
  state: z.enum(["delivered", "pending"]),
  /** When the next attempt is due, in ms since 1970. */
  dueAt: z.number().optional(),
});
const failed = z.object({ event: z.literal("delivery.failed"), ...attempt, reason: z.string() });

const told = z.discriminatedUnion("event", [accepted, rejected, attempted, failed]);

export type Accepted = z.output<typeof accepted>;
export type Rejected = z.output<typeof rejected>;
export type Attempted = z.output<typeof attempted> | z.output<typeof failed>;

/** First attempts that succeeded, which no other line tells. */
export function delivered({ id, first }: Accepted): Attempted[] {
  return first
    .filter(({ state }) => state === "delivered")
    .map(({ destination, status, latencyMs }) => ({
      event: "delivery.attempted",
      delivery: deliveryId(id, destination),
      attempt: 1,
      state: "delivered",
      status,
      fault: null,
      latencyMs,
    }));
}

/** Something that the Worker said: one of the lines above, another one of its own, or the runtime's words. */
export interface Said {
  /** `null` where the demo has nothing to tell of it. */
  readonly told: z.output<typeof told> | null;
  readonly level: string;
  /** The line as an object, `null` where it is none. */
  readonly fields: Readonly<Record<string, unknown>> | null;
  readonly text: string;
}

/** Reads one line of the Worker's console. */
export function read({ level, message }: LogLine): Said {
  const fields = parse(message);
  const known = told.safeParse(fields);
  const own = typeof fields?.["level"] === "string" ? fields["level"] : level;
  return { told: known.success ? known.data : null, level: own, fields, text: message };
}

function parse(message: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(message);
    return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : null;
  } catch {
    return null;
  }
}
