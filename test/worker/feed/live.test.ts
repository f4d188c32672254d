// Who watches the relay live hears of everything within a moment, in messages that stay small, for as long as was agreed.
import { runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import * as z from "zod";
import { expect, test } from "vitest";
import { type News, news } from "../../../src/contract/overview.ts";
import { openFeed } from "../../../src/feed/door.ts";
import { FeedCore } from "../../../src/feed/feed.ts";
import { Logged } from "../kit/hands.ts";
import { bindings, deliveries, post, setUp, signed, until } from "../kit/relay.ts";

setUp();

const HOUR = 60 * 60_000;
const Messages = z.array(z.unknown());

const door = () =>
  openFeed(
    () => bindings.FEED.getByName("feed"),
    () => Date.now(),
    new Logged(),
  );
const upgrade = () => new Request("https://relay.example.com/api/live", { headers: { upgrade: "websocket" } });

interface Watcher {
  readonly socket: WebSocket;
  readonly messages: News[][];
  readonly said: string[];
  closed: number | null;
}

function watch(answer: Response): Watcher {
  const { webSocket: socket } = answer;
  if (socket === null) throw new Error(`no socket: ${answer.status}`);
  const watcher: Watcher = { socket, messages: [], said: [], closed: null };
  socket.addEventListener("message", ({ data }) => {
    if (typeof data !== "string") throw new Error("binary");
    if (data.startsWith("[")) watcher.messages.push(Messages.parse(JSON.parse(data)).map((one) => news.parse(one)));
    else watcher.said.push(data);
  });
  socket.addEventListener("close", ({ code }) => {
    watcher.closed = code;
  });
  socket.accept();
  return watcher;
}

const kinds = ({ messages }: Watcher) => new Set(messages.flat().map(({ kind }) => kind));
const event = (n: number): News => ({
  kind: "event",
  id: `evt_${n}`,
  source: "acme",
  type: "push",
  received_at: "2090-01-01T12:00:00.000Z",
  size: n,
});
const telling = (from: number, count: number, skipped = 0) => ({
  counts: new Map(),
  news: Array.from({ length: count }, (_, n) => event(from + n)),
  skipped,
});

test("an event, its deliveries and a refusal are told to everybody who watches", async () => {
  const watchers = await Promise.all([1, 2].map(async () => watch(await door().live(upgrade(), Infinity))));
  await signed("acme", '{"secret":"in the body"}');
  await deliveries("delivered");
  await post("/in/acme", "forged");
  for (const watcher of watchers) {
    await until(() => kinds(watcher).size === 3 && watcher.messages.flat().length === 4);
    expect(JSON.stringify(watcher.messages)).not.toContain("in the body");
  }
  for (const { socket } of watchers) socket.close();
});

const ask = (headers: Record<string, string>) =>
  exports.default.fetch(
    new Request("https://relay.example.com/api/live", { headers: { upgrade: "websocket", ...headers } }),
  );

test("the API hands the upgrade of whoever may look to the feed, and of nobody else", async () => {
  expect((await ask({})).status).toBe(401);
  expect((await ask({ authorization: "Bearer wrong" })).status).toBe(401);
  const watcher = watch(await ask({ authorization: "Bearer test-admin-token-0123456789abcdef" }));
  await signed("lone", "{}");
  await until(() => kinds(watcher).has("event"));
  watcher.socket.close();
});

test("a ping is answered by the platform", async () => {
  const watcher = watch(await door().live(upgrade(), Infinity));
  watcher.socket.send("ping");
  await until(() => watcher.said.includes("pong"));
  watcher.socket.close();
});

test("what is not an upgrade gets no socket, and a feed that cannot be reached is 503", async () => {
  expect((await door().live(new Request("https://relay.example.com/api/live"), Infinity)).status).toBe(426);
  const gone = openFeed(
    () => {
      throw new Error("Durable Object is overloaded");
    },
    () => Date.now(),
    new Logged(),
  );
  expect((await gone.live(upgrade(), Infinity)).status).toBe(503);
});

/** A feed of its own, whose clock is the test's, and the page's end of sockets to it. */
async function inFeed(
  use: (core: FeedCore, hands: { clock: number; join: (until?: number) => Promise<Response> }) => Promise<void>,
): Promise<void> {
  await runInDurableObject(bindings.FEED.getByName("feed-of-the-test"), async (_, state) => {
    const hands = {
      clock: Date.now(),
      join: (end = Infinity) =>
        core.join(new Request(`https://feed/?until=${end}`, { headers: { upgrade: "websocket" } })),
    };
    const core = new FeedCore(state, () => hands.clock);
    await use(core, hands);
    for (const socket of state.getWebSockets()) socket.close();
  });
}

test("a burst is told in one message of the last fifty, which says how many more there were", async () => {
  await inFeed(async (core, { join }) => {
    const watcher = watch(await join());
    core.tell(telling(0, 1));
    core.tell(telling(1, 30));
    core.tell(telling(31, 40, 100));
    await until(() => watcher.messages.length === 2);
    const [first, second] = watcher.messages;
    expect(first).toEqual([event(0)]);
    expect(second).toEqual([{ kind: "skipped", count: 120 }, ...telling(21, 50).news]);
  });
});

test("a socket ends when its session does, and after an hour at the latest, also where nothing happens", async () => {
  await inFeed(async (core, hands) => {
    const began = hands.clock;
    // Nobody is silent here: this is about time.
    const short = watch(await hands.join(began + 60_000));
    const long = watch(await hands.join(began + 5 * HOUR));
    hands.clock = began + 59_999;
    await core.alarm();
    expect([short.closed, long.closed]).toEqual([null, null]);
    hands.clock = began + 60_000;
    await core.alarm();
    await until(() => short.closed === 4000);
    expect(long.closed).toBeNull();
    core.tell(telling(1, 1));
    await until(() => long.messages.length === 1);
    expect(short.messages).toEqual([]);
    hands.clock = began + HOUR;
    await core.alarm();
    await until(() => long.closed !== null);
    expect(long.closed).toBe(4000);
  });
});

test("a page that has not said ping for two minutes is let go", async () => {
  await inFeed(async (core, hands) => {
    const silent = watch(await hands.join());
    hands.clock += 2 * 60_000;
    core.tell(telling(1, 1));
    await until(() => silent.closed === 4001);
    expect(silent.messages).toEqual([]);
  });
});

test("a hundred may watch, and one more when another has gone", async () => {
  await inFeed(async (_, { join }) => {
    const watchers: Watcher[] = [];
    for (let n = 0; n < 100; n += 1) watchers.push(watch(await join()));
    expect((await join()).status).toBe(503);
    watchers[0]?.socket.close();
    const answer = await until(async () => {
      const next = await join();
      return next.status === 101 && next;
    });
    watch(answer);
  });
});

test("while nobody watches nothing is kept for them", async () => {
  await inFeed(async (core, { join }) => {
    core.tell(telling(0, 50, 50));
    const watcher = watch(await join());
    core.tell(telling(50, 1));
    await until(() => watcher.messages.length > 0);
    expect(watcher.messages).toEqual([[event(50)]]);
  });
});

test("a socket whose page does not answer its close holds no seat, and no alarm", async () => {
  await runInDurableObject(bindings.FEED.getByName("feed-of-the-test"), async (_, state) => {
    let clock = Date.now();
    const core = new FeedCore(state, () => clock);
    const join = () => core.join(new Request("https://feed/", { headers: { upgrade: "websocket" } }));
    // Their pages are asleep: nobody accepts the other end.
    for (let n = 0; n < 100; n += 1) expect((await join()).status).toBe(101);
    clock += HOUR;
    await state.storage.deleteAlarm();
    await core.alarm();
    expect(await state.storage.getAlarm()).toBeNull();
    const watcher = watch(await join());
    core.tell(telling(1, 1));
    await until(() => watcher.messages.length === 1);
    watcher.socket.close();
  });
});

test("the alarm is a minute away at the least", async () => {
  await runInDurableObject(bindings.FEED.getByName("feed-of-the-test"), async (_, state) => {
    const clock = Date.now();
    const core = new FeedCore(state, () => clock);
    const request = new Request(`https://feed/?until=${clock + 1}`, { headers: { upgrade: "websocket" } });
    const watcher = watch(await core.join(request));
    expect(await state.storage.getAlarm()).toBe(clock + 60_000);
    watcher.socket.close();
  });
});
