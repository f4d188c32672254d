// From bytes of an event to days of a database.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { plot } from "../../bench/plot.ts";
import { daysOf, metadataOf, sizeAfter } from "../../bench/scale-model.ts";

const docs = join(import.meta.dirname, "../../../docs");

test("what is left without the body is that of the smallest event, whatever the order of the measures", () => {
  expect(
    metadataOf([
      { bytes: 1_000, stored: 1_500 },
      { bytes: 200, stored: 600 },
    ]),
  ).toBe(400);
  expect(metadataOf([])).toBe(0);
});

test("a database is full after so many days, and holds that much then", () => {
  const days = daysOf(1_500, 100_000, 10_000_000_000);
  expect(days).toBeCloseTo(66.7, 1);
  expect(sizeAfter(1_500, 100_000, days)).toBeCloseTo(10_000_000_000);
});

test("the page's own sentence about 1 KB is what its table says", () => {
  const page = readFileSync(join(docs, "scale.md"), "utf8");
  const [, stored = "", , days = ""] = /\| +1 KB \| +([\d,]+) B \| +([\d,]+) \| +([\d,]+) \|/.exec(page) ?? [];
  expect(Math.floor(daysOf(Number(stored.replace(",", "")), 100_000, 10_000_000_000))).toBe(Number(days));
  expect(page).toContain(`fill 10 GB in ${days} days`);
});

test("a panel may have positions of its own", () => {
  const line = { name: "one", values: [1, 2], colour: 0 } as const;
  const picture = plot(
    "two",
    [0, 1],
    [
      { title: "a", lines: [line] },
      { title: "b", lines: [line], positions: [64, 256] },
    ],
  );
  for (const position of [0, 1, 64, 256]) expect(picture).toContain(`text-anchor="middle">${position}</text>`);
});
