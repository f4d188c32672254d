// How long what is kept: the keys of a source, the defaults, and each time once.
import { describe, expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { goneWords, keptFor } from "../../../src/contract/retention.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const read = (sources: Record<string, object>, vars: object = {}) =>
  readConfig({
    SOURCES: Object.fromEntries(Object.entries(sources).map(([name, keys]) => [name, { provider: "github", ...keys }])),
    ...vars,
  });
const findings = (config: ReturnType<typeof readConfig>) =>
  config.findings.filter(({ key }) => key.includes("etention") || key.includes("RETENTION"));

describe("what is written", () => {
  test("hours and days, for events and for bodies", () => {
    const { sources } = read({ a: { retention: "36h", body_retention: "1h" }, b: { retention: "3650d" } });
    expect(sources.get("a")).toMatchObject({ retentionMs: 36 * HOUR, bodyRetentionMs: HOUR });
    expect(sources.get("b")).toMatchObject({ retentionMs: 3650 * DAY });
  });

  test.each(["7", "0d", "10m", "3651d", 7, "", "1w"])("%j is no time to keep something", (retention) => {
    const config = read({ a: { retention } });
    expect(config.disabled.get("a")).toContain("is not a time to keep something. Write it as");
  });

  test("BODY_RETENTION_DAYS is as long as events are kept unless it is set", () => {
    const bodies = (vars: object) => read({}, vars).keepings.filter(({ of }) => of === "bodies");
    expect(bodies({})).toEqual([]);
    expect(bodies({ BODY_RETENTION_DAYS: "7" })).toEqual([{ of: "bodies", ms: 7 * DAY, sources: [], except: true }]);
    expect(findings(read({}, { BODY_RETENTION_DAYS: 0 }))).toMatchObject([
      { key: "BODY_RETENTION_DAYS", says: "0 is not a whole number from 1 to 3650. Write one, such as 7" },
    ]);
  });

  test("bodies that would outlive their events are a warning", () => {
    expect(findings(read({ a: { retention: "7d", body_retention: "7d" } }))).toMatchObject([
      { level: "warning", key: "SOURCES.a.body_retention" },
    ]);
  });
});

describe("each time once", () => {
  test("where nobody says anything, there is one", () => {
    expect(read({ a: {}, b: {} }).keepings).toEqual([{ of: "events", ms: 30 * DAY, sources: [], except: true }]);
  });

  test("sources that say the same share one, and are left out of the default", () => {
    const config = read(
      {
        a: { retention: "7d" },
        b: { retention: "7d", body_retention: "1d" },
        c: { body_retention: "1d" },
        d: { retention: "1d" },
        e: {},
      },
      { BODY_RETENTION_DAYS: 3 },
    );
    expect(config.keepings).toEqual([
      { of: "events", ms: 30 * DAY, sources: ["a", "b", "d"], except: true },
      { of: "events", ms: 7 * DAY, sources: ["a", "b"], except: false },
      { of: "events", ms: DAY, sources: ["d"], except: false },
      { of: "bodies", ms: 3 * DAY, sources: ["b", "c", "d"], except: true },
      { of: "bodies", ms: DAY, sources: ["b", "c"], except: false },
    ]);
    const of = (source: string) => [
      keptFor(config.keepings, "events", source),
      keptFor(config.keepings, "bodies", source),
    ];
    expect(["a", "b", "c", "d", "e", "removed"].map(of)).toEqual([
      [7 * DAY, 3 * DAY],
      [7 * DAY, DAY],
      [30 * DAY, DAY],
      [DAY, null],
      [30 * DAY, 3 * DAY],
      [30 * DAY, 3 * DAY],
    ]);
  });
});

test("what is said of a body that is gone", () => {
  const at = Date.parse("2026-11-30T12:00:00Z");
  expect(goneWords({ why: "retention", at, after: 7 * DAY })).toBe(
    "was deleted on 2026-11-30, after its retention of 7 days",
  );
  expect(goneWords({ why: "retention", at, after: HOUR })).toBe(
    "was deleted on 2026-11-30, after its retention of 1 hour",
  );
  expect(goneWords({ why: "deleted", at })).toBe("was deleted by an operator on 2026-11-30");
});
