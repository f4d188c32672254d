// Use of the plan in words: amounts, limits, and how near a limit is, as the overview and the command line show them.
import { expect, test } from "vitest";
import { METERS } from "../../../src/contract/prices.ts";
import { amount, limitInWords, meterName, nearness, sizeInWords } from "../../../src/dashboard/words/use.ts";

const meter = {
  name: "d1_rows_written",
  used: 0,
  limit: 100_000,
  per: "day",
  estimated: false,
  reached: false,
} as const;

test("each meter has a name of its own", () => {
  expect(new Set(METERS.map((name) => meterName({ name }))).size).toBe(METERS.length);
});

test.each([
  [meter, 93_412, "93,412"],
  [{ ...meter, name: "d1_bytes" }, 341_229_568, "341 MB"],
  [{ ...meter, name: "object_gb_s", estimated: true }, 5_209.7, "about 5,210"],
  [{ ...meter, name: "worker_cpu_ms" }, null, "not known"],
] as const)("%o has used %o: %s", (one, used, words) => {
  expect(amount(one, used)).toBe(words);
});

test("a limit is near from four fifths on, and reached when the platform or the count says so", () => {
  expect(nearness({ ...meter, used: 79_999 })).toEqual({ share: 0.79999, word: "" });
  expect(nearness({ ...meter, used: 80_000 }).word).toBe("near");
  expect(nearness({ ...meter, used: 10, reached: true }).word).toBe("reached");
  expect(nearness({ ...meter, limit: null }).share).toBeNull();
  expect(limitInWords({ ...meter, limit: null })).toBe("none");
  expect(limitInWords(meter)).toBe("100,000");
});

test("the size of the database is told with its growth and the day on which it is full", () => {
  const database = {
    used: 341_229_568,
    limit: 500_000_000,
    growth_a_day: 9_437_184,
    over_s: 604_800,
    full_on: "2026-12-17",
  };
  const sizeOf = (part: object) => sizeInWords({ ...database, ...part });
  expect(sizeOf({})).toBe(
    "D1 holds 341 MB of 500 MB, has grown by 9 MB a day in the last 7 d, and is full on 2026-12-17 at that pace",
  );
  expect(sizeOf({ growth_a_day: 12, full_on: null })).toContain(
    "less than 1 MB a day in the last 7 d, and is not full for",
  );
  expect(sizeOf({ growth_a_day: 0, full_on: null })).toBe(
    "D1 holds 341 MB of 500 MB, and has not grown in the last 7 d",
  );
  expect(sizeOf({ growth_a_day: null, over_s: null, full_on: null })).toBe(
    "D1 holds 341 MB of 500 MB. How fast it grows is known after an hour",
  );
});
