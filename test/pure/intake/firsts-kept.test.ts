// First attempts whose events wait long for D1: how long, what the journal keeps of them, and what may be forgotten.
import { beforeEach, expect, test } from "vitest";
import type { BellSeed } from "../../../src/intake/journal.ts";
import { UNTIL, TO, ending, none, openFirsts, outcome, seed, time, unsent, yes } from "../../kit/firsts.ts";

beforeEach(() => {
  time.now = 1000;
});

test("where the queue has to ring for another destination, no decision is waited for longer than a second", async () => {
  const { grants, firsts } = openFirsts();
  for (let n = 0; n < 64; n += 1) grants.ask("billing", String(n), () => {});
  const mixed: BellSeed = [
    "a",
    2,
    [...TO, "ordered"],
    null,
    { receipt: "receipt of a", first: { to: TO, until: UNTIL } },
  ];
  expect([firsts.readyAt([seed("a")]), firsts.readyAt([mixed])]).toEqual([Infinity, 2000]);
  // Whoever is refused has to be rung for, too.
  firsts.begin("a", true, (destination) => destination !== "crm");
  expect(firsts.readyAt([seed("a")])).toBe(2000);
  const asking = firsts.ask("a", "receipt of a", "billing");
  time.now = 2000;
  const { opened, unsent: rung } = firsts.snapshot([seed("a")], none);
  expect([opened, [...rung]]).toEqual([[], [["a", TO]]]);
  expect(await asking).toBeNull();
  // Its turn comes when D1 has been told already: nobody gets that grant, and the place is free again.
  grants.leave("billing", "1", false);
  let next = false;
  grants.ask("billing", "next", (granted) => (next = granted));
  expect(next).toBe(true);
});

test("while D1 is gone an event leaves the memory once the journal has all of it, a refused attempt included", () => {
  const { firsts } = openFirsts();
  firsts.begin("a", true, (destination) => destination !== "crm");
  firsts.journaled(firsts.unkept());
  expect(firsts.size).toBe(1);
  void firsts.ended("a", "receipt of a", [outcome("billing")]);
  const kept = firsts.unkept();
  firsts.journaled(kept);
  expect([firsts.size, firsts.unkept()]).toEqual([0, []]);
  // Nothing is lost by that: the journal says what the queue has to ring for.
  const journal = [ending("a", outcome("billing")), ending("a", unsent("crm"))];
  expect([...firsts.snapshot([seed("a")], () => journal).unsent]).toEqual([["a", ["crm"]]]);
});

test("each end is waited for by itself: one that the journal has frees nobody who tells another", async () => {
  const { firsts } = openFirsts();
  firsts.begin("a", true, yes);
  const first = firsts.ended("a", "receipt of a", [outcome("billing")]);
  firsts.journaled(firsts.unkept());
  await first;
  let isKept = false;
  const second = firsts.ended("a", "receipt of a", [outcome("crm")])?.then(() => (isKept = true));
  await new Promise(setImmediate);
  expect(isKept).toBe(false);
  firsts.journaled(firsts.unkept());
  await second;
});

test("an end that the journal does not take is told again, and waits for the next try", async () => {
  const { firsts } = openFirsts();
  firsts.begin("a", true, yes);
  const first = firsts.ended("a", "receipt of a", [outcome("billing")]);
  for (const one of firsts.unkept()) one.failed(new Error("the disk is gone"));
  await expect(first).rejects.toThrow("the disk is gone");
  const again = firsts.ended("a", "receipt of a", [outcome("billing")]);
  firsts.journaled(firsts.unkept());
  await again;
});

test("what an earlier life has journaled waits for what may be under way, and not for what the journal knows", () => {
  const { firsts } = openFirsts();
  firsts.found("b", "receipt of b", 2, TO, [ending("b", outcome("billing")), ending("b", unsent("crm"))]);
  firsts.found("c", "receipt of c", 2, TO, [ending("c", outcome("billing"))]);
  expect([firsts.readyAt([seed("b")]), firsts.readyAt([seed("c")])]).toEqual([-Infinity, 2000]);
});
