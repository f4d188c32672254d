// What somebody keeps beside the configuration for `npm run dev` is of no consequence to the demo and to the relays of tests.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { freePort } from "../kit/port.ts";
import { node, root, stateFolder } from "../kit/whole-relay.ts";

/** A value for everything that .dev.vars.example names, none of them the demo's or a test's, and a relay of its own. */
const ODD = [
  ...[...readFileSync(join(root, ".dev.vars.example"), "utf8").matchAll(/^(\w+)=/gm)].map(([, name]) => name ?? ""),
  "ACME_SECRET",
  "LOG_LEVEL",
  "SOURCES",
  "DESTINATIONS",
  "ROUTES",
]
  .map((name) => `${name}="odd"\n`)
  .join("");

/** A copy of what the demo and the relays of tests run, with the files that wrangler reads beside a configuration. */
async function checkout(): Promise<string> {
  const folder = await stateFolder();
  mkdirSync(join(folder, "test/kit"), { recursive: true });
  for (const name of ["src", "wrangler.toml", "package.json", "tsconfig.json", "test/kit/relay-process.ts"])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  for (const name of [".dev.vars", ".env", ".env.local", "src/cli/local/.dev.vars"])
    writeFileSync(join(folder, name), ODD);
  return folder;
}

test("the demo says and does the same beside a .dev.vars and an .env", async () => {
  const folder = await checkout();
  const args = [join(folder, "src/cli/hookline.ts"), "demo", "--json", "--port", String(await freePort())];
  const { stdout, stderr } = await promisify(execFile)(node, args, { cwd: folder, maxBuffer: 50_000_000 });
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => z.looseObject({ event: z.string() }).parse(JSON.parse(line)));
  expect(stderr).toBe("");
  expect(lines.at(-1)).toMatchObject({ event: "demo.totals", ok: true, sent: 10, accepted: 9, refused: 1 });
});

test("a relay of the tests knows no variable but those that it is given", async () => {
  const folder = await checkout();
  const options = { vars: {}, secrets: {}, stateDir: join(folder, "state") };
  const child = spawn(node, [join(folder, "test/kit/relay-process.ts"), JSON.stringify(options)], {
    cwd: folder,
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(async () => {
    if (child.pid === undefined) return;
    process.kill(-child.pid, "SIGKILL");
    await once(child, "exit");
  });
  const [first] = await once(createInterface({ input: child.stdout }), "line");
  const { url } = z.object({ url: z.string() }).parse(JSON.parse(String(first)));
  // Closed while ADMIN_TOKEN is unset: with the one of .dev.vars, its bearer would be let in.
  const answer = await fetch(`${url}/api/events`, { headers: { authorization: "Bearer odd" } });
  expect(answer.status).toBeGreaterThanOrEqual(401);
  expect(await (await fetch(`${url}/health`)).text()).toContain("ADMIN_TOKEN");
});

test("one file alone starts a relay from a configuration, and the tests on workerd have a folder of their own", () => {
  const files = globSync("{src,test}/**/*.ts", { cwd: root, exclude: (path) => path.endsWith("node_modules") });
  const loads = /from "(?:wrangler|miniflare)"|import\("(?:wrangler|miniflare)"\)/;
  expect(files.filter((path) => loads.test(readFileSync(join(root, path), "utf8")))).toEqual([
    "src/cli/local/local.ts",
  ]);
  const config = readFileSync(join(root, "vitest.config.ts"), "utf8");
  expect(config.match(/configPath: "[^"]*"/g)).toEqual(['configPath: "./test/worker/wrangler.toml"']);
});
