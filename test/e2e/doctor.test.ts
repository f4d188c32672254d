// The commands that look at a running relay: health, doctor, test, and tail as a process of its own.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test, vi } from "vitest";
import * as z from "zod";
import { hookline } from "../../src/cli/hookline.ts";
import { startReceiver } from "../kit/receiver.ts";
import { until } from "../kit/until.ts";
import { node, Relay, relayVars, root, SECRETS, stateFolder } from "../kit/whole-relay.ts";

/** What a command prints, and its exit code. */
async function run(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await hookline(args, { out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

const doctored = z.object({
  ok: z.boolean(),
  findings: z.array(z.object({ level: z.string(), says: z.string(), fix: z.string().check(z.minLength(10)) })),
});

test("what is wrong is found with its fix, a destination is tried, and what happens is followed", async () => {
  let status = 200;
  const receiver = await startReceiver((_, response) => response.writeHead(status).end("so it is"));
  const vars = relayVars({ billing: { url: receiver.address("billing"), retry: [] } });
  const relay = await Relay.start(vars, await stateFolder());
  vi.stubEnv("HOOKLINE_URL", relay.url);
  vi.stubEnv("HOOKLINE_KEY", SECRETS.ADMIN_TOKEN);

  expect(await run("health")).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^ok: events are accepted, \d+ wait/),
  });
  const well = doctored.parse(JSON.parse((await run("doctor", "--json")).out));
  expect(well).toEqual({
    ok: true,
    findings: [
      expect.objectContaining({ level: "warning", says: expect.stringContaining("no route leads from hookline") }),
    ],
  });
  expect(await run("test", "billing")).toMatchObject({
    code: 0,
    out: expect.stringMatching(/billing +delivered +200[^]*so it is/),
  });

  const lines: string[] = [];
  const said: string[] = [];
  const tail = spawn(node, [join(root, "src/cli/hookline.ts"), "tail", "--json"], { env: process.env });
  onTestFinished(() => void tail.kill("SIGKILL"));
  createInterface({ input: tail.stdout }).on("line", (line) => lines.push(line));
  createInterface({ input: tail.stderr }).on("line", (line) => said.push(line));
  await until("tail is connected", () => said.includes("connected") || undefined);

  status = 410;
  expect(await run("test", "billing")).toMatchObject({ code: 1, out: expect.stringMatching(/failed +410/) });
  const { id } = await relay.post("invoice-1", Buffer.from("{}"), "invoice.paid");
  await until(
    "tail has told of it",
    () => lines.some((line) => line.includes('"failed"') && line.includes(id)) || undefined,
  );
  expect(lines.some((line) => line.includes('"event"') && line.includes("invoice.paid"))).toBe(true);
  await until("the failure is found", async () => {
    const { findings } = doctored.parse(JSON.parse((await run("doctor", "--json")).out));
    return (
      findings.some(({ says, fix }) => says.includes("failed and can be replayed") && fix.includes("hookline")) ||
      undefined
    );
  });
});

test("a configuration that is not whole is an error, and so is a relay that is not there", async () => {
  const relay = await Relay.start(
    { ...relayVars({}), SOURCES: { github: { provider: "github" } }, ROUTES: {} },
    await stateFolder(),
  );
  vi.stubEnv("HOOKLINE_URL", relay.url);
  vi.stubEnv("HOOKLINE_KEY", SECRETS.ADMIN_TOKEN);
  expect(await run("health")).toMatchObject({ code: 1, err: expect.stringContaining("hookline doctor") });
  const found = doctored.parse(JSON.parse((await run("doctor", "--json")).out));
  expect(found.ok).toBe(false);
  expect(found.findings.map(({ fix }) => fix)).toContain("npx wrangler secret put GITHUB_SECRET");

  vi.stubEnv("HOOKLINE_KEY", "hlk_0123456789ab_wrong");
  expect(await run("health")).toMatchObject({ code: 1, err: expect.stringContaining("HOOKLINE_KEY") });
  vi.stubEnv("HOOKLINE_URL", "http://127.0.0.1:9");
  for (const command of ["health", "doctor", "tail"])
    expect(await run(command)).toMatchObject({ code: 1, err: expect.stringContaining("cannot be reached") });
});
