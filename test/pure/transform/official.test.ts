// Transforms against the judge of the language itself: what both evaluate must come out the same, over written and made-up expressions.
import { assert, asyncProperty, constantFrom, letrec, oneof, tuple } from "fast-check";
import jsonata from "jsonata";
import { expect, test } from "vitest";
import { WRITTEN } from "../../kit/expressions.ts";
import { readTransform } from "../../../src/transform/read.ts";

const BODY = {
  user: { name: "Ada Lovelace", mail: null, tags: ["a", "b", "a"], age: 36 },
  one: [{ p: 3, q: 2 }],
  items: [
    { p: 3, q: 2, k: "x", in: [1, 2] },
    { p: 5, q: 1, k: "y", in: [[3], 4] },
    { p: 1.5, q: 10, k: "x" },
  ],
  nested: [
    [1, 2],
    [3, [4]],
  ],
  empty: [],
  none: {},
  zero: 0,
  yes: true,
  text: "  two  words ",
  when: "2026-11-01T10:00:00.000Z",
  "with space": { "@id": 7 },
};
const EVENT = { id: "evt_1", type: "order.paid", receivedAt: "2026-11-01T10:00:00.000Z" };
const NAMES = { event: EVENT, source: "shop", headers: { "content-type": "application/json" }, body: BODY };

/** The library adds to an empty list that it groups, in the very document that it reads. */
const CHANGED = "changed its input";

/** What the library says; `null` where it fails. */
async function official(text: string): Promise<string | null> {
  const names = structuredClone(NAMES);
  const said = await evaluated(text, names);
  return JSON.stringify(names) === JSON.stringify(NAMES) ? said : CHANGED;
}

async function evaluated(text: string, names: object): Promise<string | null> {
  try {
    const value: unknown = await jsonata(text).evaluate(names);
    if (value === undefined || typeof value === "function") return null;
    if (typeof value === "object" && value !== null && Object.keys(value).some((name) => name.startsWith("_jsonata")))
      return null;
    return typeof value === "string" ? value : JSON.stringify(value);
  } catch {
    return null;
  }
}

function ours(text: string): string | null {
  const read = readTransform(text);
  if (!read.ok) throw new Error(`${text} ${read.fault}`);
  const made = read.transform.apply(structuredClone(NAMES));
  return made.ok ? made.body : null;
}

test.each(WRITTEN)("%s is what the official evaluator makes of it", async (text) => {
  expect(ours(text)).toBe(await official(text));
});

const value = constantFrom(
  "body.user.name",
  "body.items",
  "body.items.p",
  "body.nested",
  "body.one",
  "body.empty",
  "body.none",
  "1",
  '"a"',
  "true",
  "null",
  "body.nope",
  "body.user",
  "$",
  "[1,[2]]",
  "body.user.tags",
  "body.zero",
);
const { expression } = letrec<{ expression: string; leaf: string }>((tie) => ({
  leaf: value,
  expression: oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("leaf"),
    tuple(tie("expression"), constantFrom("&", "=", "!=", "and", "or", "in", "+", "<"), tie("expression")).map(
      ([a, sign, b]) => `(${a} ${sign} ${b})`,
    ),
    tuple(
      tie("expression"),
      constantFrom("p", "k", "*", "**", "$", "in", "(p)", "[p]", '{ "z": p }', "p[]", "$string()", "name"),
    ).map(([a, step]) => `(${a}).${step}`),
    tuple(
      tie("expression"),
      constantFrom("[0]", "[-1]", "[p > 1]", "[$ = 1]", "[[0, 1]]", "[]", "[true]", "[k = 'x']"),
    ).map(([a, filter]) => `(${a})${filter}`),
    tuple(tie("expression"), tie("expression")).map(([a, b]) => `[${a}, ${b}]`),
    tuple(tie("expression"), tie("expression")).map(([a, b]) => `{ "a": ${a}, "b": ${b} }`),
    tuple(tie("expression"), tie("expression"), tie("expression")).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    tuple(
      constantFrom(
        "count",
        "string",
        "boolean",
        "not",
        "exists",
        "type",
        "reverse",
        "distinct",
        "keys",
        "spread",
        "clone",
        "length",
        "uppercase",
        "sum",
        "max",
        "join",
        "merge",
        "number",
      ),
      tie("expression"),
    ).map(([name, a]) => `$${name}(${a})`),
    tuple(tie("expression"), tie("expression")).map(([a, b]) => `$append(${a}, ${b})`),
    tuple(tie("expression"), tie("expression")).map(([a, b]) => `$map(${a}, function($v, $i) { ${b} & $i })`),
    tuple(tie("expression"), constantFrom("$v", "$v.p", "$i = 0")).map(
      ([a, b]) => `$filter(${a}, function($v, $i) { ${b} })`,
    ),
    tuple(tie("expression"), tie("expression")).map(([a, b]) => `($v := ${a}; $w := ${b}; [$v, $w])`),
    tuple(tie("expression"), constantFrom("k", "$string()", "'a'")).map(([a, key]) => `(${a}){ ${key}: $ }`),
    // A list that is to get members is a mistake here, and stays as it is there.
    tie("expression").map((a) => `(body ~> |items|{"new": ${a}}, "k"|).items`),
  ),
}));

test("made-up expressions come out as the official evaluator has them", async () => {
  await assert(
    asyncProperty(expression, async (text) => {
      const judged = await official(text);
      if (judged !== CHANGED) expect(ours(text)).toBe(judged);
    }),
    { numRuns: 1_500, seed: 11 },
  );
});
