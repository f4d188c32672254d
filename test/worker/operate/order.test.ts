// Events in order as an operator sees them: what waits behind whom, how many, and what lets them go.
import { expect, test } from "vitest";
import { openBacklog } from "../../../src/d1/backlog.ts";
import { openDatabase } from "../../../src/d1/database.ts";
import { openUpkeep } from "../../../src/d1/upkeep.ts";
import { idOf } from "../kit/hands.ts";
import { ID, NOON, Operator } from "../kit/operator.ts";
import { bindings, rows } from "../kit/relay.ts";

const operator = new Operator();

const ORDER = {
  DESTINATIONS: {
    billing: { url: "http://127.0.0.1:9/billing", order: "body.customer", after_failure: "wait" },
    crm: { url: "http://127.0.0.1:9/crm" },
  },
};
const matched = [{ destination: "billing", route: "money", order: "key" }];
const behind = (n: number) => ({ id: idOf(n), matched, receivedAt: NOON + n });

/** One that is under way, and two behind it, which have rung. */
async function row(): Promise<void> {
  operator.vars = ORDER;
  await operator.accept({ matched });
  await operator.accept(behind(1));
  await operator.accept(behind(2));
  await operator.attempt(1, null);
  await operator.store.hold(
    [1, 2].map((n) => ({ event: idOf(n), destination: "billing", attempt: 1 })),
    NOON + 10,
    ["billing"],
  );
}

const cancel = async () =>
  await (await operator.call(`/api/deliveries/${ID}:billing/cancel`, { method: "POST" })).json();

test("a delivery says behind which event it waits, and names no time", async () => {
  await row();
  const { deliveries } = await operator.get<{ deliveries: object[] }>(`/api/events/${idOf(2)}`);
  expect(deliveries).toMatchObject([
    { state: "pending", waits: "order", waits_behind: ID, attempt: 0, next_attempt_at: null },
  ]);
  const list = await operator.get<{ deliveries: object[] }>("/api/deliveries?state=pending");
  expect(list.deliveries).toMatchObject([{ waits_behind: ID }, { waits_behind: ID }]);
  const { deliveries: first } = await operator.get<{ deliveries: object[] }>(`/api/events/${ID}`);
  expect(first[0]).not.toHaveProperty("waits_behind");
});

test("what has failed and stops the others is named as well", async () => {
  await row();
  await rows("UPDATE deliveries SET state = 'failed', reason = 'exhausted', ended_at = ?1 WHERE event = 1", NOON + 20);
  await operator.store.hold([{ event: idOf(1), destination: "billing", attempt: 1 }], NOON + 30, ["billing"]);
  const { deliveries } = await operator.get<{ deliveries: object[] }>(`/api/events/${idOf(1)}`);
  expect(deliveries).toMatchObject([{ waits: "order", waits_behind: ID }]);
});

test("the destination says its order, and how many wait; the overview counts them too", async () => {
  await row();
  const { destinations } = await operator.get<{ destinations: object[] }>("/api/destinations");
  expect(destinations).toMatchObject([{ order: "body.customer", after_failure: "wait", waiting: 3, behind: 2 }, {}]);
  expect(destinations[1]).not.toHaveProperty("behind");
  expect(destinations[1]).not.toHaveProperty("order");
  expect(await openBacklog(openDatabase(bindings.DB))(["billing"])).toMatchObject({ open: 3, behind: 2 });
});

test("what has failed is cancelled: it is given up, in the audit, and the next is rung at once", async () => {
  await row();
  await rows("UPDATE deliveries SET state = 'failed', reason = 'gone', ended_at = ?1 WHERE event = 1", NOON + 20);
  await operator.store.hold([{ event: idOf(1), destination: "billing", attempt: 1 }], NOON + 30, ["billing"]);
  operator.clock = NOON + 1_000;
  const answer = await cancel();
  expect(answer).toMatchObject({ cancelled: 1 });
  expect(await rows("SELECT reason FROM deliveries WHERE event = 1")).toEqual([{ reason: "cancelled" }]);
  expect(await rows("SELECT action, target FROM audit")).toEqual([{ action: "cancel", target: `${ID}:billing` }]);
  expect(operator.rung).toMatchObject([{ delivery: `${idOf(1)}:billing`, attempt: 1 }]);
  // Asked for again, it ends nothing and rings for nobody new.
  expect(await cancel()).toMatchObject({ cancelled: 0 });
});

test("an event is deleted: what waits behind it is rung at once", async () => {
  await row();
  operator.clock = NOON + 1_000;
  await operator.call(`/api/events/${ID}/delete`, { method: "POST" });
  expect(operator.rung).toMatchObject([{ delivery: `${idOf(1)}:billing`, attempt: 1 }]);
});

test("a replay of what was delivered is rung, waits for nobody and stops nobody", async () => {
  operator.vars = ORDER;
  await operator.accept({ matched });
  await operator.attempt(1, {});
  await operator.accept(behind(1));
  expect(await operator.replay(`${ID}:billing`)).toMatchObject({ replayed: 1 });
  const claimed = await operator.store.claim(
    [
      { event: ID, destination: "billing", attempt: 2 },
      { event: idOf(1), destination: "billing", attempt: 1 },
    ],
    NOON + 100,
    ["billing"],
  );
  expect(claimed).toHaveLength(2);
});

test("a removed destination: its deliveries end one after another", async () => {
  await row();
  operator.vars = {};
  await operator.store.settle(
    [
      {
        event: 1,
        destination: "billing",
        attempt: 1,
        state: "failed",
        reason: "cancelled",
        dueAt: NOON,
        startedAt: NOON,
        latencyMs: 0,
        status: null,
        fault: null,
        excerpt: "",
      },
    ],
    NOON + 50,
  );
  const { bells } = await openUpkeep(openDatabase(bindings.DB)).takeOverdue(Math.max(NOON, Date.now()) + 120_000, 10);
  expect(bells.map(({ delivery }) => delivery)).toEqual([`${idOf(1)}:billing`]);
});
