// What an object answers to several candidates: nobody waits for long for the others, and a fresh event does not wait twice.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { together } from "../../../src/intake/together.ts";
import type { Acceptance } from "../../../src/types.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const ACCEPTED: Acceptance = { kind: "accepted", id: "evt" };
const DUPLICATE: Acceptance = { kind: "duplicate", id: "evt" };
const LIMITED: Acceptance = { kind: "limited", retryAfterMs: 1 };

/** Answers that come after so many ms; an error rejects. */
async function asked(all: readonly (readonly [answer: Acceptance | Error, afterMs: number])[]) {
  const began = Date.now();
  let answeredAt = Infinity;
  const each = all.map(
    ([answer, afterMs]) =>
      new Promise<Acceptance>((resolve, reject) => {
        setTimeout(() => (answer instanceof Error ? reject(answer) : resolve(answer)), afterMs);
      }),
  );
  const answering = together(each).then((answers) => {
    answeredAt = Date.now() - began;
    return answers;
  });
  await vi.advanceTimersByTimeAsync(5_000);
  return { answers: (await answering).map(({ kind }) => kind), answeredAt };
}

test("what is answered at once does not send away those that wait for the journal", async () => {
  const all = [
    [LIMITED, 0],
    [DUPLICATE, 0],
    [ACCEPTED, 120],
    [ACCEPTED, 120],
  ] as const;
  expect(await asked(all)).toEqual({ answers: ["limited", "duplicate", "accepted", "accepted"], answeredAt: 120 });
});

test("what waits for D1 does not hold up what is in the journal", async () => {
  const all = [
    [DUPLICATE, 1_000],
    [ACCEPTED, 5],
    [ACCEPTED, 12],
  ] as const;
  expect(await asked(all)).toEqual({ answers: ["later", "accepted", "accepted"], answeredAt: 15 });
});

test("one that fails is told as failed, and where all fail nobody waits", async () => {
  const gone = new Error("the disk is gone");
  expect(
    await asked([
      [gone, 5],
      [ACCEPTED, 5],
    ]),
  ).toEqual({ answers: ["failed", "accepted"], answeredAt: 5 });
  expect(
    await asked([
      [gone, 5],
      [gone, 6],
    ]),
  ).toEqual({ answers: ["failed", "failed"], answeredAt: 6 });
});
