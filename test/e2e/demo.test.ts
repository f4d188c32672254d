// Does `npm start` do what it says? The demo as a process without a terminal, and the commands that it prints.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { nextSteps } from "../../src/cli/demo/next.ts";
import { inventSecrets } from "../../src/cli/demo/relay.ts";
import { portFault } from "../../src/cli/local/port.ts";
import { freePort, listen } from "../kit/port.ts";
import { node, Relay, root, SECRETS, stateFolder } from "../kit/whole-relay.ts";
import { until } from "../kit/until.ts";

/** Where these demos keep their state: other tests run demos too. */
const temporary = await mkdtemp(join(tmpdir(), "hookline-demos-"));
afterAll(() => rm(temporary, { recursive: true, force: true }));

function run(command: string, args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, TMPDIR: temporary };
    const child = execFile(command, args, { cwd: root, maxBuffer: 50_000_000, env }, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

const demo = (...args: string[]) => run(node, [join(root, "src/cli/hookline.ts"), "demo", ...args]);

/** Lines of `--json` that carry this event. */
function lines<T>(out: string, event: string, schema: z.ZodType<T>): T[] {
  const parsed = out
    .trim()
    .split("\n")
    .map((line) => z.looseObject({ event: z.string() }).parse(JSON.parse(line)));
  return parsed.filter((line) => line.event === event).map((line) => schema.parse(line));
}

const demoFolders = async () => (await readdir(temporary)).filter((name) => name.startsWith("hookline-demo-"));

test("without a terminal the demo delivers everything with proof, refuses the forged request, and leaves with 0", async () => {
  const before = await demoFolders();
  const { code, out, err } = await demo("--json", "--port", String(await freePort()));
  expect({ code, err }).toEqual({ code: 0, err: "" });

  const [totals] = lines(out, "demo.totals", z.looseObject({}));
  expect(totals).toMatchObject({
    ok: true,
    sent: 10,
    accepted: 9,
    refused: 1,
    deliveries: 10,
    delivered: 10,
    proven: 10,
  });
  // One delivery succeeds at once; the nine others fail twice.
  expect(totals).toMatchObject({ attempts: 28 });

  const sent = lines(
    out,
    "demo.sent",
    z.object({ source: z.string(), bytes: z.number(), forged: z.boolean(), status: z.number() }),
  );
  const genuine = sent.filter(({ forged }) => !forged).map(({ source }) => source);
  expect(genuine.toSorted()).toEqual(["acme", ...Array<string>(6).fill("github"), "slack", "stripe"]);
  expect(Math.max(...sent.map(({ bytes }) => bytes)), "one body is more than a queue message holds").toBeGreaterThan(
    200_000,
  );
  expect(sent.filter(({ forged }) => forged)).toMatchObject([{ source: "github", status: 401 }]);
  const refused = lines(out, "ingest.rejected", z.looseObject({}));
  expect(refused).toMatchObject([{ source: "github", reason: "signature_mismatch", status: 401 }]);

  const answers = lines(out, "receiver.answered", z.object({ proven: z.boolean(), status: z.number() }));
  expect(answers.filter(({ proven }) => !proven)).toEqual([]);
  expect(answers.filter(({ status }) => status === 503)).toHaveLength(18);
  expect(await demoFolders(), "state that is left behind").toEqual(before);
});

test("what the demo prints for people has no control characters where nobody sees colours", async () => {
  const { code, out } = await demo("--port", String(await freePort()));
  expect(code).toBe(0);
  expect(out).toBe(stripVTControlCharacters(out));
  expect(out).toContain("Nothing was lost. 9 accepted, 1 refused; 10 of 10 deliveries proven after 28 attempts.");
});

test("on a terminal the demo stays, and says where its dashboard is and which token opens it", async () => {
  const port = await freePort();
  // What a terminal is to the demo: a stream that says so. No pseudo terminal is on every machine.
  const terminal = 'data:text/javascript,Object.defineProperty(process.stdout,"isTTY",{value:true})';
  const args = ["--import", terminal, join(root, "src/cli/hookline.ts"), "demo", "--port", String(port)];
  const child = spawn(node, args, { env: { ...process.env, TMPDIR: temporary, NO_COLOR: "1" } });
  onTestFinished(() => void child.kill("SIGKILL"));
  let out = "";
  child.stdout.on("data", (data: Buffer) => (out += stripVTControlCharacters(data.toString())));
  await until("the next steps are printed", () => (/^ {2}Next$/m.test(out) ? true : undefined));
  const [, address = "", token = ""] = /dashboard; sign in with the token.*\n +(http\S+)\n +(\S+)\n/.exec(out) ?? [];
  expect(address).toBe(`http://localhost:${port}/`);

  const page = await fetch(new URL("/signin", address));
  expect(await page.text()).toContain("Sign in");
  const sent = { method: "POST", redirect: "manual", body: new URLSearchParams({ secret: token }) } as const;
  const opened = await fetch(new URL("/signin", address), { ...sent, headers: { origin: new URL(address).origin } });
  expect({ status: opened.status, cookie: opened.headers.get("set-cookie") }).toEqual({
    status: 303,
    cookie: expect.stringContaining("HttpOnly"),
  });
  child.kill("SIGINT");
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("a port that is taken is named, with what to do, and the demo leaves with 1", async () => {
  const { server, port } = await listen();
  onTestFinished(() => void server.close());
  const { code, out, err } = await demo("--port", String(port));
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain(`port ${port}`);
  expect(err).toMatch(/npm start -- --port \d+/);
});

test("an interrupted demo leaves at once: no words, no folder, nobody on its port", async () => {
  const before = await demoFolders();
  const port = await freePort();
  const child = spawn(node, [join(root, "src/cli/hookline.ts"), "demo", "--json", "--port", String(port)], {
    env: { ...process.env, TMPDIR: temporary },
  });
  let err = "";
  child.stderr.on("data", (data: Buffer) => (err += data.toString()));
  await once(child.stdout, "data");
  child.kill("SIGINT");
  const [code] = await once(child, "exit");
  expect({ code, err }).toEqual({ code: 130, err: "" });
  expect(await demoFolders()).toEqual(before);
  await until("the port is free again", async () => ((await portFault(port)) === null ? true : undefined));
});

test("the commands that the demo prints work as they stand", async () => {
  const secrets = { ...inventSecrets(), ...SECRETS };
  const vars = {
    SOURCES: { github: { provider: "github" } },
    DESTINATIONS: {},
    ROUTES: {},
    GITHUB_SECRET: secrets.GITHUB_SECRET,
  };
  const relay = await Relay.start(vars, await stateFolder());
  const commands = nextSteps(relay.url, secrets).filter((line) => line.includes("curl"));
  expect(commands).toHaveLength(2);
  const [look = "", send = ""] = commands;
  expect(JSON.parse((await run("sh", ["-c", send])).out)).toMatchObject({ status: "accepted" });
  expect(JSON.parse((await run("sh", ["-c", look])).out)).toHaveProperty("events");
  const guessed = send.replace(secrets.GITHUB_SECRET, "a-guess");
  expect(JSON.parse((await run("sh", ["-c", guessed])).out)).toMatchObject({ status: 401 });
});
