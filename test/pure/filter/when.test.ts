// `when` of a route: what it decides, what it says where it cannot, and what is found wrong before a deploy.

import { describe, expect, test } from "vitest";
import { namesOf } from "../../../src/filter/names.ts";
import { readWhen } from "../../../src/filter/when.ts";
import type { Condition, Names } from "../../../src/filter/condition.ts";

function condition(text: string): Condition {
  const read = readWhen(text);
  if (!read.ok) throw new Error(read.fault);
  return read.when;
}

const names = (body: unknown, more: Partial<Names> = {}): Names => ({
  event: { id: "evt_1", type: "invoice.paid", receivedAt: "2026-11-29T14:06:00.000Z" },
  source: "stripe",
  headers: { "x-event-kind": "live" },
  body,
  ...more,
});
const decide = (text: string, body: unknown = null) => condition(text).decide(names(body));
const yes = { ok: true, wanted: true };
const no = { ok: true, wanted: false };

const INVOICE = {
  livemode: true,
  data: {
    object: {
      amount: 150_000,
      currency: "eur",
      lines: [
        { sku: "a", tags: ["x"] },
        { sku: "b", tags: [] },
      ],
    },
  },
  none: null,
};

describe("decides", () => {
  test.each([
    ["body.data.object.amount >= 100000 && body.livemode", yes],
    ["body.data.object.amount >= 100000 && !body.livemode", no],
    ['event.type == "invoice.paid" && event.id.startsWith("evt_")', yes],
    ['timestamp(event.receivedAt) > timestamp("2026-01-01T00:00:00Z")', yes],
    ['source == "stripe"', yes],
    ['headers["x-event-kind"] == "live"', yes],
    ['"authorization" in headers', no],
    ["has(body.customer) && body.customer.vip", no],
    ['body.data.object.lines.exists(line, line.sku == "b")', yes],
    ['body.data.object.lines.exists(line, line.tags.exists(tag, tag == "x"))', yes],
    ['body.data.object.lines.all(line, line.sku in ["a", "b"])', yes],
    ['body.data.object.lines.exists_one(line, line.sku.contains("a"))', yes],
    ["body.data.object.lines.filter(line, size(line.tags) > 0).size() == 1", yes],
    ['body.data.object.lines.map(line, line.sku) == ["a", "b"]', yes],
    ['body.data.object.lines.map(line, size(line.tags) > 0, line.sku)[0] == "a"', yes],
    ['body.data.object.currency.matches("^(eur|usd)$")', yes],
    ["body.none == null", yes],
    ["body.data.object.amount - (100000.0 - 50000.0) == 100000.0", yes],
    ["body.data.object.amount / 2.0 / 3.0 == 25000.0", yes],
    ['(body.livemode ? "live" : "test") == "live"', yes],
    ["body.livemode", yes],
    ['{"eur": true}[body.data.object.currency]', yes],
    ['body["data"]["object"]["currency"] == "eur"', yes],
    ['body.missing == 1 || event.type == "invoice.paid"', yes],
  ])("%s", (text, decided) => {
    expect(decide(text, INVOICE)).toEqual(decided);
  });
});

describe("cannot decide, and says why", () => {
  test.each([
    ["body.customer.vip", "No such key: customer"],
    ["body.data.object.currency > 5", "no such overload"],
    ["body.data.object.currency", "gives text, not true or false"],
    ["body.none", "gives null, not true or false"],
    ["body.data.object.lines[7].sku == 'a'", "No such key"],
  ])("%s", (text, error) => {
    expect(decide(text, INVOICE)).toEqual({ ok: false, error: expect.stringContaining(error) });
  });

  test("of a body that is no JSON, anything that it would have had to hold", () => {
    expect(decide("body.amount > 1")).toMatchObject({ ok: false });
    expect(decide("body == null")).toEqual(yes);
  });

  test("of a body that could not be read, why", () => {
    const told = { id: "e", type: "t", source: "s", receivedAt: 0, headers: {} };
    const of = namesOf(told, () => {
      throw new Error("the body has more than 2000000 members and elements of JSON");
    });
    expect(condition("body.a == 1").decide(of)).toEqual({
      ok: false,
      error: expect.stringContaining("members and elements"),
    });
    expect(condition('event.type == "t"').decide(of)).toEqual(yes);
  });
});

test("a body is asked for once, and not at all where nothing of it is read", () => {
  let asked = 0;
  const of = namesOf({ id: "e", type: "t", source: "s", receivedAt: 0, headers: {} }, () => {
    asked += 1;
    return { a: 1, b: 2 };
  });
  condition('source == "s"').decide(of);
  expect(asked).toBe(0);
  expect(condition("body.a == 1 && body.b == 2").decide(of)).toEqual(yes);
  expect(condition("body.a == 1").decide(of)).toEqual(yes);
  expect(asked).toBe(1);
});

test("a member that is called constructor, or __proto__, is a member like any other", () => {
  const text =
    '{"constructor":{"name":"x"},"kind":"a","items":[{"constructor":null,"n":1}],"__proto__":{"admin":true}}';
  const body: unknown = JSON.parse(text);
  expect(decide('body.kind == "a"', body)).toEqual(yes);
  expect(decide('body.constructor.name == "x"', body)).toEqual(yes);
  expect(decide("body.items.all(one, one.n == 1)", body)).toEqual(yes);
  expect(decide("has(body.admin)", JSON.parse('{"__proto__":{"admin":true}}'))).toEqual(no);
  expect(decide("has(body.toString) || has(body.hasOwnProperty)", body)).toEqual(no);
});

test("what it reads, with what stands there", () => {
  const when = condition(
    'body.data.object.amount >= 100000 && source == "stripe" && has(body.gone) && body.data.object.lines.exists(l, l.sku == "z")',
  );
  expect(when.reads(names(INVOICE))).toEqual([
    { path: "body.data.object.amount", value: "150000" },
    { path: "source", value: '"stripe"' },
    { path: "body.gone", value: null },
    { path: "body.data.object.lines", value: JSON.stringify(INVOICE.data.object.lines) },
  ]);
  const long = condition("body.a == 'x'").reads(names({ a: "y".repeat(10_000) }));
  expect(long[0]?.value?.length).toBeLessThan(250);
});

describe("what is wrong is found before a deploy, with where and what to write", () => {
  test.each([
    ["body.amount >=", /stops making sense \(at its end\).*Write it in CEL/],
    ["bdy.amount >= 1", /Unknown variable: bdy \(at character 1: bdy.amount.*event, source, headers and body/],
    ["event.kind == 'x'", /No such key: kind.*event has id, type and receivedAt/],
    ["event.type == 5", /no such overload.*Compare values of one kind/],
    ["size(body.items)", /gives a number, not true or false/],
    ["'text'", /gives text, not true or false/],
    ["body.x.matches('(a')", /pattern that has a \( that is not closed/],
    ["body.x.matches(body.pattern)", /pattern that is not text in quotes/],
    ["body.items.join(',') == 'a'", /join\(\), which a filter does not know: it knows .*contains/],
    ["cel.bind(x, body.a, x == 1)", /a filter does not know/],
    ["body.a.foo() == 1", /foo\(\)/],
    ["body.items.exists(i, timestamp(i.at).getHours('Europe/Berlin') == 1)", /time zone inside a loop/],
    ["x".repeat(5_000), /longer than 4000 characters/],
    [`${"(".repeat(100)}true${")".repeat(100)}`, /is no condition/],
    [Array.from({ length: 300 }, () => "true").join(" && "), /is no condition/],
  ] as const)("%#: %.40s", (text, says) => {
    const read = readWhen(text);
    expect(read).toEqual({ ok: false, fault: expect.stringMatching(says) });
  });
});

describe("work is bounded, whatever the sender puts into the body", () => {
  const many = Array.from({ length: 200_000 }, (_, n) => ({ n, s: `k${n}` }));
  const plain = many.map(({ s }) => s);
  const long = "a".repeat(1_000_000);
  const TOO_MUCH = { ok: false, error: expect.stringContaining("takes too many steps") };

  test.each([
    ["one loop over more than may be", "body.many.all(x, x.n >= 0)"],
    ["loops in loops", "body.plain.exists(x, body.plain.exists(y, x == y + 'no'))"],
    ["a list that is looked through in every round", "body.plain.exists(x, (x + 'no') in body.plain)"],
    ["two lists that are compared in every round", "body.plain.exists(x, body.many == body.more)"],
    ["a long text that is searched in every round", "body.plain.exists(x, body.long.contains(x))"],
    ["a long text that is written anew in every round", "body.plain.map(x, body.long.lowerAscii()).size() == 1"],
    ["a long text that is taken apart in every round", "body.plain.map(x, body.long.split('')).size() == 1"],
    ["lists that grow in every round", "body.plain.map(x, body.plain + body.plain).size() == 1"],
    ["a pattern over a long text", "body.long.matches('^(a+)+$') && body.long.matches('(.*)*b')"],
    ["members of an object", "body.object.all(x, body.object.all(y, x != y || x == y))"],
  ])("%s", (_, text) => {
    const object = Object.fromEntries(plain.slice(0, 5_000).map((key) => [key, 1]));
    expect(decide(text, { many, more: [...many], plain, long, object })).toEqual(TOO_MUCH);
  });

  test("and what people write stays far from the bound", () => {
    const orders = Array.from({ length: 500 }, (_, n) => ({
      sku: `sku-${n}`,
      tags: ["new", "sale"],
      note: "x".repeat(200),
    }));
    expect(
      decide("body.orders.exists(o, o.sku == 'sku-499' && 'sale' in o.tags && o.note.contains('xx'))", { orders }),
    ).toEqual(yes);
    expect(decide("body.text.matches('x+y')", { text: `${"x".repeat(20_000)}y` })).toEqual(yes);
  });

  test("one decision's work is not counted against the next", () => {
    const loop = condition("body.many.all(x, x.n >= 0)");
    expect(loop.decide(names({ many }))).toEqual(TOO_MUCH);
    expect(loop.decide(names({ many: many.slice(0, 10) }))).toEqual(yes);
  });
});
