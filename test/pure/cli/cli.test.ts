// The command line as it is typed: what it prints, where, and the exit code.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { hookline } from "../../../src/cli/hookline.ts";
import { derivedSecret } from "../../../src/out/sign.ts";

const folder = mkdtempSync(join(tmpdir(), "hookline-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

/** Writes a file for a command to read. */
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function run(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await hookline(args, {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

describe("hookline", () => {
  test.each([[], ["help"], ["--help"]])("%j lists the commands", async (...args) => {
    const { code, out } = await run(...args);
    expect(code).toBe(0);
    expect(out).toContain("check ");
    expect(out).toContain("secret ");
  });

  test.each([
    [["nothing"], "unknown command 'nothing'"],
    [["evnts"], "Did you mean events?"],
    [["events", "--sorce", "x"], "Did you mean --source?"],
    [["constructor"], "unknown command 'constructor'"],
    [["check", "--wrong"], "--wrong"],
    [["check", "name"], "too many arguments"],
    [["secret"], "missing required argument 'DESTINATION'"],
    [["check", "--config"], "--config"],
  ])("%j is not understood, and says how it is written", async (args, why) => {
    const { code, out, err } = await run(...args);
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err).toContain(why);
    expect(err).toContain("usage: hookline");
  });

  test.each(["check", "secret"])("%s --help says what it does", async (verb) => {
    const { code, out } = await run(verb, "--help");
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^Usage: hookline ${verb} .*--json`));
  });
});

describe("check", () => {
  const wrong = file("wrong.toml", '[vars.SOURCES.github]\nprovider = "github"\nrate = "600/minute"');

  test("prints a line for each finding, and refuses", async () => {
    const { code, out } = await run("check", "--config", wrong);
    expect(code).toBe(1);
    expect(out.split("\n")).toContain(
      'error SOURCES.github.rate: "600/minute" is not a rate. Write it as "600/min"; the units are s, min, h and day, and the most is 1000000',
    );
  });

  test("says the same as JSON", async () => {
    const { code, out } = await run("check", "--json", "--config", wrong);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      findings: expect.arrayContaining([expect.objectContaining({ level: "error", key: "SOURCES.github.rate" })]),
    });
  });

  const NEEDED =
    "warning secrets: SIGNING_KEY, ADMIN_TOKEN are needed, and in no file. Set each with: npx wrangler secret put NAME";

  test("says where all is well which file that is, and which secrets it needs", async () => {
    expect(await run("check")).toEqual({ code: 0, out: `${NEEDED}\nwrangler.toml is in order`, err: "" });
    expect(JSON.parse((await run("check", "--json")).out)).toEqual({
      ok: true,
      config: "wrangler.toml",
      for: "deploy",
      findings: [expect.objectContaining({ level: "warning", key: "secrets" })],
    });
  });

  test("says as the [build] of a deploy nothing of secrets: those are not to be seen from here", async () => {
    vi.stubEnv("WRANGLER_COMMAND", "deploy");
    expect(await run("check")).toEqual({ code: 0, out: "wrangler.toml is in order", err: "" });
  });

  describe("with a destination on this machine", () => {
    const local = mkdtempSync(join(folder, "local-"));
    const path = join(local, "wrangler.toml");
    const devVars = join(local, ".dev.vars");
    const shipped = readFileSync(new URL("../../../wrangler.toml", import.meta.url), "utf8");
    writeFileSync(
      path,
      `${shipped}\n[vars.SOURCES.github]\nprovider = "github"\n[vars.DESTINATIONS.local]\nurl = "http://127.0.0.1:9000/"\n[vars.ROUTES.all]\nfrom = "github"\nto = "local"`,
    );
    const REFUSED =
      'error DESTINATIONS.local.url: "http://127.0.0.1:9000/" is not https. Write "https://…". Only `npm run dev`';
    const keys = `ADMIN_TOKEN="${"a".repeat(32)}"\nSIGNING_KEY="${"s".repeat(32)}"\n`;

    test("a deploy is refused, whatever .dev.vars says", async () => {
      writeFileSync(devVars, `${keys}GITHUB_SECRET="x"\nLOOPBACK_DESTINATIONS="true"\n`);
      for (const command of ["", "deploy", "versions upload"]) {
        vi.stubEnv("WRANGLER_COMMAND", command === "" ? undefined : command);
        const { code, out } = await run("check", "--config", path);
        expect(code).toBe(1);
        expect(out).toContain(REFUSED);
        expect(out.split("\n").at(-1)).toBe(`${path} has 1 error`);
      }
    });

    test("npm run dev takes it, with the switch in .dev.vars", async () => {
      writeFileSync(devVars, `${keys}GITHUB_SECRET="x"\nLOOPBACK_DESTINATIONS="true"\n`);
      const order = `${path}, with .dev.vars and for this machine, is in order`;
      expect(await run("check", "--dev", "--config", path)).toEqual({ code: 0, out: order, err: "" });
      vi.stubEnv("WRANGLER_COMMAND", "dev");
      expect(await run("check", "--config", path)).toEqual({ code: 0, out: order, err: "" });
    });

    test("without the switch npm run dev starts all the same, and says what stays closed and why", async () => {
      writeFileSync(devVars, keys);
      vi.stubEnv("WRANGLER_COMMAND", "dev");
      const { code, out } = await run("check", "--config", path);
      expect(code).toBe(0);
      expect(out).toContain(REFUSED);
      expect(out).toContain(`warning ${devVars}: lacks GITHUB_SECRET. `);
      expect(out).toContain("has 1 error; what that is about stays closed, the rest runs");
      vi.stubEnv("WRANGLER_COMMAND", undefined);
      expect((await run("check", "--dev", "--config", path)).code).toBe(1);
    });

    test("a deploy has no secret of .dev.vars: they are asked for", async () => {
      writeFileSync(devVars, `${keys}GITHUB_SECRET="x"\n`);
      expect((await run("check", "--config", path)).out).toContain(
        "warning secrets: SIGNING_KEY, ADMIN_TOKEN, GITHUB_SECRET are needed",
      );
    });

    test("without a .dev.vars, what it has to hold is said, and no value of one that is there", async () => {
      rmSync(devVars);
      expect((await run("check", "--dev", "--config", path)).out).toContain(
        'warning .dev.vars: is missing. Copy .dev.vars.example to it, with SIGNING_KEY="…", ADMIN_TOKEN="…", GITHUB_SECRET="…"',
      );
      writeFileSync(devVars, 'ADMIN_TOKEN="hunter2"\nSIGNING_KEY="hunter2"\nGITHUB_SECRET="hunter2"\n');
      expect((await run("check", "--dev", "--config", path)).out).not.toContain("hunter2");
    });

    test("a wrangler.jsonc beside the file is what wrangler would deploy", async () => {
      vi.stubEnv("WRANGLER_COMMAND", "deploy");
      const before = process.cwd();
      writeFileSync(join(local, "wrangler.jsonc"), "{}");
      process.chdir(local);
      onTestFinished(() => {
        process.chdir(before);
        rmSync(join(local, "wrangler.jsonc"));
      });
      const { code, out } = await run("check");
      expect(code).toBe(1);
      expect(out).toContain("error wrangler.jsonc: stands beside wrangler.toml, and wrangler reads it instead.");
    });
  });

  test("a file that is no TOML is refused with the place", async () => {
    const path = file("broken.toml", 'name = "hookline"\nmain = src\n');
    expect(await run("check", "--config", path)).toMatchObject({
      code: 1,
      out: expect.stringContaining(`error ${path}: line 2, column `),
    });
  });

  test("a file that is not there is refused", async () => {
    expect(await run("check", "--config", join(folder, "none.toml"))).toMatchObject({
      code: 1,
      out: expect.stringContaining("cannot be read"),
    });
  });
});

describe("secret", () => {
  const KEY = "a signing key that is long enough for all";
  const config = file(
    "wrangler.toml",
    '[vars.DESTINATIONS]\nbilling = { url = "https://example.com/" }\nlocal = { url = "http://localhost/" }\nown = { url = "https://example.com/", secret = "OWN_KEY" }',
  );

  test("prints what the receiver verifies with, and nothing else on its output", async () => {
    vi.stubEnv("SIGNING_KEY", KEY);
    const expected = await derivedSecret(KEY, "billing");
    expect(await run("secret", "billing", "--config", config)).toEqual({
      code: 0,
      out: expected,
      err: "derived from SIGNING_KEY in the environment",
    });
    expect(JSON.parse((await run("secret", "billing", "--json", "--config", config)).out)).toEqual({
      destination: "billing",
      secret: expected,
      from: "the environment",
    });
  });

  test("a destination of local development has one too", async () => {
    vi.stubEnv("SIGNING_KEY", KEY);
    expect(await run("secret", "local", "--config", config)).toMatchObject({
      code: 0,
      out: await derivedSecret(KEY, "local"),
    });
  });

  test("takes SIGNING_KEY from .dev.vars beside the configuration, if the environment has none", async () => {
    vi.stubEnv("SIGNING_KEY", "");
    const without = await run("secret", "billing", "--config", config);
    expect(without).toMatchObject({
      code: 1,
      out: "",
      err: expect.stringContaining("openssl rand -base64 32"),
    });
    const path = file(".dev.vars", `SIGNING_KEY="${KEY}"\n`);
    expect(await run("secret", "billing", "--config", config)).toEqual({
      code: 0,
      out: await derivedSecret(KEY, "billing"),
      err: `derived from SIGNING_KEY in ${path}`,
    });
  });

  test.each([
    ["biling", 'has no destination "biling". Did you mean billing?'],
    ["own", "own signs with a secret of its own"],
  ])("a destination without a derived secret (%s) is refused", async (name, why) => {
    vi.stubEnv("SIGNING_KEY", KEY);
    expect(await run("secret", name, "--config", config)).toMatchObject({
      code: 1,
      out: "",
      err: expect.stringContaining(why),
    });
    const { out } = await run("secret", name, "--json", "--config", config);
    expect(JSON.parse(out)).toEqual({ error: expect.stringContaining(why) });
  });

  test("SIGNING_KEY itself is never printed", async () => {
    vi.stubEnv("SIGNING_KEY", KEY);
    for (const args of [["billing"], ["own"], ["biling"], ["billing", "--json"]]) {
      const { out, err } = await run("secret", ...args, "--config", config);
      expect(out + err).not.toContain(KEY);
    }
  });
});
