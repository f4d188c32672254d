// Everything about a subject is deleted by whoever is asked for it: at a terminal, in a script, and by an assistant.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterEach, expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { atTerminal } from "../kit/at-terminal.ts";
import { hasTerminals } from "../kit/listening.ts";
import { run } from "../kit/command-line.ts";
import { startReceiver } from "../kit/receiver.ts";
import { until } from "../kit/until.ts";
import { Relay, relayVars, SECRETS, stateFolder } from "../kit/whole-relay.ts";

afterEach(() => {
  delete process.env["HOOKLINE_URL"];
  delete process.env["HOOKLINE_KEY"];
});

const of = (customer: string) => Buffer.from(JSON.stringify({ customer: { id: customer } }));

/** A relay with two events of ann and one of bob, which have arrived. */
async function started() {
  const receiver = await startReceiver((_, response) => response.writeHead(200).end());
  const relay = await Relay.start(relayVars({ crm: { url: receiver.address("crm") } }), await stateFolder());
  const anns = [await relay.post("a1", of("ann")), await relay.post("a2", of("ann"))].map(({ id }) => id);
  const { id: bobs } = await relay.post("b1", of("bob"));
  await relay.carried();
  await until("they have arrived", () => receiver.arrivals.length === 3 || undefined);
  process.env["HOOKLINE_URL"] = relay.url;
  process.env["HOOKLINE_KEY"] = SECRETS.ADMIN_TOKEN;
  return { relay, anns, bobs };
}

const WHERE = "delete --source acme --where body.customer.id=ann";
const job = z.object({ id: z.string(), state: z.string(), matched: z.number(), deleted: z.number() });
const story = z.object({ body: z.string(), body_gone: z.optional(z.object({ why: z.string() })) });
const bodyOf = async (relay: Relay, id: string) => story.parse(await relay.api(`/api/events/${id}`));

test("a script counts, and deletes only with --yes; what is wrong is said as JSON", async () => {
  const { relay, anns, bobs } = await started();
  const counted = await run(WHERE);
  expect(counted).toMatchObject({ code: 1, out: "" });
  expect(counted.err).toMatch(
    /2 events would be deleted\. Confirm it with hookline erasures confirm era_\w+, or .* --yes/,
  );
  const json = await run(`${WHERE} --json`);
  expect([json.code, json.err]).toEqual([1, ""]);
  expect(z.object({ error: z.string() }).parse(JSON.parse(json.out)).error).toContain("2 events would be deleted");
  const listed = await run("erasures --json");
  const { erasures } = z.object({ erasures: z.array(job) }).parse(JSON.parse(listed.out));
  expect(erasures).toMatchObject([
    { state: "counted", matched: 2, deleted: 0 },
    { state: "counted", matched: 2, deleted: 0 },
  ]);
  for (const { id } of erasures)
    expect(job.parse(JSON.parse((await run(`erasures cancel ${id} --json`)).out)).state).toBe("cancelled");
  for (const id of anns) expect((await bodyOf(relay, id)).body).toContain("ann");

  expect(await run("delete --source acme --where body.customer.id=carl")).toMatchObject({
    code: 0,
    out: "no event has this value there",
  });
  expect(await run("delete --source acme --where customer=ann --json")).toMatchObject({
    code: 1,
    out: expect.stringContaining("must be a place and the value"),
    err: "",
  });

  const done = await run(`${WHERE} --yes --json`);
  expect([done.code, job.parse(JSON.parse(done.out))]).toMatchObject([0, { state: "done", matched: 2, deleted: 2 }]);
  for (const id of anns) expect(await bodyOf(relay, id)).toMatchObject({ body: "", body_gone: { why: "deleted" } });
  expect((await bodyOf(relay, bobs)).body).toContain("bob");
});

test.runIf(hasTerminals)(
  "at a terminal it asks: Ctrl-C and no delete nothing, and yes deletes what was counted",
  async () => {
    const { relay, anns, bobs } = await started();
    const words = WHERE.split(" ");
    const question = "Delete 2 events permanently";
    for (const typed of ["\u0003", "\u0004", "n\r"]) {
      const { code, shown } = await atTerminal(relay, words, [[question, typed]]);
      expect(code).toBe(1);
      expect(shown).toContain("nothing was deleted");
      expect(shown).not.toContain("should not have happened");
    }
    for (const id of anns) expect((await bodyOf(relay, id)).body).toContain("ann");
    const { code, shown } = await atTerminal(relay, words, [[question, "y\r"]]);
    expect([code, shown]).toEqual([0, expect.stringContaining("Deleted 2 events")]);
    for (const id of anns) expect(await bodyOf(relay, id)).toMatchObject({ body: "", body_gone: { why: "deleted" } });
    expect((await bodyOf(relay, bobs)).body).toContain("bob");
  },
);

const texts = z.array(z.object({ type: z.literal("text"), text: z.string() }));

test("an assistant counts, and deletes for good only what was counted and confirmed", async () => {
  const { relay, anns, bobs } = await started();
  const client = new Client({ name: "hookline-test", version: "1" }, { versionNegotiation: { mode: "auto" } });
  const requestInit = { headers: { authorization: `Bearer ${SECRETS.ADMIN_TOKEN}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", relay.url), { requestInit }));
  onTestFinished(async () => await client.close());
  const call = async (name: string, args: Record<string, unknown>) => {
    const { content, isError } = await client.callTool({ name, arguments: args });
    const text = texts.parse(content)[0]?.text ?? "";
    return isError === true ? { error: text } : z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  };
  const ordered = async (name: string, args: Record<string, unknown>) => {
    const { confirm } = await call(name, args);
    return await call(name, { ...args, confirm });
  };

  const counting = await ordered("count_subject", { source: "acme", where: "body.customer.id=ann" });
  expect(counting).toMatchObject({ done: true, source: "acme", deleted: 0 });
  const args = { deletion: String(counting["id"]) };
  const plan = await until("it is counted", async () => {
    const answer = await call("confirm_deletion", args);
    return "would" in answer ? answer : undefined;
  });
  expect(plan).toMatchObject({ done: false, would: expect.stringContaining("delete 2 events for ever") });
  expect((await bodyOf(relay, anns[0] ?? "")).body).toContain("ann");
  expect(await call("confirm_deletion", { ...args, confirm: plan["confirm"] })).toMatchObject({ done: true });
  await until("it is done", async () => {
    const { deletions } = await call("list_deletions", {});
    return z.array(job).parse(deletions)[0]?.state === "done" || undefined;
  });
  for (const id of anns) expect(await bodyOf(relay, id)).toMatchObject({ body: "", body_gone: { why: "deleted" } });

  expect(await call("delete_event", { event: bobs })).toMatchObject({ would: expect.stringContaining("for ever") });
  expect((await bodyOf(relay, bobs)).body).toContain("bob");
  expect(await ordered("delete_event", { event: bobs })).toMatchObject({ done: true, deleted: [bobs] });
  expect(await bodyOf(relay, bobs)).toMatchObject({ body: "", body_gone: { why: "deleted" } });
});
