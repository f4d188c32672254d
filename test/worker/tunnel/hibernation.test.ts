// The tunnel's object leaves its memory while its sockets stay: who listens, what they want and whose turn it is are known again.
import { evictDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { Listener } from "../kit/listener.ts";
import { bindings, carried, rows, setUp, signed, until } from "../kit/relay.ts";

setUp();

const TOKEN = "test-admin-token-0123456789abcdef";

async function come(wishes: Parameters<Listener["hello"]>[0] = {}): Promise<Listener> {
  const headers = { upgrade: "websocket", authorization: `Bearer ${TOKEN}` };
  const listener = new Listener(
    await exports.default.fetch("https://relay.example.com/api/destinations/desk/listen", { headers }),
  );
  await listener.hello(wishes);
  return listener;
}

async function send(id: string, type = "order.paid"): Promise<void> {
  const headers = { "content-type": "application/json", "x-id": id, "x-type": type };
  expect((await signed("remote", "{}", headers)).status).toBe(200);
  await carried();
}

const states = async () => await rows("SELECT state, waits, attempt FROM deliveries ORDER BY event");
const evict = async () => await evictDurableObject(bindings.TUNNEL.getByName("desk"));

test("what comes while the object sleeps wakes it up, and goes to the one whose turn it is", async () => {
  const [first, second] = [await come(), await come()];
  await evict();
  await send("k1");
  await until(async () => (await states())[0]?.["state"] === "delivered");
  expect([first.events.length, second.events.length]).toEqual([1, 0]);
  expect(second.closed).toBe(null);
  await evict();
  first.socket.close(1000);
  await until(() => second.role?.answers === true);
  await send("k2");
  await until(async () => (await states())[1]?.["state"] === "delivered");
  expect(second.events.length).toBe(1);
});

test("what was held comes before what is sent at once, though the object has forgotten that it was behind", async () => {
  await send("k1");
  await until(async () => (await states())[0]?.["waits"] === "tunnel");
  // D1 does not answer when it is looked for, and a while later the object is another one.
  await rows("ALTER TABLE breakers RENAME TO breakers_gone");
  const listener = await come();
  await evict();
  await rows("ALTER TABLE breakers_gone RENAME TO breakers");
  // For two seconds after nobody was there, nothing is sent at once anyway.
  await scheduler.wait(2_100);
  await send("k2");
  await until(async () => (await states()).every(({ state }) => state === "delivered"));
  const sent = await rows<{ id: string }>("SELECT id FROM events ORDER BY seq");
  expect(listener.events).toEqual(sent.map(({ id }) => id));
});

test("a filter is remembered, and so is that one only watches", async () => {
  const [watcher, narrow] = [await come({ watches: true }), await come({ events: ["order.*"] })];
  await evict();
  await send("k1", "refund.made");
  await until(async () => (await states())[0]?.["waits"] === "filter");
  await send("k2");
  await until(async () => (await states())[1]?.["state"] === "delivered");
  expect([watcher.events.length, narrow.events.length]).toEqual([0, 1]);
});
