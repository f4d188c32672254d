// Takes the README's moving pictures, into docs/recordings: `node test/browser/recordings.ts`. Each is of a real run.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runLocal } from "../../src/cli/local/local.ts";
import { film, record, seen, type Shot } from "../kit/film.ts";

const root = resolve(import.meta.dirname, "../..");
const folder = join(root, "docs/recordings");
const [COLUMNS, ROWS] = [118, 22];
const TOKEN = "the-token-of-these-pictures-0123456789";
const SECRET = "the secret that the sender signs with";
/** Where the local server of the second picture listens, as its command line says. */
const PORT = 3000;

/** A command as a terminal shows it, until a line says what it was run for. */
async function shown(line: string, command: readonly string[], env: Record<string, string>, until: string) {
  const shots: Shot[] = [{ at: 0, line: `\u001B[2m$\u001B[22m \u001B[1m${line}\u001B[22m` }];
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, FORCE_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const since = Date.now();
  record(child.stdout, since, shots);
  record(child.stderr, since, shots);
  await seen(shots, until, child.stdout);
  await sleep(1_000);
  if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
  return shots;
}

async function start(): Promise<void> {
  const shots = await shown("npm start", ["npm", "--silent", "start"], {}, "Nothing was lost.");
  const last = shots.findIndex(({ line }) => line.includes("Nothing was lost."));
  const says =
    "npm start: nine webhooks are accepted and a forged one is refused, all deliveries arrive although two receivers fail at first, and nothing was lost";
  await writeFile(join(folder, "start.svg"), film(says, shots.slice(0, last + 1), COLUMNS, ROWS));
}

/** A server that is not quite finished: the first `issues.opened` is too much for it. */
async function startServer() {
  let fails = 1;
  const server = createServer((request, response) => {
    request.resume();
    const isWell = request.headers["hookline-event-type"] !== "issues.opened" || (fails -= 1) < 0;
    response.writeHead(isWell ? 200 : 500).end(isWell ? "thanks" : "TypeError: labels is undefined");
  }).listen(PORT, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function listen(): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), "hookline-recordings-"));
  const relay = await runLocal({
    port: 0,
    stateDir,
    vars: {
      SOURCES: { github: { provider: "github" } },
      DESTINATIONS: { desk: { tunnel: true, retry: ["2s", "4s"] } },
      ROUTES: { desk: { from: "github", to: "desk" } },
      LOOPBACK_DESTINATIONS: "true",
      LOG_LEVEL: "error",
    },
    secrets: { GITHUB_SECRET: SECRET, ADMIN_TOKEN: TOKEN, SIGNING_KEY: "0123456789abcdef0123456789abcdef" },
    onLog: () => {},
  });
  const server = await startServer();
  const secret = join(stateDir, "github.secret");
  await writeFile(secret, SECRET);
  const env = { HOOKLINE_URL: relay.url, HOOKLINE_KEY: TOKEN };
  const send = async (event: string) => {
    const args = ["src/cli/hookline.ts", "send", "github", event, "--to", `${relay.url}/in/github`];
    const child = spawn(process.execPath, [...args, "--secret-file", secret], {
      cwd: root,
      env: { ...process.env, ...env },
    });
    await once(child, "exit");
  };
  // Two come while nobody listens, and are held.
  await send("push");
  await send("pull_request.opened");
  const listening = shown(
    `npx hookline listen ${PORT} --source github`,
    [process.execPath, "src/cli/hookline.ts", "listen", String(PORT), "--source", "github"],
    env,
    "attempt 2",
  );
  await sleep(4_000);
  await send("issues.opened");
  await send("release.published");
  const shots = await listening;
  const says =
    "hookline listen 3000: two deliveries that were held come first and in order, then what comes live; the local server fails one with 500, and its second attempt is answered with 200";
  await writeFile(join(folder, "listen.svg"), film(says, shots, 132, 8));
  server.close();
  await relay.stop();
  await rm(stateDir, { recursive: true, force: true });
}

await mkdir(folder, { recursive: true });
await start();
await listen();
