// When the next attempt is due, with the clock and the dice in hand.
import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { jittered, nextDue, parseRetryAfter, PRESETS, RETRY_AFTER_LIMIT_MS } from "../../../src/out/retry.ts";

const NOW = Date.parse("2026-11-20T12:00:00Z");
/** The roll that changes nothing. */
const even = () => 0.5;
const turn = {
  schedule: [5_000, 300_000],
  attemptsMade: 1,
  now: NOW,
  dice: even,
  retryAfterMs: null,
};

const waits = (schedule: readonly number[]) => schedule.map((ms) => ms / 1_000);

describe("the schedule", () => {
  test("standard is the Standard Webhooks curve, and quick half a minute of patience", () => {
    expect(waits(PRESETS.standard)).toEqual([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
    expect(waits(PRESETS.quick)).toEqual([5, 15, 30]);
  });

  test("waits its own step after each attempt, and ends after the last", () => {
    const dues = [1, 2, 3, 4].map((attemptsMade) => nextDue({ ...turn, attemptsMade }));
    expect(dues).toEqual([NOW + 5_000, NOW + 300_000, null, null]);
  });

  test("an empty schedule means one attempt", () => {
    expect(nextDue({ ...turn, schedule: [] })).toBeNull();
  });

  test("jitter takes or adds at most a fifth", () => {
    expect([0, 0.25, 0.5, 0.75, 1].map((roll) => jittered(10_000, roll))).toEqual([
      8_000, 9_000, 10_000, 11_000, 12_000,
    ]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1_000, max: 604_800_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (base, roll) => {
          const wait = jittered(base, roll);
          expect(Number.isInteger(wait)).toBe(true);
          expect(Math.abs(wait - base)).toBeLessThanOrEqual(base * 0.2 + 0.5);
        },
      ),
    );
  });
});

describe("Retry-After", () => {
  test("a date without a zone means UTC, wherever the relay runs", () => {
    vi.stubEnv("TZ", "America/New_York");
    expect(parseRetryAfter("Fri Nov 20 12:00:30 2026", NOW)).toBe(30_000);
    vi.unstubAllEnvs();
  });

  test("puts an attempt off", () => {
    expect(nextDue({ ...turn, retryAfterMs: 60_000 })).toBe(NOW + 60_000);
  });

  test("never brings one forward, nor takes its jitter away", () => {
    expect(nextDue({ ...turn, attemptsMade: 2, retryAfterMs: 0 })).toBe(NOW + 300_000);
    expect(nextDue({ ...turn, attemptsMade: 2, retryAfterMs: 1_000, dice: () => 0 })).toBe(NOW + 240_000);
  });

  test("puts it off by a day at most", () => {
    expect(nextDue({ ...turn, retryAfterMs: Number.MAX_VALUE })).toBe(NOW + RETRY_AFTER_LIMIT_MS);
    expect(RETRY_AFTER_LIMIT_MS).toBe(86_400_000);
  });

  test("does not outlive the schedule", () => {
    expect(nextDue({ ...turn, attemptsMade: 3, retryAfterMs: 60_000 })).toBeNull();
  });

  test.each([
    ["0", 0],
    ["120", 120_000],
    ["007", 7_000],
    ["99999999999999999999999999", RETRY_AFTER_LIMIT_MS],
    ["9".repeat(400), RETRY_AFTER_LIMIT_MS],
    ["Fri, 20 Nov 2026 12:00:30 GMT", 30_000],
    ["Friday, 20-Nov-26 12:00:30 GMT", 30_000],
    ["Fri Nov 20 12:00:30 2026", 30_000],
    ["Fri, 20 Nov 2026 11:59:30 GMT", 0],
    ["Fri, 20 Nov 2099 12:00:00 GMT", RETRY_AFTER_LIMIT_MS],
  ])("%s is a wait of %i ms", (text, ms) => {
    expect(parseRetryAfter(text, NOW)).toBe(ms);
  });

  test.each([
    null,
    "",
    " ",
    "-1",
    "+1",
    "1.5",
    "1e3",
    "0x10",
    "soon",
    "120, 120",
    "2026-11-20T12:00:30Z",
    "Fri, 99 Nov 2026 12:00:30 GMT",
  ])("%j says nothing", (text) => {
    expect(parseRetryAfter(text, NOW)).toBeNull();
  });
});
