// What stands before and behind the front door: https, guesses at names, and events that come back.
import { expect, test } from "vitest";
import worker from "../../../src/index.ts";
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { front } from "../kit/front.ts";
import { bindings, hmac, setUp, until } from "../kit/relay.ts";

setUp();

const SOURCES = { a: { provider: "hmac", settings: { header: "X-Signature" } } };

/** Asks a relay that is not for development, at this URL. */
async function ask(url: string, init: RequestInit<IncomingRequestCfProperties> = {}): Promise<Response> {
  const { DB, DELIVERIES, DEAD_LETTERS, INTAKE, FEED, LIMITER, TUNNEL, FLOOD_GUARD } = bindings;
  const env = {
    DB,
    DELIVERIES,
    DEAD_LETTERS,
    INTAKE,
    FEED,
    LIMITER,
    TUNNEL,
    FLOOD_GUARD,
    SOURCES,
    A_SECRET: "s",
    LOG_LEVEL: "error",
  };
  const context = createExecutionContext();
  const answer = await worker.fetch(new Request(url, { redirect: "manual", ...init }), env, context);
  await waitOnExecutionContext(context);
  return answer;
}

test("in clear, a page under a public name leads to https, and a program is refused", async () => {
  for (const path of ["/", "/signin?to=%2Fevents", "/events", "/health"]) {
    const answer = await ask(`http://relay.example.com${path}`);
    expect([answer.status, answer.headers.get("location")]).toEqual([308, `https://relay.example.com${path}`]);
  }
  for (const [method, path] of [
    ["POST", "/in/a"],
    ["GET", "/in/a?hub.challenge=1"],
    ["POST", "//in/a"],
    ["GET", "/api/events"],
    ["POST", "/api/replays"],
    ["POST", "/signin"],
  ] as const) {
    const answer = await ask(`http://relay.example.com${path}`, { method });
    expect([answer.status, answer.headers.get("location")], path).toEqual([403, null]);
    expect(await answer.json()).toMatchObject({ detail: expect.stringContaining("https") });
  }
  for (const host of ["127.0.0.1:8787", "localhost:8787", "[::1]:8787"])
    expect((await ask(`http://${host}/health`)).status, host).toBe(200);
});

test("every answer over https says that there is no other way", async () => {
  for (const path of ["/", "/in/a", "/in/none", "/api/events", "/nowhere", "/assets/none.css"])
    expect(
      (await ask(`https://relay.example.com${path}`)).headers.get("strict-transport-security"),
      path,
    ).not.toBeNull();
});

/** One of the addresses of one customer. */
const from = (n: number) => ({ "cf-connecting-ip": `2001:db8:1:${n}::1` });

test("guessing names is counted, and who has guessed too often is told of none", async () => {
  let left = 5;
  const counted: string[] = [];
  const limit = ({ key }: { key: string }) => {
    counted.push(key);
    left -= 1;
    return Promise.resolve({ success: left > 0 });
  };
  const sources = { ...SOURCES, known: { provider: "github" }, fenced: { ...SOURCES.a, allow: ["192.0.2.1/32"] } };
  const { knock, post } = front(sources, { A_SECRET: "s", KNOWN_SECRET: "s", FLOOD_GUARD: { limit } });
  const first = [
    await knock("none", "GET", from(1)),
    await knock("a", "DELETE", from(2)),
    await post("fenced", "{}", from(3)),
    await post("nothing", "{}", from(4)),
    await post("known", "{}", from(5)),
  ];
  expect(first.map(({ status }) => status)).toEqual([404, 405, 403, 404, 401]);
  expect(new Set(counted).size).toBe(1);
  const after = [
    await knock("none", "GET", from(6)),
    await knock("a", "DELETE", from(7)),
    await post("fenced", "{}", from(8)),
    await post("nothing", "{}", from(9)),
    // It had not heard of this one before, and does not now; of the other it knows.
    await post("a", "{}", { ...from(10), "x-signature": "00" }),
  ];
  const answers = await Promise.all(after.map(async (answer) => [answer.status, await answer.text()]));
  expect(answers.map(([status]) => status)).toEqual([429, 429, 429, 429, 429]);
  expect(new Set(answers.map(([, text]) => text)).size).toBe(1);
  expect((await post("known", "{}", from(11))).status).toBe(401);
  // Whoever proves itself is let in, and another customer is not concerned.
  expect((await post("a", "{}", { ...from(12), "x-signature": await hmac("s", "{}") })).status).toBe(200);
  left = 5;
  expect((await knock("none", "GET", { "cf-connecting-ip": "2001:db8:2::1" })).status).toBe(404);
});

test("what is kept of an event says the way that it came, where a destination leads back", async () => {
  const back = { back: { url: "https://relay.example.com/in/a" }, on: { url: "https://other.example.com/in/a" } };
  const ROUTES = { all: { from: "a", to: ["back", "on"] } };
  const { post, api } = front(SOURCES, { A_SECRET: "s", DESTINATIONS: back, ROUTES });
  const body = "{}";
  const headers = { "x-signature": await hmac("s", body), "content-type": `text/plain; x=${"y".repeat(60_000)}` };
  const answer = await post("a", body, { ...headers, "hookline-hop": "2" });
  const { id } = await answer.json<{ id: string }>();
  const stored = await until(async () => {
    const found = await api<{ events: { id: string }[] }>("/events");
    return found.events.some((event) => event.id === id) && (await api<{ headers: object }>(`/events/${id}`));
  });
  expect(stored.headers).toEqual({ "content-type": "text/plain", "hookline-hop": "2 relay.example.com" });
});
