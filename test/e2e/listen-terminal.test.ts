// hookline listen as somebody uses it: at a terminal, in a script, beside a colleague, on a machine that sleeps, through a deploy.
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, test, vi } from "vitest";
import * as z from "zod";
import { hasTerminals, listenAtTerminal, startListening, tunnelVars } from "../kit/listening.ts";
import { startReceiver } from "../kit/receiver.ts";
import { until } from "../kit/until.ts";
import { Relay, stateFolder } from "../kit/whole-relay.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const states = z.object({ deliveries: z.array(z.object({ state: z.string() })) });
const portOf = (address: string) => new URL(address).port;
const start = async () => await Relay.start(tunnelVars(), await stateFolder());
const receiver = async () => await startReceiver((_, response) => response.writeHead(200).end("thanks"));

test.runIf(hasTerminals)(
  "at a terminal r replays the last delivery, --print shows bodies, what is said has colours, and q ends it",
  async () => {
    const local = await receiver();
    const relay = await start();
    const at = await listenAtTerminal(relay, portOf(local.address("any")), "--print", "--forward-path", "/hooks");
    const { id } = await relay.post("a", bytes('{"says":"a body\\u001b[2Jof its own"}'));
    const says = (text: string) => at.lines.some((line) => stripVTControlCharacters(line).includes(text));
    await until("the body is shown", () => says("of its own") || undefined);
    await until("it has ended", async () => {
      const { deliveries } = states.parse(await relay.api("/api/deliveries"));
      return deliveries[0]?.state === "delivered" || undefined;
    });
    at.child.stdin?.write("r");
    await until("it comes again", () => local.arrivals.length === 2 || undefined);
    expect(local.arrivals.map(({ event, destination }) => [event, destination])).toEqual([
      [id, "hooks"],
      [id, "hooks"],
    ]);
    await until("it says so", () => says(`replaying ${id}:desk`) || undefined);
    expect(at.lines.join("\n")).toContain("\u001B[32m");
    expect(at.lines.join("\n")).not.toContain("\u001B[2J");
    const gone = once(at.child, "exit");
    at.child.stdin?.write("q");
    expect((await gone)[0]).toBe(0);
  },
);

test("in a script each delivery is a line of JSON without colours, and one who watches sees what the other answers and posts nothing", async () => {
  const [own, others] = [await receiver(), await receiver()];
  const relay = await start();
  const answers = await startListening(relay, portOf(own.address("any")));
  const watches = await startListening(relay, portOf(others.address("any")), "--watch");
  const { id } = await relay.post("a", bytes("{}"));
  await until("both have seen it", () => (answers.lines.length > 0 && watches.lines.length > 0) || undefined);
  expect(JSON.parse(answers.lines[0] ?? "")).toMatchObject({
    event: id,
    source: "acme",
    type: "test",
    attempt: 1,
    size: 2,
    status: 200,
  });
  expect(JSON.parse(watches.lines[0] ?? "")).toMatchObject({ type: "answered", event: id, status: 200 });
  expect(others.arrivals).toEqual([]);
  const all = [answers, watches].flatMap(({ lines, said }) => lines.concat(said)).join("\n");
  expect(all).toBe(stripVTControlCharacters(all));
});

test("a machine that sleeps spends no attempt: what came meanwhile is posted once when it wakes up, and it says what has happened", async () => {
  const local = await receiver();
  const relay = await start();
  const listening = await startListening(relay, portOf(local.address("any")));
  listening.child.kill("SIGSTOP");
  const { id } = await relay.post("a", bytes("{}"));
  await until("it is held", async () => {
    const { deliveries } = states.parse(await relay.api("/api/deliveries?state=held"));
    return deliveries.length === 1 || undefined;
  });
  expect(local.arrivals).toEqual([]);
  listening.child.kill("SIGCONT");
  await until("it has come", () => local.arrivals.length > 0 || undefined);
  expect(local.arrivals.map(({ event, attempt }) => [event, attempt])).toEqual([[id, 1]]);
  expect(listening.said.join("\n")).toContain("not listening: this machine has slept");
});

test("through a restart of the relay it says that it does not listen, comes back by itself, and gets what came", async () => {
  const local = await receiver();
  const state = await stateFolder();
  const relay = await Relay.start(tunnelVars(), state);
  const listening = await startListening(relay, portOf(local.address("any")));
  await relay.crash();
  await until("it says so", () => listening.said.some((line) => line.startsWith("not listening")) || undefined);
  const again = await Relay.start(tunnelVars(), state, undefined, Number(new URL(relay.url).port));
  const { id } = await again.post("a", bytes("{}"));
  await until("it has come", () => local.arrivals.length > 0 || undefined);
  expect(local.arrivals.map(({ event, attempt }) => [event, attempt])).toEqual([[id, 1]]);
});

test("one who watches has a cursor of their own: who comes back sees what others got meanwhile, by their own filter, once", async () => {
  const local = await receiver();
  const relay = await start();
  const kept = await stateFolder();
  vi.stubEnv("XDG_STATE_HOME", kept);
  const watch = ["--watch", "--as", "bob", "--events", "order.*", "--when", "body.big"];
  const first = await startListening(relay, "9", ...watch);
  await until("it has looked", () => existsSync(join(kept, "hookline", "listen.json")) || undefined);
  await first.kill();
  await startListening(relay, portOf(local.address("any")));
  const { id } = await relay.post("a", bytes('{"big":true}'), "order.paid");
  await relay.post("b", bytes('{"big":true}'), "refund.made");
  await relay.post("d", bytes('{"big":false}'), "order.paid");
  await until("all are delivered", async () => {
    const { deliveries } = states.parse(await relay.api("/api/deliveries?state=delivered"));
    return deliveries.length === 3 || undefined;
  });
  const second = await startListening(relay, "9", ...watch);
  await until("it says what was missed", () => second.lines[0]);
  expect(second.lines.map((line) => JSON.parse(line))).toMatchObject([
    { type: "missed", event: id, event_type: "order.paid", state: "delivered", status: 200 },
  ]);
  await second.kill();
  const third = await startListening(relay, "9", ...watch);
  const { id: last } = await relay.post("c", bytes('{"big":true}'), "order.sent");
  await until("it sees what comes", () => third.lines[0]);
  expect(third.lines.map((line) => JSON.parse(line))).toMatchObject([{ type: "answered", event: last }]);
});
