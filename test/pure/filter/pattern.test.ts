// Patterns of a filter: the same answers as RegExp where both know the syntax, and a bounded number of steps where RegExp never ends.

import { describe, expect, test } from "vitest";
import { compilePattern } from "../../../src/filter/pattern.ts";

const free = () => {};
const matches = (pattern: string, text: string) => compilePattern(pattern)(text, free);

const PATTERNS = [
  "",
  "a",
  "abc",
  "^abc$",
  "a|b|cd",
  "^(?:a|b)+$",
  "a*b+c?",
  "a{2}",
  "a{2,}",
  "a{1,3}$",
  "^a{0,2}b",
  "[a-c]+[^a-c]",
  "[]a]",
  "[^]a]",
  "[a-]",
  "\\d+",
  "\\D",
  "^\\w+@\\w+\\.com$",
  "\\s\\S",
  "[\\d_]+",
  "[^\\d]",
  "[\\D]5",
  "\\bfoo\\b",
  "\\Boo",
  "\\.",
  "\\x41",
  "a.c",
  "(a(b(c)?)?)?$",
  "(?:ab)*$",
  "x*?y",
  "^$",
  "(?:)",
  "a||b",
  "\\n",
  "[\\n]",
  "^(?:(?:a*)*)*b$",
  "é+",
  "[à-ü]",
  "^.$",
] as const;
const TEXTS = [
  "",
  "a",
  "b",
  "abc",
  "xabcx",
  "aab",
  "aaab",
  "ABC",
  "ab@cd.com",
  "foo",
  "a foo b",
  "food",
  "12_3",
  "_",
  "a-c",
  "a\nc",
  "a c",
  "]",
  "D5",
  "A",
  "yé",
  "é",
  "😀",
  "\n",
  "b5",
  "cd",
  "bb",
];

/** RE2 and RegExp differ on what a ] at the beginning of a set means. */
const asRegExp = (pattern: string) =>
  new RegExp(pattern.replace("[]a]", "[\\]a]").replace("[^]a]", "[^\\]a]"), "v".replace("v", "u"));

test.each(PATTERNS)("%s answers as RegExp does", (pattern) => {
  const regexp = asRegExp(pattern.replaceAll("[a-]", "[a\\-]"));
  const compiled = compilePattern(pattern);
  expect(TEXTS.map((text) => compiled(text, free))).toEqual(TEXTS.map((text) => regexp.test(text)));
});

test("letters in either case, and a dot that takes line ends, where the pattern begins so", () => {
  expect([
    matches("(?i)PaID", "unpaid"),
    matches("(?i)[a-f]x", "Cx"),
    matches("a.c", "a\nc"),
    matches("(?s)a.c", "a\nc"),
  ]).toEqual([true, true, false, true]);
});

describe("what is refused, and why", () => {
  test.each([
    ["(", /not closed/],
    ["(a", /not closed/],
    [")", /without its/],
    ["[a", /not closed/],
    ["[z-a]", /end stands before/],
    ["*", /repeats nothing/],
    ["a**", /repetition/],
    ["a{9999}", /repetition/],
    ["a{3,1}", /repetition/],
    ["(?=a)", /not understood/],
    ["(?<!a)b", /not understood/],
    ["(a)\\1", /does not know/],
    ["\\p{L}", /does not know/],
    ["\\", /ends in the middle/],
    ["((((a{50}){50}){50}){50})", /more steps/],
    ["(".repeat(50) + ")".repeat(50), /too many brackets/],
  ] as const)("%s", (pattern, why) => {
    expect(() => compilePattern(pattern)).toThrow(why);
  });
});

/** Known attacks on backtracking: each takes RegExp seconds to years on a text of this length. */
test.each([
  "^(a+)+$",
  "^(a|a)*$",
  "^(a|aa)+$",
  "(a*)*b",
  "^(([a-z])+.)+[A-Z]([a-z])+$",
  "(.*)*x",
  "^(\\w+\\s?)*$",
  "(x+x+)+y",
])("%s takes a number of steps that grows with the text alone", (pattern) => {
  const compiled = compilePattern(pattern);
  const cost = (length: number) => {
    let ways = 0;
    compiled(`${"a".repeat(length)}!`, (more) => (ways += more));
    return ways;
  };
  expect(cost(20_480) / cost(10_240)).toBeLessThan(2.2);
  expect(cost(10_240)).toBeLessThan(10_240 * 40);
});
