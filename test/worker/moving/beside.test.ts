// An event is imported between its acceptance and its commit: it is kept and sent as it was accepted, and the deliveries of the import stay as they are.
import { expect, test } from "vitest";
import { openDatabase } from "../../../src/d1/database.ts";
import { openImports } from "../../../src/d1/imports.ts";
import { openStore } from "../../../src/d1/store.ts";
import { importReceiptId, receiptId } from "../../../src/ids.ts";
import { bindings, rows, setUp } from "../kit/relay.ts";

setUp();

/** Rows written; docs/costs.md has them. */
const COST = { audit: 1, event: 2, delivery: 2, attempt: 1 };
const id = `evt_${"5".repeat(32)}`;
const THEN = 1_700_000_000_000;
const event = {
  id,
  source: "acme",
  type: "t",
  receivedAt: THEN,
  verifiedBy: null,
  headers: {},
  encoding: "text",
  size: 2,
  body: "{}",
  parts: 0,
};
const past = {
  destination: "first",
  route: "r",
  receipt: "of the other relay",
  state: "failed",
  reason: "cancelled",
  attempt: 1,
  round: 0,
  repeats: 0,
  dueAt: THEN,
  endedAt: THEN,
};
const open = () => {
  const run = openDatabase(bindings.DB);
  return { store: openStore(run), imports: openImports(run) };
};
const imported = {
  ...event,
  receipt: importReceiptId(THEN, "a".repeat(32)),
  deliveries: [past],
  attempts: [],
  editions: [],
  old: 0 as const,
};
const accepted = {
  ...event,
  receipt: receiptId(THEN + 1, "b".repeat(32)),
  matched: ["first", "second"].map((destination) => ({ destination, route: "r" })),
};
const deliveries = () => rows("SELECT destination, state, attempt FROM deliveries ORDER BY destination");

test("an acceptance that finds an import in its place opens what that does not have, once", async () => {
  const { store, imports } = open();
  expect([...(await imports.write([imported], "admin", THEN))]).toEqual([id]);
  for (let time = 0; time < 2; time += 1) await store.commit(JSON.stringify([accepted]), THEN + 5);
  expect(await deliveries()).toEqual([
    { destination: "first", state: "failed", attempt: 1 },
    { destination: "second", state: "pending", attempt: 0 },
  ]);
  // A repeat that was known as one promises nothing.
  const repeat = {
    ...accepted,
    receipt: receiptId(THEN + 2, "c".repeat(32)),
    matched: [{ destination: "third", route: "r" }],
    repeat: true,
  };
  await store.commit(JSON.stringify([{ ...repeat, matched: [] }]), THEN + 6);
  expect(await deliveries()).toHaveLength(2);
});

test("what was accepted first stays as it is, whatever is imported", async () => {
  const { store, imports } = open();
  await store.commit(JSON.stringify([accepted]), THEN + 5);
  expect([...(await imports.write([imported], "admin", THEN))]).toEqual([]);
  expect(await deliveries()).toEqual([
    { destination: "first", state: "pending", attempt: 0 },
    { destination: "second", state: "pending", attempt: 0 },
  ]);
  expect(await rows("SELECT * FROM audit")).toEqual([]);
});

const coming = (n: number, more: object) => ({ ...imported, id: `evt_${String(n).repeat(32)}`, ...more });

test("an import costs so many rows of D1, and one that finds everything writes none", async () => {
  let written = 0;
  const watch = { result: ({ rows_written }: D1Meta) => void (written += rows_written), failed: () => {} };
  const { imports } = { imports: openImports(openDatabase(bindings.DB, watch)) };
  const attempt = (n: number) => ({
    destination: "first",
    n,
    startedAt: THEN,
    outcome: n === 2 ? "delivered" : "retry",
  });
  const costs = async (...events: Parameters<typeof imports.write>[0]) => {
    written = 0;
    await imports.write(events, "admin", THEN);
    return written;
  };
  const delivered = { ...past, state: "delivered", reason: null };
  await costs(coming(1, { deliveries: [] }));
  expect(await costs(coming(2, { deliveries: [delivered] }), coming(3, { deliveries: [delivered] }))).toBe(
    COST.audit + 2 * (COST.event + COST.delivery),
  );
  expect(await costs(coming(4, { deliveries: [delivered], attempts: [attempt(1), attempt(2)] }))).toBe(
    COST.audit + COST.event + COST.delivery + 2 * COST.attempt,
  );
  const again = importReceiptId(THEN + 9, "d".repeat(32));
  expect(await costs(coming(4, { deliveries: [delivered], receipt: again }))).toBe(0);
});

const kept = () => rows("SELECT receipt, body, received_at AS receivedAt, gone, unrouted FROM events");

test("an accepted event is as it was accepted, though the same one was imported without its values", async () => {
  const { store, imports } = open();
  await imports.write([{ ...imported, body: "[redacted]", receivedAt: THEN - 9 }], "admin", THEN);
  const earlier = { ...accepted, receipt: receiptId(THEN - 1, "b".repeat(32)) };
  for (let time = 0; time < 2; time += 1) await store.commit(JSON.stringify([earlier]), THEN + 5);
  expect(await kept()).toEqual([
    { receipt: earlier.receipt, body: "{}", receivedAt: THEN, gone: null, unrouted: null },
  ]);
  expect(await deliveries()).toEqual([
    { destination: "first", state: "failed", attempt: 1 },
    { destination: "second", state: "pending", attempt: 0 },
  ]);
});

test("of what was imported long before an acceptance is a repeat: nothing of it changes but what has exhausted its schedule", async () => {
  const { store, imports } = open();
  const exhausted = { ...past, reason: "exhausted", receipt: receiptId(THEN - 60_000, "d".repeat(32)) };
  await imports.write([{ ...imported, deliveries: [exhausted] }], "admin", THEN);
  const later = { ...accepted, receivedAt: THEN + 3_600_000, receipt: receiptId(THEN + 3_600_000, "b".repeat(32)) };
  expect(await store.commit(JSON.stringify([later]), THEN + 3_600_005)).toMatchObject([{ delivery: `${id}:first` }]);
  expect(await kept()).toMatchObject([{ receipt: imported.receipt, receivedAt: THEN }]);
  expect(await deliveries()).toEqual([{ destination: "first", state: "pending", attempt: 1 }]);
});

test("what redacted events were before is kept for the deliveries of an acceptance, though they were imported beside it", async () => {
  const { store, imports } = open();
  await imports.write([imported], "admin", THEN);
  await store.commit(JSON.stringify([{ ...accepted, whole: ["head", "body"] }]), THEN + 5);
  expect(await rows("SELECT receipt, n, data FROM event_parts ORDER BY n")).toEqual([
    { receipt: accepted.receipt, n: 1000, data: "head" },
    { receipt: accepted.receipt, n: 1001, data: "body" },
  ]);
});

test("a first attempt is settled, and its dead letter is made, though its event was imported before the commit", async () => {
  const { store, imports } = open();
  await imports.write([imported], "admin", THEN);
  const { receipt } = accepted;
  const begun = { id, receipt, destination: "second", state: "delivering", leaseUntil: THEN + 45_000 } as const;
  await store.commit(JSON.stringify([accepted]), THEN + 5, [begun]);
  expect(await deliveries()).toMatchObject([{}, { destination: "second", state: "delivering", attempt: 1 }]);
  const ended = {
    id,
    receipt,
    destination: "second",
    state: "failed",
    reason: "gone",
    startedAt: THEN + 2,
    latencyMs: 1,
    status: 410,
    fault: null,
    excerpt: "",
    dueAt: THEN + 6,
    onFailed: "third",
  } as const;
  expect(await store.settleFirsts([ended], THEN + 6)).toHaveLength(1);
  expect(await deliveries()).toMatchObject([
    { destination: "first", state: "failed", attempt: 1 },
    { destination: "second", state: "failed", attempt: 1 },
    { destination: "third", state: "pending" },
  ]);
});

const goneAt = (at: number) => JSON.stringify({ why: "deleted", at });

test("an import of what was deleted elsewhere does not keep an acceptance from being delivered, and what was deleted here stays deleted", async () => {
  const { store, imports } = open();

  const earlier = { ...accepted, receipt: receiptId(THEN - 1, "b".repeat(32)) };
  await imports.write([{ ...imported, body: "", deliveries: [], gone: goneAt(THEN - 60_000) }], "admin", THEN);
  await store.commit(JSON.stringify([earlier]), THEN + 5);
  expect(await kept()).toMatchObject([{ receipt: earlier.receipt, body: "{}", gone: null }]);
  await rows("DELETE FROM deliveries");
  await rows("DELETE FROM events");

  await imports.write([{ ...imported, deliveries: [] }], "admin", THEN);
  await rows("UPDATE events SET gone = ?1, body = ''", goneAt(THEN + 1));
  await store.commit(JSON.stringify([earlier]), THEN + 5);
  expect(await kept()).toMatchObject([{ receipt: imported.receipt, body: "" }]);
  expect(await deliveries()).toEqual([]);
});
