// The token bucket against its definition: in any window, no more than the burst and what the window refills.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bucket, take } from "../../../src/intake/bucket.ts";
import type { Rate } from "../../../src/types.ts";

const START = 1_795_000_000_000;
const rates = fc.record({
  burst: fc.integer({ min: 1, max: 1_000_000 }),
  periodMs: fc.constantFrom(1_000, 60_000, 3_600_000, 86_400_000),
});
const perMinute = (burst: number): Rate => ({ burst, periodMs: 60_000 });

/** Takes as many tokens as there are at one moment. */
function drain(state: Bucket | null, rate: Rate, now: number) {
  for (let taken = 0; ; taken += 1) {
    const result = take(state, rate, now);
    state = result.state;
    if (!result.ok) return { taken, state, retryAfterMs: result.retryAfterMs };
  }
}

describe("an exact bucket", () => {
  test("a full bucket lets the burst through at once, and not one more", () => {
    expect(drain(null, perMinute(600), START).taken).toBe(600);
  });

  test("admits in every window at most the burst plus what the window refills", () => {
    const small = fc.record({
      burst: fc.integer({ min: 1, max: 20 }),
      periodMs: fc.integer({ min: 1, max: 5_000 }),
    });
    fc.assert(
      fc.property(small, fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 200 }), (rate, gaps) => {
        let state: Bucket | null = null;
        let now = START;
        const admitted: number[] = [];
        for (const gap of gaps) {
          now += gap;
          const result = take(state, rate, now);
          state = result.state;
          if (result.ok) admitted.push(now);
        }
        for (const [i, from] of admitted.entries()) {
          for (const [j, to] of admitted.slice(i).entries()) {
            const most = rate.burst + Math.floor(((to - from) * rate.burst) / rate.periodMs);
            expect(j + 1).toBeLessThanOrEqual(most);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test("retryAfterMs is the first millisecond that succeeds", () => {
    fc.assert(
      fc.property(rates, fc.integer({ min: 0, max: 100_000_000 }), (rate, late) => {
        const { state } = take(null, { ...rate, burst: 1 }, START);
        const refused = drainFrom(state, rate, START + late);
        expect(take(refused.state, rate, refused.now + refused.retryAfterMs - 1).ok).toBe(false);
        expect(take(refused.state, rate, refused.now + refused.retryAfterMs).ok).toBe(true);
      }),
    );
  });

  test("a token that comes every 1.5 ms does not drift over a million requests", () => {
    const rate = { burst: 2, periodMs: 3 };
    let state: Bucket | null = null;
    let admitted = 0;
    for (let now = START; now < START + 300_000; now += 1) {
      const result = take(state, rate, now);
      state = result.state;
      if (result.ok) admitted += 1;
    }
    // 299,999 ms refill 199,999 whole tokens on top of the burst of 2.
    expect(admitted).toBe(200_001);
  });

  test("the largest rate stays within whole numbers", () => {
    const rate = { burst: 1_000_000, periodMs: 86_400_000 };
    const { state } = take(null, rate, START);
    expect(Number.isSafeInteger(state.drops)).toBe(true);
    expect(take(state, rate, START + 10 * 365 * 86_400_000).state.drops).toBe(86_400_000 * 999_999);
  });
});

describe("a clock that goes wrong", () => {
  test("a step back earns nothing twice", () => {
    const rate = perMinute(60);
    let { state } = drain(null, rate, START);
    let admitted = 0;
    for (let round = 0; round < 1_000; round += 1) {
      for (const now of [START, START - 1_000]) {
        const result = take(state, rate, now);
        state = result.state;
        if (result.ok) admitted += 1;
      }
    }
    expect(admitted).toBe(0);
  });

  test("after a small step back, retryAfterMs still names the moment that succeeds", () => {
    const rate = perMinute(60);
    const { state } = drain(null, rate, START);
    const refused = take(state, rate, START - 400);
    expect(refused).toMatchObject({ ok: false, retryAfterMs: 1_400 });
  });

  test("a clock that was far ahead does not shut the source when it comes back", () => {
    const rate = perMinute(60);
    const { state } = drain(null, rate, START + 86_400_000);
    expect(take(take(state, rate, START).state, rate, START + 1_000).ok).toBe(true);
  });
});

test("tokens that are left survive a change of the configured rate, and no more than the new burst", () => {
  const { state } = take(null, perMinute(10), START);
  expect(drain(state, { burst: 100, periodMs: 1_000 }, START).taken).toBe(9);
  expect(drain(state, { burst: 4, periodMs: 1_000 }, START).taken).toBe(4);
  expect(drain(state, perMinute(4), START).taken).toBe(4);
});

/** Makes the bucket nearly empty without taking a million tokens one by one. */
function drainFrom(state: Bucket, rate: Rate, now: number) {
  const low: Bucket = { rate, drops: Math.min(state.drops, rate.periodMs - 1), at: now };
  const result = take(low, rate, now);
  if (result.ok) throw new Error("the bucket was meant to be empty");
  return { state: result.state, now, retryAfterMs: result.retryAfterMs };
}
