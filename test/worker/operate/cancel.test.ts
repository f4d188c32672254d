// Cancelling: what waits ends at once and for good, what is under way goes on, and asking twice ends once.
import { expect, test } from "vitest";
import { FAILED, ID, NOON, Operator } from "../kit/operator.ts";
import { rows } from "../kit/relay.ts";

const operator = new Operator();

async function cancel(id: string, headers: Record<string, string> = {}) {
  const list = id.includes(":") ? "deliveries" : "events";
  const response = await operator.call(`/api/${list}/${id}/cancel`, { method: "POST", headers });
  const answer = await response.json<{ cancelled?: number; deliveries?: object[]; detail?: string }>();
  return { status: response.status, ...answer };
}

const state = async () =>
  await rows("SELECT destination, state, reason, attempt, look_at, ended_at FROM deliveries ORDER BY destination");
const audit = async () => await rows("SELECT at, actor, action, target, detail FROM audit");

test("a delivery that waits for its next attempt fails as cancelled, and no bell brings it back", async () => {
  await operator.accept();
  await operator.attempt(1, { state: "pending", status: 503, excerpt: "not yet" });
  operator.clock += 1_000;
  expect(await cancel(`${ID}:billing`)).toEqual({
    status: 200,
    cancelled: 1,
    deliveries: [{ id: `${ID}:billing`, cancelled: true, state: "failed" }],
  });
  const ended = { state: "failed", reason: "cancelled", attempt: 1, look_at: null, ended_at: NOON + 1_000 };
  expect(await state()).toEqual([{ destination: "billing", ...ended }]);
  expect(await audit()).toEqual([
    { at: NOON + 1_000, actor: "admin", action: "cancel", target: `${ID}:billing`, detail: '["billing"]' },
  ]);
  await expect(operator.attempt(2, {})).rejects.toThrow("is not waiting");
});

test("an attempt that is under way goes on: its delivery stays, the event's others end, and one audit row names those", async () => {
  const matched = ["billing", "crm"].map((destination) => ({ destination, route: "all" }));
  await operator.accept({ matched });
  await operator.attempt(1, null);
  expect(await cancel(ID)).toMatchObject({
    cancelled: 1,
    deliveries: [
      { id: `${ID}:billing`, cancelled: false, state: "delivering" },
      { id: `${ID}:crm`, cancelled: true, state: "failed" },
    ],
  });
  expect(await state()).toMatchObject([{ state: "delivering" }, { state: "failed", reason: "cancelled" }]);
  expect(await audit()).toMatchObject([{ target: ID, detail: '["crm"]' }]);
});

test("what has ended stays as it ended, and leaves no row in the audit", async () => {
  await operator.accept();
  await operator.attempt(1, FAILED);
  expect(await cancel(ID)).toMatchObject({ cancelled: 0, deliveries: [{ cancelled: false, state: "failed" }] });
  expect(await state()).toMatchObject([{ reason: "gone" }]);
  expect(await audit()).toEqual([]);
});

test("two who cancel at once end it once", async () => {
  await operator.accept();
  const answers = await Promise.all([cancel(ID), cancel(`${ID}:billing`)]);
  expect(answers.reduce((sum, { cancelled = 0 }) => sum + cancelled, 0)).toBe(1);
  expect(await audit()).toHaveLength(1);
});

test("a repeat with the same Idempotency-Key gets the first answer and ends nothing that was opened since", async () => {
  await operator.accept();
  const first = await cancel(ID, { "idempotency-key": "monday" });
  expect(await operator.replay(ID)).toMatchObject({ replayed: 1 });
  expect(await cancel(ID, { "idempotency-key": "monday" })).toEqual(first);
  expect(first).toMatchObject({ cancelled: 1 });
  expect(await state()).toMatchObject([{ state: "pending" }]);
  expect(await cancel(ID, { "idempotency-key": "tuesday" })).toMatchObject({ cancelled: 1 });
});

test("a 2xx that comes after the end changes nothing: it was cancelled while its answer was awaited", async () => {
  await operator.accept();
  await operator.attempt(1, null);
  // The lease ended, and the sweep made it pending.
  await rows("UPDATE deliveries SET state = 'pending', lease_until = NULL");
  await cancel(ID);
  const late = {
    event: 1,
    destination: "billing",
    attempt: 1,
    dueAt: NOON,
    startedAt: NOON,
    latencyMs: 1,
    excerpt: "ok",
  };
  const settled = { ...late, state: "delivered", reason: null, status: 200, fault: null } as const;
  expect(await operator.store.settle([settled], NOON + 1)).toEqual([]);
  expect(await state()).toMatchObject([{ state: "failed", reason: "cancelled" }]);
});

test("an unknown event or delivery is 404, and says where to look", async () => {
  await operator.accept();
  expect(await cancel(`evt_${"f".repeat(32)}`)).toMatchObject({
    status: 404,
    detail: expect.stringContaining("GET /api/events"),
  });
  expect(await cancel(`${ID}:crm`)).toMatchObject({
    status: 404,
    detail: expect.stringContaining("GET /api/deliveries"),
  });
});
