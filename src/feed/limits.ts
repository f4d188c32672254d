// Which limit of the plan do the platform's words name? Pure.
import type { Meter } from "../contract/prices.ts";

/**
 * What D1, Durable Objects and their storage throw when a limit is reached.
 * D1: https://developers.cloudflare.com/changelog/post/2026-09-01-d1-free-tier-limit-enforcement/ and its error list;
 * an object that is full: SQLITE_FULL; its other limits are in no list, and worded as accounts have met them.
 */
const WORDS: readonly (readonly [RegExp, Meter])[] = [
  [/exceeded D1's free tier daily row write limit/i, "d1_rows_written"],
  [/exceeded D1's free tier daily row read limit/i, "d1_rows_read"],
  [/exceeded maximum (?:DB size|account storage)/i, "d1_bytes"],
  [/exceeded allowed volume of requests in durable objects free tier/i, "object_requests"],
  [/exceeded allowed duration in durable objects free tier/i, "object_gb_s"],
  [/exceeded allowed rows written in durable objects free tier/i, "object_rows_written"],
  [/exceeded allowed rows read in durable objects free tier/i, "object_rows_read"],
  [/queue.*(?:daily|free).*(?:limit|exceeded)|(?:limit|exceeded).*queue.*operations/i, "queue_operations"],
];

/** @param text an error's; a limit that was reached elsewhere passes through as it is */
export function limitIn(text: string): Meter | null {
  return WORDS.find(([words]) => words.test(text))?.[1] ?? null;
}
