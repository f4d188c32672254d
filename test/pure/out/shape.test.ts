// What a destination gets of an event: the same headers for the same attempt, over the bytes as they came.
import { expect, test } from "vitest";
import { shape } from "../../../src/out/shape.ts";
import { signatures } from "../../../src/out/sign.ts";

const BYTES = new Uint8Array([0x7b, 0xff, 0x00, 0x7d]);
const destination = {
  name: "billing",
  url: "https://billing.example.com/in",
  keys: [{ kind: "derived", from: { name: "SIGNING_KEY", value: "k".repeat(40) } } as const],
};
const event = { id: "evt_1", source: "shop", type: "order.paid", headers: {} };

test("an event's head becomes headers, and its bytes are sent as they came", async () => {
  const headers = { "content-type": "application/json", "webhook-id": "theirs", "hookline-hop": "1" };
  const shaped = await shape({ ...event, headers }, destination, 3, BYTES, 1_700_000_000_999);
  expect(shaped.body).toBe(BYTES);
  expect(shaped.headers).toEqual({
    "content-type": "application/json",
    "hookline-sender-id": "theirs",
    "user-agent": "Hookline (+https://www.standardwebhooks.com)",
    "webhook-id": "evt_1",
    "webhook-timestamp": "1700000000",
    "webhook-signature": await signatures(destination, "evt_1", 1_700_000_000, BYTES),
    "hookline-source": "shop",
    "hookline-event-type": "order.paid",
    "hookline-attempt": "3",
    "hookline-hop": "2",
  });
});

test("a type that no header may hold is written with percents", async () => {
  const { headers } = await shape({ ...event, type: "paid\r\nx: 1 é \ud800" }, destination, 1, BYTES, 0);
  expect(headers["hookline-event-type"]).toBe("paid%0D%0Ax: 1 %C3%A9 %EF%BF%BD");
});
