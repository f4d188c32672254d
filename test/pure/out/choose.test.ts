// Which bells are answered now, and which claim a free slot takes.
import { expect, test } from "vitest";
import { type Admission, choose, chooseNext, LATER_MS } from "../../../src/out/choose.ts";
import { Pace } from "../../../src/out/pace.ts";
import { deliveryId } from "../../../src/ids.ts";
import type { Bell } from "../../../src/types.ts";

const NOW = 1_000_000;
const MIB = 1024 * 1024;

const bell = (n: number, to = "first", change: Partial<Bell> = {}): Bell => ({
  v: 1,
  delivery: deliveryId(`evt_${n.toString(16).padStart(32, "0")}`, to),
  attempt: 1,
  due: NOW,
  size: 10,
  ...change,
});
const admission = (change: Partial<Admission> = {}): Admission => ({
  pace: new Pace(),
  destinations: new Map(),
  now: NOW,
  ...change,
});

test("each bell is answered once, rung again, or not understood; and an old one beside a new one is kept apart", () => {
  const [one, again, early] = [bell(1), bell(1, "first", { attempt: 2 }), bell(2, "first", { due: NOW + 1 })];
  const nonsense = { ...bell(3), delivery: "nonsense" };
  expect(choose([one, one, again, early, nonsense], admission())).toEqual({ wanted: [one, again], later: [early] });
});

test("a destination that is not admitted is asked for later; one that hangs is left to the sweep", () => {
  const bells = Array.from({ length: 60 }, (_, n) => bell(n));
  const { wanted, later } = choose(bells, admission());
  expect(wanted).toEqual(bells.slice(0, 50));
  expect(later).toEqual(bells.slice(50).map((one) => Object.assign({}, one, { due: NOW + LATER_MS })));

  const pace = new Pace();
  pace.leave(pace.enter("first", 10, NOW), true, NOW);
  const other = bell(1, "second");
  expect(choose([...bells, other], admission({ pace }))).toEqual({ wanted: [bells[0], other], later: [] });
});

test("of a bell that comes twice and is put off, one rings again: or a backlog would grow with each look of the sweep", () => {
  const bells = Array.from({ length: 52 }, (_, n) => bell(n));
  const [put, off] = bells.slice(50);
  if (put === undefined || off === undefined) throw new Error("there are 52");
  // Another due time is another bell: one of the two may be an old one.
  const early = { ...put, due: NOW + 60_000 };
  const { later } = choose([...bells, put, early, off, early], admission());
  const anew = (one: Bell) => ({ ...one, due: NOW + LATER_MS });
  expect(later).toEqual([anew(put), anew(off), early]);
});

test("bodies that would take too many queries ring again at once, and a destination that is an inspector costs more", () => {
  // Three queries each: the row, and two for its parts.
  const large = Array.from({ length: 7 }, (_, n) => bell(n, "first", { size: 4 * MIB }));
  expect(choose(large, admission())).toEqual({ wanted: large.slice(0, 5), later: large.slice(5) });
  const destinations = new Map([["first", { script: { text: "ok", steps: [] } }]]);
  const small = Array.from({ length: 20 }, (_, n) => bell(n));
  const { wanted, later } = choose(small, admission({ destinations }));
  expect([wanted, later]).toEqual([small.slice(0, 7), small.slice(7)]);
  expect(choose(small, admission()).wanted).toEqual(small);
});

test("a slot takes the oldest claim of the destination that has the fewest sends, and is left to others by one that has two", () => {
  const waiting = [
    { n: 1, destination: "first" },
    { n: 2, destination: "second" },
    { n: 3, destination: "second" },
  ];
  const next = (running: Record<string, number>, of = waiting) =>
    chooseNext(of, new Map(Object.entries(running)))?.n ?? null;
  expect(next({})).toBe(1);
  expect(next({ first: 1 })).toBe(2);
  expect(next({ first: 1, second: 1 })).toBe(1);
  const onlyFirst = waiting.slice(0, 1);
  expect(next({ first: 2, second: 1 }, onlyFirst)).toBeNull();
  // Alone, it may have all of them.
  expect(next({ first: 4, second: 0 }, onlyFirst)).toBe(1);
  expect(next({}, [])).toBeNull();
});
