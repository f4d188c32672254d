// What has failed at one destination goes to another, with its story, without a route: once, and in the same transaction.
import { expect, test } from "vitest";
import { openUpkeep } from "../../../src/d1/upkeep.ts";
import { openDatabase } from "../../../src/d1/database.ts";
import { deliveryId } from "../../../src/ids.ts";
import { idOf, THEN } from "../kit/hands.ts";
import { bindings, rows, setUp } from "../kit/relay.ts";
import { NO, Round, YES } from "../kit/round.ts";

setUp();

const states = async () =>
  await rows("SELECT destination, route, state, reason, attempt FROM deliveries ORDER BY event, destination");

test("the last attempt's end opens a delivery to the other destination, which is told the story", async () => {
  const round = new Round();
  round.configure("first", [], { onFailed: "second" });
  round.onSend = (to) => (to === "first" ? NO : YES);
  await round.ring(await round.accept(1));
  expect(round.rung).toEqual([{ v: 1, delivery: deliveryId(idOf(1), "second"), attempt: 1, due: 0, size: 2 }]);
  expect(await states()).toEqual([
    { destination: "first", route: "all", state: "failed", reason: "exhausted", attempt: 1 },
    { destination: "second", route: "(failed at first)", state: "pending", reason: null, attempt: 0 },
  ]);
  await round.ring(round.take());
  expect(round.sent[1]?.headers).toMatchObject({
    "webhook-id": idOf(1),
    "hookline-failed-destination": "first",
    "hookline-failed-reason": "exhausted",
    "hookline-failed-attempts": "1",
    "hookline-failed-status": "500",
  });
  expect(round.sent[1]?.headers).not.toHaveProperty("hookline-failed-fault");
  expect(round.sent[0]?.headers).not.toHaveProperty("hookline-failed-destination");
});

test("what is tried again goes nowhere else, nor what an operator has cancelled, nor what another has already", async () => {
  const round = new Round();
  round.configure("first", [1000], { onFailed: "second" });
  round.onSend = (to) => (to === "first" ? NO : YES);
  await round.ring(await round.accept(1));
  expect(await states()).toHaveLength(1);
  // The event went to both from the beginning.
  const both = await round.accept(2, ["first", "second"]);
  await round.ring(both);
  round.clock += 1000;
  round.take();
  await round.ring([{ v: 1, delivery: deliveryId(idOf(2), "first"), attempt: 2, due: 0, size: 2 }]);
  expect(await states()).toHaveLength(3);
});

test("a first attempt that fails for good leaves its event as well, for the next sweep to ring", async () => {
  const round = new Round();
  await round.accept(1);
  await rows("UPDATE deliveries SET state = 'delivering', attempt = 1, lease_until = ?1", THEN + 45_000);
  const [row] = await rows<{ receipt: string }>("SELECT receipt FROM events");
  const failed = {
    id: idOf(1),
    receipt: row?.receipt ?? "",
    destination: "first",
    state: "failed" as const,
    reason: "gone" as const,
    dueAt: THEN,
    startedAt: THEN,
    latencyMs: 1,
    status: 410,
    fault: null,
    excerpt: "",
    onFailed: "second",
  };
  expect(await round.store.settleFirsts([failed], THEN)).toMatchObject([{ id: idOf(1), destination: "first" }]);
  // Told twice, it is made once.
  await round.store.settleFirsts([failed], THEN);
  const upkeep = openUpkeep(openDatabase(bindings.DB));
  const { bells } = await upkeep.takeOverdue(THEN, 10);
  expect(bells.map(({ delivery }) => delivery)).toEqual([deliveryId(idOf(1), "second")]);
});
