// From one relay to another: an export and an import that are killed in the middle, on either side, and lose and change nothing.
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { line } from "../../src/contract/line.ts";
import { say, startReceiver } from "../kit/receiver.ts";
import { until } from "../kit/until.ts";
import { node, Relay, relayVars, root, SECRETS, stateFolder } from "../kit/whole-relay.ts";

const LARGEST = 25 * 1024 * 1024;
const MANY = 260;

const sha = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** `hookline`, as a process. */
function command(
  relay: Relay,
  args: readonly string[],
): { child: ChildProcess; said: () => string; out: () => string } {
  const child = spawn(node, [join(root, "src/cli/hookline.ts"), ...args], {
    env: { ...process.env, HOOKLINE_URL: relay.url, HOOKLINE_KEY: SECRETS.ADMIN_TOKEN, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let [text, out] = ["", ""];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (text += data.toString()));
  child.stdout.on("data", (data: Buffer) => (out += data.toString()));
  return { child, said: () => text, out: () => out };
}

/** Runs it to its end. What it says of its progress, where that takes more than a second, is not part of its answer. */
async function run(relay: Relay, args: readonly string[]): Promise<{ said: string; out: string }> {
  const { child, said, out } = command(relay, args);
  const [code] = await once(child, "close");
  expect([code, said()]).toEqual([0, said()]);
  return { said: said(), out: out() };
}

/** Kills it, or the relay, once something is so, and waits until the process is gone. */
async function broken(relay: Relay, args: readonly string[], when: () => Promise<boolean>, whom: "cli" | "relay") {
  const { child } = command(relay, args);
  const gone = once(child, "close");
  await until(`${args[0]} is under way`, async () => (await when()) || undefined);
  if (whom === "relay") await relay.crash();
  child.kill("SIGKILL");
  await gone;
}

const sizeOf = async (path: string) =>
  await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
const count = z.object({ events: z.array(z.object({ id: z.string() })), next: z.nullable(z.string()) });
/** How many events a relay has, up to 200. */
const eventsAt = async (relay: Relay) => count.parse(await relay.api("/api/events?limit=200")).events.length;

test("a history moves whole, through kill -9 of the command and of the relay, while it is written and while it is read", async () => {
  const receiver = await startReceiver((arrival, response) => say(200, arrival, response));
  const { arrivals } = receiver;
  const [stateA, stateB] = [await stateFolder(), await stateFolder()];
  const file = join(stateA, "events.ndjson");
  const vars = relayVars({ billing: { url: receiver.address("billing"), retry: ["1s"] } });

  let a = await Relay.start(vars, stateA);
  const sent = new Map<string, string>();
  const post = async (key: string, body: Uint8Array) => {
    const { status, id } = await a.post(key, body);
    expect(status).toBe(200);
    sent.set(id, sha(body));
  };
  for (let n = 0; n < MANY; n += 1) {
    if (n === 100) await post("largest", randomBytes(LARGEST));
    await post(`k${n}`, n % 3 === 0 ? randomBytes(2_000) : Buffer.from(JSON.stringify({ n, text: "größe" })));
  }
  await a.carried();
  await until("everything is delivered", () => arrivals.length >= sent.size || undefined);

  const exporting = ["export", "--resume", file];
  await broken(a, exporting, async () => (await sizeOf(file)) > 10_000, "cli");
  await broken(a, exporting, async () => (await sizeOf(file)) > 5_000_000, "relay");
  // What a kill may leave: the beginning of a line.
  const cut = await open(file, "a");
  await cut.appendFile('{"v":1,"id":"evt_');
  await cut.close();
  a = await Relay.start(vars, stateA);
  await run(a, exporting);
  const whole = await readFile(file, "utf8");
  expect((await run(a, exporting)).said).toContain("exported 0 events");
  const lines = whole
    .trimEnd()
    .split("\n")
    .map((text) => line.parse(JSON.parse(text)));
  expect(lines.map(({ id }) => id)).toEqual([...sent.keys()]);
  await a.crash();

  const arrived = arrivals.length;
  let b = await Relay.start(vars, stateB);
  const importing = ["import", file, "--json"];
  await broken(b, importing, async () => (await eventsAt(b)) > 0, "cli");
  await broken(b, importing, async () => (await eventsAt(b)) > 100, "relay");
  b = await Relay.start(vars, stateB);
  await run(b, importing);
  expect(JSON.parse((await run(b, importing)).out)).toMatchObject({ imported: 0, known: sent.size, lines: sent.size });

  for (const [id, hash] of sent) {
    const body = await fetch(`${b.url}/api/events/${id}/body`, {
      headers: { authorization: `Bearer ${SECRETS.ADMIN_TOKEN}` },
    });
    expect([id, sha(new Uint8Array(await body.arrayBuffer()))]).toEqual([id, hash]);
  }
  const again = await b.post("k1", Buffer.from(JSON.stringify({ n: 1, text: "größe" })));
  expect(again).toMatchObject({ status: 200 });
  expect(sent.has(again.id)).toBe(true);
  await b.carried();
  expect(arrivals).toHaveLength(arrived);
  await run(b, ["replay", again.id]);
  await until("the replay arrives", () => arrivals.length > arrived || undefined);
  expect(arrivals.at(-1)?.event).toBe(again.id);
});
