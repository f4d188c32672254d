// What becomes of a delivery after an answer, by the table of answers and the schedule.
import { expect, test } from "vitest";
import { conclude, notSent, withoutAnswer } from "../../../src/out/conclude.ts";
import type { Answer } from "../../../src/types.ts";

const NOW = 50_000;
const YES: Answer = { status: 200, fault: null, latencyMs: 7, excerpt: "thanks", retryAfter: null };
const progress = (attemptsMade: number) => ({ schedule: [1_000, 2_000], attemptsMade, startedAt: 40_000 });
const concluded = (answer: Answer, attemptsMade = 1) => conclude(answer, progress(attemptsMade), NOW, () => 0.5);

test("a yes ends the delivery, and what the receiver said is kept", () => {
  expect(concluded(YES)).toEqual({
    state: "delivered",
    reason: null,
    dueAt: 40_000,
    startedAt: 40_000,
    latencyMs: 7,
    status: 200,
    fault: null,
    excerpt: "thanks",
  });
});

test("a no waits for the next attempt of the schedule, counted from the answer, and the last no is the end", () => {
  const no = { ...YES, status: 500 };
  expect([1, 2, 3].map((made) => concluded(no, made))).toMatchObject([
    { state: "pending", reason: null, dueAt: NOW + 1_000 },
    { state: "pending", reason: null, dueAt: NOW + 2_000 },
    { state: "failed", reason: "exhausted", status: 500 },
  ]);
  expect(concluded({ ...no, status: 429, retryAfter: "30" })).toMatchObject({ state: "pending", dueAt: NOW + 30_000 });
});

test("what can never succeed ends at once", () => {
  expect(concluded({ ...YES, status: 410 })).toMatchObject({ state: "failed", reason: "gone" });
  expect(concluded(withoutAnswer("loop"))).toMatchObject({ state: "failed", reason: "blocked", fault: "loop" });
});

test("what was not sent has no answer, and one that lacks a key is tried again", () => {
  expect(notSent("cancelled", 40_000)).toMatchObject({ state: "failed", reason: "cancelled", latencyMs: 0 });
  expect(concluded(withoutAnswer("unsigned"))).toMatchObject({ state: "pending", fault: "unsigned", status: null });
});
