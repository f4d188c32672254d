// Whoever listens may bring a condition in the language of routes: it decides before anybody gets anything.
import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { Listener } from "../kit/listener.ts";
import { carried, rows, setUp, signed, until } from "../kit/relay.ts";

setUp();

const TOKEN = "test-admin-token-0123456789abcdef";

async function upgrade(): Promise<Response> {
  const headers = { upgrade: "websocket", authorization: `Bearer ${TOKEN}` };
  return await exports.default.fetch("https://relay.example.com/api/destinations/desk/listen", { headers });
}

async function come(wishes: Parameters<Listener["hello"]>[0] = {}): Promise<Listener> {
  const listener = new Listener(await upgrade());
  await listener.hello(wishes);
  return listener;
}

async function send(id: string, body: string): Promise<string> {
  const headers = { "content-type": "application/json", "x-id": id, "x-type": "order.paid" };
  const response = await signed("remote", body, headers);
  const { id: event } = await response.json<{ id: string }>();
  await carried();
  return event;
}

const states = async () => await rows("SELECT state, waits, attempt FROM deliveries ORDER BY event");

test("a condition is asked of what is sent: what nobody wants, or what it cannot decide, is held until somebody comes who does", async () => {
  const large = await come({ when: 'source == "remote" && body.amount > 100 && headers["hookline-attempt"] == "1"' });
  const watcher = await come({ watches: true, when: "body.amount > 100" });
  const small = await send("k1", '{"amount":7}');
  const none = await send("k2", "no JSON at all");
  const wanted = await send("k3", '{"amount":101}');
  await until(async () => (await states()).at(-1)?.["state"] === "delivered");
  await until(async () => (await states()).filter(({ waits }) => waits === "filter").length === 2);
  expect(large.events).toEqual([wanted]);
  await until(() => watcher.frames.some(({ type }) => type === "answered"));
  expect(watcher.frames.flatMap((frame) => (frame.type === "seen" ? [frame.event] : []))).toEqual([wanted]);
  expect((await states()).map(({ attempt }) => attempt)).toEqual([0, 0, 1]);
  const all = await come();
  await until(async () => (await states()).every(({ state }) => state === "delivered"));
  expect(all.events).toEqual([small, none]);
});

test("who brings a condition that is none, or too long a one, is sent away", async () => {
  for (const when of ["body.(", `body.name == "${"x".repeat(1_000)}"`]) {
    const listener = new Listener(await upgrade());
    listener.say({ type: "hello", watches: false, sources: [], events: [], when });
    await until(() => listener.closed === 4002);
  }
});
