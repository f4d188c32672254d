// A first hour as it is documented: a configuration of one's own, `wrangler dev` with a receiver on this machine, and what a deploy of the same file is told.
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { symlinkSync, writeFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished, test, expect } from "vitest";
import { type Arrival, startReceiver } from "../../src/cli/demo/receiver.ts";
import { derivedSecret } from "../../src/out/sign.ts";
import { freePort } from "../kit/port.ts";
import { root, stateFolder } from "../kit/whole-relay.ts";
import { until } from "../kit/until.ts";

const SIGNING_KEY = "s".repeat(44);
const GITHUB_SECRET = "g".repeat(44);
const DEV_VARS = [
  `ADMIN_TOKEN="${"a".repeat(44)}"`,
  `SIGNING_KEY="${SIGNING_KEY}"`,
  `GITHUB_SECRET="${GITHUB_SECRET}"`,
  'LOOPBACK_DESTINATIONS="true"',
].join("\n");

const relayTo = (url: string) =>
  `${readFileSync(join(root, "wrangler.toml"), "utf8")}
[vars.SOURCES.github]
provider = "github"
[vars.DESTINATIONS.mine]
url = "${url}"
[vars.ROUTES.all]
from = "github"
to = "mine"
`;

/** A checkout with files of one's own: all that belongs to the relay is the repository's. */
async function checkout(files: Record<string, string>): Promise<string> {
  const folder = await stateFolder();
  for (const name of ["src", "docs", "node_modules", "package.json", "tsconfig.json"])
    symlinkSync(join(root, name), join(folder, name));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** Runs wrangler in a process group that ends with the test, and collects what it prints. */
function wrangler(folder: string, ...args: string[]): { child: ChildProcess; printed: () => string } {
  const env: NodeJS.ProcessEnv = { ...process.env, WRANGLER_SEND_METRICS: "false", NO_COLOR: "1" };
  for (const name of ["WRANGLER_COMMAND", "CLOUDFLARE_ENV"]) delete env[name];
  const child = spawn(join(root, "node_modules/.bin/wrangler"), args, {
    cwd: folder,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  onTestFinished(async () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    process.kill(-child.pid, "SIGKILL");
    await gone;
  });
  return { child, printed: () => text };
}

test("a signed request comes through `wrangler dev` to a receiver on this machine", async () => {
  const arrivals: Arrival[] = [];
  const receiver = await startReceiver({
    secrets: new Map([["mine", await derivedSecret(SIGNING_KEY, "mine")]]),
    failures: new Map(),
    onArrival: (arrival) => arrivals.push(arrival),
  });
  onTestFinished(() => receiver.stop());
  const folder = await checkout({ "wrangler.toml": relayTo(`${receiver.url}/mine`), ".dev.vars": DEV_VARS });
  const port = await freePort();
  const { child, printed } = wrangler(folder, "dev", "--port", String(port), "--inspector-port", "0");
  await until("wrangler dev is ready", () => {
    if (child.exitCode !== null) throw new Error(`wrangler dev left:\n${printed()}`);
    return printed().includes("Ready on") ? true : undefined;
  });
  expect(printed()).toContain("wrangler.toml, with .dev.vars and for this machine, is in order");

  const body = '{"zen":"Keep it logically awesome."}';
  const signature = createHmac("sha256", GITHUB_SECRET).update(body).digest("hex");
  const headers = {
    "x-github-event": "ping",
    "x-github-delivery": "d-1",
    "x-hub-signature-256": `sha256=${signature}`,
  };
  const answer = await fetch(`http://127.0.0.1:${port}/in/github`, { method: "POST", headers, body });
  expect(answer.status, printed()).toBe(200);
  await until("it has arrived", () => (arrivals.length > 0 ? true : undefined));
  expect(arrivals).toMatchObject([{ destination: "mine", attempt: 1, status: 200, proven: true }]);
});

test("a deploy of the same file is refused, with the .dev.vars beside it; and of several files the one that it is given is judged", async () => {
  const folder = await checkout({
    "wrangler.toml": relayTo("https://billing.example.com/"),
    "other.toml": relayTo("http://127.0.0.1:9000/"),
    ".dev.vars": DEV_VARS,
  });
  const dryRun = async (...args: string[]) => {
    const { child, printed } = wrangler(folder, "deploy", "--dry-run", "--outdir", join(folder, "bundle"), ...args);
    const [code] = await once(child, "close");
    return { code, text: printed() };
  };
  const other = await dryRun("--config", "other.toml");
  expect(other.code).not.toBe(0);
  if (process.platform === "linux") {
    expect(other.text).toContain('error DESTINATIONS.mine.url: "http://127.0.0.1:9000/" is not https');
    expect(other.text).toContain("other.toml has 1 error");
  }
  const own = await dryRun();
  expect(own.text).toContain("wrangler.toml is in order");
  expect(own.code).toBe(0);
});
