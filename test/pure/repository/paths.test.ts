// A clone is enough: no tracked file of src/ or test/ reads a file outside the repository. What others have collected is named by CORPORA.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "src", "test"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  // This file names such paths, to see them found.
  .filter((path) => path !== "test/pure/repository/paths.test.ts")
  .filter((path) => /\.(ts|tsx|js|mjs|json|toml|sh|sql)$/.test(path) && !path.endsWith("package-lock.json"));

/** Relative paths between quotes or backticks, as imports, URLs and file functions take them. */
const RELATIVE = /["'`](\.\.?\/[^"'`\s]*)/g;

/** Absolute paths where a file function or a URL takes them. */
const ABSOLUTE =
  /(?:new URL|readFile|readFileSync|existsSync|readdirSync|import|require|from)\(?\s*["'`](?:file:\/\/)?(\/[\w.-]+\/[^"'`\s]*)/g;

/** The paths in a file's text that lead out of the repository. */
function outside(path: string, text: string): string[] {
  const relativeOnes = [...text.matchAll(RELATIVE)].flatMap(([, one = ""]) =>
    relative(root, join(root, dirname(path), one)).startsWith("..") ? [one] : [],
  );
  return [...relativeOnes, ...[...text.matchAll(ABSOLUTE)].map(([, one = ""]) => one)];
}

test("no tracked file of src/ or test/ names a path outside the repository", () => {
  expect(tracked.length).toBeGreaterThan(300);
  const found = tracked.flatMap((path) =>
    outside(path, readFileSync(join(root, path), "utf8"))
      // The kernel's account of the processes of this machine, which is no file of anybody's.
      .filter((one) => !one.startsWith("/proc/"))
      .map((one) => `${path}: ${one}`),
  );
  expect(found).toEqual([]);
});

test("a path that leads out is found, in whatever way it is read", () => {
  for (const line of [
    'readFileSync(new URL("../../../../shared/x.json", import.meta.url))',
    'import rows from "../../../../shared/x.json?raw";',
    "await import(`../../../../shared/${name}.json`)",
    'readFileSync("/srv/shared/x.json")',
    'new URL("file:///srv/shared/x.json")',
  ])
    expect(outside("test/pure/x/x.test.ts", line), line).toHaveLength(1);
  expect(outside("test/pure/x/x.test.ts", 'import { a } from "../../../src/a.ts";')).toEqual([]);
});

test("CORPORA is read in one place, and no file of a corpus is loaded without it", () => {
  const readers = tracked.filter((path) => /env\[?["'.]*CORPORA/.test(readFileSync(join(root, path), "utf8")));
  expect(readers.filter((path) => !path.startsWith("test/vectors/"))).toEqual([]);
  const users = tracked.filter((path) =>
    /vectors\/corpora\.ts|inject\("corpora"\)/.test(readFileSync(join(root, path), "utf8")),
  );
  expect(users.filter((path) => !path.endsWith(".corpus.ts"))).toEqual([]);
});

test("what signs in test/vectors shares no code with what verifies: it imports types of src/ and nothing else", () => {
  const signers = tracked.filter((path) => path.startsWith("test/vectors/") && path.endsWith(".ts"));
  expect(signers.length).toBeGreaterThan(10);
  const shared = signers.filter((path) => {
    const text = readFileSync(join(root, path), "utf8");
    return /^import (?!type )[^;]*from "[^"]*\/src\//m.test(text) || /import\([^)]*\/src\//.test(text);
  });
  // Short forms for tests of the verifier itself.
  expect(shared).toEqual(["test/vectors/primitives.ts", "test/vectors/request.ts"]);
});
