// `hookline init`: what it writes is a relay that the check finds in order, and what stood in the files stands there still.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { hookline } from "../../../src/cli/hookline.ts";

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));
afterEach(() => vi.unstubAllEnvs());

const SHIPPED = readFileSync(resolve(import.meta.dirname, "../../../wrangler.toml"), "utf8");

function folderWith(toml: string, devVars?: string) {
  const folder = mkdtempSync(join(tmpdir(), "hookline-init-"));
  folders.push(folder);
  writeFileSync(join(folder, "wrangler.toml"), toml);
  if (devVars !== undefined) writeFileSync(join(folder, ".dev.vars"), devVars);
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  const init = async (...args: string[]) => await run("init", ...args, "--config", join(folder, "wrangler.toml"));
  return { folder, read, init };
}

async function run(...args: string[]) {
  const said: string[] = [];
  const line = (one: string) => void said.push(one);
  return { code: await hookline(args, { out: line, err: line }), said: said.join("\n") };
}

test("a sender and a receiver are added at the end, and the check finds the whole in order", async () => {
  vi.stubEnv("GITHUB_SECRET", "the secret of github, long enough");
  const { folder, read, init } = folderWith(SHIPPED, "# mine\nADMIN_TOKEN=kept-kept-kept-kept-kept-kept-kept-kept");
  const first = await init("github", "--to", "https://app.example.com/webhooks", "--yes");
  expect(first).toEqual({ code: 0, said: expect.stringContaining("/in/github") });
  expect(first.said).not.toContain("the secret of github");
  expect(read("wrangler.toml").startsWith(SHIPPED)).toBe(true);
  expect(read(".dev.vars")).toMatch(/^# mine\nADMIN_TOKEN=kept\S+\nSIGNING_KEY="\S{44}"\nGITHUB_SECRET="the secret/);
  expect(statSync(join(folder, ".dev.vars")).isFile()).toBe(true);
  expect(await run("check", "--dev", "--config", join(folder, "wrangler.toml"))).toMatchObject({ code: 0 });

  const second = await init("stripe", "--to", "https://app.example.com/webhooks", "--name", "payments", "--yes");
  expect(second).toEqual({ code: 0, said: expect.stringContaining("still missing there: PAYMENTS_SECRET") });
  expect(read("wrangler.toml").match(/\[vars\.DESTINATIONS\.app\]/g)).toHaveLength(1);
  expect(read("wrangler.toml")).toContain('[vars.ROUTES.payments-to-app]\nfrom = "payments"\nto = "app"');
  expect(await run("check", "--dev", "--config", join(folder, "wrangler.toml"))).toMatchObject({ code: 0 });
});

test("a receiver on this machine is admitted there, and a new .dev.vars is for its owner alone", async () => {
  const { folder, read, init } = folderWith(SHIPPED);
  expect(await init("slack", "--to", "http://127.0.0.1:3000/", "--yes")).toMatchObject({ code: 0 });
  expect(read(".dev.vars")).toContain('LOOPBACK_DESTINATIONS="true"');
  expect(statSync(join(folder, ".dev.vars")).mode & 0o077).toBe(0);
});

test.each([
  [["githb", "--to", "https://a.example/"], SHIPPED, "github"],
  [["github"], SHIPPED, "--to URL"],
  [[], SHIPPED, "takes a provider"],
  [["github", "--to", "https://a.example/"], SHIPPED, "say --yes"],
  [["github", "--to", "nowhere", "--yes"], SHIPPED, "DESTINATIONS.app.url"],
  [["github", "--to", "https://a.example/", "--name", "A b", "--yes"], SHIPPED, "is no name"],
  [
    ["github", "--to", "https://a.example/", "--yes"],
    `${SHIPPED}\n[vars.SOURCES.github]\nprovider = "github"\n`,
    "already",
  ],
  [
    ["github", "--to", "https://a.example/", "--yes"],
    `${SHIPPED}\n[vars.DESTINATIONS.app]\nurl = "https://b.example/"\n`,
    "another address",
  ],
  [["github", "--to", "https://a.example/", "--yes"], `vars = { SOURCES = {} }\n`, "by hand"],
])("init %j writes nothing and says why", async (args, toml, why) => {
  const { read, init } = folderWith(toml);
  expect(await init(...args)).toEqual({ code: 1, said: expect.stringContaining(why) });
  expect(read("wrangler.toml")).toBe(toml);
  expect(() => read(".dev.vars")).toThrow("ENOENT");
});
