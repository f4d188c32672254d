// docs/architecture.md: every room and every file of the walks is there, holds the name that stands beside it.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const page = readFileSync(join(root, "docs/architecture.md"), "utf8");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** The walks by their headings: files in order, each with a name that it holds. */
const walks = page
  .split("\n## ")
  .slice(2)
  .map((section) => {
    const steps = [...section.matchAll(/`(src\/[^`]+\.tsx?)`(?: `(\w+)`)?/g)];
    return { title: section.split("\n", 1)[0], steps: steps.map(([, path = "", name]) => ({ path, name })) };
  });

/** What a file imports, types too, directly and through others: objects meet their stages in index.ts, by their types. */
function reached(start: string): Set<string> {
  const seen = new Set<string>();
  const left = [start];
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    if (seen.has(path) || !existsSync(join(root, path))) continue;
    seen.add(path);
    for (const [, specifier = ""] of read(path).matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g))
      left.push(normalize(join(dirname(path), specifier)));
  }
  return seen;
}

test("there are five walks, and each file of them is there and holds the name that stands beside it", () => {
  expect(walks.map(({ title }) => title)).toEqual([
    "An event on its way in",
    "A delivery on its way out",
    "What somebody is told",
    "An operator's order",
    "A page",
  ]);
  const wrong = walks
    .flatMap(({ steps }) => steps)
    .filter(
      ({ path, name }) =>
        !existsSync(join(root, path)) || (name !== undefined && !new RegExp(`\\b${name}\\b`).test(read(path))),
    );
  expect(wrong).toEqual([]);
});

test("each file of a walk is part of the Worker", () => {
  // The command is not: it reaches the API over HTTP.
  const worker = reached("src/index.ts");
  const paths = walks
    .flatMap(({ steps }) => steps.map(({ path }) => path))
    .filter((path) => !path.startsWith("src/cli/"));
  expect(paths.length).toBeGreaterThan(30);
  expect(paths.filter((path) => !worker.has(path))).toEqual([]);
});

test("the table of rooms says what the linter holds", () => {
  const lint = readFileSync(join(root, ".oxlintrc.json"), "utf8");
  const rows = [...page.matchAll(/^\| \[`(\w+)`\]\([^)]*\) +\|[^|]*\| ([^|]*?) *\|$/gm)];
  expect(rows.length).toBeGreaterThan(15);
  for (const [, room = "", may = ""] of rows) {
    const line = new RegExp(`^ +"${room}": \\[([^\\]]*)\\]`, "ms").exec(lint)?.[1] ?? "";
    const admitted = [...line.matchAll(/"(type:)?(\w+)"/g)].map(([, type, name]) =>
      type === undefined ? name : `*${name}*`,
    );
    const rooms = new Set(rows.map(([, name]) => name));
    const expected = admitted.filter((name) => rooms.has(name?.replaceAll("*", "")));
    const said = may === "anything" || may === "–" ? [] : may.split(", ").map((one) => one.replaceAll("_", "*"));
    expect(said, room).toEqual(expected);
  }
});
