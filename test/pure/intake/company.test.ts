// When does a group wait for other events, and for how long?
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Company } from "../../../src/intake/company.ts";
import { sleep } from "../../../src/patience.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Events that come every `gapMs`, each into the group that waits; whenever none does, one is begun. Returns the sizes of the groups and how long each was held, in ms. */
async function steady(gapMs: number, events: number) {
  const company = new Company(() => Date.now());
  const groups: { size: number; heldMs: number }[] = [];
  let waiting: { size: number; since: number } | null = null;
  for (let n = 0; n < events; n += 1) {
    if (waiting !== null) waiting.size += 1;
    company.came(waiting?.size ?? 1);
    if (waiting === null) {
      const group = { size: 1, since: Date.now() };
      waiting = group;
      const hold = async () => {
        await company.wait(() => group.size);
        groups.push({ size: group.size, heldMs: Date.now() - group.since });
        waiting = null;
      };
      void hold();
    }
    await vi.advanceTimersByTimeAsync(gapMs);
  }
  await vi.advanceTimersByTimeAsync(1_000);
  return groups;
}

test("a lone event waits for nobody, and neither does one every fifty milliseconds", async () => {
  for (const gap of [10_000, 50])
    for (const { size, heldMs } of await steady(gap, 40)) expect([size, heldMs]).toEqual([1, 0]);
});

test("at a hundred events a second a row holds about twelve, and nobody waits longer than 120 ms", async () => {
  const groups = await steady(10, 500);
  const late = groups.slice(-20, -1);
  expect(late.every(({ size }) => size >= 9)).toBe(true);
  expect(Math.max(...groups.map(({ heldMs }) => heldMs))).toBeLessThanOrEqual(120);
});

test("a thousand events a second meet without waiting", async () => {
  for (const { heldMs } of (await steady(1, 500)).slice(100)) expect(heldMs).toBe(0);
});

test.each([1, 2, 4, 8, 32])("%i senders that wait for each answer are hardly slowed down", async (senders) => {
  const company = new Company(() => Date.now());
  const began = Date.now();
  let answered = 0;
  let open: { size: number; written: Promise<void> } | null = null;
  const send = async () => {
    while (Date.now() - began < 10_000) {
      if (open === null) {
        const group = { size: 0, written: Promise.resolve() };
        open = group;
        const write = async () => {
          await company.wait(() => group.size);
          open = null;
          // The way to the disk, the answer, and the next request.
          await sleep(5);
        };
        group.written = write();
      }
      const joined: { size: number; written: Promise<void> } = open;
      joined.size += 1;
      company.came(joined.size);
      await joined.written;
      answered += 1;
    }
  };
  const all = Promise.all(Array.from({ length: senders }, send));
  await vi.advanceTimersByTimeAsync(10_200);
  await all;
  // Without any wait each would have had 2,000 answers.
  expect(answered / senders).toBeGreaterThan(1_500);
});

test("a group that is closed waits no longer", async () => {
  const company = new Company(() => Date.now());
  for (let n = 0; n < 50; n += 1) {
    company.came(1);
    await vi.advanceTimersByTimeAsync(10);
  }
  company.came(1);
  expect(company.isExpected).toBe(true);
  let isWritten = false;
  void company.wait(() => Infinity).then(() => (isWritten = true));
  await vi.advanceTimersByTimeAsync(0);
  expect(isWritten).toBe(true);
});
