// Every promise in the documents is held by a test: the links lead to files that exist, and each link's text is a title in its file.
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../../..");

/** Links of a document into the tests, as title and file. */
function links(document: string): { title: string; file: string }[] {
  const path = resolve(root, document);
  const text = readFileSync(path, "utf8");
  return [...text.matchAll(/\[([^\]]+)\]\(((?:\.\.\/)?test\/[^)]+)\)/g)].map(([, title = "", file = ""]) => ({
    title,
    file: resolve(dirname(path), file),
  }));
}

/** Titles of a test file, as they are written: those of tables are members of the table, which stand in quotes too. */
function holds(source: string, title: string): boolean {
  return ['"', "`", "'"].some((quote) => source.includes(quote + title + quote));
}

test.each([
  ["docs/guarantees.md", 40],
  ["SECURITY.md", 20],
])("%s: every promise is held by a test that exists", (document, least) => {
  const found = links(document).filter(({ file }) => file.endsWith(".test.ts"));
  expect(found.length).toBeGreaterThanOrEqual(least);
  for (const { title, file } of found) {
    const source = readFileSync(file, "utf8");
    const itself = title === "every promise is held by a test that exists" && source.includes(title);
    expect(itself || holds(source, title), `${document}: "${title}" in ${file.slice(root.length + 1)}`).toBe(true);
  }
});

test("what is linked beside the tests exists", () => {
  for (const document of ["docs/guarantees.md", "SECURITY.md"])
    for (const { file } of links(document)) expect(() => readFileSync(file)).not.toThrow();
});
