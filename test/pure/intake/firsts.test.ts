// First attempts from the offer until D1 has the event: what is granted, how it ended, and what D1 is told of it.
import { beforeEach, expect, test } from "vitest";
import { Firsts } from "../../../src/intake/firsts.ts";
import { Grants } from "../../../src/intake/grants.ts";
import type { BellSeed } from "../../../src/intake/journal.ts";
import { UNTIL, TO, ending, none, openFirsts, outcome, seed, time, unsent, yes } from "../../kit/firsts.ts";

beforeEach(() => {
  time.now = 1000;
});

test("what is offered is waited for, then granted; of what D1 knows, or what is paused, nothing is", () => {
  const { firsts } = openFirsts();
  expect(firsts.granted("a")).toEqual({ go: [], wait: TO });
  firsts.begin("a", true, (destination) => destination !== "crm");
  expect(firsts.granted("a")).toEqual({ go: ["billing"], wait: [] });
  firsts.offer("b", "receipt of b", 2, TO);
  firsts.begin("b", false, yes);
  expect(firsts.granted("b")).toEqual({ go: [], wait: [] });
  expect(firsts.granted("never offered")).toEqual({ go: [], wait: [] });
});

test("whoever asks hears how old the grant is, and how long the question was held", async () => {
  const { firsts } = openFirsts();
  const asking = firsts.ask("a", "receipt of a", "billing");
  time.now += 700;
  firsts.begin("a", true, yes);
  expect(await asking).toEqual({ ageMs: 0, heldMs: 700 });
  time.now += 300;
  expect(await firsts.ask("a", "receipt of a", "billing")).toEqual({ ageMs: 300, heldMs: 0 });
});

test("of another acceptance, another destination, or an earlier life, a grant is unknown", async () => {
  const { firsts } = openFirsts();
  firsts.begin("a", true, yes);
  expect(await firsts.ask("a", "of another", "billing")).toBe("unknown");
  expect(await firsts.ask("a", "receipt of a", "never offered")).toBe("unknown");
  expect(await firsts.ask("nobody", "receipt of a", "billing")).toBe("unknown");
  firsts.found("b", "receipt of b", 2, TO, []);
  expect(await firsts.ask("b", "receipt of b", "billing")).toBe("unknown");
});

test("a pause that comes while a grant is waited for refuses it, and the place goes to another", async () => {
  const { grants, firsts } = openFirsts();
  for (let n = 0; n < 64; n += 1) grants.ask("billing", String(n), () => {});
  let paused = false;
  firsts.begin("a", true, () => !paused);
  expect(firsts.granted("a")).toEqual({ go: ["crm"], wait: ["billing"] });
  const asking = firsts.ask("a", "receipt of a", "billing");
  paused = true;
  grants.leave("billing", "1", false);
  expect(await asking).toBeNull();
  let next = false;
  grants.ask("billing", "next", (granted) => (next = granted));
  expect(next).toBe(true);
});

test("an event goes to D1 when all is decided and has ended, or a second after the grant", () => {
  const { firsts } = openFirsts();
  const at = () => firsts.readyAt([seed("a")]);
  expect(at()).toBe(Infinity);
  firsts.begin("a", true, yes);
  expect(at()).toBe(2000);
  void firsts.ended("a", "receipt of a", [outcome("billing")]);
  expect(at()).toBe(2000);
  void firsts.ended("a", "receipt of a", [unsent("crm")]);
  expect(at()).toBe(-Infinity);
  // What was never offered waits for nobody, and the latest of a group counts.
  expect(firsts.readyAt([seed("b")])).toBe(-Infinity);
  firsts.offer("c", "receipt of c", 2, ["crm"]);
  expect(firsts.readyAt([seed("b"), seed("c")])).toBe(Infinity);
});

test("whoever waits is woken by an end, and by what is not granted", async () => {
  const { firsts } = openFirsts();
  const changed = firsts.changed();
  firsts.begin("a", true, (destination) => destination !== "crm");
  await changed;
  const again = firsts.changed();
  void firsts.ended("a", "receipt of a", [outcome("billing")]);
  await again;
});

test("D1 is told: what has ended, what is under way until its lease ends, and nothing of what the queue has", () => {
  const { firsts } = openFirsts();
  firsts.offer("b", "receipt of b", 2, TO);
  firsts.begin("a", true, yes);
  firsts.begin("b", true, (destination) => destination !== "crm");
  void firsts.ended("a", "receipt of a", [outcome("billing")]);
  const { opened, unsent: rung, told } = firsts.snapshot([seed("a"), seed("b")], none);
  const lease = { state: "delivering", leaseUntil: UNTIL };
  expect(opened).toEqual([
    { id: "a", receipt: "receipt of a", ...outcome("billing") },
    { id: "a", receipt: "receipt of a", destination: "crm", ...lease },
    { id: "b", receipt: "receipt of b", destination: "billing", ...lease },
  ]);
  expect([...rung]).toEqual([["b", ["crm"]]]);
  expect(told).toEqual([ending("a", outcome("billing"))]);
});

test("of what is not remembered everything that was offered may be under way", () => {
  const { opened, unsent: rung } = new Firsts(new Grants(1, () => time.now), () => time.now).snapshot(
    [seed("lost")],
    none,
  );
  expect(opened).toMatchObject(
    TO.map((destination) => ({ id: "lost", destination, state: "delivering", leaseUntil: UNTIL })),
  );
  expect(rung.size).toBe(0);
});

test("an outcome that the journal has counts, whatever is remembered; a row of an earlier release has offered nothing", () => {
  const { firsts } = openFirsts();
  firsts.begin("a", true, yes);
  const kept = [ending("a", outcome("billing")), ending("a", unsent("crm"))];
  const old: BellSeed = ["old", 2, TO];
  const { opened, unsent: rung, told } = firsts.snapshot([seed("a"), old], (id) => (id === "a" ? kept : []));
  expect(opened).toEqual([{ id: "a", receipt: "receipt of a", ...outcome("billing") }]);
  expect([...rung]).toEqual([["a", ["crm"]]]);
  expect(told).toEqual(kept);
});

test("an outcome belongs to its acceptance, and the first that is told of an attempt counts", () => {
  const { firsts } = openFirsts();
  firsts.begin("a", true, yes);
  expect(firsts.ended("a", "of another", [outcome("billing")])).toBeNull();
  expect(firsts.ended("gone", "receipt of a", [outcome("billing")])).toBeNull();
  void firsts.ended("a", "receipt of a", [outcome("billing")]);
  void firsts.ended("a", "receipt of a", [outcome("billing", { state: "failed", status: 410 })]);
  expect(firsts.snapshot([seed("a")], none).opened[0]).toMatchObject({ destination: "billing", state: "delivered" });
});

test("whoever told an outcome waits until D1 has it; one that comes while D1 takes the event comes late", async () => {
  const { firsts } = openFirsts();
  firsts.begin("a", true, yes);
  let kept = 0;
  void firsts.ended("a", "receipt of a", [outcome("billing")])?.then(() => (kept += 1));
  const snapshot = firsts.snapshot([seed("a")], none);
  const late = firsts.ended("a", "receipt of a", [outcome("crm")])?.then(() => (kept += 1));
  const [only, ...more] = firsts.committed([seed("a")], snapshot);
  expect([only?.outcome, more]).toEqual([outcome("crm"), []]);
  await new Promise(setImmediate);
  expect(kept).toBe(1);
  only?.kept();
  await late;
  expect(kept).toBe(2);
  // From now on it is D1's, and whoever tells it again is sent there.
  expect(firsts.ended("a", "receipt of a", [outcome("crm")])).toBeNull();
});

test("an event whose outcomes were all in the snapshot leaves nothing behind, and frees those who told them", async () => {
  const { firsts } = openFirsts();
  firsts.begin("a", true, yes);
  const telling = firsts.ended(
    "a",
    "receipt of a",
    TO.map((destination) => outcome(destination)),
  );
  expect(firsts.committed([seed("a")], firsts.snapshot([seed("a")], none))).toEqual([]);
  await telling;
  expect(firsts.unkept()).toEqual([]);
});

test("the journal takes the outcomes of what is durable, and what has ended altogether is forgotten", async () => {
  const { firsts } = openFirsts();
  firsts.offer("not yet durable", "receipt", 2, ["crm"]);
  firsts.begin("a", true, yes);
  const first = firsts.ended("a", "receipt of a", [outcome("billing")]);
  void firsts.ended("not yet durable", "receipt", [outcome("crm")]);
  const kept = firsts.unkept();
  expect(kept.map(({ id, outcome: told }) => [id, told])).toEqual([["a", outcome("billing")]]);
  firsts.journaled(kept);
  await first;
  void firsts.ended("a", "receipt of a", [outcome("crm")]);
  firsts.journaled(firsts.unkept());
  expect(firsts.ended("a", "receipt of a", [outcome("crm")])).toBeNull();
});

test("an event that may not be journaled is unsure, and the queue's, until D1 has the journal up to there", () => {
  const { firsts } = openFirsts();
  firsts.drop("a", 7);
  expect(firsts.isUnsure("a")).toBe(true);
  firsts.begin("a", true, yes);
  expect(firsts.granted("a")).toEqual({ go: [], wait: [] });
  const { opened, unsent: rung } = firsts.snapshot([seed("a")], none);
  expect([opened, [...rung]]).toEqual([[], [["a", TO]]]);
  firsts.drained(6);
  expect(firsts.isUnsure("a")).toBe(true);
  firsts.drained(7);
  expect([firsts.isUnsure("a"), firsts.size]).toEqual([false, 0]);
});

test.each([
  ["failed", "exhausted", true],
  ["failed", "gone", false],
  ["pending", null, false],
  ["delivered", null, false],
] as const)("a first attempt that ended as %s, %s is exhausted: %s", (state, reason, exhausted) => {
  const { firsts } = openFirsts();
  firsts.begin("a", true, yes);
  void firsts.ended("a", "receipt of a", [outcome("billing", { state, reason })]);
  expect(firsts.exhausted("a", "receipt of a", [])).toBe(exhausted);
  expect(firsts.exhausted("a", "of another", [])).toBe(false);
  // The same where only the journal still has it.
  const journaled = [ending("a", outcome("billing", { state, reason }))];
  expect(new Firsts(new Grants(1, () => time.now), () => time.now).exhausted("a", "receipt of a", journaled)).toBe(
    exhausted,
  );
});
