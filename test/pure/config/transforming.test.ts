// `transform` of a route and `version` of a destination: what is read, what is refused with its fix, and where two routes meet.
import { expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { working } from "../../kit/working-config.ts";

const URL_OF_ONE = "https://crm.example.com/api";
const read = (ROUTES: object, billing: object = {}, more: object = {}) =>
  readConfig({ ...working, DESTINATIONS: { billing: { url: URL_OF_ONE, ...billing }, ...more }, ROUTES });
const route = (transform: unknown, more: object = {}) => ({
  money: { from: "github", to: "billing", transform, ...more },
});
const all = (...given: Parameters<typeof read>) =>
  read(...given).findings.map(({ level, key, says }) => `${level} ${key} ${says}`);
const said = (...given: Parameters<typeof read>) => all(...given).filter((one) => !one.includes("has pinned"));

const TEXT = `{ "text": body.user.name }`;

test("one expression serves every destination, a table serves versions", () => {
  const [one] = read(route(TEXT)).routes;
  expect(one?.transform?.otherwise?.text).toBe(TEXT);
  const [several] = read(route({ default: TEXT, "2026-11-01": "body" }), { version: "2026-11-01" }).routes;
  expect(Object.keys(several?.transform?.versions ?? {})).toEqual(["2026-11-01"]);
  expect(read(route(TEXT)).findings).toEqual([]);
  expect(read(route(undefined), { version: "2026-11-01" }).destinations.get("billing")?.version).toBe("2026-11-01");
});

test("a route without one has none", () => {
  expect(read({ money: { from: "github", to: "billing" } }).routes[0]).not.toHaveProperty("transform");
});

test.each([
  ["", /^error ROUTES\.money\.transform "" is no transform\. Write it in quotes/],
  [7, /ROUTES\.money\.transform 7 is no transform/],
  [[], /is no transform/],
  [{}, /ROUTES\.money\.transform is empty\. Write default/],
  [{ default: 7 }, /transform\.default 7 is no transform/],
  [{ default: TEXT, "not a version!": TEXT }, /transform\.not a version! is no version\. Write letters/],
  ["body.(", /^error ROUTES\.money\.transform "body\.\(" is no transform: .* Write it in JSONata/],
  [
    "$now()",
    /ROUTES\.money\.transform "\$now\(\)" calls \$now, which is another at every attempt.* \(at character 1: \$now\(\)\)\. Use event\.receivedAt/,
  ],
  ["$match(body.a, /x/)", /calls \$match/],
  [
    "{ 'a': customer.name }",
    /reads customer, which there is not \(at character 8: customer\.name \}\)\. Use event, source, headers, body or object/,
  ],
  [{ default: TEXT, v1: "bdy" }, /^error ROUTES\.money\.transform\.v1 "bdy" reads bdy/],
])("%j is refused with its key, its value and the fix", (transform, says) => {
  expect(said(route(transform))).toEqual([expect.stringMatching(says)]);
});

test.each(["", "default", "-1", "a b", "x".repeat(33), 1, "ä"])("the version %j is refused", (version) => {
  expect(said(route(undefined), { version })).toEqual([
    expect.stringMatching(/^error DESTINATIONS\.billing\.version .*is no version\. Write letters, digits/),
  ]);
});

test("a destination whose version has no transform is told, with the version that comes nearest", () => {
  expect(said(route({ "2026-11-01": TEXT }), { version: "2026-11-02" })).toEqual([
    'error ROUTES.money.transform has nothing for billing, whose version is "2026-11-02". Did you mean 2026-11-01? Write default = "…" beside the others',
  ]);
  expect(said(route({ "2026-11-01": TEXT }))).toEqual([
    'error ROUTES.money.transform has nothing for billing, which has no version. Write default = "…" beside the others',
  ]);
});

test("a version that nobody has pinned is told, for it may be written wrong", () => {
  expect(all(route({ default: TEXT, "2026-11-02": "body" }), { version: "2026-11-01" })).toEqual([
    'warning ROUTES.money.transform.2026-11-02 is for a version that no destination of this route has pinned. Did you mean 2026-11-01? Write version = "2026-11-02" in one of them, or leave it out',
  ]);
});

test("what a sender has signed cannot be changed on its way to who verifies the sender; whoever signs anew can take it", () => {
  expect(said(route(TEXT), { format: "passthrough" })).toEqual([
    expect.stringMatching(
      /^error ROUTES\.money\.transform is no choice for billing, whose format is "passthrough": .*Leave the format out/,
    ),
  ]);
  for (const format of ["standard", "standard-v1a", "cloudevents", "cloudevents-structured", "none"])
    expect(said(route(TEXT), { format })).toEqual([]);
  expect(
    read(route(TEXT), { as: "github", secret: "BILLING_KEY" }).findings.filter(({ level }) => level === "error"),
  ).toEqual([]);
});

test("two routes that take the same event to one destination are told which of them makes its body", () => {
  const both = { money: { from: "github", to: "billing" }, shaped: { from: "github", to: "billing", transform: TEXT } };
  expect(said(both)).toEqual([
    expect.stringMatching(
      /^warning ROUTES\.shaped\.transform meets the route money at billing: .*the shape that money gives it, because it stands before shaped/,
    ),
  ]);
  const turned = { shaped: both.shaped, money: both.money };
  expect(said(turned)).toEqual([
    expect.stringMatching(/the shape that shaped gives it, because it stands before money/),
  ]);
  const apart = { ...both, money: { ...both.money, events: "push" }, shaped: { ...both.shaped, events: "issues.*" } };
  expect(said(apart)).toEqual([]);
  expect(said({ ...both, money: { ...both.money, when: "body.a == 1" } })).toEqual([]);
});

test("a transform that cannot be read makes no body: what it would have left out stays here", () => {
  const [one] = read(route("body.(")).routes;
  expect(one?.transform?.otherwise?.apply({})).toEqual({ ok: false, error: expect.stringContaining("config:check") });
});
