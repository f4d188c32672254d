// May this request pass now? An exact token bucket in whole numbers; touches nothing.
import type { Rate } from "../types.ts";

/**
 * What a bucket remembers. A token is worth `rate.periodMs` drops and `rate.burst` drops fall in every millisecond,
 * so both are whole numbers and nothing drifts. The largest rate that the configuration admits (a million a day)
 * fills 8.64e13 drops, far below 2^53.
 */
export interface Bucket {
  readonly rate: Rate;
  readonly drops: number;
  /** Up to when the rain is counted, in milliseconds since 1970. */
  readonly at: number;
}

/** `state` is to be kept in either case. `retryAfterMs` is exact: one millisecond sooner would be refused again. */
export type Taken =
  | { readonly ok: true; readonly state: Bucket }
  | { readonly ok: false; readonly state: Bucket; readonly retryAfterMs: number };

/** Takes one token, if there is one. `null` is a bucket that nobody used yet: full. */
export function take(before: Bucket | null, rate: Rate, now: number): Taken {
  const { drops, at } = rained(before, rate, now);
  if (drops >= rate.periodMs) return { ok: true, state: { rate, drops: drops - rate.periodMs, at } };
  const wait = Math.ceil((rate.periodMs - drops) / rate.burst);
  return { ok: false, state: { rate, drops, at }, retryAfterMs: at - now + wait };
}

/** Gives a token back that was taken for what turned out to cost nothing. */
export function giveBack(before: Bucket): Bucket {
  const { rate, drops } = before;
  return { ...before, drops: Math.min(rate.burst * rate.periodMs, drops + rate.periodMs) };
}

function rained(before: Bucket | null, rate: Rate, now: number): { drops: number; at: number } {
  const full = rate.burst * rate.periodMs;
  if (before === null) return { drops: full, at: now };
  const drops = Math.min(full, inDropsOf(rate, before));
  const elapsed = now - before.at;
  if (elapsed < 0) {
    // A clock that steps back a little earns nothing for the same moment twice. One that steps back by more than a
    // period was wrong before; waiting for it would shut the source for as long as it was wrong.
    return elapsed < -rate.periodMs ? { drops, at: now } : { drops, at: before.at };
  }
  return { drops: Math.min(full, drops + elapsed * rate.burst), at: now };
}

/** Whole tokens survive a change of the configured rate; what is left of a token does not. */
function inDropsOf(rate: Rate, { rate: old, drops }: Bucket): number {
  if (old.periodMs === rate.periodMs) return drops;
  return Math.floor(drops / old.periodMs) * rate.periodMs;
}
