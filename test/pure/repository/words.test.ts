// Plain words: phrases that took two readings stay out of the source and the documents, and comments stay within 120 characters.

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const source = globSync("src/**/*.{ts,tsx}", { cwd: root });
const documents = globSync(["*.md", "docs/**/*.md", "docs/*.svg", "src/**/README.md"], { cwd: root });

/** What was written, and what to write. */
const PHRASES: readonly (readonly [phrase: RegExp, instead: string])[] = [
  [/\bmend(?:s|ed|ing)?\b/i, "fix"],
  [/\b(?:be|been) had\b/i, "unavailable, fetched"],
  [/\bhas a promise end\b/i, "waitUntil"],
  [/\blet go at most\b/i, "released per sweep"],
  [/\bin (?:\w+'s )?dress\b/i, "IPv4-mapped"],
  [/\bfor whatever (?:it is|they are) worth\b/i, "although nothing of it is proven"],
  [/\bthis page is for whoever\b/i, "for people who"],
];

test("no phrase of a private dialect stands in the source or the documents", () => {
  // A phrase may be cut by the end of a line.
  const found = [...source, ...documents].flatMap((path) => {
    const text = read(path).replaceAll(/\n\s*(?:\/\/|\*)?\s*/g, " ");
    return PHRASES.filter(([phrase]) => phrase.test(text)).map(([, instead]) => `${path}: write "${instead}"`);
  });
  expect(found).toEqual([]);
});

test("a comment has at most 120 characters in a line, unless a linter or a link reads it", () => {
  const long = source.flatMap((path) =>
    read(path)
      .split("\n")
      .flatMap((line, n) =>
        line.length > 120 && /^\s*(?:\/\/|\/?\*)/.test(line) && !/oxlint-|https?:\/\/\S{60}|\*\*/.test(line.slice(4))
          ? [`${path}:${n + 1}`]
          : [],
      ),
  );
  expect(long).toEqual([]);
});
