// How attempts are noted: soon, in few writes, and again when D1 fails.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Settler } from "../../../src/out/settle.ts";
import { held, idOf, Logged, THEN } from "../kit/hands.ts";
import { rows, setUp } from "../kit/relay.ts";
import { NO, Round, YES } from "../kit/round.ts";
import type { Settled } from "../../../src/d1/settlement.ts";

setUp();

let round = new Round();
beforeEach(() => {
  round = new Round();
});
afterEach(() => {
  vi.useRealTimers();
});

function ended(n: number): Settled {
  const times = { dueAt: THEN, startedAt: THEN, latencyMs: 1 };
  const end = { state: "delivered", reason: null, status: 200, fault: null, excerpt: "" } as const;
  return { event: n, id: idOf(n), destination: "first", attempt: 1, size: 2, ...times, ...end };
}

/** A settler with a store that notes what it is given. */
function settler(
  settle: (group: readonly Settled[]) => Promise<{ event: number; destination: string }[]> = async (group) =>
    await Promise.resolve([...group]),
) {
  const written: number[][] = [];
  const done: number[][] = [];
  const log = new Logged();
  const store = {
    settle: async (group: readonly Settled[]) => {
      written.push(group.map(({ event }) => event));
      return (await settle(group)).map(({ event, destination }) => ({ event, destination, failures: null }));
    },
  };
  const made = new Settler(
    store,
    log,
    () => THEN,
    async (group) => {
      done.push(group.map(({ event }) => event));
      await Promise.resolve();
    },
  );
  return { made, written, done, log };
}

test("the first end is written at once, and what ends in the same moment goes along", async () => {
  vi.useFakeTimers();
  const { made, written } = settler();
  const running = made.run();
  made.add(ended(1));
  made.add(ended(2));
  await vi.advanceTimersByTimeAsync(0);
  expect(written).toEqual([[1, 2]]);
  made.close();
  await running;
});

test("attempts that end one by one over 25 s are ten writes at most, and none is left out", async () => {
  vi.useFakeTimers();
  const { made, written, done } = settler();
  const running = made.run();
  for (let n = 0; n < 250; n += 1) {
    made.add(ended(n));
    await vi.advanceTimersByTimeAsync(100);
  }
  made.close();
  await running;
  expect(written.length).toBeLessThanOrEqual(10);
  expect(written.length).toBeGreaterThan(5);
  expect(written.flat()).toEqual(Array.from({ length: 250 }, (_, n) => n));
  expect(done).toEqual(written);
});

test("when no more will come the rest is written without a pause", async () => {
  vi.useFakeTimers();
  const { made, written } = settler();
  const running = made.run();
  for (let n = 0; n < 6; n += 1) {
    made.add(ended(n));
    await vi.advanceTimersByTimeAsync(700);
  }
  made.add(ended(6));
  made.close();
  await vi.advanceTimersByTimeAsync(0);
  await running;
  expect(written.flat()).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test("one that closes with nothing to write ends", async () => {
  const { made, written } = settler();
  const running = made.run();
  made.close();
  await running;
  expect(written).toEqual([]);
});

test("a D1 that fails three times is asked a fourth", async () => {
  vi.useFakeTimers();
  let failures = 3;
  const { made, written, done, log } = settler(async (group) => {
    failures -= 1;
    if (failures >= 0) throw new Error("D1_ERROR: Network connection lost.");
    return await Promise.resolve([...group]);
  });
  const running = made.run();
  made.add(ended(1));
  made.close();
  await vi.advanceTimersByTimeAsync(3_000);
  await running;
  expect([written, done]).toEqual([[[1], [1], [1], [1]], [[1]]]);
  expect(log.of("delivery.settle_retried")).toHaveLength(3);
  expect(log.of("delivery.unsettled")).toEqual([]);
});

test("one that gives up names the deliveries in the log, and goes on with the next group", async () => {
  vi.useFakeTimers();
  let down = true;
  const { made, done, log } = settler(async (group) => {
    if (down) throw new Error("D1_ERROR: overloaded");
    return await Promise.resolve([...group]);
  });
  const running = made.run();
  made.add(ended(1));
  await vi.advanceTimersByTimeAsync(3_000);
  down = false;
  made.add(ended(2));
  made.close();
  await vi.advanceTimersByTimeAsync(3_000);
  await running;
  expect(log.of("delivery.unsettled")).toEqual([
    { deliveries: [`${idOf(1)}:first`], error: "Error: D1_ERROR: overloaded" },
  ]);
  expect(done).toEqual([[2]]);
});

test("what another has settled meanwhile is neither logged nor rung for", async () => {
  const { made, done } = settler(async (group) => await Promise.resolve(group.filter(({ event }) => event !== 2)));
  const running = made.run();
  for (const n of [1, 2, 3]) made.add(ended(n));
  made.close();
  await running;
  expect(done).toEqual([[1, 3]]);
});

test("while a group is being written the next gathers", async () => {
  const first = held<void>();
  const { made, written } = settler(async (group) => {
    if (written.length === 1) await first.promise;
    return [...group];
  });
  const running = made.run();
  made.add(ended(1));
  await vi.waitFor(() => expect(written).toHaveLength(1), 30_000);
  for (const n of [2, 3, 4]) made.add(ended(n));
  first.resolve();
  made.close();
  await running;
  expect(written).toEqual([[1], [2, 3, 4]]);
});

test("a delivery that D1 could not be told of is found when its lease ends", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const bells = await round.accept(1);
  round.counted.before = (sql) => {
    if (sql.some((one) => one.includes("ended_at = CASE"))) throw new Error("D1_ERROR: overloaded");
  };
  const ringing = round.ring(bells);
  const ending = ringing.then(() => true);
  for (let over = false; !over;) {
    await vi.advanceTimersByTimeAsync(500);
    over = await Promise.race([ending, new Promise<false>((resolve) => setImmediate(() => resolve(false)))]);
  }
  expect(await rows("SELECT state, look_at - ?1 AS look FROM deliveries", THEN)).toEqual([
    { state: "delivering", look: 60_000 },
  ]);
  expect(round.log.of("delivery.unsettled")).toMatchObject([{ deliveries: [`${idOf(1)}:first`] }]);
});

test("a settlement whose answer was lost is repeated without harm, and its next attempt is rung for", async () => {
  const bells = await round.accept(1);
  round.onSend = () => NO;
  let lost = false;
  round.counted.after = (sql) => {
    if (lost || !sql.some((one) => one.includes("ended_at = CASE"))) return;
    lost = true;
    throw new Error("D1_ERROR: Network connection lost.");
  };
  await round.ring(bells);
  expect(await rows("SELECT state, attempt FROM deliveries")).toEqual([{ state: "pending", attempt: 1 }]);
  expect(round.rung).toMatchObject([{ attempt: 2, due: THEN + 1000 }]);
  expect(round.log.of("delivery.attempted")).toMatchObject([{ attempt: 1, state: "pending" }]);
});

test("an end whose answer was lost is logged all the same: a failure must be heard of", async () => {
  const bells = await round.accept(1);
  round.onSend = () => ({ ...YES, status: 410 });
  let lost = false;
  round.counted.after = (sql) => {
    if (lost || !sql.some((one) => one.includes("ended_at = CASE"))) return;
    lost = true;
    throw new Error("D1_ERROR: Network connection lost.");
  };
  await round.ring(bells);
  expect(round.log.of("delivery.failed")).toMatchObject([{ reason: "gone" }]);
});
