// What a shell completes: its own, with the script sourced as the help says.
import { spawnSync } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { node, root, stateFolder } from "../kit/whole-relay.ts";

const has = (shell: string) => spawnSync(shell, ["--version"]).status === 0;

/** A folder in which the command is called hookline, first of all in PATH. */
async function environment(): Promise<NodeJS.ProcessEnv> {
  const folder = await stateFolder();
  const command = join(folder, "hookline");
  await writeFile(command, `#!/bin/sh\nexec '${node}' '${join(root, "src/cli/hookline.ts")}' "$@"\n`);
  await chmod(command, 0o755);
  return { ...process.env, PATH: [folder, process.env["PATH"]].join(delimiter), HOME: folder, XDG_CONFIG_HOME: folder };
}

const WORDS = [
  ["hookline", "deliv"],
  ["hookline", "deliveries", "--st"],
  ["hookline", ""],
] as const;

test.runIf(has("bash"))("bash, with or without its package for completions", async () => {
  const asked = WORDS.map(
    (words) =>
      `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; __hookline_complete 2>/dev/null; (IFS=,; echo "\${COMPREPLY[*]}")`,
  );
  const script = ["source <(hookline completion bash) || exit 9", "complete -p hookline", ...asked].join("\n");
  const { stdout } = spawnSync("bash", ["--norc", "-c", script], { env: await environment(), encoding: "utf8" });
  const [registered, command, option, all = ""] = stdout.trim().split("\n");
  expect([registered, command?.trim(), option?.trim()]).toEqual([
    "complete -F __hookline_complete hookline",
    "deliveries",
    "--state",
  ]);
  // One word for each command: no line of a longer description is one.
  expect(all.split(",").every((word) => /^[a-z-]+$/.test(word.trim()))).toBe(true);
});

test.runIf(has("fish"))("fish, with a line for each command", async () => {
  const script = `hookline completion fish | source; ${WORDS.map((words) => `complete -C "${words.join(" ")}"; echo ==`).join("; ")}`;
  const { stdout } = spawnSync("fish", ["--no-config", "-c", script], { env: await environment(), encoding: "utf8" });
  const [command, option, all = ""] = stdout.split("==\n");
  expect(command?.trim()).toMatch(/^deliveries\t/);
  expect(option?.trim()).toMatch(/^--state\t/);
  expect(
    all
      .trim()
      .split("\n")
      .every((line) => /^[a-z-]+\t/.test(line)),
  ).toBe(true);
});
