// The command line at a running relay: what it tells, what it does, and what it says when it may not.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import * as z from "zod";
import { run } from "../kit/command-line.ts";
import { startReceiver } from "../kit/receiver.ts";
import { Relay, relayVars, SECRETS, stateFolder } from "../kit/whole-relay.ts";
import { until } from "../kit/until.ts";

afterEach(() => {
  delete process.env["HOOKLINE_URL"];
  delete process.env["HOOKLINE_KEY"];
});

/** The one JSON document that a command prints with --json. */
async function json<T extends z.ZodType>(line: string, schema: T): Promise<z.output<T>> {
  const { code, out, err } = await run(`${line} --json`);
  if (code !== 0) throw new Error(`${line}: ${code} ${out} ${err}`);
  return schema.parse(JSON.parse(out));
}

const states = z.object({ deliveries: z.array(z.object({ id: z.string(), state: z.string() })) });

test("an operator finds a failed delivery, replays it, pauses, resumes, and is on record", async () => {
  let status = 410;
  const receiver = await startReceiver((_, response) => response.writeHead(status).end());
  const relay = await Relay.start(relayVars({ billing: { url: receiver.address("billing") } }), await stateFolder());
  const { id } = await relay.post("invoice-1", Buffer.from('{"paid":true}'), "invoice.paid");
  process.env["HOOKLINE_URL"] = relay.url;
  process.env["HOOKLINE_KEY"] = SECRETS.ADMIN_TOKEN;

  const made = await run("keys create laptop --role operator --days 1");
  expect(made.out).toMatch(/^hlk_[0-9a-f]{12}_[0-9a-f]{64}$/);
  expect(made.err).toContain("not shown again");
  process.env["HOOKLINE_KEY"] = made.out;

  const inState = async (state: string) =>
    (await json(`deliveries --state ${state}`, states)).deliveries.map((one) => one.id);
  const failed = async () => await inState("failed");
  await until("the delivery has failed", async () => (await failed()).length === 1 || undefined);
  expect(await failed()).toEqual([`${id}:billing`]);
  const listed = await run("events");
  expect(listed.out).toContain(id);
  expect((await run(`event ${id}`)).out).toMatch(/billing: failed \(gone\)[^]*410/);

  status = 200;
  expect((await run(`replay ${id} --once monday`)).out).toMatch(/billing +yes +pending/);
  // Between the two it is pending, and neither failed nor delivered.
  await until("the delivery has arrived", async () => (await inState("delivered")).length === 1 || undefined);
  const preview = await json("replays preview --state delivered", z.object({ matching: z.number() }));
  expect(preview.matching).toBe(1);
  const followed = await run("replays start --state delivered --rate 6000 --yes --follow");
  expect(followed.err).toMatch(/^rpl_\S+ +running +0 of 1/);
  expect(followed.out).toMatch(/^rpl_\S+ +done +1 of 1$/);
  await until("it has arrived once more", () => receiver.arrivals.length === 3 || undefined);

  expect((await run("pause billing")).out).toMatch(/^billing: paused, 0 held/);
  expect((await run("resume billing")).out).toMatch(/^billing: active/);
  // The feed counts beside the delivery, and hears of it a moment later.
  await until("billing is well", async () => /billing +healthy/.test((await run("destinations")).out) || undefined);
  expect((await run("sources")).out).toMatch(/acme +ready/);
  expect((await run("overview")).out).toMatch(/accepted +delivered/);
  expect((await run(`cancel ${id}:billing`)).code).toBe(0);
  expect(await run("audit")).toEqual({ code: 1, out: "", err: "this takes the role admin, and yours is operator" });

  const edited = join(await stateFolder(), "body.json");
  await writeFile(edited, '{"paid":false}\n');
  const edit = `edit ${id} --to billing --body ${edited}`;
  expect(await run(edit)).toEqual({ code: 1, out: "", err: "this takes the role admin, and yours is operator" });
  process.env["HOOKLINE_KEY"] = SECRETS.ADMIN_TOKEN;
  const { event } = await json(`${edit} --once monday`, z.object({ event: z.string() }));
  await until("the edited event has arrived", () => receiver.arrivals.length === 4 || undefined);
  const last = receiver.arrivals.at(-1);
  expect([last?.event, last?.body.toString()]).toEqual([event, '{"paid":false}\n']);
  expect((await json(`${edit} --once monday`, z.object({ event: z.string() }))).event).toBe(event);
  expect((await run(`event ${id}`)).out).toContain(`edited as ${event} for billing`);
  expect((await run(`event ${event}`)).out).toContain(`edited from ${id}`);

  const audit = (await run("audit")).out;
  for (const action of ["pause", "resume", "replays.start", "replay"])
    expect(audit).toMatch(new RegExp(`key:laptop +${action} `));
});

test("what cannot be asked is said in one sentence with the next step, and the exit code is 1", async () => {
  expect(await run("events")).toMatchObject({ code: 1, err: expect.stringContaining("export HOOKLINE_URL=") });
  process.env["HOOKLINE_URL"] = "hookline";
  process.env["HOOKLINE_KEY"] = "hlk_";
  expect(await run("events")).toMatchObject({ code: 1, err: expect.stringContaining("HOOKLINE_URL is no URL") });
  process.env["HOOKLINE_URL"] = "http://127.0.0.1:9";
  expect(await run("events")).toMatchObject({ code: 1, err: expect.stringContaining("cannot be reached") });
  const stranger = await startReceiver((_, response) => response.writeHead(404).end("<html>"));
  process.env["HOOKLINE_URL"] = new URL(stranger.address("")).origin;
  expect(await run("events --json")).toEqual({
    code: 1,
    out: JSON.stringify({ error: "the relay answered 404: is HOOKLINE_URL the address of a Hookline relay?" }),
    err: "",
  });
  expect(await run("events and-more")).toMatchObject({ code: 2 });
});
