// The keys that say how a source's sender is asked for what never came, and how their values are written;
// touches nothing.
import * as z from "zod/mini";
import { parseDuration, written } from "./forms.ts";
import { texts } from "./shape-keys.ts";

const SHORTEST_MS = 5 * 60_000;
const LONGEST_MS = 86_400_000;

function parseEvery(text: string): number | null {
  const ms = parseDuration(text);
  return ms !== null && ms >= SHORTEST_MS && ms <= LONGEST_MS ? ms : null;
}

export const gapKeys = z.strictObject({
  at: z.optional(written((text) => text, 'is not text. Write it as "https://…"')),
  every: z._default(written(parseEvery, 'is no time. Write it as "15m"; the least is 5m and the most 1d'), 15 * 60_000),
  headers: z.optional(texts('is not a table. Write it as { authorization = "Bearer $GITHUB_TOKEN" }')),
});
