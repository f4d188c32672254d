// What an inspector shows of a redacted event: what is left of it, and of the relay's own; nothing that is made of it.
import { expect, test } from "vitest";
import { shownHeaders, shownOf } from "../../../src/out/shown.ts";

const shown = async () => await Promise.resolve(new TextEncoder().encode("what is left"));
const text = async (one: Parameters<typeof shownOf>[0]) => new TextDecoder().decode(await shownOf(one));

test("headers that are the relay's or left as they came; none that holds a value, under its own name or another", () => {
  const left = { "x-id": "1", "x-mail": "[redacted]", "content-type": "text/csv", "webhook-id": "[redacted]" };
  const sent = {
    "x-id": "1",
    "x-mail": "ada@example.com",
    "x-made": "from ada@example.com",
    "content-type": "application/json",
    "webhook-id": "evt_1",
    "hookline-attempt": "1",
    "hookline-sender-id": "ada@example.com",
    traceparent: "00-a-b-01",
  };
  expect(shownHeaders(sent, { headers: left })).toEqual({
    ...sent,
    "x-mail": "[redacted]",
    "x-made": "[redacted]",
    "hookline-sender-id": "[redacted]",
  });
  const types = { "content-type": "[redacted]", traceparent: "[redacted]" };
  expect(shownHeaders(sent, { headers: types })).toMatchObject(types);
});

test("the body that is left, where the event's own is sent, and otherwise none", async () => {
  expect(await text({ headers: {}, shown, isOwn: true })).toBe("what is left");
  expect(await text({ headers: {}, shown, isOwn: false })).toBe("[redacted]");
  expect(await text({ headers: {}, isOwn: true })).toBe("[redacted]");
});
