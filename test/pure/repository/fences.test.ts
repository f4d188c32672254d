// The fences of the linter stand where the files are: a pattern that matches nothing is green for ever.

import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../../../", import.meta.url);
const text = readFileSync(new URL(".oxlintrc.json", root), "utf8");
/** Every path of `src` that the configuration names, up to its first wildcard. */
const named = [...text.matchAll(/"(src\/[^"*{]*)/g)].map(([, path = ""]) => path);

test("every place that a fence names is there", () => {
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
});

test("no pattern has a negation: oxlint's globs know none, and match nothing", () => {
  expect(text).not.toContain("!(");
});

test("the fence around bindings names the rooms that open them", () => {
  for (const room of ["**/d1/*", "**/intake/", "**/feed/", "**/out/bells.ts"]) expect(text).toContain(room);
});
