// The way to the journal: which object, how often, and how long.
import { afterEach, expect, test, vi } from "vitest";
import { openShards } from "../../../src/intake/door.ts";
import type { ShardStatus } from "../../../src/intake/status.ts";
import type { Acceptance } from "../../../src/types.ts";
import { candidate, held, idOf, Logged, rpc } from "../kit/hands.ts";

afterEach(() => {
  vi.useRealTimers();
});

const YES: Acceptance = { kind: "accepted", id: idOf(1) };

/** A door to objects that answer as `accept` does. */
function door(accept: (shard: string, receipt: string) => Promise<Acceptance>, shards = 1) {
  const log = new Logged();
  const stub = (shard: string) => rpc({ accept: async ({ receipt }) => await accept(shard, receipt) });
  return { ...openShards(stub, shards, () => Date.now(), log), log };
}

test("an object that fails once is asked again, with the same receipt", async () => {
  const asked: string[][] = [];
  const intake = door(async (...asking) => {
    asked.push(asking);
    if (asked.length === 1) throw new Error("Network connection lost.");
    return await Promise.resolve(YES);
  });
  expect(await intake.accept(candidate(1))).toMatchObject(YES);
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

test("a source that has a rate meets the same object in every isolate and after every deploy", async () => {
  const met: Record<string, string> = {};
  for (const source of ["github", "stripe", "slack", "acme", "acme-pay", "a"]) {
    const intake = door(async (shard) => {
      met[source] = shard;
      return await Promise.resolve(YES);
    }, 4);
    await intake.accept({ ...candidate(1), source, rate: { burst: 1, periodMs: 1000 } });
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

test("events of a source without a rate spread over the objects, and one event always meets the same", async () => {
  const met = new Map<string, Set<string>>();
  for (const round of ["first", "again"]) {
    const intake = door(async (shard, receipt) => {
      met.set(receipt, (met.get(receipt) ?? new Set()).add(shard));
      return await Promise.resolve(YES);
    }, 4);
    for (let n = 0; n < 40; n += 1) await intake.accept({ ...candidate(n), receipt: String(n), source: round });
  }
  expect([...met.values()].map(({ size }) => size)).toEqual(Array.from({ length: 40 }, () => 1));
  const all = new Set([...met.values()].flatMap((one) => Array.from(one)));
  expect([...all].toSorted()).toEqual(["intake-0", "intake-1", "intake-2", "intake-3"]);
});

const reset = () => Promise.reject(new Error("reset"));

const OVERLOADED = Object.assign(new Error("Durable Object is overloaded."), { overloaded: true });

test("an object that is overloaded has not got the event, is not asked again, and nothing more is told to it", async () => {
  let asked = 0;
  const intake = door(() => {
    asked += 1;
    return Promise.reject(OVERLOADED);
  });
  expect(await intake.accept(candidate(1))).toEqual({ kind: "busy", why: expect.stringContaining("overloaded") });
  expect(asked).toBe(1);
});

test("where only the second try was overloaded, the first may be kept", async () => {
  const left = [reset, () => Promise.reject(OVERLOADED)];
  const answer = await door(() => (left.shift() ?? reset)()).accept(candidate(1));
  expect(answer).toMatchObject({ kind: "busy", mayBeKept: true });
});

test.each<[string, Acceptance["kind"], boolean | undefined, (() => Promise<Acceptance>)[]]>([
  ["has said no", "busy", undefined, [() => Promise.resolve({ kind: "busy", why: "full" })]],
  ["has said nothing", "busy", true, [reset, reset]],
  [
    "has said no after it had said nothing",
    "busy",
    true,
    [reset, () => Promise.resolve({ kind: "busy", why: "full" })],
  ],
  ["has limited what it may have", "busy", true, [reset, () => Promise.resolve({ kind: "limited", retryAfterMs: 5 })]],
])(
  "where the object %s: the answer is %s, and whether the event may be kept is %s",
  async (_, kind, mayBeKept, tries) => {
    const left = [...tries];
    const answer = await door(() => (left.shift() ?? reset)()).accept(candidate(1));
    expect([answer.kind, "mayBeKept" in answer ? answer.mayBeKept : undefined]).toEqual([kind, mayBeKept]);
  },
);

test("what belongs to an acceptance goes to the object that has it", async () => {
  const asked: string[] = [];
  const shards = openShards(
    (shard) =>
      rpc({
        accept: async () => await Promise.resolve(YES).finally(() => asked.push(`accept ${shard}`)),
        grant: async () => await Promise.resolve(null).finally(() => asked.push(`grant ${shard}`)),
        ended: async () => {
          asked.push(`ended ${shard}`);
          await Promise.resolve();
        },
      }),
    8,
    () => Date.now(),
    new Logged(),
  );
  for (const rate of [null, { burst: 1, periodMs: 1000 }]) {
    for (let n = 0; n < 10; n += 1) {
      asked.length = 0;
      const one = { ...candidate(n, { source: `source ${n}` }, rate), size: 2 };
      await shards.accept(one);
      await shards.grant(one, "first");
      await shards.ended(one, []);
      expect(new Set(asked.map((word) => word.split(" ")[1])).size).toBe(1);
      expect(asked).toHaveLength(3);
    }
  }
});

test("a pause is confirmed by every object, and those that have not are named", async () => {
  const told: string[] = [];
  const shards = openShards(
    (shard) =>
      rpc({
        status: () => Promise.reject(new Error("overloaded")),
        pause: async (destination) => {
          told.push(`${shard} ${destination}`);
          await (shard === "intake-1" ? Promise.reject(new Error("overloaded")) : Promise.resolve());
        },
      }),
    3,
    () => Date.now(),
    new Logged(),
  );
  expect(await shards.pause("billing")).toEqual(["intake-1"]);
  expect(told).toEqual(["intake-0 billing", "intake-1 billing", "intake-2 billing"]);
});

test("an outcome is told until the object takes it, and the grant of an object that cannot be reached is unknown", async () => {
  vi.useFakeTimers();
  let told = 0;
  const shards = openShards(
    () =>
      rpc({
        grant: async () => await Promise.reject(new Error("reset")),
        ended: async () => {
          told += 1;
          await (told < 3 ? Promise.reject(new Error("reset")) : Promise.resolve());
        },
      }),
    1,
    () => Date.now(),
    new Logged(),
  );
  const one = { ...candidate(1), size: 2 };
  expect(await shards.grant(one, "first")).toBe("unknown");
  const telling = shards.ended(one, []);
  await vi.runAllTimersAsync();
  await telling;
  expect(told).toBe(3);
});

test("an outcome that no object takes is said in the log, after the last try", async () => {
  vi.useFakeTimers();
  const log = new Logged();
  const gone = rpc({ ended: async () => await Promise.reject(new Error("reset")) });
  const shards = openShards(
    () => gone,
    1,
    () => Date.now(),
    log,
  );
  const telling = shards.ended({ ...candidate(1), size: 2 }, []);
  await vi.runAllTimersAsync();
  await telling;
  expect(log.lines.map(({ level }) => level)).toEqual(["warn", "warn", "error"]);
});

/** What each object says of itself, by shard; nobody may ask one that says nothing. */
function journals(said: (shard: string) => ShardStatus | null, shards: number, now = () => Date.now()) {
  const asked: string[] = [];
  const stub = (shard: string) => {
    asked.push(shard);
    const status = said(shard);
    return rpc({ status: () => (status === null ? Promise.reject(new Error("reset")) : Promise.resolve(status)) });
  };
  return { ...openShards(stub, shards, now, new Logged()), asked };
}
const ONE = { waiting: 1, stuck: 2, bytes: 3 };

test("the state of the journals is the sum over all shards", async () => {
  const shards = journals(() => ONE, 3);
  expect(await shards.status()).toMatchObject({ waiting: 3, stuck: 6, bytes: 9, unreachable: [] });
  expect(shards.asked).toEqual(["intake-0", "intake-1", "intake-2"]);
});

test("objects that only another number has are asked if the first one knows of them", async () => {
  for (const [known, count] of [
    [5, 5],
    [1, 2],
    [0, 2],
  ]) {
    const shards = journals((shard) => (shard === "intake-0" ? { ...ONE, shards: known ?? 0 } : ONE), 2);
    expect(await shards.status()).toMatchObject({ waiting: count });
    expect(shards.asked).toHaveLength(count ?? 0);
  }
});

test("objects that do not answer are named, and where none does there is no answer", async () => {
  expect(await journals((shard) => (shard === "intake-1" ? null : ONE), 3).status()).toMatchObject({
    waiting: 2,
    unreachable: ["intake-1"],
  });
  await expect(journals(() => null, 3).status()).rejects.toThrow("no Intake object answers");
});

test("the state of the journals is asked for once in three seconds, and one that is not known at once again", async () => {
  let [now, fails] = [1_000, true];
  const shards = journals(
    () => (fails ? null : ONE),
    1,
    () => now,
  );
  await shards.status().catch(() => {});
  fails = false;
  expect(await shards.status()).toMatchObject({ seenAt: 1_000 });
  now += 2_999;
  expect(await shards.status()).toMatchObject({ seenAt: 1_000 });
  expect(shards.asked).toHaveLength(2);
  now += 1;
  expect(await shards.status()).toMatchObject({ seenAt: 4_000 });
  expect(shards.asked).toHaveLength(3);
});
