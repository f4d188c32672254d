// What an attempt sends, and when it does not.

import { expect, test } from "vitest";
import { attempt } from "../../../src/out/attempt.ts";
import type { Outgoing } from "../../../src/net/send.ts";
import { MOST_HOPS } from "../../../src/net/headers.ts";

/** Attempts an event with these headers at this URL. */
async function tried(headers: Record<string, string>, url = "https://billing.example.com/in/x") {
  const sent: Outgoing[] = [];
  const event = {
    id: "evt_1",
    receipt: "r",
    source: "a",
    type: "t",
    headers,
    encoding: "text",
    size: 2,
    body: "{}",
    parts: 0,
    seq: 1,
  } as const;
  const claim = { event: 1, id: "evt_1", destination: "d", attempt: 1, round: 0, leaseUntil: 90_000 };
  const key = { kind: "derived", from: { name: "SIGNING_KEY", value: "k".repeat(40) } } as const;
  const destination = { name: "d", url, retry: [1_000], keys: [key] };
  const settled = await attempt(claim, event, destination, () => Promise.resolve(new TextEncoder().encode("{}")), {
    send: (request) => {
      sent.push(request);
      return Promise.resolve({ status: 200, fault: null, latencyMs: 1, excerpt: "", retryAfter: null });
    },
    inspect: () => () => Promise.reject(new Error("no inspector here")),
    now: () => 0,
    dice: () => 0,
  });
  return { settled, sent };
}

test("an event that came through other relays says so to the next, and ends after a few", async () => {
  for (const [way, hop] of [
    [undefined, "1"],
    ["1", "2"],
    [String(MOST_HOPS - 1), String(MOST_HOPS)],
  ] as const) {
    const { settled, sent } = await tried(way === undefined ? {} : { "hookline-hop": way });
    expect(settled?.state).toBe("delivered");
    expect(sent[0]?.headers["hookline-hop"]).toBe(hop);
  }
  for (const way of [String(MOST_HOPS), "999", "0 billing.example.com"]) {
    const { settled, sent } = await tried({ "hookline-hop": way });
    expect([settled?.state, settled?.reason, settled?.fault, sent]).toEqual(["failed", "blocked", "loop", []]);
  }
});

test("headers that were kept before there were bounds do not make the attempt fail", async () => {
  const { sent } = await tried({ "content-type": `application/json; x=${"y".repeat(60_000)}`, "x-id": "a\u0001" });
  expect(sent[0]?.headers).toMatchObject({ "content-type": "application/json" });
  expect(sent[0]?.headers).not.toHaveProperty("x-id");
});
