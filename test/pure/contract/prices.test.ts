// Prices: what counts come to in dollars, and how many events the free plan carries, by hand-worked examples.
import { expect, test } from "vitest";
import { inForce, LIMITS, METERS, PRICES, READ_ON } from "../../../src/contract/prices.ts";
import { freePlan, plus, usdPerMillion } from "../../bench/price.ts";

const DECEMBER = "2026-12-01";

test("each meter has a price from a page of Cloudflare's, read on one day", () => {
  expect(READ_ON).toMatch(/^20\d\d-\d\d-\d\d$/);
  for (const meter of METERS) {
    expect(PRICES[meter].page).toMatch(/^https:\/\/developers\.cloudflare\.com\/[a-z0-9/-]+\/$/);
    expect(PRICES[meter].usd).toBeGreaterThan(0);
  }
});

test("a million events with three rows each cost three dollars; a queue message is three operations", () => {
  expect(usdPerMillion({ d1_rows_written: 3 })).toBeCloseTo(3);
  expect(usdPerMillion({ queue_operations: 3 })).toBeCloseTo(1.2);
  expect(usdPerMillion({ object_requests: 2, worker_requests: 1, worker_cpu_ms: 2 })).toBeCloseTo(0.3 + 0.3 + 0.04);
});

test("an object that is awake all the time costs 1.6 cents a million at 100 events a second", () => {
  expect(usdPerMillion({ object_gb_s: 0.128 / 100 })).toBeCloseTo(0.016);
});

test("logs are billed by the line until November 2026, and by the GB, stored for a week, after that", () => {
  const counts = { log_lines: 1, log_bytes: 1_000 };
  expect(inForce("log_lines", "2026-11-30") && !inForce("log_bytes", "2026-11-30")).toBe(true);
  expect(usdPerMillion(counts, "2026-11-30")).toBeCloseTo(0.6);
  expect(usdPerMillion(counts, DECEMBER)).toBeCloseTo(0.25 + (0.1 * 7) / 30);
});

test("the free plan ends at the limit that is reached first", () => {
  expect(freePlan({ d1_rows_written: 3, object_requests: 3 }, {}, 30)).toMatchObject({
    eventsADay: 33_333,
    binds: "d1_rows_written",
    by: { d1_rows_written: 33_333, object_requests: 33_333 },
  });
  expect(freePlan({ d1_rows_written: 3, object_requests: 4 }, {}, 30)).toMatchObject({
    eventsADay: 25_000,
    binds: "object_requests",
  });
});

test("what an idle day uses comes off first, and a size holds the events of as many days as they are kept", () => {
  expect(freePlan({ object_requests: 2 }, { object_requests: 20_000 }, 30).eventsADay).toBe(40_000);
  expect(freePlan({ d1_bytes: 1_000 }, { d1_bytes: 0 }, 10)).toMatchObject({ eventsADay: 50_000, binds: "d1_bytes" });
});

test("every daily limit of the free plan can be the one that binds", () => {
  for (const meter of METERS.filter((one) => LIMITS[one].free !== null)) {
    const day = inForce(meter, READ_ON) ? READ_ON : DECEMBER;
    expect(freePlan({ [meter]: 1_000_000 }, {}, 30, day).binds).toBe(meter);
  }
});

test("counts add up, meter by meter", () => {
  expect(plus({ d1_rows_written: 3 }, { d1_rows_written: 2, log_lines: 1 })).toMatchObject({
    d1_rows_written: 5,
    log_lines: 1,
    d1_bytes: 0,
  });
});
