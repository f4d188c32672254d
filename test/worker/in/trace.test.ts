// One trace id from the sender's traceparent through every attempt, in the story, and in the log.
import { expect, test } from "vitest";
import { front } from "../kit/front.ts";
import { deliveries, hmac, ringAlarm, rows, setUp, until } from "../kit/relay.ts";

const receiver = setUp();
const relay = front(
  { acme: { provider: "hmac", settings: { header: "X-Signature" } } },
  {
    DESTINATIONS: {
      first: { url: "https://first.example.com/hook", retry: ["1s"] },
      second: { url: "https://second.example.com/hook", headers: { traceparent: "of-its-own" } },
    },
    ROUTES: { all: { from: "acme", to: ["first", "second"] } },
    ACME_SECRET: "acme-secret",
  },
);

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";

async function post(body: string, headers: Record<string, string>): Promise<string> {
  const answer = await relay.post("acme", body, { "x-signature": await hmac("acme-secret", body), ...headers });
  expect(answer.status).toBe(200);
  return (await answer.json<{ id: string }>()).id;
}

test("every attempt has the sender's trace and a span of its own; a header that the destination asks for wins", async () => {
  const sent: string[] = [];
  receiver.behaviour = ({ url, headers }) => {
    if (!url.includes("first")) {
      expect(headers.get("traceparent")).toBe("of-its-own");
      return new Response("");
    }
    sent.push(headers.get("traceparent") ?? "none");
    expect(headers.get("tracestate")).toBeNull();
    return new Response("", { status: sent.length === 1 ? 500 : 200 });
  };
  const id = await post("{}", { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: "vendor=secret" });
  await until(async () => {
    await ringAlarm();
    return sent.length > 1;
  });
  const spans = sent.map((header) => new RegExp(`^00-${TRACE}-([0-9a-f]{16})-01$`).exec(header)?.[1]);
  expect(new Set([...spans, PARENT]).size).toBe(3);
  expect(spans).not.toContain(undefined);
  const story = await until(async () => {
    const found = await relay.api<{ trace_id: string | null } | null>(`/events/${id}`).catch(() => null);
    return found ?? false;
  });
  expect(story.trace_id).toBe(TRACE);
  // Beside the event, in the row that it has anyway, and the rest of what middleware adds is not.
  expect(
    await rows("SELECT headers ->> '$.traceparent' AS kept, headers ->> '$.tracestate' AS state FROM events"),
  ).toEqual([{ kept: `00-${TRACE}-${PARENT}-01`, state: null }]);
}, 60_000);

test.each([
  ["none", {}],
  ["an invalid one", { traceparent: `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01` }],
])("with %s the receiver hears of no trace", async (_, headers) => {
  const heard: (string | null)[] = [];
  receiver.behaviour = ({ url, headers: got }) => {
    if (url.includes("first")) heard.push(got.get("traceparent"));
    return new Response("");
  };
  const id = await post(`{"of":${JSON.stringify(_)}}`, headers);
  await deliveries("delivered", "delivered");
  expect(heard).toEqual([null]);
  expect((await relay.api<{ trace_id: string | null }>(`/events/${id}`)).trace_id).toBeNull();
});
