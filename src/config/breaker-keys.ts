// The key of a destination that says when it stops being asked, and how its value is written; touches nothing.
import * as z from "zod/mini";
import { BREAKER } from "../out/breaker.ts";
import type { BreakerRule } from "../types.ts";
import { parseDuration, understood } from "./forms.ts";

const LARGEST_STREAK = 1_000;

/** `false`, or `{ failures = 10, over = "30s" }`, of which either may be left out. */
function parseBreaker(value: unknown): BreakerRule | false | null {
  if (value === false) return false;
  if (
    typeof value !== "object" ||
    value === null ||
    Object.keys(value).some((key) => key !== "failures" && key !== "over")
  )
    return null;
  const { failures = BREAKER.failures, over }: { failures?: unknown; over?: unknown } = value;
  const overMs = over === undefined ? BREAKER.overMs : typeof over === "string" ? parseDuration(over) : null;
  if (typeof failures !== "number" || !Number.isInteger(failures) || failures < 1 || failures > LARGEST_STREAK)
    return null;
  return overMs === null ? null : { failures, overMs };
}

export const breakerKeys = {
  breaker: z.optional(
    understood(
      parseBreaker,
      `is no breaker. Write { failures = ${BREAKER.failures}, over = "${BREAKER.overMs / 1000}s" }, with 1 to ${LARGEST_STREAK} failures in a row over 1s to 7d, or false for none`,
    ),
  ),
};
