// docs/archive.md and the format itself say the same.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { folderOf, keyOf, nextKey } from "../../../src/archive/segment.ts";
import { line } from "../../../src/contract/line.ts";

const page = readFileSync(resolve(import.meta.dirname, "../../../docs/archive.md"), "utf8");
const format = page.slice(page.indexOf("## The format"));

test("every member of a line is named, and so is every member of a delivery and of an attempt", () => {
  const delivery = line.shape.deliveries.def.element;
  const attempt = delivery.shape.attempts.def.element;
  const members = [line, delivery, attempt].flatMap(({ shape }) => Object.keys(shape));
  expect(members.filter((name) => !format.includes(`\`${name}\``) && name !== "attempts")).toEqual([]);
  expect(format).toContain("`deliveries[].attempts`");
});

test("the key is one that a segment may have", () => {
  const at = Date.UTC(2026, 10, 30, 4, 12);
  const key = keyOf(at, [118_200, 118_300, 118_399], "5f1c09abffffffffffffffffffffffff");
  expect(format).toContain(key);
  expect(key.startsWith(folderOf(at))).toBe(true);
});

test("a segment that is written anew has a new key beside the old one, as short as ever", () => {
  const first = keyOf(0, [1, 2], "a".repeat(32));
  const second = nextKey(first, "b".repeat(32));
  const third = nextKey(second, "c".repeat(32));
  expect(new Set([first, second, third]).size).toBe(3);
  expect(third).toHaveLength(second.length);
  expect([second, third].every((key) => key.startsWith(first.slice(0, -".ndjson.gz".length)))).toBe(true);
});
