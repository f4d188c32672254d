// Events in order: how it is written, what is refused with a fix, and through which Intake object they come.
import { expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { OWN } from "../../../src/config/own.ts";
import { working } from "../../kit/working-config.ts";

const URL = "https://billing.example.com/";
const read = (entry: object, others: object = {}) =>
  readConfig({ ...working, DESTINATIONS: { billing: { url: URL, ...entry }, ...others } });
const faults = (entry: object, others: object = {}) =>
  read(entry, others)
    .findings.filter(({ level }) => level === "error")
    .map(({ key, says }) => `${key} ${says}`);

test("by the source or by a path, and what has failed is passed unless it stops", () => {
  expect(read({ order: "source" }).destinations.get("billing")?.order).toEqual({ by: "source", stops: false });
  const stops = { order: "body.data.object.customer", after_failure: "wait" };
  expect(read(stops).destinations.get("billing")?.order).toEqual({ by: "body.data.object.customer", stops: true });
  expect(read({ order: "headers.x-shop", after_failure: "skip" }).destinations.get("billing")?.order).toEqual({
    by: "headers.x-shop",
    stops: false,
  });
  expect(read({}).destinations.get("billing")?.order).toBeUndefined();
});

test.each([
  "type",
  "body",
  "body.",
  "body..a",
  "data.customer",
  "body.a b",
  `body${".a".repeat(11)}`,
  `body.${"a".repeat(200)}`,
  "",
])("no order: %s", (order) => {
  expect(faults({ order })).toEqual([
    expect.stringMatching(/^DESTINATIONS\.billing\.order ".*is no order\. Write "source", or the path/s),
  ]);
});

test("what becomes of those behind one that failed is said where there is an order, in one of two words", () => {
  expect(faults({ after_failure: "wait" })).toEqual([
    'DESTINATIONS.billing.after_failure "wait" says what becomes of events behind one that has failed, and there is no order here. Write order as well, such as order = "source", or leave it out',
  ]);
  expect(faults({ order: "source", after_failure: "stop" })).toEqual([
    expect.stringContaining('DESTINATIONS.billing.after_failure "stop" is neither "skip" nor "wait"'),
  ]);
});

test("where failures of another destination go, there is no order of acceptance", () => {
  const others = { crm: { url: "https://crm.example.com/", on_failed: "billing" } };
  expect(faults({ order: "source" }, others)).toEqual([
    'DESTINATIONS.billing.order "source" cannot be kept: crm names it in on_failed, and what has failed comes when it has failed. Leave order out here, or name another destination there',
  ]);
  expect(faults({}, others)).toEqual([]);
});

test("with everything else that a destination may have it is no mistake", () => {
  const all = { rate: "10/s", concurrency: 4, max_age: "1d", breaker: false, on_failed: "crm", retry: "quick" };
  const others = { crm: { url: "https://crm.example.com/" } };
  expect(faults({ order: "source", after_failure: "wait", ...all }, others)).toEqual([]);
});

/** By which name the events of each source come to one object. */
function together(
  orders: Record<string, string | undefined>,
  routes: readonly (readonly [readonly string[], readonly string[]])[],
) {
  const SOURCES = Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, { provider: "github" }]));
  const DESTINATIONS = Object.fromEntries(
    Object.entries(orders).map(([name, order]) => [
      name,
      { url: `https://${name}.example.com/`, ...(order === undefined ? {} : { order }) },
    ]),
  );
  const ROUTES = Object.fromEntries(routes.map(([from, to], n) => [`r${n}`, { from, to }]));
  return [...readConfig({ ...working, SOURCES, DESTINATIONS, ROUTES }).sources.values()].map((one) => one.together);
}

test("sources that lead to one destination with an order by a path come to one Intake object", () => {
  const routes = [
    [["d", "b"], ["crm"]],
    [["c"], ["log"]],
  ] as const;
  expect(together({ crm: "body.customer", log: undefined }, routes)).toEqual([undefined, "b", undefined, "b"]);
  expect(together({ crm: "source", log: undefined }, routes)).toEqual([undefined, "b", undefined, "d"]);
  expect(together({ crm: undefined, log: undefined }, routes)).toEqual([undefined, undefined, undefined, undefined]);
});

test("and so do those of several such destinations that share a source, whatever the order of the routes", () => {
  const routes = [
    [["d", "c"], ["crm"]],
    [["a", "c"], ["log"]],
  ] as const;
  const orders = { crm: "body.customer", log: "body.order" };
  expect(together(orders, routes)).toEqual(["a", undefined, "a", "a"]);
  expect(together(orders, routes.toReversed())).toEqual(["a", undefined, "a", "a"]);
});

test("the relay's own notices keep to an object of their name, and so does who goes in an order with them", () => {
  expect(OWN.together).toBe("hookline");
  const routes = [
    [["a"], ["crm"]],
    [["hookline"], ["crm"]],
    [["b"], ["crm"]],
  ] as const;
  expect(together({ crm: "body.customer" }, routes)).toEqual(["hookline", "hookline", undefined, undefined]);
});

test.each([
  ["body.card.number", ["body.card.number"]],
  ["body.card.number", ["body.card"]],
  ["body.items.0.email", ["body.items.*.email"]],
  ["headers.x-token", ["headers.X-Token"]],
])("an order by %s, of which %j is redacted, keeps a digest, and is warned of", (order, redact) => {
  const source = { provider: "hmac", settings: { header: "X-Signature" } };
  const found = (entry: object) =>
    readConfig({
      ...working,
      SOURCES: { shop: { ...source, ...entry } },
      SHOP_SECRET: "s",
      ENCRYPTION_KEY: btoa("k".repeat(32)),
      DESTINATIONS: { billing: { url: URL, order } },
      ROUTES: { all: { from: "shop", to: "billing" } },
    }).findings.filter(({ key }) => key === "DESTINATIONS.billing.order");
  expect(found({ redact })).toMatchObject([
    { level: "warning", says: expect.stringContaining(`${order}, which shop redacts`) },
  ]);
  expect(found({ redact: ["body.other"] })).toEqual([]);
  expect(found({})).toEqual([]);
});
