// A sender that waits for a destination's answer, on the real bindings: whose answer it gets, and when it gets none at once.
import { expect, test } from "vitest";
import { front, TOKEN } from "../kit/front.ts";
import { carried, hmac, rows, setUp } from "../kit/relay.ts";

const receiver = setUp();

const HMAC = { provider: "hmac", settings: { header: "X-Signature", id: "{header:X-Id}" } };
const relay = (route: object = {}, app: object = {}) =>
  front(
    { acme: HMAC, app: { provider: "bearer" } },
    {
      ACME_SECRET: "s",
      APP_SECRET: "app-token-0123456789",
      DESTINATIONS: {
        bot: { url: "https://bot.example.com/bot", ...app },
        log: { url: "https://bot.example.com/log" },
      },
      ROUTES: { ask: { from: ["acme", "app"], to: ["log", "bot"], reply: "bot", ...route } },
    },
  );
const ask = async (one: ReturnType<typeof relay>, id: string, body = "{}") =>
  await one.post("acme", body, { "x-signature": await hmac("s", body), "x-id": id });
const init = (token: string) => ({
  method: "POST",
  body: JSON.stringify({ type: "asked", data: {} }),
  headers: { authorization: `Bearer ${token}`, "cf-connecting-ip": "192.0.2.7" },
});
const plain = { id: expect.stringMatching(/^evt_/), status: "accepted" };

test("the sender hears what its destination says, and the row of the delivery tells it", async () => {
  receiver.behaviour = ({ url }) => Response.json({ text: url });
  const one = relay();
  const answer = await ask(one, "a");
  expect(await answer.json()).toEqual({ text: "https://bot.example.com/bot" });
  expect(answer.headers.get("hookline-event-id")).toMatch(/^evt_/);
  await carried();
  expect(await rows("SELECT destination, state, replied->>'ms' >= 0 AS told FROM deliveries ORDER BY 1")).toEqual([
    { destination: "bot", state: "delivered", told: 1 },
    { destination: "log", state: "delivered", told: null },
  ]);
  expect(await (await ask(one, "a")).json()).toEqual({ id: plain.id, status: "duplicate" });
  expect(receiver.to("bot")).toHaveLength(1);
});

test("a destination that is paused keeps nobody waiting, and its delivery says why", async () => {
  receiver.behaviour = () => Response.json({});
  const one = relay();
  await ask(one, "before");
  await carried();
  const paused = await one.ask("/api/destinations/bot/pause", {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  expect(paused.status).toBe(200);
  expect(await (await ask(one, "after")).json()).toEqual(plain);
  await carried();
  const [row] = await rows<{ id: string; replied: string }>(
    "SELECT e.id, d.replied FROM deliveries d JOIN events e ON e.seq = d.event WHERE d.destination = 'bot' ORDER BY e.seq DESC",
  );
  expect(row?.replied).toBe('{"why":"unsent"}');
  const { deliveries } = await one.api<{ deliveries: { destination: string; replied?: object }[] }>(
    `/events/${row?.id}`,
  );
  expect(deliveries.map(({ destination, replied }) => [destination, replied])).toEqual([
    ["bot", { why: "unsent" }],
    ["log", undefined],
  ]);
});

test("a body that is kept in parts, and a destination with a place for nobody, are answered at once", async () => {
  const large = JSON.stringify("x".repeat(300_000));
  expect(await (await ask(relay(), "large", large)).json()).toEqual(plain);
  expect(await (await ask(relay({}, { order: "source" }), "ordered")).json()).toEqual(plain);
});

test("the API answers an app with its event's id, and the source's own address with the destination's word", async () => {
  receiver.behaviour = () => Response.json({ text: "hello" });
  const one = relay();
  expect(await (await one.ask("/api/events", init("app-token-0123456789"))).json()).toEqual(plain);
  expect(await (await one.ask("/api/events", init(TOKEN))).json()).toEqual(plain);
  expect(await (await one.ask("/in/app", init("app-token-0123456789"))).json()).toEqual({ text: "hello" });
});

test("a receiver that answers behind the bound is delivered to, and its sender has heard that its event is here", async () => {
  receiver.behaviour = async ({ url }) => {
    if (url.endsWith("/bot"))
      await new Promise((resolve) => {
        setTimeout(resolve, 500);
      });
    return Response.json({ text: "too late" });
  };
  const answer = await ask(relay({ reply_within: "100ms" }), "late");
  expect(await answer.json()).toEqual(plain);
  await carried();
  expect(await rows("SELECT state, replied FROM deliveries WHERE destination = 'bot'")).toEqual([
    { state: "delivered", replied: '{"why":"late"}' },
  ]);
});
