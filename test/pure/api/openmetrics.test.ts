// Numbers as OpenMetrics text: names, labels and the end of it. A real Prometheus reads the whole in test/metrics.
import { expect, test } from "vitest";
import { openMetricsText } from "../../../src/api/openmetrics.ts";
import { bucketOf, boundsOf, observe } from "../../../src/feed/histogram.ts";

test("a family is written with its type, unit and help, and the text ends as it must", () => {
  const text = openMetricsText([
    { name: "a", type: "counter", help: "One.", samples: [{ suffix: "_total", labels: { of: "x" }, value: 3 }] },
    { name: "b_seconds", type: "gauge", unit: "seconds", help: "Two.", samples: [{ labels: {}, value: 0.5 }] },
    { name: "c", type: "gauge", help: "Nobody.", samples: [] },
  ]);
  expect(text.split("\n")).toEqual([
    "# TYPE a counter",
    "# HELP a One.",
    'a_total{of="x"} 3',
    "# TYPE b_seconds gauge",
    "# UNIT b_seconds seconds",
    "# HELP b_seconds Two.",
    "b_seconds 0.5",
    "# EOF",
    "",
  ]);
});

test("what a label holds cannot end it", () => {
  const samples = [{ labels: { of: 'a"} 1\n# EOF\\' }, value: 1 }];
  expect(openMetricsText([{ name: "a", type: "gauge", help: "x", samples }])).toContain(
    'a{of="a\\"} 1\\n# EOF\\\\"} 1\n',
  );
});

test("bounds are exact where a bucket ends, and the sum is within 5 %", () => {
  const histogram = new Map<number, number>();
  const all = [1, 2, 3, 8, 9, 100, 512, 513, 15_000, 200_000];
  for (const ms of all) observe(histogram, ms);
  const { bounds, count } = boundsOf(histogram);
  for (const { ms, below } of bounds) expect([ms, below]).toEqual([ms, all.filter((one) => one <= ms).length]);
  expect(count).toBe(all.length);
  const short = new Map([[bucketOf(700), 10]]);
  expect(Math.abs(boundsOf(short).sumMs / 7_000 - 1)).toBeLessThan(0.05);
});
