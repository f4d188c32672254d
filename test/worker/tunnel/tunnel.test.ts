// A tunnel on workerd: what is held while nobody listens, how it goes to whoever comes, and what its answers come to.
import {
  createExecutionContext,
  createScheduledController,
  runDurableObjectAlarm,
  waitOnExecutionContext,
} from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import worker from "../../../src/index.ts";
import { Listener } from "../kit/listener.ts";
import { bindings, carried, rows, setUp, signed, until } from "../kit/relay.ts";

setUp();

const TOKEN = "test-admin-token-0123456789abcdef";

async function ask(path: string, method = "GET", headers: Record<string, string> = {}): Promise<Response> {
  return await exports.default.fetch(`https://relay.example.com/api${path}`, { method, headers });
}

const AS_ADMIN = { authorization: `Bearer ${TOKEN}` };

async function upgrade(token = TOKEN, name = "desk"): Promise<Response> {
  return await ask(`/destinations/${name}/listen`, "GET", { upgrade: "websocket", authorization: `Bearer ${token}` });
}

async function send(id: string, body: Uint8Array | string = "{}", type = "order.paid"): Promise<string> {
  const headers = { "content-type": "application/json", "x-id": id, "x-type": type };
  const response = await signed("remote", body, headers);
  expect(response.status).toBe(200);
  const { id: event } = await response.json<{ id: string }>();
  await carried();
  return event;
}

async function come(wishes: Parameters<Listener["hello"]>[0] = {}): Promise<Listener> {
  const listener = new Listener(await upgrade());
  await listener.hello(wishes);
  return listener;
}

async function minute(): Promise<void> {
  const context = createExecutionContext();
  await worker.scheduled(createScheduledController(), bindings, context);
  await waitOnExecutionContext(context);
}

const states = async () =>
  await rows(
    "SELECT e.id, d.state, d.waits, d.attempt, d.status, d.excerpt FROM deliveries d JOIN events e ON e.seq = d.event ORDER BY d.event",
  );

async function settled(state: string, count = 1) {
  return await until(async () => {
    const all = await states();
    return all.length === count && all.every((row) => row["state"] === state) && all;
  });
}

test("while nobody listens deliveries are held and spend no attempt; whoever comes gets them in order, signed", async () => {
  const sent: string[] = [];
  for (let n = 0; n < 8; n += 1) sent.push(await send(`k${n}`, `{"n":${n}}`));
  const held = await settled("held", 8);
  expect(held.every(({ waits, attempt }) => waits === "tunnel" && attempt === 0)).toBe(true);
  expect(await rows("SELECT * FROM attempts")).toEqual([]);
  const listener = await come();
  const all = await settled("delivered", 8);
  expect(listener.events).toEqual(sent);
  expect(all.every(({ attempt, status, excerpt }) => attempt === 1 && status === 200 && excerpt === "thanks")).toBe(
    true,
  );
  expect(listener.posted[0]).toMatchObject({
    method: "POST",
    path: "/",
    source: "remote",
    event_type: "order.paid",
    attempt: 1,
  });
  expect(listener.posted[0]?.headers).toMatchObject({
    "webhook-id": sent[0],
    "webhook-signature": expect.stringMatching(/^v1,/),
    "content-type": "application/json",
  });
  expect(new TextDecoder().decode(listener.posted[3]?.body)).toBe('{"n":3}');
});

test("what comes while somebody listens goes to them at once, and their answer is the attempt's", async () => {
  const listener = await come();
  listener.onPost = ({ attempt }) => (attempt === 1 ? { status: 500, body: "no such table" } : { status: 204 });
  await send("k1");
  const [row] = await settled("delivered");
  expect(row).toMatchObject({ attempt: 2, status: 204 });
  expect(await rows("SELECT n, status, outcome, excerpt FROM attempts ORDER BY n")).toEqual([
    { n: 1, status: 500, outcome: "retry", excerpt: "no such table" },
    { n: 2, status: 204, outcome: "delivered", excerpt: "" },
  ]);
});

test("bytes arrive as they came: binary, and 25 MiB in pieces, never more of them under way than the listener takes", async () => {
  const listener = await come();
  const binary = Uint8Array.from({ length: 256 }, (_, n) => n);
  await send("k1", binary);
  await settled("delivered");
  expect(listener.posted[0]?.body).toEqual(binary);
  const large = new Uint8Array(25 * 1024 * 1024).fill(7);
  large[large.length - 1] = 9;
  await send("k2", large);
  await settled("delivered", 2);
  expect(listener.posted[1]?.body.length).toBe(large.length);
  expect(listener.posted[1]?.body.at(-1)).toBe(9);
  expect(listener.ahead).toBeLessThanOrEqual(4);
});

test("a listener that is there and takes nothing is asleep: the delivery is given back, and whoever else is there gets it", async () => {
  const asleep = await come();
  asleep.acknowledges = false;
  await send("k1");
  const [row] = await settled("held");
  expect(row).toMatchObject({ waits: "tunnel", attempt: 0 });
  expect(asleep.posted).toEqual([]);
  await until(() => asleep.closed !== null);
  const awake = await come();
  await settled("delivered");
  expect(awake.events.length).toBe(1);
});

test("a listener that goes before it has answered has had an attempt, which says so; the next one is held", async () => {
  const listener = await come();
  listener.onPost = () => {
    listener.socket.close(1000);
    return null;
  };
  await send("k1");
  const [row] = await settled("held");
  expect(row).toMatchObject({ attempt: 1, status: 503, excerpt: "the listener went away before it had an answer" });
  const other = await come();
  await settled("delivered");
  expect(other.posted[0]?.attempt).toBe(2);
});

test("of two listeners one answers and the other watches, until the first one goes", async () => {
  const [one, two] = [await come(), await come()];
  expect([one.role, two.role]).toMatchObject([
    { answers: true, listeners: 2 },
    { answers: false, listeners: 2 },
  ]);
  const first = await send("k1");
  await settled("delivered");
  expect([one.events, two.events]).toEqual([[first], []]);
  await until(() => two.frames.some(({ type }) => type === "answered"));
  expect(two.frames.filter(({ type }) => type !== "role")).toMatchObject([
    { type: "seen", event: first, source: "remote", event_type: "order.paid" },
    { type: "answered", event: first, status: 200 },
  ]);
  one.socket.close(1000);
  await until(() => two.role?.answers === true);
  const second = await send("k2");
  await settled("delivered", 2);
  expect(two.events).toEqual([second]);
});

test("a filter keeps what it does not want for whoever does, and nothing behind it waits", async () => {
  const orders = await come({ events: ["order.*"] });
  const refund = await send("k1", "{}", "refund.made");
  await until(async () => (await states())[0]?.["waits"] === "filter");
  const order = await send("k2");
  await until(async () => (await states())[1]?.["state"] === "delivered");
  expect(orders.events).toEqual([order]);
  const all = await come();
  await settled("delivered", 2);
  expect(all.events).toEqual([refund]);
});

test("one who watches sees what they want and nothing else", async () => {
  const [all, watcher] = [await come(), await come({ watches: true, events: ["refund.*"] })];
  await send("k1");
  const refund = await send("k2", "{}", "refund.made");
  await settled("delivered", 2);
  await until(() => watcher.frames.some(({ type }) => type === "answered"));
  expect(watcher.frames.flatMap((frame) => (frame.type === "seen" ? frame.event : []))).toEqual([refund]);
  expect(all.events.length).toBe(2);
});

test("one who only watches is nobody who listens", async () => {
  const watcher = await come({ watches: true });
  await send("k1");
  await settled("held");
  expect(watcher.posted).toEqual([]);
  const listener = await come();
  await settled("delivered");
  expect(listener.events.length).toBe(1);
});

test("the way in takes the role operator and a tunnel, and says 401 before it looks at anything", async () => {
  expect((await upgrade("wrong")).status).toBe(401);
  expect((await upgrade("wrong", "nowhere")).status).toBe(401);
  expect((await upgrade(TOKEN, "nowhere")).status).toBe(404);
  const plain = await upgrade(TOKEN, "first");
  expect([plain.status, await plain.text()]).toEqual([404, expect.stringContaining("tunnel = true")]);
  expect((await ask("/destinations/desk/listen", "GET", AS_ADMIN)).status).toBe(426);
});

test("a listener whose time is over gets nothing, though its socket is still open, and is sent away", async () => {
  // As the API says it: a key that was revoked opens no other one.
  const query = `https://tunnel/?destination=desk&until=${Date.now() - 1}`;
  const upgraded = await bindings.TUNNEL.getByName("desk").fetch(query, { headers: { upgrade: "websocket" } });
  const listener = new Listener(upgraded);
  await listener.hello();
  expect(listener.role).toMatchObject({ answers: false, listeners: 0 });
  await send("k1");
  const [held] = await settled("held");
  expect(held).toMatchObject({ waits: "tunnel", attempt: 0 });
  // The object looks once a minute who has to go.
  expect(await runDurableObjectAlarm(bindings.TUNNEL.getByName("desk"))).toBe(true);
  await until(() => listener.closed === 4000);
  expect(listener.posted).toEqual([]);
});

const LONG = "x".repeat(600_000);
test.each<[string, string | Uint8Array]>([
  ["nothing of JSON", "what"],
  ["a piece of a body", new Uint8Array([0, 0, 0, 1, 2])],
  ["no bytes at all", new Uint8Array()],
  ["more than an answer has", JSON.stringify({ type: "answer", n: 1, status: 200, headers: {}, body: LONG })],
  ["a filter that fits no seat", JSON.stringify({ type: "hello", watches: false, sources: [LONG], events: [] })],
  ["a frame of the other side's", JSON.stringify({ type: "push", n: 1 })],
])("who says what is not understood is sent away: %s", async (_, said) => {
  const listener = new Listener(await upgrade());
  listener.socket.send(said);
  await until(() => listener.closed === 4002);
  expect(listener.closed).toBe(4002);
});

test("nobody answers for another, before the attempt has begun, or with what is no answer of HTTP", async () => {
  const listener = await come();
  const other = await come();
  let said: { status: number; headers?: Record<string, string>; body?: string } = { status: 200 };
  listener.onPost = (local) => {
    for (const n of [local.n, local.n + 1, -1, 0.5])
      other.say({ type: "answer", n, status: 200, headers: {}, body: "" });
    return said;
  };
  for (const [n, [answer, status]] of (
    [
      [{ status: 500, body: "mine" }, 500],
      [{ status: 101 }, 502],
      [{ status: 0.5 }, 502],
      [{ status: 200, headers: { "x a": "b" } }, null],
      [{ status: 200, headers: { "x-a": "b\r\nc: d" } }, null],
    ] as const
  ).entries()) {
    said = answer;
    const id = await send(`k${n}`);
    const [row] = await until(async () => {
      const found = (await states()).filter(
        (one) => one["id"] === id && Number(one["attempt"]) > 0 && one["state"] !== "delivering",
      );
      return found.length > 0 && found;
    });
    expect([n, row?.["status"], row?.["state"]]).toEqual([n, status, "pending"]);
  }
  expect(other.posted).toEqual([]);
  expect(listener.closed).toBe(null);
});

test("a pause holds a tunnel too, and what was held before it comes first after it", async () => {
  const first = await send("k1");
  await settled("held");
  expect((await ask("/destinations/desk/pause", "POST", AS_ADMIN)).status).toBe(200);
  const listener = await come();
  const second = await send("k2");
  await settled("held", 2);
  expect(listener.posted).toEqual([]);
  expect((await ask("/destinations/desk/resume", "POST", AS_ADMIN)).status).toBe(200);
  await minute();
  await settled("delivered", 2);
  expect(listener.events).toEqual([first, second]);
});

test("what nobody has asked for ends with the retention", async () => {
  await send("k1");
  await settled("held");
  // What has ended is removed by the next cleanup, a minute from now.
  await minute();
  await rows("UPDATE events SET received_at = received_at - 40 * 24 * 60 * 60 * 1000 RETURNING seq");
  await minute();
  expect(await rows("SELECT state, reason, attempt, ended_at IS NULL AS open FROM deliveries")).toEqual([
    { state: "failed", reason: "expired", attempt: 0, open: 0 },
  ]);
});

test("a note that somebody listens, where nobody does any more, is removed when the sweep asks the tunnel", async () => {
  await send("k1");
  await settled("held");
  await rows("INSERT INTO listeners (destination, session, since) VALUES ('desk', 'late', 1) RETURNING session");
  await minute();
  await until(async () => (await rows("SELECT 1 FROM listeners")).length === 0);
  await settled("held");
});
