// Options that several verbs take, each with what its help says.
import type { VerbOption } from "./verb.ts";

/** An option that takes a value, shown as `--since TIME`. */
export const taking = (value: string, help: string): VerbOption => ({ type: "string", value, help });
/** One that takes a whole number. */
export const counting = (value: string, help: string): VerbOption => ({
  ...taking(value, help),
  form: [/^\d{1,12}$/, "a whole number"],
});
/** An option that is there or not. */
export const flag = (help: string): VerbOption => ({ type: "boolean", help });

/** Of every verb that changes something. */
export const ONCE = {
  once: taking("NAME", "an Idempotency-Key: a repeated command with the same name takes effect once"),
} as const;

/** What a list is narrowed by. Times are what the API takes. */
export const NARROWED = {
  source: taking("S", "of this source"),
  type: taking("T", "of this event type"),
  since: taking("TIME", "received at or after this time, ISO 8601 such as 2026-03-01 or 2026-03-01T09:30:00Z"),
  until: taking("TIME", "received before this time"),
} as const;

/** Of every list that has pages. */
export const PAGED = {
  limit: counting("N", "rows per page, up to 200; 50 by default"),
  cursor: taking("C", "continues where an earlier page ended"),
} as const;
