// The README's moving pictures: each is of a run that ended as the README says, and can be read without its motion.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { film } from "../../kit/film.ts";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

test.each([
  ["start", ["npm start", "accepted, for 2 destinations", "401", "delivered, byte for byte", "Nothing was lost."]],
  ["listen", ["npx hookline listen 3000 --source github", "http://localhost:3000/", "500", "attempt 2"]],
] as const)("%s.svg shows what its command says, in the README and for those who want no motion", (name, wanted) => {
  const picture = read(`docs/recordings/${name}.svg`);
  for (const text of wanted) expect(picture).toContain(text);
  expect(picture).toMatch(/aria-label="[^"]{40,}"/);
  expect(picture).toContain("prefers-reduced-motion:reduce");
  expect(picture).not.toMatch(/\/(?:home|root|tmp|work|Users)\//);
  expect(read("README.md")).toContain(`docs/recordings/${name}.svg`);
});

test("a line appears when it was written, in its colours, cut at the edge and escaped; long pauses are short", () => {
  const picture = film(
    "x",
    [
      { at: 0, line: "\u001B[1ma <b>\u001B[22m \u001B[32mgreen\u001B[39m" },
      { at: 60_000, line: "0123456789012345678901" },
      { at: 60_500, line: "" },
    ],
    20,
    2,
  );
  expect(picture).toContain('class="b">a &lt;b></tspan>');
  expect(picture).toContain('class="g">green</tspan>');
  expect(picture).toContain(">01234567890123456789</tspan>");
  expect(picture).toContain("animation-duration:10000ms");
  expect(picture).toContain("@keyframes t1{0%{opacity:0}15.00%{opacity:1}");
  expect(picture).toContain("20.00%{transform:translateY(-18px)}");
});
