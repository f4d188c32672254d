// A receiver that says `disable` is heard once: its destination is paused in its own name, and nothing more is claimed.
import { expect, test } from "vitest";
import { openDatabase } from "../../../src/d1/database.ts";
import { openStops } from "../../../src/d1/stops.ts";
import { deliver } from "../../../src/out/deliver.ts";
import { openDisable } from "../../../src/out/disable.ts";
import { bindings, rows, setUp } from "../kit/relay.ts";
import { NO, Round } from "../kit/round.ts";

setUp();

test("it is paused once, audited once, told to whoever grants first attempts, and what comes later is held", async () => {
  const round = new Round();
  const disable = openDisable({ ...round.tending, stop: openStops(openDatabase(bindings.DB)) });
  const deps = { ...round.deps, disable };
  round.onSend = () => ({ ...NO, asked: "disable" as const });
  const bells = (await Promise.all([1, 2].map((n) => round.accept(n)))).flat();
  await (
    await deliver(bells, deps)
  ).sending;
  expect(await rows("SELECT destination, actor FROM pauses")).toEqual([
    { destination: "first", actor: "destination:first" },
  ]);
  expect(await rows("SELECT actor, action, target, detail FROM audit")).toEqual([
    { actor: "destination:first", action: "pause", target: "first", detail: "webhook-delivery: disable" },
  ]);
  expect(round.stopped).toEqual(["first"]);
  expect(round.log.of("destination.disabled")).toHaveLength(1);
  await (
    await deliver(await round.accept(3), deps)
  ).sending;
  expect(await rows("SELECT waits, count(*) AS n FROM deliveries WHERE state = 'held' GROUP BY waits")).toEqual([
    { waits: "pause", n: 1 },
  ]);
});

test("where D1 is silent nothing is lost: the receiver says it again", async () => {
  const round = new Round();
  const disable = openDisable({ ...round.tending, stop: () => Promise.reject(new Error("D1 is gone")) });
  await disable("first");
  expect(round.log.of("destination.not_disabled")).toHaveLength(1);
  expect(round.stopped).toEqual([]);
});
