// `hookline init` at a terminal: a person answers, sees what will be written, and may leave.
import { spawn } from "node:child_process";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../kit/until.ts";
import { node, root, stateFolder } from "../kit/whole-relay.ts";

/** The command at a pseudo-terminal, which `script` of util-linux opens. */
async function atTerminal(...args: string[]) {
  const folder = await stateFolder();
  const config = join(folder, "wrangler.toml");
  await copyFile(join(root, "wrangler.toml"), config);
  // A terminal that was opened for a pipe has no width until somebody gives it one.
  const command = [
    "stty cols 100 rows 40;",
    node,
    join(root, "src/cli/hookline.ts"),
    "init",
    ...args,
    "--config",
    config,
  ].join(" ");
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    stdio: "pipe",
    env: { ...process.env, GITHUB_SECRET: undefined },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let shown = "";
  let code: number | null = null;
  child.stdout.on("data", (piece: Buffer) => (shown += piece.toString()));
  child.on("exit", (left) => (code = left));
  return {
    config,
    devVars: join(folder, ".dev.vars"),
    sees: async (text: string) =>
      await until(`it shows ${text}: ${shown.slice(-300)}`, () => shown.includes(text) || undefined),
    types: (text: string) => void child.stdin.write(text),
    leaves: async () => await until("it has left", () => code ?? undefined),
    shown: () => shown,
  };
}

test("a person answers, and finds it written", async () => {
  const terminal = await atTerminal();
  await terminal.sees("Who sends?");
  terminal.types("githu");
  await terminal.sees("github");
  terminal.types("\r");
  await terminal.sees("Where do its events go?");
  terminal.types("https://app.example.com/webhooks\r");
  await terminal.sees("GITHUB_SECRET");
  terminal.types("a secret that nobody sees\r");
  await terminal.sees("Write it?");
  terminal.types("y");
  expect(await terminal.leaves()).toBe(0);
  expect(await readFile(terminal.config, "utf8")).toContain("[vars.ROUTES.github-to-app]");
  expect(await readFile(terminal.devVars, "utf8")).toContain('GITHUB_SECRET="a secret that nobody sees"');
  expect(terminal.shown()).not.toContain("a secret that nobody sees");
});

test("whoever leaves at the last question leaves the files as they were", async () => {
  const terminal = await atTerminal("github", "--to", "https://app.example.com/webhooks");
  const before = await readFile(terminal.config, "utf8");
  await terminal.sees("GITHUB_SECRET");
  terminal.types("\r");
  await terminal.sees("Write it?");
  terminal.types("\u0003");
  expect(await terminal.leaves()).toBe(130);
  expect(await readFile(terminal.config, "utf8")).toBe(before);
  await expect(readFile(terminal.devVars)).rejects.toThrow("ENOENT");
});
