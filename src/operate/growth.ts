// How fast does the database grow, and when is it full at that pace? Pure.
import { LIMITS, type Plan } from "../contract/prices.ts";
import type { Use } from "../contract/use.ts";
import type { SizeKey, Told } from "../feed/use.ts";
import { DAY_MS, iso } from "../time.ts";

/** How large the database was at a time, in ms since 1970. */
interface SizeBefore {
  readonly at: number;
  readonly bytes: number;
}

/** How large the database was before, as the Feed object notes it with use; `null` where it does not. */
export function sizeBefore(counts: Told): SizeBefore | null {
  const kind: SizeKey extends `${infer Kind}:${number}` ? Kind : never = "was";
  for (const [key, bytes] of counts) {
    const [what, at] = key.split(":");
    if (what === kind) return { at: Number(at), bytes };
  }
  return null;
}

/** The growth of a shorter time than this, in ms, says nothing about a day. */
const LEAST_MS = 60 * 60_000;
/** A day that is farther away than this, in ms, is none that anybody plans for. */
const FARTHEST_MS = 3_650 * DAY_MS;

/**
 * @param used the size that D1 told last, in bytes; `undefined` where it has told none yet
 * @param before what it was, a week ago at most. Deletes do not shrink the file: what they free is used again, so that
 * a relay whose retention removes as much as comes does not grow any more
 */
export function growthOf(
  used: number | undefined,
  before: SizeBefore | null,
  plan: Plan,
  now: number,
): Use["database"] {
  if (used === undefined || used <= 0) return null;
  const { [plan]: limit } = LIMITS.d1_bytes;
  const passed = before === null ? 0 : now - before.at;
  if (before === null || passed < LEAST_MS) return { used, limit, growth_a_day: null, over_s: null, full_on: null };
  const aDay = Math.round(((used - before.bytes) / passed) * DAY_MS);
  const left = limit === null || aDay <= 0 ? Infinity : (Math.max(0, limit - used) / aDay) * DAY_MS;
  return {
    used,
    limit,
    growth_a_day: aDay,
    over_s: Math.round(passed / 1000),
    full_on: left > FARTHEST_MS ? null : iso(now + left).slice(0, 10),
  };
}
