// Patterns against a regular expression as the oracle, and which route gets the delivery.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fits, judge, match as decide } from "../../../src/in/route.ts";
import { readWhen } from "../../../src/filter/when.ts";
import type { Route } from "../../../src/config/configured.ts";
import type { Names } from "../../../src/filter/condition.ts";

const text = (characters: string[]) => fc.string({ unit: fc.constantFrom(...characters), maxLength: 12 });
const route = (name: string, from: string[], events: string[], to: string[]): Route => ({
  name,
  from,
  events,
  to,
});

const namesOf = (body: unknown): Names => ({
  event: { id: "evt_1", type: "push", receivedAt: "2026-11-29T14:06:00.000Z" },
  source: "github",
  headers: {},
  body,
});
const when = (written: string) => {
  const read = readWhen(written);
  if (!read.ok) throw new Error(read.fault);
  return { when: read.when };
};
const match = (routes: Route[], source: string, types: string[]) =>
  decide(routes, source, types, namesOf(null)).matched;

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

/** The first word of what a route says to a push. */
const of = (one: Route, source = "github", body: unknown = null) => judge(one, source, ["push"], namesOf(body)).kind;

describe("conditions", () => {
  const big = { ...route("big", ["github"], ["push"], ["audit"]), ...when("body.size > 10") };
  const all = route("all", ["github"], [], ["log"]);

  test("a route with a condition takes the events that it is true of", () => {
    expect(decide([big, all], "github", ["push"], namesOf({ size: 11 }))).toEqual({
      matched: [
        { destination: "audit", route: "big" },
        { destination: "log", route: "all" },
      ],
      undecided: [],
    });
    expect(decide([big], "github", ["push"], namesOf({ size: 3 }))).toEqual({ matched: [], undecided: [] });
  });

  test("one that fails is on record with its reason, and the others decide as ever", () => {
    expect(decide([big, all], "github", ["push"], namesOf({}))).toEqual({
      matched: [{ destination: "log", route: "all" }],
      undecided: [{ route: "big", error: "No such key: size" }],
    });
  });

  test("it is not asked of events that source or patterns exclude, nor of a route that is disabled", () => {
    const asked: string[] = [];
    const spy = { text: "", reads: () => [], decide: () => (asked.push("x"), { ok: true as const, wanted: true }) };
    const routes = [
      { ...all, when: spy, from: ["shop"] },
      { ...all, when: spy, events: ["issues"] },
    ];
    expect(
      decide([...routes, { ...all, when: spy, disabled: true as const }], "github", ["push"], namesOf(null)).matched,
    ).toEqual([]);
    expect(asked).toEqual([]);
  });

  test("a route says why it does not take an event, the first reason first", () => {
    expect(of({ ...big, disabled: true }, "slack")).toBe("disabled");
    expect(of(big, "slack")).toBe("source");
    expect(of({ ...big, events: ["issues"] })).toBe("events");
    expect(of(big, "github", { size: 1 })).toBe("when");
    expect(of(big, "github", {})).toBe("undecided");
    expect(of(big, "github", { size: 11 })).toBe("taken");
  });
});
