// What every command has in common: examples that are understood, help for each option, and completion.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { programOf, understand } from "../../../src/cli/command.ts";
import { everyVerb, hookline } from "../../../src/cli/hookline.ts";

afterEach(() => vi.restoreAllMocks());

async function run(...args: string[]) {
  const err: string[] = [];
  const code = await hookline(args, { out: () => {}, err: (line) => err.push(line) });
  return { code, err: err.join("\n") };
}

/** As a shell splits it. */
const words = (line: string) =>
  [
    ...line
      .split(" > ", 1)
      .join("")
      .matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g),
  ].map(([, single, double, bare]) => single ?? double ?? bare ?? "");

test("every command has examples, each of which it understands, and says of every option what it does", async () => {
  const { shown, verbs } = await everyVerb();
  expect(verbs.size).toBeGreaterThan(20);
  for (const [name, { examples, options }] of verbs) {
    expect(examples.length, name).toBeGreaterThan(0);
    expect(
      Object.values(options).filter(({ help }) => help.length < 8 || help.length > 110),
      name,
    ).toEqual([]);
    for (const example of examples) {
      const said: string[] = [];
      const terminal = { out: (line: string) => said.push(line), err: (line: string) => said.push(line) };
      const understood = understand(programOf(shown, verbs, terminal), words(example), terminal);
      expect(understood, `${example}: ${said.join(" ")}`).toHaveProperty("asked");
    }
    expect(
      examples.some((example) => example.startsWith(name)),
      name,
    ).toBe(true);
  }
});

test("every command of docs/cli.md is understood", async () => {
  const { shown, verbs } = await everyVerb();
  const text = readFileSync(resolve(import.meta.dirname, "../../../docs/cli.md"), "utf8");
  const lines = [...text.matchAll(/^npx hookline (.*?)(?: +#.*)?$/gm)].map(([, line = ""]) => line);
  expect(lines.length).toBeGreaterThan(4);
  for (const line of lines) {
    const said: string[] = [];
    const terminal = { out: (one: string) => said.push(one), err: (one: string) => said.push(one) };
    const understood = understand(programOf(shown, verbs, terminal), words(line), terminal);
    expect("asked" in understood || understood.code === 0, `${line}: ${said.join(" ")}`).toBe(true);
  }
});

test.each(["bash", "zsh", "fish", "powershell"])("prints the completion of %s", async (shell) => {
  const printed = vi.spyOn(console, "log").mockImplementation(() => {});
  expect((await run("completion", shell)).code).toBe(0);
  expect(printed.mock.calls.flat().join("\n")).toContain("complete");
});

test("completes a command, and the options of one", async () => {
  const printed = vi.spyOn(console, "log").mockImplementation(() => {});
  await run("complete", "--", "deliv");
  await run("complete", "--", "deliveries", "--st");
  expect(printed.mock.calls.flat().join("\n")).toMatch(/^deliveries\t[^]*^--state\t/m);
});

test.each([["completion"], ["completion", "cmd"]])("%j is not understood, and names the shells", async (...args) => {
  const { code, err } = await run(...args);
  expect(code).toBe(2);
  expect(err).toContain("bash|zsh|fish|powershell");
});
