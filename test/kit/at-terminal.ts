// A command at a terminal that is none: what it asks, what is typed there, and how it ends.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { onTestFinished } from "vitest";
import { until } from "./until.ts";
import { node, type Relay, root, SECRETS } from "./whole-relay.ts";

/** @param answers what is typed once something is asked, by what the question says */
export async function atTerminal(
  relay: Relay,
  words: readonly string[],
  answers: readonly (readonly [question: string, typed: string])[],
): Promise<{ readonly code: number | null; readonly shown: string }> {
  const line = [node, join(root, "src/cli/hookline.ts"), ...words].map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["--quiet", "--return", "--flush", "--command", line, "/dev/null"], {
    env: { ...process.env, HOOKLINE_URL: relay.url, HOOKLINE_KEY: SECRETS.ADMIN_TOKEN, TERM: "xterm" },
    stdio: ["pipe", "pipe", "ignore"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let shown = "";
  child.stdout.on("data", (piece: Buffer) => {
    shown += stripVTControlCharacters(piece.toString());
  });
  const gone = new Promise<number | null>((resolve) => child.once("exit", resolve));
  for (const [question, typed] of answers) {
    await until(`it asks ${question}`, () => shown.includes(question) || undefined);
    child.stdin.write(typed);
  }
  return { code: await gone, shown };
}
