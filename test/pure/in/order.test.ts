// By what key an event waits its turn: a value at a place, and none where nothing stands there or where it was redacted.
import { expect, test } from "vitest";
import { inOrder } from "../../../src/in/order.ts";
import type { Names } from "../../../src/filter/condition.ts";

const keyOf = async (body: unknown, by = "body.customer.id") => {
  const names: Names = { event: { id: "evt_1", type: "t", receivedAt: "" }, source: "shop", headers: {}, body };
  const matched = [{ destination: "crm", route: "all" }];
  const [first] = await inOrder(matched, names, new Map([["crm", { order: { by, stops: false } }]]));
  return first?.order;
};

test("events of which the value was redacted wait for nobody: it would be one order for everybody", async () => {
  expect(await keyOf({ customer: { id: "[redacted]" } })).toBeUndefined();
  expect(await keyOf({ customer: "[redacted]" })).toBeUndefined();
  expect(await keyOf("[redacted]")).toBeUndefined();
  expect(await keyOf({ customer: { id: "cus_1" } })).toMatch(/^[0-9a-f]{32}$/);
  expect(await keyOf({ customer: { id: 1 } })).toBe(await keyOf({ customer: { id: "1" } }));
});
