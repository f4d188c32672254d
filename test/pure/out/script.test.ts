// What an inspector answers: the grammar of its script, and which attempt gets which step.
import { describe, expect, test } from "vitest";
import { parseScript, stepFor, wordsFor } from "../../../src/out/script.ts";

function read(text: string) {
  const parsed = parseScript(text);
  if ("wrong" in parsed) throw new Error(parsed.wrong);
  return parsed.script;
}

/** What the first attempts get. */
const answers = (text: string, count: number) =>
  Array.from({ length: count }, (_, index) => wordsFor(stepFor(read(text), index + 1)));

test.each([
  ["ok", ["200", "200"]],
  ["204", ["204", "204"]],
  ["503x3, 200", ["503", "503", "503", "200", "200"]],
  ["503x3,200", ["503", "503", "503", "200", "200"]],
  ["429 retry-after=120, ok", ["429 retry-after=120", "200", "200"]],
  [
    "503x2 retry-after=5,hang , slow,reset,410",
    ["503 retry-after=5", "503 retry-after=5", "hang", "slow", "reset", "410"],
  ],
])("%j answers %j, and the last step goes on", (text, expected) => {
  expect(answers(text, expected.length)).toEqual(expected);
});

test("a script is kept as it was written, with one space between its steps", () => {
  expect(read("  503x3 ,200,  ok ").text).toBe("503x3, 200, ok");
});

test("an attempt beyond any schedule gets the last step", () => {
  expect(wordsFor(stepFor(read("500x3, ok"), 100_000))).toBe("200");
});

describe("what is no script is refused with the step and the fix", () => {
  test.each([
    ["", 'step 1, "", is no answer'],
    ["ok,", 'step 2, "", is no answer'],
    ["503x3, 5O3", 'step 2, "5O3", is no answer'],
    ["100", 'step 1, "100", is no answer'],
    ["600", 'step 1, "600", is no answer'],
    ["503x0", 'step 1, "503x0", is no answer'],
    ["503x1001", 'step 1, "503x1001", is no answer'],
    ["hangx3", 'step 1, "hangx3", is no answer'],
    ["503 retry-after=soon", 'step 1, "503 retry-after=soon", is no answer'],
    ["ok retry-after=3", 'step 1, "ok retry-after=3", is no answer'],
    ["constructor", 'step 1, "constructor", is no answer'],
    ["OK", 'step 1, "OK", is no answer'],
  ])("%j", (text, wrong) => {
    const parsed = parseScript(text);
    expect(parsed).toEqual({ wrong: expect.stringContaining(wrong) });
    expect(parsed).toEqual({
      wrong: expect.stringContaining("Write a status from 200 to 599, such as 503, with x and a number"),
    });
  });

  test("a script of too many steps", () => {
    expect(parseScript("ok,".repeat(50) + "ok")).toEqual({ wrong: "has 51 steps. Write 50 at most" });
  });
});
