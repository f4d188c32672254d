// Patterns against a regular expression as the oracle, and which route gets the delivery.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fits, match } from "../../../src/in/route.ts";
import type { Route } from "../../../src/types.ts";

const text = (characters: string[]) => fc.string({ unit: fc.constantFrom(...characters), maxLength: 12 });
const route = (name: string, from: string[], events: string[], to: string[]): Route => ({
  name,
  from,
  events,
  to,
});

describe("patterns", () => {
  test.each([
    ["push", "push", true],
    ["push", "pushed", false],
    ["push", "Push", false],
    ["pull_request.*", "pull_request.opened", true],
    ["pull_request.*", "pull_request", false],
    ["*", "", true],
    ["", "", true],
    ["*.failed", "invoice.payment.failed", true],
    ["a*a", "a", false],
    ["a*a", "aa", true],
    ["*ab*b", "ab", false],
    ["invoice.*.v2", "invoice.paid.v1", false],
    ["a.b", "axb", false],
    ["[a-z]", "a", false],
    ["a**b", "ab", true],
  ])("%j on %j: %j", (pattern, type, expected) => {
    expect(fits(pattern, type)).toBe(expected);
  });

  test("agree with a regular expression on whatever is made of a, b, dots and stars", () => {
    fc.assert(
      fc.property(text(["a", "b", ".", "*"]), text(["a", "b", "."]), (pattern, type) => {
        const oracle = new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
        expect(fits(pattern, type)).toBe(oracle.test(type));
      }),
      { numRuns: 5_000 },
    );
  });

  test("a pattern made to blow up a backtracking matcher is answered all the same", () => {
    expect(fits(`${"*a".repeat(2_000)}*b`, "a".repeat(100_000))).toBe(false);
  });
});

describe("match", () => {
  test("a route without events takes every event of its sources, and of no other", () => {
    const routes = [route("all", ["github", "stripe"], [], ["log"])];
    expect(match(routes, "github", ["push"])).toEqual([{ destination: "log", route: "all" }]);
    expect(match(routes, "stripe", [""])).toEqual([{ destination: "log", route: "all" }]);
    expect(match(routes, "slack", ["push"])).toEqual([]);
  });

  test("a destination gets one delivery, on the first route in file order that names it", () => {
    const routes = [
      route("other", ["stripe"], [], ["billing"]),
      route("first", ["github"], ["push"], ["billing", "billing"]),
      route("second", ["github"], ["*"], ["audit", "billing"]),
    ];
    expect(match(routes, "github", ["push"])).toEqual([
      { destination: "billing", route: "first" },
      { destination: "audit", route: "second" },
    ]);
  });

  test("a batch goes where any of its events would go", () => {
    const routes = [route("money", ["gocardless"], ["payments.*"], ["ledger"])];
    expect(match(routes, "gocardless", ["mandates.created", "payments.confirmed"])).toEqual([
      { destination: "ledger", route: "money" },
    ]);
    expect(match(routes, "gocardless", ["mandates.created"])).toEqual([]);
  });

  test("an event that no pattern fits goes nowhere", () => {
    expect(match([route("r", ["github"], ["push", "issues.*"], ["x"])], "github", ["issues"])).toEqual([]);
  });
});
