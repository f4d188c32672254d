// The keys of a route whose senders wait for an answer, and how their values are written; touches nothing.
import * as z from "zod/mini";
import { NAME, spelled, written } from "./forms.ts";

/** Shortest and longest time that a sender may be kept waiting, in ms: the longest is what an attempt may take less. */
const SHORTEST_MS = 100;
export const LONGEST_REPLY_MS = 10_000;

/** `"1.5s"` or `"800ms"`. */
function parseWithin(text: string): number | null {
  const [, count, unit] = /^(\d{1,5}(?:\.\d{1,3})?)(ms|s)$/.exec(text) ?? [];
  const ms = Math.round(Number(count) * (unit === "s" ? 1_000 : 1));
  return ms >= SHORTEST_MS && ms <= LONGEST_REPLY_MS ? ms : null;
}

export const replyKeys = {
  reply: z.optional(
    spelled(NAME, "is not the name of a destination. Write the one of `to` whose answer the sender gets"),
  ),
  reply_within: z.optional(
    written(parseWithin, 'is no time. Write it as "1.5s" or "800ms"; the least is 100ms and the most 10s'),
  ),
};
