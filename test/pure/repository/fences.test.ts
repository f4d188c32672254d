// The fences of the linter: `npm run lint` refuses an import into the wrong room, and every line of its table is needed.

import { execFile } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const fences = readFileSync(join(root, ".oxlintrc.json"), "utf8");
const config: unknown = JSON.parse(fences.replaceAll(/^\s*\/\/.*$/gm, "").replaceAll(/,(?=\s*[}\]])/g, ""));
const table = tableOf(config);
const lines = Object.keys(table).filter((key) => key !== "everywhere");
const rooms = lines.filter((key) => !key.includes("/") && !key.includes("."));
const files = globSync("src/**/*.{ts,tsx}", { cwd: root }).map((path) => path.slice("src/".length));

function tableOf(value: unknown): Record<string, string[]> {
  const found: unknown = Reflect.get(Reflect.get(Object(value), "rules"), "rooms/imports");
  if (!Array.isArray(found)) throw new Error(".oxlintrc.json has no table of rooms");
  return found[1];
}

const folder = mkdtempSync(join(tmpdir(), "hookline-fences-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the linter says of these files, with the repository's own configuration: a line `path: message` each. */
async function lint(planted: Readonly<Record<string, string>>): Promise<string[]> {
  for (const name of [".oxlintrc.json", ".oxlint", "package.json"])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  for (const [path, content] of Object.entries(planted)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  const args = [join(root, "node_modules/oxlint/bin/oxlint"), "--format", "json", "src"];
  const run = promisify(execFile)(process.execPath, args, { cwd: folder, maxBuffer: 1e8 });
  const { stdout } = await run.catch((error: unknown) => ({ stdout: String(Reflect.get(Object(error), "stdout")) }));
  const { diagnostics }: { diagnostics: { filename: string; message: string; code: string }[] } = JSON.parse(stdout);
  return diagnostics.map(({ filename, code, message }) => `${filename}: ${code} ${message}`);
}

/** What a line admits, types included. */
function admitted(line: string): Set<string> {
  return new Set([...(table[line] ?? []), ...(table["everywhere"] ?? [])].map((one) => one.replace(/^type:/, "")));
}

test("every room and every file beside the rooms has its line", () => {
  const places = new Set(files.map((path) => path.split("/")[0] ?? path));
  expect([...places].filter((place) => !place.endsWith(".d.ts") && table[place] === undefined)).toEqual([]);
  expect(lines.filter((line) => !existsSync(join(root, "src", line)))).toEqual([]);
});

test("an import into a room that the table does not name fails the linter, from every room and from every file with a line of its own", async () => {
  const planted: Record<string, string> = {};
  const expected: string[] = [];
  for (const line of lines.filter((one) => !(table[one] ?? []).includes("*"))) {
    const room = line.split("/")[0];
    for (const target of [...rooms, "index.ts", "app.ts", "hono", "zod", "cloudflare:workers"]) {
      if (target === room || admitted(line).has(target) || (target === "hono" && admitted(line).has("hono/*")))
        continue;
      // A line for one file is tried by a file that has its name.
      const path = line.endsWith(".ts") ? `src/${line}` : `src/${line}/planted-${target.replace(/\W/g, "-")}.ts`;
      const up = "../".repeat(path.split("/").length - 2) || "./";
      const from =
        /^[a-z]+$/.test(target) && rooms.includes(target)
          ? `${up}${target}/x.ts`
          : target.endsWith(".ts")
            ? up + target
            : target;
      planted[path] = `${planted[path] ?? ""}import { x${expected.length} } from "${from}";\nx${expected.length}();\n`;
      expected.push(`${path} ${line} may not import ${target}`);
    }
  }
  const said = await lint(planted);
  const refused = new Set(
    said.flatMap(
      (one) => /^(src\/\S+): rooms\(imports\) (\S+ may not import \S+?)\.? /.exec(one)?.slice(1).join(" ") ?? [],
    ),
  );
  expect(expected.length).toBeGreaterThan(300);
  expect(expected.filter((one) => !refused.has(one))).toEqual([]);
});

test("types are admitted where only types are, and a folder where only it is; pure stages have no clock", async () => {
  const said = await lint({
    "src/out/type.ts": 'import type { Store } from "../d1/x.ts";\nexport type A = Store;\n',
    "src/out/value.ts": 'import { openStore } from "../d1/x.ts";\nopenStore();\n',
    "src/operate/deed.ts": 'import { CANCEL } from "../d1/deeds/x.ts";\nCANCEL();\n',
    "src/operate/table.ts": 'import { openStore } from "../d1/x.ts";\nopenStore();\n',
    "src/operate/near.ts": 'import { openStore } from "../d1/deeds-of-others/x.ts";\nopenStore();\n',
    "src/out/later.ts": 'await import("../d1/x.ts");\n',
    "src/verify/clock.ts": "export const now = () => Date.now();\n",
    "src/out/fetched.ts": 'export const got = () => fetch("https://example.com");\n',
  });
  const places = said
    .filter((one) => /\((?:imports|no-restricted-globals)\)/.test(one))
    .map((one) => one.split(":")[0]);
  for (const path of ["out/type.ts", "operate/deed.ts"]) expect(places).not.toContain(`src/${path}`);
  for (const path of [
    "operate/table.ts",
    "operate/near.ts",
    "out/value.ts",
    "out/later.ts",
    "verify/clock.ts",
    "out/fetched.ts",
  ])
    expect(places).toContain(`src/${path}`);
});

test("a function of more than 80 lines fails the linter, whatever kind of function it is", async () => {
  const long = Array.from({ length: 81 }, (_, n) => `console.assert(${n} === 0);`).join("\n");
  const kinds: Readonly<Record<string, string>> = {
    "function.ts": `export function long(): void {\n${long}\n}`,
    "generator.ts": `export async function* long() {\n${long}\n}`,
    "arrow.ts": `export const long = (): void => {\n${long}\n};`,
    "called-at-once.ts": `export const long = ((): number => {\n${long}\nreturn 1;\n})();`,
    "callback.ts": `export const long = [1].map(() => {\n${long}\nreturn 1;\n});`,
    "method.ts": `export class Long {\nlong(): void {\n${long}\n}\n}`,
    "constructor.ts": `export class Long {\nconstructor() {\n${long}\n}\n}`,
    "member.ts": `export const long = {\nlong(): void {\n${long}\n},\n};`,
    "comments.ts": `export function long(): void {${"\n// A comment.".repeat(81)}\n}`,
    "component.tsx": `export const Long = () => (\n<div>\n${"<p>x</p>\n".repeat(81)}</div>\n);`,
    "browser/script.client.js": `export function long() {\n${long}\n}`,
  };
  const planted = Object.entries(kinds).map(([name, text]) => [`src/dashboard/${name}`, `${text}\n`] as const);
  const said = await lint(Object.fromEntries(planted));
  const refused = said.filter((one) => one.includes("max-lines-per-function")).map((one) => one.split(":")[0]);
  expect(refused).toHaveLength(planted.length);
  expect(new Set(refused)).toEqual(new Set(planted.map(([path]) => path)));
});

test("the rooms stand in an order: none imports one that imports it, directly or through others", () => {
  const below = (room: string): string[] => [...admitted(room)].filter((one) => rooms.includes(one));
  const circles = rooms.filter((room) => {
    const seen = new Set<string>();
    const walk = (one: string): void => {
      for (const next of below(one)) if (!seen.has(next)) walk((seen.add(next), next));
    };
    if (!(table[room] ?? []).includes("*")) walk(room);
    return seen.has(room);
  });
  expect(circles).toEqual([]);
});

test("every place that the configuration names is there, and no pattern has a negation, which oxlint's globs do not know", () => {
  const named = [...fences.matchAll(/"(src\/[^"*{]*)/g)].map(([, path = ""]) => path);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  expect(fences).not.toContain("!(");
});

test.for(rooms)(
  "the first file of %s says what the room answers, what to read first and what it may import",
  (room) => {
    const text = readFileSync(join(root, "src", room, "README.md"), "utf8");
    const line = table[room] ?? [];
    const names = line
      .map((one) => (one.startsWith("type:") ? `types of \`${one.slice(5)}\`` : `\`${one}\``))
      .join(", ");
    const may = line.includes("*") ? "anything: nothing imports it" : names || "nothing but the words of `src/`";
    expect(text).toContain(`\n\nMay import ${may}.\n`);
    const first = /Read `(\S+)` first\./.exec(text)?.[1] ?? "";
    expect(existsSync(join(root, "src", room, first))).toBe(true);
  },
);
