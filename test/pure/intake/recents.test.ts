// Which ids are remembered, and that no id which waits for D1 is ever taken for a new one.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { Recents } from "../../../src/intake/recents.ts";

const idOf = (n: number) => `evt_${createHash("sha256").update(String(n)).digest("hex").slice(0, 32)}`;
const group = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => [idOf(from + n), { receipt: `receipt-${from + n}`, repeat: false }] as const);

test("the last 10,000 are remembered, with the journal row in which they are", () => {
  const recents = new Recents();
  for (let seq = 1; seq <= 12; seq += 1) recents.remember(group(seq * 1000, 1000), seq, 0);
  expect(recents.size).toBe(10_000);
  expect(recents.get(idOf(12_999))).toEqual({ receipt: "receipt-12999", repeat: false, seq: 12 });
  expect([recents.has(idOf(2_999)), recents.has(idOf(3_000))]).toEqual([false, true]);
});

test("what comes once more is the youngest again", () => {
  const recents = new Recents();
  recents.remember(group(0, 10_000), 1, 0);
  recents.remember([[idOf(0), { receipt: "again", repeat: true }]], 2, 0);
  recents.remember(group(20_000, 9_999), 3, 0);
  expect(recents.get(idOf(0))).toEqual({ receipt: "again", repeat: true, seq: 2 });
});

test("whatever waits for D1 and is remembered no more is never denied, and few others are taken for it", () => {
  const recents = new Recents();
  const waiting = 60_000;
  for (let from = 0; from < waiting; from += 1000) recents.remember(group(from, 1000), from / 1000 + 1, 0);
  const denied = Array.from({ length: waiting }, (_, n) => idOf(n)).filter(
    (id) => !recents.has(id) && !recents.forgets(id),
  );
  expect(denied).toEqual([]);
  const mistaken = Array.from({ length: 20_000 }, (_, n) => idOf(waiting + n)).filter((id) => recents.forgets(id));
  expect(mistaken.length).toBeLessThan(20);
});

test("what D1 has need not be remembered, and the coarse memory is forgotten once D1 has all that is in it", () => {
  const recents = new Recents();
  // D1 has the first row, and not the second.
  recents.remember(group(0, 5_000), 1, 0);
  recents.remember(group(5_000, 5_000), 2, 1);
  recents.remember(group(10_000, 10_000), 3, 1);
  const forgotten = (from: number) =>
    Array.from({ length: 5_000 }, (_, n) => idOf(from + n)).filter((id) => recents.forgets(id)).length;
  expect(forgotten(0)).toBeLessThan(20);
  expect(forgotten(5_000)).toBe(5_000);
  recents.drained(1);
  expect(forgotten(5_000)).toBe(5_000);
  expect([recents.waits(idOf(5_000), 1), recents.waits(idOf(10_000), 1), recents.waits(idOf(10_000), 3)]).toEqual([
    true,
    true,
    false,
  ]);
  recents.drained(2);
  expect(forgotten(5_000)).toBe(0);
});
