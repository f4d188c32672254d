// What the log says of first attempts: one line with their acceptance where they succeed soon, and lines of their own otherwise.
import { expect, onTestFinished, test, vi } from "vitest";
import { granted, held, open, seen, write, YES } from "../../kit/first-attempts.ts";
import type { Acceptance, Answer } from "../../../src/types.ts";

test("first attempts that succeed are told in the line of the acceptance, and have none of their own", async () => {
  await open().first.make(held(["one", "two"]), ["one", "two"], Promise.resolve(granted(["one", "two"])), write);
  const end = { state: "delivered", status: 200, latencyMs: 3 };
  expect(seen.accepted).toEqual([
    [
      { destination: "one", ...end },
      { destination: "two", ...end },
    ],
  ]);
  expect(seen.logged).toEqual([]);
});

test("what did not succeed is told in that line too, and after it in the line that every attempt of the queue has", async () => {
  const { first } = open({ send: (to) => Promise.resolve({ ...YES, status: to === "one" ? 503 : 410 }) });
  const order: string[] = [];
  await first.make(held(["one", "two"]), ["one", "two"], Promise.resolve(granted(["one", "two"])), (ends) => {
    order.push(...seen.logged.map(({ event: name }) => name), "accepted");
    write(ends);
  });
  expect(order).toEqual(["accepted"]);
  expect(seen.accepted).toMatchObject([
    [
      { destination: "one", state: "pending", status: 503 },
      { destination: "two", state: "failed", status: 410 },
    ],
  ]);
  const fields = { attempt: 1, fault: null, latencyMs: 3 };
  const id = `evt_${"a".repeat(32)}`;
  expect(seen.logged.toSorted((a, b) => a.event.localeCompare(b.event))).toEqual([
    {
      level: "warn",
      event: "delivery.attempted",
      fields: { delivery: `${id}:one`, ...fields, state: "pending", status: 503, dueAt: seen.clock + 1000 },
    },
    {
      level: "error",
      event: "delivery.failed",
      fields: { delivery: `${id}:two`, ...fields, state: "failed", status: 410, reason: "gone" },
    },
  ]);
});

test.each<[string, Acceptance]>([
  ["by an object that grants nothing", { kind: "accepted", id: "evt" }],
  ["without a grant", granted([])],
])("what is accepted %s has its line at once", async (_, answer) => {
  await open().first.make(held(["one"]), ["one"], Promise.resolve(answer), write);
  expect(seen.accepted).toEqual([[]]);
});

test("the line of an acceptance waits two seconds at most; what ends later has a line of its own", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const hangs = Promise.withResolvers<Answer>();
  const { first } = open({ send: (to) => (to === "one" ? Promise.resolve(YES) : hangs.promise) });
  const making = first.make(held(["one", "two"]), ["one", "two"], Promise.resolve(granted(["one", "two"])), write);
  while (seen.sent.length < 2) await vi.advanceTimersByTimeAsync(0);
  await vi.advanceTimersByTimeAsync(1_999);
  expect(seen.accepted).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(seen.accepted).toMatchObject([[{ destination: "one" }]]);
  hangs.resolve(YES);
  await vi.advanceTimersByTimeAsync(100);
  await making;
  expect(seen.accepted).toHaveLength(1);
  expect(seen.logged).toMatchObject([
    { level: "info", event: "delivery.attempted", fields: { attempt: 1, state: "delivered", status: 200 } },
  ]);
  expect(vi.getTimerCount()).toBe(0);
});

test("an acceptance whose attempts fail by a fault of our own has its line", async () => {
  const { first } = open({ send: () => Promise.reject(new Error("ours")) });
  await first.make(held(["one"]), ["one"], Promise.resolve(granted(["one"])), write);
  expect(seen.accepted).toEqual([[]]);
});
