// hookline listen as a process of its own, over a real relay: nothing is lost where either of them is killed.
import { expect, test, vi } from "vitest";
import * as z from "zod";
import { hookline } from "../../src/cli/hookline.ts";
import { startListening, tunnelVars as vars } from "../kit/listening.ts";
import { type Arrival, startReceiver } from "../kit/receiver.ts";
import { until } from "../kit/until.ts";
import { Relay, SECRETS, stateFolder } from "../kit/whole-relay.ts";

const page = z.object({ deliveries: z.array(z.object({ answer: z.nullable(z.string()) })) });
const BODY = new TextEncoder().encode('{"n":1}');

const portOf = (address: string) => new URL(address).port;

async function held(relay: Relay, count: number): Promise<void> {
  await until("it is held", async () => {
    const { deliveries } = page.parse(await relay.api("/api/deliveries?state=held"));
    return deliveries.length === count || undefined;
  });
}

test("what was sent while nobody listened arrives in order, and kill -9 of the listener loses nothing", async () => {
  const receiver = await startReceiver((_, response) => response.writeHead(200).end("thanks"));
  const port = portOf(receiver.address("any"));
  const relay = await Relay.start(vars(), await stateFolder());
  const sent: string[] = [];
  for (const id of ["a", "b", "c"]) {
    sent.push((await relay.post(id, BODY)).id);
    await relay.carried();
  }
  await held(relay, 3);
  const first = await startListening(relay, port, "--forward-path", "/hooks");
  await until("all of it has arrived", () => receiver.arrivals.length === 3 || undefined);
  expect(receiver.arrivals.map(({ event }) => event)).toEqual(sent);
  expect(receiver.arrivals.map(({ destination, attempt }) => [destination, attempt])).toEqual([
    ["hooks", 1],
    ["hooks", 1],
    ["hooks", 1],
  ]);
  expect(receiver.arrivals[0]?.body.equals(BODY)).toBe(true);
  await first.kill();
  sent.push((await relay.post("d", BODY)).id);
  await held(relay, 1);
  await startListening(relay, port);
  await until("the last one has arrived", () => receiver.arrivals.length === 4 || undefined);
  expect(receiver.arrivals.map(({ event }) => event)).toEqual(sent);
});

test("a relay that is killed in the middle of a delivery delivers it once more when it is back", async () => {
  const hung: Arrival[] = [];
  const receiver = await startReceiver((arrival, response) => {
    if (hung.length === 0) hung.push(arrival);
    else response.writeHead(200).end();
  });
  const port = portOf(receiver.address("any"));
  const state = await stateFolder();
  const relay = await Relay.start(vars(), state);
  const listening = await startListening(relay, port);
  const { id } = await relay.post("a", BODY);
  await until("it is on its way", () => hung.length === 1 || undefined);
  await relay.crash();
  await listening.kill();
  const again = await Relay.start(vars(), state);
  await startListening(again, port);
  await until("it has arrived once more", () => receiver.arrivals.length > 1 || undefined, 240_000);
  expect(new Set(receiver.arrivals.map(({ event }) => event))).toEqual(new Set([id]));
});

test("a server that is not there is a failure that says so, and without a tunnel the lines to add are printed", async () => {
  const relay = await Relay.start(vars(), await stateFolder());
  await startListening(relay, "9");
  await relay.post("a", BODY);
  await until("the attempt is on record", async () => {
    const { deliveries } = page.parse(await relay.api("/api/deliveries"));
    return deliveries[0]?.answer?.includes("nothing answers at localhost:9 (connection refused)") === true || undefined;
  });
  vi.stubEnv("HOOKLINE_URL", relay.url);
  vi.stubEnv("HOOKLINE_KEY", SECRETS.ADMIN_TOKEN);
  const err: string[] = [];
  expect(await hookline(["listen", "9", "--source", "github"], { out: () => {}, err: (line) => err.push(line) })).toBe(
    1,
  );
  expect(err.join("\n")).toContain("tunnel = true");
});
