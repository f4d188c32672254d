// An event goes to a destination that its routes do not name, once.
import { expect, test } from "vitest";
import { GRACE_MS } from "../../../src/deadlines.ts";
import { FAILED, ID, NOON, Operator } from "../kit/operator.ts";
import { rows } from "../kit/relay.ts";

const operator = new Operator();

async function sendTo(destination: string, id = ID, headers: Record<string, string> = {}) {
  const request = {
    method: "POST",
    body: JSON.stringify({ destination }),
    headers: { "content-type": "application/json", ...headers },
  };
  const response = await operator.call(`/api/events/${id}/send`, request);
  return {
    status: response.status,
    ...(await response.json<{ delivery?: string; created?: boolean; state?: string; detail?: string }>()),
  };
}

test("it becomes a delivery like any other: due now, rung, and on record", async () => {
  await operator.accept();
  operator.clock += 1_000;
  const at = NOON + 1_000;
  expect(await sendTo("crm")).toEqual({ status: 200, delivery: `${ID}:crm`, created: true, state: "pending" });
  expect(await rows("SELECT route, state, attempt, due_at, look_at FROM deliveries WHERE destination = 'crm'")).toEqual(
    [{ route: "(sent by hand)", state: "pending", attempt: 0, due_at: at, look_at: at + GRACE_MS }],
  );
  expect(operator.rung).toEqual([{ v: 1, delivery: `${ID}:crm`, attempt: 1, due: at, size: 2 }]);
  expect(operator.reminded).toBe(at + GRACE_MS);
  expect(await rows("SELECT at, actor, action, target, detail FROM audit")).toEqual([
    { at, actor: "admin", action: "send", target: `${ID}:crm`, detail: null },
  ]);
});

test("a delivery that there is already is left as it is, whatever its state", async () => {
  await operator.accept();
  await operator.attempt(1, FAILED);
  expect(await sendTo("billing")).toEqual({ status: 200, delivery: `${ID}:billing`, created: false, state: "failed" });
  expect(await rows("SELECT route, state FROM deliveries")).toEqual([{ route: "money", state: "failed" }]);
  expect(operator.rung).toEqual([]);
  expect(await rows("SELECT 1 FROM audit")).toEqual([]);
});

test("a repeat with the same Idempotency-Key is told that it was created, and sends nothing more", async () => {
  await operator.accept();
  const first = await sendTo("crm", ID, { "idempotency-key": "once" });
  expect(await sendTo("crm", ID, { "idempotency-key": "once" })).toEqual(first);
  expect(operator.rung).toHaveLength(1);
});

test("the sender's repeat opens it again if it has failed, and leaves it alone if not", async () => {
  await operator.accept();
  await sendTo("crm");
  await operator.accept({ receipt: "second" });
  expect(operator.rung).toHaveLength(1);
  await operator.attempt(1, { ...FAILED, reason: "exhausted", status: 500 }, "crm");
  await operator.accept({ receipt: "third" });
  expect(await rows("SELECT state FROM deliveries WHERE destination = 'crm'")).toEqual([{ state: "pending" }]);
});

test("an unknown event or destination is 404, and says where to look", async () => {
  await operator.accept();
  expect(await sendTo("crm", `evt_${"f".repeat(32)}`)).toMatchObject({
    status: 404,
    detail: expect.stringContaining("GET /api/events"),
  });
  expect(await sendTo("nowhere")).toMatchObject({
    status: 404,
    detail: expect.stringContaining("GET /api/destinations"),
  });
  expect(await rows("SELECT 1 FROM audit")).toEqual([]);
});

test("an event that retention has taken in the meantime is 404, and nothing is said to be created", async () => {
  await operator.accept();
  const { tables } = operator.deps;
  const late: typeof tables.once = async (...asked) => {
    await rows("DELETE FROM events");
    return await tables.once(...asked);
  };
  const request = { method: "POST", body: JSON.stringify({ destination: "crm" }) };
  const response = await operator.call(`/api/events/${ID}/send`, request, { tables: { ...tables, once: late } });
  expect(response.status).toBe(404);
  expect(await rows("SELECT 1 FROM deliveries WHERE destination = 'crm'")).toEqual([]);
});
