// How fast does the database grow, and on which day is it full at that pace?
import { describe, expect, test } from "vitest";
import { growthOf } from "../../../src/operate/growth.ts";

const NOW = Date.parse("2026-11-30T12:00:00Z");
const DAY = 86_400_000;
const MB = 1_000_000;

describe("the growth of the database", () => {
  test("is that of the last week by the day, and says when the plan's size is reached", () => {
    const week = { at: NOW - 7 * DAY, bytes: 300 * MB };
    expect(growthOf(370 * MB, week, "free", NOW)).toEqual({
      used: 370 * MB,
      limit: 500 * MB,
      growth_a_day: 10 * MB,
      over_s: 7 * 86_400,
      full_on: "2026-12-13",
    });
    expect(growthOf(370 * MB, week, "paid", NOW)).toMatchObject({ limit: 10_000 * MB, full_on: "2029-07-20" });
  });

  test("is not known until an hour is counted, and nothing is known before D1 has told its size", () => {
    const short = { at: NOW - 59 * 60_000, bytes: 1 };
    const unknown = { growth_a_day: null, over_s: null, full_on: null };
    expect(growthOf(MB, short, "free", NOW)).toMatchObject(unknown);
    expect(growthOf(MB, null, "free", NOW)).toMatchObject(unknown);
    expect(growthOf(undefined, short, "free", NOW)).toBeNull();
    expect(growthOf(0, null, "free", NOW)).toBeNull();
  });

  test("has no day where the retention removes as much as comes, or where the day is far away", () => {
    const still = { at: NOW - DAY, bytes: MB };
    expect(growthOf(MB, still, "paid", NOW)).toMatchObject({ growth_a_day: 0, full_on: null });
    expect(growthOf(MB + 1, still, "paid", NOW)).toMatchObject({ growth_a_day: 1, full_on: null });
  });

  test("a full database is full today", () => {
    expect(growthOf(500 * MB, { at: NOW - DAY, bytes: MB }, "free", NOW)?.full_on).toBe("2026-11-30");
  });
});
