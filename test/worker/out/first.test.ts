// First attempts of an isolate, over a real Intake object and D1: what becomes of an event whose acceptance nobody heard.
import { expect, test } from "vitest";
import { openShards } from "../../../src/intake/door.ts";
import { FirstAttempts } from "../../../src/out/first.ts";
import { Pace } from "../../../src/out/pace.ts";
import type { Destination } from "../../../src/types.ts";
import { unused } from "../kit/door.ts";
import { deliveries, drained, withD1 } from "../kit/firsts.ts";
import { idOf, offering, rpc } from "../kit/hands.ts";
import { setUp } from "../kit/relay.ts";

setUp();

const destination: Destination = { name: "first", url: "https://first.example.com/", retry: [], keys: [] };

test("an event that was journaled, and whose answers were lost, is the queue's at once: no lease, and no lost attempt", async () => {
  await withD1(async (hands, core) => {
    const lost = rpc({
      accept: async (one) => {
        await core.accept(one);
        throw new Error("Network connection lost.");
      },
      ended: async (all) => {
        for (const { id, receipt, size, outcomes } of all) await core.ended(id, receipt, size, outcomes);
      },
    });
    const intake = openShards(() => lost, 1, hands.now, hands.log);
    const { now, log } = hands;
    const config = { destinations: new Map([["first", destination]]) };
    const attempting = { send: unused, inspector: () => unused, bindings: () => null, now, dice: () => 0.5 };
    const first = new FirstAttempts({
      ...attempting,
      config,
      pace: new Pace(),
      limits: { ask: unused, isFull: () => false },
      intake,
      log,
    });
    const one = offering(1);
    const accepting = intake.accept(one);
    const matched = [{ destination: "first", route: "acme" }];
    const named = { id: one.id, receipt: one.receipt, source: "acme", type: "test", receivedAt: now() };
    const event = { ...named, headers: {}, size: 2, matched };
    await first.make({ event, rate: null, body: new Uint8Array(2) }, ["first"], accepting, () => expect.unreachable());
    expect((await accepting).kind).toBe("busy");
    await drained(hands);
    expect(await deliveries()).toMatchObject([{ state: "pending", attempt: 0, lease_until: null }]);
    expect(hands.rung).toMatchObject([{ delivery: `${idOf(1)}:first`, attempt: 1 }]);
  });
});
