// How an isolate tells the objects how first attempts ended: together where they end together, and each one heard.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Ended, Tellings } from "../../../src/intake/tellings.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const ended = (id: string): Ended => ({ id, receipt: `receipt of ${id}`, size: 2, outcomes: [] });

/** Tellings whose calls the test answers. */
function open() {
  const calls: { ids: string[]; answer: PromiseWithResolvers<void> }[] = [];
  const tellings = new Tellings(
    async (all) => {
      const answer = Promise.withResolvers<void>();
      calls.push({ ids: all.map(({ id }) => id), answer });
      await answer.promise;
    },
    () => Date.now(),
  );
  return { calls, tellings };
}

test("the first is told at once, and what ends within ten milliseconds after it goes in one call, answered or not", async () => {
  const { calls, tellings } = open();
  void tellings.tell(ended("a"));
  expect(calls.map(({ ids }) => ids)).toEqual([["a"]]);
  void tellings.tell(ended("b"));
  await vi.advanceTimersByTimeAsync(9);
  void tellings.tell(ended("c"));
  expect(calls).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(calls.map(({ ids }) => ids)).toEqual([["a"], ["b", "c"]]);
  await vi.advanceTimersByTimeAsync(10);
  void tellings.tell(ended("d"));
  expect(calls.at(-1)?.ids).toEqual(["d"]);
});

test("whoever makes the call waits for its answer; whoever is taken along waits for nothing", async () => {
  const { calls, tellings } = open();
  const said: string[] = [];
  const tell = async (id: string) => {
    await tellings.tell(ended(id));
    said.push(id);
  };
  void tell("a");
  void tell("b");
  void tell("c");
  await vi.advanceTimersByTimeAsync(10);
  expect(said).toEqual(["c"]);
  calls[1]?.answer.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(said).toEqual(["c", "b"]);
});

test("a call has 200 events, and more do not wait for it", async () => {
  const { calls, tellings } = open();
  void tellings.tell(ended("first"));
  for (let n = 0; n < 450; n += 1) void tellings.tell(ended(String(n)));
  expect(calls.map(({ ids }) => ids.length)).toEqual([1, 200, 200]);
  await vi.advanceTimersByTimeAsync(10);
  expect(calls.map(({ ids }) => ids.length)).toEqual([1, 200, 200, 50]);
});

test("a call that was planned by somebody who died is made by the next who has something to tell", async () => {
  const { calls, tellings } = open();
  void tellings.tell(ended("a"));
  void tellings.tell(ended("b"));
  // The invocation that had planned the call is gone, and its timer with it.
  vi.clearAllTimers();
  vi.setSystemTime(Date.now() + 100);
  void tellings.tell(ended("c"));
  expect(calls.map(({ ids }) => ids)).toEqual([["a"], ["b", "c"]]);
});
