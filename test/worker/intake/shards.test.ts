// The way to the journal: which object, how often, and how long.
import { afterEach, expect, test, vi } from "vitest";
import { type IntakeRpc, openShards } from "../../../src/intake/door.ts";
import type { Acceptance } from "../../../src/types.ts";
import { candidate, held, idOf, Logged } from "../kit/hands.ts";

afterEach(() => {
  vi.useRealTimers();
});

const unused = () => Promise.reject(new Error("unused"));
const YES: Acceptance = { kind: "accepted", id: idOf(1) };

/** A door to objects that answer as `accept` does. */
function door(accept: (shard: string, receipt: string) => Promise<Acceptance>, shards = 1) {
  const log = new Logged();
  const stub = (shard: string): IntakeRpc => ({
    accept: async ({ receipt }) => await accept(shard, receipt),
    status: unused,
    remind: unused,
  });
  return { ...openShards(stub, shards, () => Date.now(), log), log };
}

test("an object that fails once is asked again, with the same receipt", async () => {
  const asked: string[][] = [];
  const intake = door(async (...asking) => {
    asked.push(asking);
    if (asked.length === 1) throw new Error("Network connection lost.");
    return await Promise.resolve(YES);
  });
  expect(await intake.accept(candidate(1))).toEqual(YES);
  expect(asked).toEqual([
    ["intake-0", "receipt-1"],
    ["intake-0", "receipt-1"],
  ]);
  expect(intake.log.of("intake.unreachable")).toHaveLength(1);
});

test("each try opens a stub of its own, and one that cannot be opened is a failure like any other", async () => {
  let opened = 0;
  const shards = openShards(
    () => {
      opened += 1;
      throw new Error("Durable Object is overloaded");
    },
    1,
    () => Date.now(),
    new Logged(),
  );
  expect((await shards.accept(candidate(1))).kind).toBe("busy");
  expect(opened).toBe(2);
});

test.each([0, 1])("an object that is silent after %i failures costs the sender 2.5 s", async (failures) => {
  vi.useFakeTimers();
  let tries = 0;
  const intake = door(async () => {
    tries += 1;
    if (tries <= failures) throw new Error("Network connection lost.");
    return await held<Acceptance>().promise;
  });
  const seen: Acceptance[] = [];
  const asking = intake.accept(candidate(1)).then((answer) => seen.push(answer));
  await vi.advanceTimersByTimeAsync(2_499);
  expect(seen).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  await asking;
  expect(seen).toMatchObject([{ kind: "busy" }]);
});

test("a source meets the same object in every isolate and after every deploy", async () => {
  const met: Record<string, string> = {};
  for (const source of ["github", "stripe", "slack", "acme", "acme-pay", "a"]) {
    const intake = door(async (shard) => {
      met[source] = shard;
      return await Promise.resolve(YES);
    }, 4);
    await intake.accept({ ...candidate(1), source });
  }
  // Not to be changed: a source that met another object from one deploy to the next would have a full bucket there.
  expect(met).toEqual({
    github: "intake-2",
    stripe: "intake-0",
    slack: "intake-3",
    acme: "intake-3",
    "acme-pay": "intake-0",
    // FNV-1a of "a" is e40c292c.
    a: "intake-0",
  });
});

test("the state of the journals is the sum over all shards", async () => {
  const asked: string[] = [];
  const shards = openShards(
    (shard) => {
      asked.push(shard);
      return { accept: unused, status: () => Promise.resolve({ waiting: 1, stuck: 2, bytes: 3 }), remind: unused };
    },
    3,
    () => Date.now(),
    new Logged(),
  );
  expect(await shards.status()).toEqual({ waiting: 3, stuck: 6, bytes: 9 });
  expect(asked).toEqual(["intake-0", "intake-1", "intake-2"]);
});
