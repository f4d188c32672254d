// An event is deleted everywhere: no byte of it is left, nothing of it is sent again, and its sender's repeat is known.
import { expect, test } from "vitest";
import { openD1 } from "../../../src/d1/open.ts";
import { FAILED, ID, Operator } from "../kit/operator.ts";
import { bindings, rows } from "../kit/relay.ts";

const operator = new Operator();
const MINUTE = 60_000;
const CANARY = "cus_canary";

const remove = async (id = ID, headers: Record<string, string> = {}) => {
  const response = await operator.call(`/api/events/${id}/delete`, { method: "POST", headers });
  return { status: response.status, ...(await response.json<Record<string, unknown>>()) };
};

/** Every table in which the word stands. */
async function holding(word: string): Promise<string[]> {
  const tables = await rows<{ name: string }>(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'",
  );
  const found = [];
  for (const { name } of tables)
    if (JSON.stringify(await rows(`SELECT * FROM ${name}`)).includes(word)) found.push(name);
  return found;
}

/** An event with its canary wherever one may be. */
async function everywhere(): Promise<void> {
  await operator.accept();
  await operator.attempt(1, { state: "pending", status: 503, excerpt: `no ${CANARY}` });
  await rows(
    "UPDATE events SET body = ?1, headers = ?2, object = ?1, undecided = ?1",
    CANARY,
    JSON.stringify({ x: CANARY }),
  );
  await rows("UPDATE deliveries SET excerpt = ?1", CANARY);
  await rows("INSERT INTO event_parts (receipt, n, event, data) SELECT receipt, 0, id, ?1 FROM events", CANARY);
  await rows("UPDATE events SET parts = 1");
  await rows(
    `INSERT INTO inspections (destination, event, attempt, nth, at, headers, size, encoding, proven, script, body)
     VALUES ('bin', ?1, 1, 1, 0, '{}', 2, 'text', 1, 'ok', ?2)`,
    ID,
    CANARY,
  );
  expect(await holding(CANARY)).toEqual(["events", "event_parts", "deliveries", "attempts", "inspections"]);
}

test("once it is answered, no byte of it is in any table; that there was one stays, and the audit says who", async () => {
  await everywhere();
  expect(await remove()).toEqual({ status: 200, event: ID, deleted: [ID], cancelled: 1, under_way: 0 });
  expect(await holding(CANARY)).toEqual([]);
  expect(await rows("SELECT state, reason, look_at FROM deliveries")).toEqual([
    { state: "failed", reason: "cancelled", look_at: null },
  ]);
  expect(await rows("SELECT actor, action, target, detail FROM audit")).toEqual([
    { actor: "admin", action: "delete", target: ID, detail: JSON.stringify([ID]) },
  ]);
  expect(await operator.get(`/api/events/${ID}`)).toMatchObject({
    body: "",
    body_gone: { why: "deleted" },
    headers: {},
  });
  expect(await operator.replay(ID)).toMatchObject({ status: 410 });
});

test("its sender's repeat is a duplicate, opens nothing and brings nothing back", async () => {
  await operator.accept();
  await operator.attempt(1, { ...FAILED, reason: "exhausted", status: 500 });
  await remove();
  await operator.accept({ receipt: "second" });
  expect(await rows("SELECT body FROM events")).toEqual([{ body: null }]);
  expect(await rows("SELECT state FROM deliveries")).toEqual([{ state: "failed" }]);
});

test("an attempt that is under way ends nothing and opens nothing, and what it brings back is cleared by the sweep", async () => {
  await operator.accept();
  const { store, upkeep } = openD1(bindings.DB);
  await store.claim([{ event: ID, destination: "billing", attempt: 1 }], operator.clock);
  expect(await remove()).toMatchObject({ cancelled: 1, under_way: 1 });
  const answer = {
    event: 1,
    destination: "billing",
    attempt: 1,
    reason: "exhausted",
    dueAt: 0,
    startedAt: operator.clock,
  } as const;
  const told = {
    ...answer,
    state: "failed",
    latencyMs: 1,
    status: 500,
    fault: null,
    excerpt: CANARY,
    onFailed: "crm",
  } as const;
  expect(await store.settle([told], operator.clock)).toEqual([]);
  expect(await rows("SELECT destination, state, reason FROM deliveries")).toEqual([
    { destination: "billing", state: "failed", reason: "cancelled" },
  ]);
  expect(await holding(CANARY)).toEqual(["attempts"]);
  await upkeep.release([], operator.clock + MINUTE, 200);
  await upkeep.release([], operator.clock + 4 * MINUTE, 200);
  expect(await holding(CANARY)).toEqual([]);
  expect(await rows("SELECT outcome, status FROM attempts")).toEqual([{ outcome: "failed", status: 500 }]);
  expect(await rows("SELECT name FROM marks WHERE name LIKE 'stays:%'")).toEqual([]);
});

test("what was made from it by hand goes with it, whoever made something of that again", async () => {
  await operator.accept();
  const edit = async (id: string, name: string) => {
    const body = JSON.stringify({ destination: "crm", body: `${CANARY} ${name}` });
    const headers = { "content-type": "application/json" };
    const response = await operator.call(`/api/events/${id}/edit`, { method: "POST", body, headers });
    return (await response.json<{ event: string }>()).event;
  };
  const first = await edit(ID, "one");
  const second = await edit(first, "two");
  expect(await remove()).toMatchObject({ deleted: [ID, first, second], cancelled: 3 });
  expect(await holding(CANARY)).toEqual([]);
});

test("under one Idempotency-Key it happens once, and a repeat hears the same", async () => {
  await operator.accept();
  const first = await remove(ID, { "idempotency-key": "once" });
  expect(first).toMatchObject({ deleted: [ID], cancelled: 1 });
  expect(await remove(ID, { "idempotency-key": "once" })).toEqual(first);
  expect(await rows("SELECT 1 FROM audit")).toHaveLength(1);
});

test("an event that is not in D1 is not found, and whoever asks is told that it may still come", async () => {
  const answer = await remove(`evt_${"0".repeat(32)}`);
  expect(answer).toMatchObject({
    status: 404,
    detail: expect.stringContaining("may still be in the journal: ask again"),
  });
});
