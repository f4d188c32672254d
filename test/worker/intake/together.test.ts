// The way to an object for what came together: whoever is told `later` asks once more, alone.
import { expect, test } from "vitest";
import { LATER } from "../../../src/intake/calls.ts";
import { openShards } from "../../../src/intake/door.ts";
import { candidate, idOf, Logged, rpc } from "../kit/hands.ts";

test("an answer that was not there with the others is asked for, and what it may have granted", async () => {
  const first = ["one", "two"];
  const asked: string[] = [];
  const stub = rpc({
    accept: async ({ id }) => {
      asked.push(id);
      // The first is alone. The others' answers have come before anybody asks once more: they are as those of a second try.
      return await Promise.resolve({ kind: id === idOf(3) ? "duplicate" : "accepted", id });
    },
    acceptAll: async (all) => await Promise.resolve(all.map(() => LATER)),
  });
  const log = new Logged();
  const intake = openShards(
    () => stub,
    1,
    // All three ask in the same moment, however busy the machine is.
    () => 1_000,
    log,
    "1",
    () => {},
  );
  const answers = await Promise.all([1, 2, 3].map((n) => intake.accept({ ...candidate(n), first })));
  expect(asked).toEqual([idOf(1), idOf(2), idOf(3)]);
  expect(answers[0]).toEqual({ kind: "accepted", id: idOf(1) });
  expect(answers[1]).toEqual({ kind: "accepted", id: idOf(2), first: { go: [], wait: first } });
  expect(answers[2]).toEqual({ kind: "duplicate", id: idOf(3) });
  expect(log.of("intake.unreachable")).toEqual([]);
});
