// How an isolate asks an object to accept what several requests have brought: together where they come together.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Calls, type Told } from "../../../src/intake/calls.ts";
import type { Candidate } from "../../../src/intake/gathering.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const candidate = (id: string, row = "{}"): Candidate => ({
  id,
  receipt: `receipt of ${id}`,
  source: "acme",
  rate: null,
  row,
  bells: [id, 2, []],
});

/** Calls that the test answers. */
function open() {
  const made: { ids: string[]; answer: PromiseWithResolvers<readonly Told[]> }[] = [];
  const kept: Promise<void>[] = [];
  const calls = new Calls(
    async (candidates) => {
      const answer = Promise.withResolvers<readonly Told[]>();
      made.push({ ids: candidates.map(({ id }) => id), answer });
      return await answer.promise;
    },
    (work) => void kept.push(work),
    () => Date.now(),
  );
  const heard: string[] = [];
  const ask = async (id: string, row?: string) => {
    try {
      const told = await calls.accept(candidate(id, row));
      heard.push(told.kind === "accepted" ? `${id}: ${told.id}` : `${id}: ${told.kind}`);
    } catch (error) {
      heard.push(`${id}: ${String(error)}`);
    }
  };
  const answer = async (n: number) => {
    made[n]?.answer.resolve(made[n].ids.map((id) => ({ kind: "accepted", id: id.toUpperCase() })));
    await vi.advanceTimersByTimeAsync(0);
  };
  return { made, kept, heard, ask, answer, ids: () => made.map(({ ids }) => ids.join("")) };
}

test("a lone event is asked for at once; what comes while a call is under way goes along with the next, and each hears its own answer", async () => {
  const { ids, heard, ask, answer } = open();
  void ask("a");
  expect(ids()).toEqual(["a"]);
  void ask("b");
  void ask("c");
  await answer(0);
  expect([ids(), heard]).toEqual([["a", "bc"], ["a: A"]]);
  await answer(1);
  expect(heard).toEqual(["a: A", "b: B", "c: C"]);
  void ask("d");
  expect(ids().at(-1)).toBe("d");
});

test("a call that takes longer than ten milliseconds holds up no other", async () => {
  const { ids, heard, ask, answer } = open();
  void ask("a");
  void ask("b");
  void ask("c");
  await vi.advanceTimersByTimeAsync(9);
  expect(ids()).toEqual(["a"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(ids()).toEqual(["a", "bc"]);
  await answer(1);
  expect(heard).toEqual(["b: B", "c: C"]);
});

test("every call is kept alive by the invocation that makes it: its own sender may hang up", async () => {
  const { kept, ask, answer } = open();
  void ask("a");
  void ask("b");
  await answer(0);
  expect(kept).toHaveLength(2);
});

test("a call that fails fails for all that were in it, and the next is made", async () => {
  const { made, heard, ids, ask } = open();
  void ask("a");
  void ask("b");
  made[0]?.answer.reject(new Error("gone"));
  await vi.advanceTimersByTimeAsync(0);
  expect([heard, ids()]).toEqual([["a: Error: gone"], ["a", "b"]]);
});

test("a candidate that an answer leaves out is asked for once more by whoever brought it", async () => {
  const { made, heard, ask } = open();
  void ask("a");
  made[0]?.answer.resolve([]);
  await vi.advanceTimersByTimeAsync(0);
  expect(heard).toEqual(["a: later"]);
});

test("a call has a hundred candidates, and what is left is in the next", async () => {
  const { made, ask, answer } = open();
  for (let n = 0; n < 250; n += 1) void ask(String(n));
  await answer(0);
  await answer(1);
  await answer(2);
  await answer(3);
  expect(made.map(({ ids }) => ids.length)).toEqual([1, 100, 100, 49]);
});

test("whoever waits first may die: the next that comes makes the call", async () => {
  const { ids, ask } = open();
  void ask("a");
  void ask("b");
  // The invocations are gone, with their timers, before the object has answered.
  vi.clearAllTimers();
  vi.setSystemTime(Date.now() + 10);
  void ask("c");
  expect(ids()).toEqual(["a", "bc"]);
});

test("a call has four million characters, or one event that is larger", async () => {
  const { ids, ask, answer } = open();
  const row = "x".repeat(1_500_000);
  void ask("a");
  for (const id of "bcd") void ask(id, row);
  void ask("e", row.repeat(4));
  void ask("f");
  await answer(0);
  await answer(1);
  await answer(2);
  await answer(3);
  expect(ids()).toEqual(["a", "bc", "d", "e", "f"]);
});

test("whoever makes a call that is full before the own event is in it waits for the next", async () => {
  const { made, heard, ask, answer } = open();
  for (let n = 0; n < 101; n += 1) void ask(String(n));
  // Nobody who waits has been told that the time is up: the one that comes now takes those before it along.
  vi.clearAllTimers();
  vi.setSystemTime(Date.now() + 10);
  void ask("late");
  expect(made.map(({ ids }) => ids.length)).toEqual([1, 100]);
  await answer(1);
  await answer(2);
  expect(made[2]?.ids).toContain("late");
  expect(heard).toContain("late: LATE");
});
