// Lists on a terminal: as wide as they need to be, and without what strangers wrote for the terminal.
import { expect, test } from "vitest";
import { plain, table } from "../../../src/cli/table.ts";

test("a stranger's word moves no cursor, paints nothing, turns no text round and ends no line", () => {
  for (const one of [
    "\u001b",
    "\u009b",
    "\n",
    "\r",
    "\t",
    "\0",
    "\u007f",
    "\u202e",
    "\u2066",
    "\u200b",
    "\u2028",
    "\ufeff",
  ]) {
    expect(plain(`a${one}b`)).toBe("a\ufffdb");
  }
  expect(plain("Größe 雪 🎣 <b>&amp;")).toBe("Größe 雪 🎣 <b>&amp;");
});

test("columns stand in line, numbers to the right, and an empty column is left out", () => {
  const lines = table(
    ["name", "fault", "n"],
    [
      ["a", null, 5],
      ["longer", "", 123],
    ],
    "no names",
  );
  expect(lines.slice(1)).toEqual(["  a         5", "  longer  123"]);
  expect(lines[0]).not.toContain("fault");
});

test("a list without rows says so instead of printing an empty line", () => {
  expect(table(["name", "n"], [], "no names yet")).toEqual(["no names yet"]);
});
