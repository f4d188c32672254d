// The words and pictures of the pages of sources, destinations, routes and replays.
import { describe, expect, test } from "vitest";
import { percentilesInWords, took } from "../../../src/dashboard/words/words.ts";
import { destinationHealth, sourceHealth } from "../../../src/dashboard/words/health.ts";
import { inColumns, inOneColumn } from "../../../src/dashboard/words/picture.ts";
import { filterInWords, readFilter } from "../../../src/dashboard/parts/replay-filter.tsx";
import { scheduleInWords } from "../../../src/dashboard/parts/schedule.tsx";
import { destinations } from "../../kit/fixture-destinations.ts";
import { sources } from "../../kit/fixture-health.ts";
import { routes } from "../../kit/fixture-records.ts";

const words = (health: readonly (readonly [string, string])[]) => Object.fromEntries(health);

describe("health in one word", () => {
  test("a destination has the word that the operator gives it", () => {
    expect(words(destinations.map((one) => [one.name, destinationHealth(one).word]))).toEqual({
      ledger: "healthy",
      billing: "failing",
      ci: "healthy",
      warehouse: "paused",
      partner: "no address",
      bin: "retrying",
      "orders-worker": "healthy",
      jobs: "healthy",
      lake: "retrying",
      "on-call": "healthy",
      desk: "healthy",
      "archive-of-everything-that-ever-happened-in-the-emea-region": "idle",
    });
  });

  test("a source refuses while its last refusal is newer than its last event", () => {
    expect(words(sources.map((one) => [one.name, sourceHealth(one).word]))).toEqual({
      github: "healthy",
      stripe: "refusing",
      slack: "healthy",
      zoom: "no secret",
      asana: "no secret",
      shopify: "not heard yet",
      "internal-erp-of-the-emea-region": "healthy",
      legacy: "disabled",
    });
  });
});

describe("a retry schedule in words", () => {
  test("names every wait, and how long all of them are", () => {
    expect(scheduleInWords([5, 300, 86_400])).toMatch(
      /^4 attempts over 1 d: .* 5 s, 5 min and 1 d after the one before/,
    );
  });

  test("says so where nothing is tried again", () => {
    expect(scheduleInWords([])).toBe("One attempt, at once; nothing is tried again.");
  });
});

test.each([
  [0.4, "0 ms"],
  [84, "84 ms"],
  [1_900, "1.9 s"],
  [15_000, "15.0 s"],
])("%d ms are written %s", (ms, written) => {
  expect(took(ms)).toBe(written);
});

test("p50, p95 and p99 are told in this order, each in its own unit", () => {
  expect(percentilesInWords({ p50_ms: 42, p95_ms: 1_900, p99_ms: 15_000 })).toBe("42 ms · 1.9 s · 15.0 s");
});

const read = (fields: Record<string, string>) => readFilter((name) => fields[name] ?? "");

describe("the filter of a bulk replay", () => {
  test("takes the times of its fields as UTC, and empty fields for nothing", () => {
    const { filter, faults } = read({
      state: "failed",
      since: "2026-03-01T09:30",
      until: "2026-03-02T00:00:00.000Z",
      type: " ",
    });
    expect(faults.size).toBe(0);
    expect(filter).toEqual({
      source: null,
      type: null,
      destination: null,
      state: "failed",
      since: "2026-03-01T09:30:00.000Z",
      until: "2026-03-02T00:00:00.000Z",
    });
    expect(filterInWords(filter)).toBe("failed, since 2026-03-01 09:30 UTC, before 2026-03-02 00:00 UTC");
  });

  test("says which field is wrong", () => {
    expect([...read({ since: "yesterday", type: "x".repeat(201) }).faults.keys()].toSorted()).toEqual([
      "since",
      "type",
    ]);
    expect([...read({ since: "2026-03-02T00:00", until: "2026-03-01T00:00" }).faults.keys()]).toEqual(["until"]);
    expect([...read({ since: "2026-02-31T25:00" }).faults.keys()]).toEqual(["since"]);
  });
});

describe("the picture of the routes", () => {
  const named = {
    sources: sources.map(({ name }) => name),
    routes,
    destinations: destinations.map(({ name }) => name),
  };

  test("has a box for each name and a line for each end of a route, none of them outside", () => {
    const { height, width, ways, ...ends } = inColumns(named);
    expect(ends.sources.map(({ name }) => name).toSorted()).toEqual(named.sources.toSorted());
    expect(ways.map(({ lines }) => lines.length)).toEqual([3, 8, 3, 1, 1]);
    for (const box of [...ends.sources, ...ways, ...ends.destinations]) {
      expect(box.y).toBeGreaterThanOrEqual(0);
      expect(box.y + box.height).toBeLessThanOrEqual(height + 0.01);
      expect(box.x + box.width).toBeLessThanOrEqual(width);
    }
  });

  test("lets no box cover another", () => {
    for (const picture of [inColumns(named), inOneColumn(named)]) {
      const boxes = [...picture.sources, ...picture.ways, ...picture.destinations];
      const covered = boxes.filter((a) =>
        boxes.some(
          (b) => a !== b && a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height,
        ),
      );
      expect(covered).toEqual([]);
    }
  });
});
