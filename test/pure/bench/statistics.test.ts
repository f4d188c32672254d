// How the bench tells many numbers in few, and what it reads of a process.
import { describe, expect, test } from "vitest";
import { parseStat } from "../../bench/process.ts";
import { percentile, spread } from "../../bench/statistics.ts";

/** 3 s of CPU in all, in ticks of 10 ms. */
const line = (name: string) => `4711 (${name}) S 42 1 1 0 -1 4194560 5 6 7 8 250 50 0 0 20 0 2 0 100 200 300`;

describe("percentiles", () => {
  test("are values that were measured, in whatever order they came", () => {
    expect(percentile([9, 1, 5], 0.5)).toBe(5);
    expect(percentile([4, 3, 2, 1], 0.5)).toBe(2);
    expect(percentile([1, 2, 3], 0)).toBe(1);
  });

  test("of a hundred values, the 99th leaves one above it", () => {
    const values = Array.from({ length: 100 }, (_, n) => n + 1);
    expect(spread(values)).toEqual({ count: 100, p50: 50, p99: 99, max: 100 });
  });

  test("of nothing are no number", () => {
    expect(spread([])).toEqual({ count: 0, p50: Number.NaN, p99: Number.NaN, max: Number.NaN });
  });
});

describe("/proc/PID/stat", () => {
  test("tells the parent, and the time in user mode and in the kernel together", () => {
    expect(parseStat(line("workerd"))).toEqual({ name: "workerd", parent: 42, cpuMs: 3_000 });
  });

  test("a name with brackets and spaces moves no field", () => {
    expect(parseStat(line("a (b) 7 c"))).toEqual({ name: "a (b) 7 c", parent: 42, cpuMs: 3_000 });
  });
});
