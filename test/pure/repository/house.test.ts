// The house itself: files and folders of `src`, their sizes, and that no file imports itself through others, types included.

import { globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const files = globSync("src/**/*.{ts,tsx}", { cwd: root });
const lines = new Map(files.map((path) => [path, readFileSync(join(root, path), "utf8").split("\n").length - 1]));

test("src shows at most twelve files beside its rooms", () => {
  const beside = readdirSync(join(root, "src"), { withFileTypes: true }).filter((entry) => entry.isFile());
  expect(beside.length).toBeLessThanOrEqual(12);
});

test("no file is longer than 300 lines, the data of the senders aside, and half of them have at most 80", () => {
  const code = [...lines].filter(([path]) => !path.startsWith("src/providers/"));
  expect(code.filter(([, length]) => length > 300)).toEqual([]);
  const sorted = code.map(([, length]) => length).toSorted((a, b) => a - b);
  expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(80);
});

/** What drives a part of the relay for tests, by where the tests run. The harnesses that are programs of their own are no kits. */
const KITS = ["test/kit", "test/worker/kit"];
const PROGRAMS = ["test/browser/recordings.ts", "test/browser/screens.ts"];

test("beside tests stand only tests: what they share is in one of two kits", () => {
  const shared = globSync("test/{pure,worker,e2e,browser}/**/*.ts", { cwd: root }).filter(
    (path) => !/\.(?:test|corpus|d)\.ts$/.test(path) && !KITS.some((kit) => path.startsWith(`${kit}/`)),
  );
  expect(shared).toEqual(PROGRAMS);
  // `npm run test:official` installs packages of its own below test/.
  const kits = globSync("test/**/*kit*/", { cwd: root, exclude: ["**/node_modules/**"] }).map((path) =>
    path.replace(/\/$/, ""),
  );
  expect(kits.toSorted()).toEqual(KITS);
});

/** `toContain` compares by identity, so that what contains no matcher is true of every list. */
const CANNOT_FAIL = /\.not\s*\.toContain\(\s*expect\./;

const PLANTED = "expect(all).not.toContain(expect.any(String))";

test("no assertion of the tests is one that cannot fail", () => {
  expect(PLANTED).toMatch(CANNOT_FAIL);
  const tests = globSync("test/**/*.{test,corpus}.ts", { cwd: root, exclude: ["**/node_modules/**"] });
  const vain = tests.filter((path) => CANNOT_FAIL.test(readFileSync(join(root, path), "utf8").replace(PLANTED, "")));
  expect(vain).toEqual([]);
});
test("no function of src has an exception from the linter's bounds of lines", () => {
  const excepted = files.filter((path) => /oxlint-disable.*max-lines/.test(readFileSync(join(root, path), "utf8")));
  expect(excepted).toEqual([]);
});

/** Where bytes and JSON are taken apart by hand, although src/bytes does it; each with its reason. */
const BY_HAND: readonly (readonly [what: RegExp, example: string, where: readonly string[]])[] = [
  // cli/demo/traffic.ts pads a number, not a byte, to the 40 digits of a commit.
  [/\.toString\(16\)\.padStart\(2,/, 'byte.toString(16).padStart(2, "0")', []],
  // contract/question.ts: the fence lets the contract import nothing but its schemas. verify/decrypt.ts: an EncodingAESKey is
  // 43 random characters, so its unused bits may be set, which decodeBase64 refuses.
  [/\b(?:atob|btoa)\(/, "atob(text)", ["src/bytes/encoding.ts", "src/contract/question.ts", "src/verify/decrypt.ts"]],
  // contract/question.ts: as above. verify/key-text.ts: a pasted key may be in either alphabet, with its padding or without.
  [
    /\.replaceAll\((?:"\+", "-"|"-", "\+")\)/,
    'text.replaceAll("+", "-")',
    ["src/bytes/encoding.ts", "src/contract/question.ts", "src/verify/key-text.ts"],
  ],
  // The command line reads what the operator runs on their own machine: a file, and the lines and answers of their relay.
  // contract/import.ts: as above; it reads what a relay has written, a few hundred bytes.
  [
    /\btry \{[^}]*\bJSON\.parse\(/,
    "try {\n  return JSON.parse(text);\n} catch {",
    [
      "src/bytes/json.ts",
      "src/cli/demo/lines.ts",
      "src/cli/local/judge-file.ts",
      "src/cli/relay/client.ts",
      "src/cli/relay/import.ts",
      "src/contract/import.ts",
    ],
  ],
];

test.each(BY_HAND)("%s stands only in the files that are named, with their reason", (what, example, where) => {
  expect(example).toMatch(what);
  const found = files.filter((path) => what.test(readFileSync(join(root, path), "utf8")));
  expect(found.toSorted()).toEqual(where);
});

test("no file imports itself, directly or through others, not even for a type", () => {
  const imports = new Map(
    files.map((path) => {
      const text = readFileSync(join(root, path), "utf8");
      const found = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, specifier = ""]) =>
        normalize(join(dirname(path), specifier)),
      );
      return [path, found.filter((one) => lines.has(one))] as const;
    }),
  );
  expect([...imports.values()].flat().length).toBeGreaterThan(500);
  const circles: string[] = [];
  for (const start of files) {
    const seen = new Set<string>();
    const left = [...(imports.get(start) ?? [])];
    for (let path = left.pop(); path !== undefined; path = left.pop()) {
      if (!seen.has(path)) left.push(...(imports.get(path) ?? []));
      seen.add(path);
    }
    if (seen.has(start)) circles.push(start);
  }
  expect(circles).toEqual([]);
});
