// `tolerance` of a source: how it is written, what it takes the place of, and where it is safe.
import { describe, expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { working } from "../../kit/working-config.ts";

const read = (entry: object) => readConfig({ ...working, SOURCES: { github: entry } });
const source = (entry: object) => read(entry).sources.get("github");
const findings = (entry: object) => read(entry).findings.filter(({ key }) => key.includes("tolerance"));

describe("tolerance of a source", () => {
  test.each([
    [300, 300],
    [1, 1],
    ["90s", 90],
    ["10m", 600],
    ["8h", 28_800],
    ["7d", 604_800],
  ])("%j takes the place of its provider's", (tolerance, expected) => {
    expect(source({ provider: "stripe", tolerance })?.scheme.timestamp).toMatchObject({
      at: "pair:t",
      tolerance: expected,
    });
    expect(source({ provider: "discord", tolerance })?.scheme.timestamp?.tolerance).toBe(expected);
    expect(source({ provider: "vonage", tolerance })?.scheme.jwt?.maxAge).toBe(expected);
  });

  test.each([0, -1, 1.5, 604_801, "8d", "5", "forever", true, null, ["5m"]])("%j is no time", (tolerance) => {
    expect(source({ provider: "stripe", tolerance })).toBeUndefined();
    expect(findings({ provider: "stripe", tolerance })).toMatchObject([{ level: "error" }]);
  });

  test("a sender without a time has none to judge, nor has one whose unit nobody knows", () => {
    for (const provider of ["github", "gitlab", "lob"])
      expect(findings({ provider, tolerance: 60 })).toMatchObject([
        { level: "error", says: expect.stringContaining("has nothing to judge") },
      ]);
  });

  test("wider than the provider's own, it is safe where the id is signed, and worth a warning elsewhere", () => {
    expect(findings({ provider: "stripe", tolerance: "8h" })).toEqual([]);
    expect(findings({ provider: "zendesk", tolerance: 60 })).toEqual([]);
    expect(findings({ provider: "zendesk", tolerance: "8h" })).toMatchObject([{ level: "warning" }]);
    expect(findings({ provider: "sendgrid", tolerance: "8h" })).toEqual([]);
  });
});
