// hookline listen as a process of its own, for a relay whose events go to whoever listens.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { until } from "./until.ts";
import { node, type Relay, relayVars, root, SECRETS } from "./whole-relay.ts";

/** A relay whose events go to whoever listens. */
export function tunnelVars() {
  const { DESTINATIONS: _, ...rest } = relayVars({ desk: { url: "https://unused.example.com/" } });
  return { ...rest, DESTINATIONS: { desk: { tunnel: true, retry: ["1s", "2s", "3s"] } } };
}

export interface Listening {
  readonly child: ChildProcess;
  /** On stdout and on stderr; a terminal does not tell them apart. */
  readonly lines: string[];
  readonly said: string[];
  kill(): Promise<void>;
}

/** @param more what comes after the port */
export async function startListening(relay: Relay, port: string, ...more: readonly string[]): Promise<Listening> {
  const child = spawn(node, command(port, ["--json", ...more]), {
    env: { ...environment(relay), NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return await listening(child, more.includes("--watch") ? "watching" : "listening: desk");
}

/** Whether a terminal can be made here: by util-linux's `script`. */
export const hasTerminals = String(spawnSync("script", ["--version"]).stdout).includes("util-linux");

/** The same at a terminal, whose keys are what is written to the child's stdin. */
export async function listenAtTerminal(relay: Relay, port: string, ...more: readonly string[]): Promise<Listening> {
  const line = [node, ...command(port, more)].map((word) => `'${word}'`).join(" ");
  const { NO_COLOR: _, CI: __, ...env } = environment(relay);
  const child = spawn("script", ["--quiet", "--return", "--flush", "--command", line, "/dev/null"], {
    env: { ...env, TERM: "xterm" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  return await listening(child, "listening");
}

const command = (port: string, more: readonly string[]) => [
  join(root, "src/cli/hookline.ts"),
  "listen",
  port,
  "--source",
  "acme",
  ...more,
];

function environment(relay: Relay): NodeJS.ProcessEnv {
  return { ...process.env, HOOKLINE_URL: relay.url, HOOKLINE_KEY: SECRETS.ADMIN_TOKEN };
}

async function listening(child: ChildProcess, says: string): Promise<Listening> {
  const lines: string[] = [];
  const said: string[] = [];
  for (const [stream, into] of [
    [child.stdout, lines],
    [child.stderr, said],
  ] as const)
    if (stream !== null) createInterface({ input: stream }).on("line", (line) => into.push(line));
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  onTestFinished(kill);
  await until("somebody listens", () => [...said, ...lines].some((line) => line.includes(says)) || undefined);
  return { child, lines, said, kill };
}
