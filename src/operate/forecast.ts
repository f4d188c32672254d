// What would a bulk replay use, how long would it take, and would today's free quota be passed? Pure.
import type { Forecast } from "../contract/costs.ts";
import { inForce, LIMITS, type Meter, METERS, type Plan, usdOf } from "../contract/prices.ts";
import { KEPT, REPLAY_JOB, REPLAY_STEP, REPLAY_STEP_S, REPLAYED, type UnitCosts } from "../contract/unit-costs.ts";
import type { Use } from "../contract/use.ts";
import { DAY_MS, iso } from "../time.ts";

/** What is to be replayed. */
export interface Wish {
  readonly deliveries: number;
  /** A minute. */
  readonly rate: number;
  /** Whether some may have been delivered at their first attempt. */
  readonly delivered: boolean;
}

function of(costs: UnitCosts, meter: Meter): number {
  return costs[meter] ?? 0;
}

/** @param used what today has used already; a meter that is not there is not known */
export function forecastOf(
  { deliveries, rate, delivered }: Wish,
  plan: Plan,
  used: Use["meters"],
  now: number,
): Forecast {
  const takesS = Math.ceil((deliveries / rate) * 60);
  const leftS = (DAY_MS - (now % DAY_MS)) / 1000;
  // The rest of the job falls on tomorrow's quota.
  const partToday = takesS <= leftS ? 1 : leftS / takesS;
  const day = iso(now).slice(0, 10);
  const steps = Math.ceil(takesS / REPLAY_STEP_S);
  const uses = (meter: Meter) =>
    deliveries * (of(REPLAYED, meter) + (delivered ? of(KEPT, meter) : 0)) +
    (deliveries === 0 ? 0 : of(REPLAY_JOB, meter) + steps * of(REPLAY_STEP, meter));
  const meters = METERS.filter((name) => inForce(name, day) && uses(name) > 0).map((name) => {
    const { free } = LIMITS[name];
    const today = Math.ceil(uses(name) * partToday);
    const before = used.find((one) => one.name === name)?.used ?? null;
    const passes = free !== null && (before ?? 0) + today > free;
    return { name, uses: Math.ceil(uses(name)), today, used: before, free, passes };
  });
  return {
    rate,
    deliveries,
    takes_s: takesS,
    meters,
    usd: Math.round(meters.reduce((sum, one) => sum + usdOf(one.name, one.uses, day), 0) * 1_000_000) / 1_000_000,
    passes: meters.flatMap(({ name, passes }) => (passes ? [name] : [])),
    plan,
  };
}
