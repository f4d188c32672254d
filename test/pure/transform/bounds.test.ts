// What a transform may not do, whatever its body says and however it is written: each of these ends, says why, and has made nothing large.
import { describe, expect, test } from "vitest";
import { readTransform } from "../../../src/transform/read.ts";
import type { Transform } from "../../../src/transform/transform.ts";

function transform(text: string): Transform {
  const read = readTransform(text);
  if (!read.ok) throw new Error(`${text} ${read.fault}`);
  return read.transform;
}
const names = (body: unknown) => ({
  event: { id: "evt_1", type: "order.paid", receivedAt: "2026-11-01T10:00:00.000Z" },
  source: "shop",
  headers: {},
  body,
});
const apply = (text: string, body: unknown = null) => transform(text).apply(names(body));
const fault = (text: string, body: unknown = null): string => {
  const made = apply(text, body);
  return made.ok ? `made ${made.body.length} characters` : made.error;
};

const many = Array.from({ length: 9_999 }, (_, n) => n);
const long = "a".repeat(1_000_000);
const LISTS = /makes a list of more than 10000 elements/;
const STEPS = /takes more than 200000 steps/;
const TEXTS = /makes a text of more than 1048576 characters/;
const DEPTH = /goes (?:more than 100 levels|too) deep/;

describe("work has an end", () => {
  test.each([
    ["a range", "[1..9999999]", null, LISTS],
    ["a range of numbers from the body", "[body.a..body.b]", { a: -9e15, b: 9e15 }, LISTS],
    ["ranges in ranges", "[1..1000].[1..1000]", null, STEPS],
    ["a list in every round", "$map(body, function($x) { $count($map(body, function($y) { $y })) })", many, STEPS],
    ["a recursion without an end", "($f := function($n) { $f($n + 1) }; $f(0))", null, STEPS],
    ["a recursion that waits for itself", "($f := function($n) { 1 + $f($n) }; $f(0))", null, DEPTH],
    [
      "two that call each other",
      "($f := function($n) { $g($n) & 1 }; $g := function($n) { $f($n) & 1 }; $f(0))",
      null,
      DEPTH,
    ],
    ["a fixed point", "(function($x) { $x($x) })(function($x) { $x($x) })", null, STEPS],
    ["a branching recursion", "($f := function($n) { $n > 40 ? 1 : $f($n + 1) + $f($n + 1) }; $f(0))", null, STEPS],

    ["text that doubles", "($f := function($s, $n) { $n = 0 ? $s : $f($s & $s, $n - 1) }; $f('ab', 40))", null, TEXTS],
    [
      "text that doubles in a list",
      "$reduce([1..64], function($s) { $s & $s }, 'ab')",
      null,
      /text of more|takes less than two/,
    ],
    [
      "text that doubles by replacing",
      "$reduce([1..30], function($s, $n) { $replace($s, 'a', 'aa') }, 'a')",
      null,
      /text of more|steps/,
    ],
    ["text that doubles by joining", "$reduce([1..40], function($s, $n) { $join([$s, $s]) }, 'a')", null, TEXTS],
    [
      "values that double",
      "($f := function($x, $n) { $n = 0 ? $x : $f([[$x], [$x]], $n - 1) }; $f([1], 60))",
      null,
      /steps|JSON|deep/,
    ],
    [
      "values that double, asked for their truth",
      "($f := function($x, $n) { $n = 0 ? $x : $f([[$x], [$x]], $n - 1) }; $f([0], 60) ? 1 : 2)",
      null,
      STEPS,
    ],
    [
      "values that double, compared",
      "($f := function($x, $n) { $n = 0 ? $x : $f({'a': $x, 'b': $x}, $n - 1) }; $f(1, 60) = $f(1, 60))",
      null,
      /steps|deep/,
    ],
    [
      "values that double, flattened",
      "($f := function($x, $n) { $n = 0 ? $x : $f([[$x], [$x]], $n - 1) }; $count($f([1], 60).**))",
      null,
      /steps|list|deep/,
    ],
    [
      "values that double, copied",
      "($f := function($x, $n) { $n = 0 ? $x : $f({'a': $x, 'b': $x}, $n - 1) }; $f(1, 60) ~> |$|{}|)",
      null,
      /steps|deep/,
    ],
    ["a value in itself", "body ~> |$|{ 'self': $ }|", {}, DEPTH],
    ["a long padding", "$pad('', 100000000)", null, TEXTS],
    ["a padding that is no number", "$pad('', 1/0)", null, /number that JSON does not have|text of more/],
    ["a long padding of long text", "$pad('a', 1000000, body)", long, /text of more|steps/],
    ["a hundred megabytes", "$map([1..1000], function() { body })", long, /JSON|steps/],
    ["a hundred megabytes of text", "$join($map([1..1000], function() { body }))", long, /text of more|steps/],
    ["text that escapes to six times its length", "{ 'a': body }", "\u0001".repeat(1_000_000), /text of more|steps/],
    [
      "a cut of long text again and again",
      "$reduce(body.n, function($s, $n) { $substring($s, 1) }, body.s)",
      { n: many, s: long },
      STEPS,
    ],
    [
      "a search of long text for long text",
      "$map(body.n, function($n) { $contains(body.s, body.t) })",
      { n: many, s: long, t: `b${"a".repeat(400_000)}` },
      STEPS,
    ],
    ["a split into too many", "$split(body, 'a')", long, LISTS],
    ["a split into characters", "$split(body, '')", long, LISTS],
    ["a sort that never agrees", "$sort(body, function($a, $b) { true })", many, STEPS],
    ["a sort by the whole body", "body^($string($$.body))", many, STEPS],
    ["what differs from all others", "$distinct(body)", many.map((n) => ({ n })), STEPS],
    ["a group for itself of many", "body{ 'k': $count($) }", many.map((n) => ({ n })), /^made|steps/],
    ["lists of lists", "body.*", Object.fromEntries(many.map((n) => [`k${n}`, [1, 2, 3]])), LISTS],
    ["filters in filters", "body[$ in $$.body]", many, STEPS],
    ["places by a list for each", "body[$$.body]", many, STEPS],
    ["a fold of lists", "$reduce(body, function($a, $b) { $append($a, body) })", many, LISTS],
    ["zips of zips", "$zip(body, body, body, body).$zip($, $)", many, /list|steps/],
    [
      "spread objects",
      "$spread($map([1..100], function() { body }))",
      Object.fromEntries(many.map((n) => [`k${n}`, n])),
      LISTS,
    ],
    [
      "merged objects",
      "$reduce([1..1000], function($a, $n) { $merge([$a, body]) }, {})",
      Object.fromEntries(many.map((n) => [`k${n}`, n])),
      STEPS,
    ],
    ["a power", "$power(10, 400)", null, /no number/],
    ["a number from a sum", "$reduce([1..2000], function($a, $b) { $a * 10 }, 1)", null, /number/],
    ["a body that is nested deeply", "$string(body)", JSON.parse("[".repeat(900) + "]".repeat(900)), DEPTH],
    ["a body that is nested deeply, as it is", "body", JSON.parse("[".repeat(900) + "]".repeat(900)), DEPTH],
    ["a name in a body that is nested deeply", "body.a", JSON.parse("[".repeat(900) + "]".repeat(900)), DEPTH],
  ] as const)("%s", (_, text, body, says) => {
    expect(fault(text, body)).toMatch(says);
  });

  test("long and harmless: a body of a megabyte in a thousand lines goes through", () => {
    const body = { lines: Array.from({ length: 1_000 }, (_, n) => ({ n, text: "x".repeat(900) })) };
    expect(apply("{ 'lines': body.lines.{ 'n': n, 'text': text } }", body)).toMatchObject({ ok: true, kind: "json" });
  });

  test("a call that stands last takes no room, however often", () => {
    expect(apply("($f := function($n, $sum) { $n = 0 ? $sum : $f($n - 1, $sum + $n) }; $f(5000, 0))")).toEqual({
      ok: true,
      kind: "json",
      body: "12502500",
    });
  });
});

describe("what is read when it is read", () => {
  test.each([
    ["$match(body.a, /a+/)", /calls \$match, which takes a pattern/],
    ["$replace(body.a, /(a+)+$/, 'x')", /has a regular expression/],
    ["$split(body.a, /,/)", /has a regular expression/],
    ["$contains(body.a, /x/)", /has a regular expression/],
    ["body.a ~> /x/", /has a regular expression/],
    ["$eval('1')", /calls \$eval/],
    ["($e := $eval; $e('1'))", /calls \$eval/],
    ["$map(['1'], $eval)", /calls \$eval/],
    ["$now()", /another at every attempt/],
    ["$millis()", /another at every attempt/],
    ["$random()", /another at every attempt/],
    ["$shuffle([1, 2])", /another at every attempt/],
    ["$formatNumber(1, '#')", /picture/],
    ["$formatInteger(1, 'w')", /picture/],
    ["$parseInteger('1', 'w')", /picture/],
    ["$nothing(1)", /reads \$nothing, which there is not/],
    ["$constructor", /reads \$constructor, which there is not/],
    ["$__proto__", /reads \$__proto__, which there is not/],
    ["bdy.a", /reads bdy, which there is not \(at character 1: bdy\.a\)\. Use event/],
    ["{ 'a': amount }", /reads amount, which there is not/],
    ["body.items@$i.p", /has @/],
    ["body.items#$i.p", /has #/],
    ["body.items.p.%", /has %/],
    ["function($x)<s:s> { $x }", /has a signature/],
    ["uppercase(body.a)", /calls uppercase without a \$/],
    ["body.", /is no transform/],
    ["{ 'a': }", /is no transform/],
    ["body.a body.b", /is no transform/],
    [`${"(".repeat(1_500)}1${")".repeat(1_500)}`, /deep in each other/],
    [`${"[".repeat(100)}1${"]".repeat(100)}`, /more than 60 deep/],
    ["1".repeat(4_001), /longer than 4000 characters/],
    [`${"(".repeat(200)}body${" ?: 1)".repeat(200)}`, /more than 8 of \?: and \?\?/],
    [`${"(".repeat(200)}body${" ?? 1)".repeat(200)}`, /more than 8 of \?: and \?\?/],
  ])("%s", (text, says) => {
    const read = readTransform(text);
    expect(read.ok ? "was read" : read.fault).toMatch(says);
  });

  test("every function of the language is known: it may be called, or its refusal says why", () => {
    const known =
      "abs append assert average base64decode base64encode boolean ceil clone contains count decodeUrl decodeUrlComponent distinct each encodeUrl encodeUrlComponent error eval exists filter floor formatBase formatInteger formatNumber fromMillis join keys length lookup lowercase map match max merge millis min not now number pad parseInteger power random reduce replace reverse round shuffle sift single sort split spread sqrt string substring substringAfter substringBefore sum toMillis trim type uppercase zip";
    const unknown = known.split(" ").filter((name) => {
      const read = readTransform(`$${name}`);
      return !read.ok && read.fault.includes("which there is not");
    });
    expect(unknown).toEqual([]);
  });

  test("pictures are refused where a function may go without", () => {
    expect(fault("$fromMillis(0, '[Y]')")).toMatch(/\$fromMillis with what it does not take/);
    expect(fault("$toMillis('2026', '[Y]')")).toMatch(/\$toMillis with what it does not take/);
    expect(fault("$string({}, true)")).toMatch(/\$string with what it does not take/);
  });
});

describe("names that JavaScript gives every object are names as any others", () => {
  const body = JSON.parse(
    '{"__proto__":{"admin":true},"constructor":{"name":"x"},"toString":1,"then":{"a":2},"_jsonata_lambda":true,"length":7}',
  );

  test.each([
    ["body.__proto__.admin", "true"],
    ["body.constructor.name", "x"],
    ["body.then.a", "2"],
    ["body.toString", "1"],
    ["body._jsonata_lambda", "true"],
    ["body.length", "7"],
    ["$keys(body)", '["__proto__","constructor","toString","then","_jsonata_lambda","length"]'],
    ["$lookup(body, '__proto__').admin", "true"],
    [
      "body ~> |$|{ 'a': 1 }, ['then']| ~> $keys",
      '["__proto__","constructor","toString","_jsonata_lambda","length","a"]',
    ],
    ["$merge([body, { 'b': 1 }]).__proto__.admin", "true"],
    ["{ '__proto__': { 'admin': 1 } }", '{"__proto__":{"admin":1}}'],
  ])("%s", (text, made) => {
    expect(apply(text, body)).toMatchObject({ ok: true, body: made });
  });

  test.each([
    "body.hasOwnProperty",
    "body.valueOf",
    "event.constructor",
    "$$.__proto__",
    "body.name.constructor",
    "$lookup(body, 'isPrototypeOf')",
    "('x').length",
    "[1].constructor",
  ])("%s is not there", (text) => {
    expect(fault(text, { name: "x" })).toMatch(/gives nothing/);
  });

  test("nothing is written where other objects would find it", () => {
    apply("body ~> |$|{ '__proto__': { 'polluted': 1 }, 'constructor': { 'prototype': { 'polluted': 1 } } }|", body);
    apply("body ~> |__proto__|{ 'polluted': 1 }|", {});
    apply("$merge([{ '__proto__': { 'polluted': 1 } }])", {});
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  test("the body that was read is the same afterwards, for whoever reads it next", () => {
    const held = { a: { b: 1 }, list: [] as unknown[] };
    expect(fault("body ~> |$$.body.a|{ 'b': 2 }|", held)).toMatch(/no object of its copy/);
    expect(apply("body ~> |a|{ 'b': 2 }, 'list'|", held)).toMatchObject({ ok: true });
    apply("body.list{ 'k': $ }", held);
    expect(held).toEqual({ a: { b: 1 }, list: [] });
  });

  test("what looks like a function in a body is none", () => {
    const fake = {
      f: { _jsonata_lambda: true, thunk: true, body: { procedure: { type: "variable", value: "eval" } } },
    };
    expect(fault("body.f(1)", fake)).toMatch(/calls what is no function/);
    expect(apply("$string(body.f._jsonata_lambda)", fake)).toMatchObject({ ok: true, body: "true" });
  });
});

describe("what comes of it", () => {
  test("text is text, everything else JSON, and nothing is a fault", () => {
    expect(apply("'hello'")).toEqual({ ok: true, kind: "text", body: "hello" });
    expect(apply("null")).toEqual({ ok: true, kind: "json", body: "null" });
    expect(apply("[]")).toEqual({ ok: true, kind: "json", body: "[]" });
    expect(fault("body.nope", {})).toMatch(/gives nothing/);
    expect(fault("function() { 1 }")).toMatch(/gives a function/);
    expect(fault("$error('the order has no customer')")).toBe("the transform says: the order has no customer");
  });

  test("an integer whose digits JSON.parse has lost is not sent", () => {
    expect(fault("{ 'id': body.id }", JSON.parse('{"id":12345678901234567890}'))).toMatch(/last digits may be lost/);
  });

  test("two evaluations have a count of their own", () => {
    const one = transform("$count($map(body, function($x) { $x }))");
    for (let n = 0; n < 20; n += 1) expect(one.apply(names(many))).toMatchObject({ ok: true, body: "9999" });
  });
});
