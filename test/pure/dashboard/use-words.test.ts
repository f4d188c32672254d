// Use of the plan in words: amounts, limits, and how near a limit is, as the overview and the command line show them.
import { expect, test } from "vitest";
import { METERS } from "../../../src/contract/prices.ts";
import { amount, limitInWords, meterName, nearness } from "../../../src/dashboard/words/use.ts";

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
