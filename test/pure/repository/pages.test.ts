// Every page that the dashboard has is looked at in a browser, where axe judges it.
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../../../", import.meta.url).pathname;
const read = (pattern: string) => globSync(pattern, { cwd: root }).map((path) => readFileSync(root + path, "utf8"));

test("every page is among those that a browser opens", () => {
  const pages = read("src/dashboard/**/*.tsx").flatMap((text) =>
    [...text.matchAll(/app\.get\("(\/[^"]*)"/g)].map(([, path = ""]) => path),
  );
  const looked = read("test/browser/*.test.ts").join("\n");
  const isLooked = (path: string) =>
    new RegExp(`["'\`}]${path.replaceAll(/:\w+/g, String.raw`(?:\$\{[^}]+\}|[\w-]+)`)}(?:["'\`?#]|\\$\\{)`).test(
      looked,
    );
  expect(pages.length).toBeGreaterThan(20);
  expect(pages.filter((path) => !isLooked(path))).toEqual([]);
});
