// What becomes of a command whose reader leaves early, as `| head` does? It ends at once, and says nothing.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { node, root, SECRETS, stateFolder } from "../kit/whole-relay.ts";

/** Starts a command, and leaves when its first words have come: what else it writes, nobody reads. */
async function cutShort(script: string, args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(node, [join(root, script), ...args], { cwd: root, env: { ...process.env, ...env } });
  onTestFinished(() => void child.kill("SIGKILL"));
  let err = "";
  child.stderr.on("data", (data: Buffer) => (err += data.toString()));
  child.stdout.once("data", () => child.stdout.destroy());
  const [code] = await once(child, "close");
  return { code, err };
}

/** What a shell reports of a command that SIGPIPE has ended. */
const QUIET = { code: 141, err: "" };
const HOOKLINE = "src/cli/hookline.ts";

// Each prints more than a pipe holds, so that it still has something to write when its reader has gone.
test.each([["--markdown"], ["--json"]])("hookline providers %s", async (form) => {
  expect(await cutShort(HOOKLINE, ["providers", form])).toEqual(QUIET);
});

test.each(["vectors", "handshakes"])("npm run %s, with many rows that are wrong", async (command) => {
  const file = join(await stateFolder(), "rows.json");
  await writeFile(file, JSON.stringify(Array.from({ length: 20_000 }, (_, n) => ({ provider: `nobody-${n}` }))));
  // It writes in one go, and its exit code is still the verdict.
  expect(await cutShort(`src/cli/local/${command}.ts`, [file])).toEqual({ code: 1, err: "" });
});

test("hookline audit, which reads a relay", async () => {
  const entry = { at: "2026-03-01T12:00:00.000Z", actor: "admin", action: "replay", target: "x".repeat(200) };
  const page = JSON.stringify({ entries: Array.from({ length: 5_000 }, () => entry), next: null });
  const relay = createServer((_, response) => response.setHeader("content-type", "application/json").end(page));
  onTestFinished(() => void relay.close());
  await once(relay.listen(0, "127.0.0.1"), "listening");
  const { port } = z.object({ port: z.number() }).parse(relay.address());
  const env = { HOOKLINE_URL: `http://127.0.0.1:${port}`, HOOKLINE_KEY: SECRETS.ADMIN_TOKEN };
  expect(await cutShort(HOOKLINE, ["audit"], env)).toEqual(QUIET);
});
