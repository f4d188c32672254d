// A first attempt whose answer the event's sender waits for: who hears what, when, and what is told of it.
import { expect, test } from "vitest";
import { event, granted, held, NAMES, open, seen, sending, SILENCE, write, YES } from "../../kit/first-attempts.ts";
import { Awaited } from "../../../src/in/reply.ts";
import type { Acceptance, Answer } from "../../../src/types.ts";

const LOG = { info: () => {}, warn: () => {}, error: () => {} };
const awaiting = (destination: string, offered: readonly string[] = NAMES) =>
  new Awaited({ destination, withinMs: 60_000 }, seen.clock, () => seen.clock, offered);
const REPLY = { type: "text/plain; charset=utf-8", text: "thanks" };

test("the destination whose answer is waited for is among the four that are offered", () => {
  const one = event(NAMES);
  const matched = one.matched.map((match) => (match.destination === "five" ? { ...match, reply: 1 as const } : match));
  expect(open().first.offers({ ...one, matched })).toEqual(["five", "one", "two", "three"]);
});

test("the answer is heard, and told with the outcome of that attempt alone", async () => {
  const awaited = awaiting("two");
  const { first } = open({
    send: () => Promise.resolve(YES),
    heard: (to) => (to === "two" ? REPLY : "type"),
  });
  await first.make(
    { ...held(["one", "two"]), awaited },
    ["one", "two"],
    Promise.resolve(granted(["one", "two"])),
    write,
  );
  expect(await awaited.answer("evt", LOG)).toEqual(REPLY);
  const told = new Map(seen.told.flat().map((one) => [one.destination, "replied" in one ? one.replied : null]));
  expect(told.get("one")).toBeNull();
  expect(told.get("two")).toEqual({ ms: 0 });
});

test.each<[string, Acceptance]>([
  ["it is not granted", granted(["one"])],
  ["the queue has it", granted(["one"], ["two"])],
  ["it is busy", { kind: "busy", why: "because" }],
])("nobody waits where %s, although another attempt goes on", async (_, acceptance) => {
  const awaited = awaiting("two");
  const { first } = open({ send: () => Promise.withResolvers<Answer>().promise, grant: () => Promise.resolve(null) });
  void first.make({ ...held(["one", "two"]), awaited }, ["one", "two"], Promise.resolve(acceptance), write);
  expect(await awaited.answer("evt", LOG)).toBeNull();
  expect(awaited.take("late")).toEqual({ why: "unsent" });
});

test("who was not offered is not waited for, and neither is an answer that never comes", async () => {
  expect(await awaiting("two", ["one"]).answer("evt", LOG)).toBeNull();
  const awaited = awaiting("one");
  const { first } = open({ send: () => Promise.resolve(SILENCE), heard: () => "silent" });
  await first.make({ ...held(["one"]), awaited }, ["one"], Promise.resolve(granted(["one"])), write);
  expect(await awaited.answer("evt", LOG)).toBeNull();
  expect(seen.told).toMatchObject([[{ destination: "one", replied: { why: "silent" } }]]);
});

test("an answer behind the bound is late, whatever it says, and the first word counts", async () => {
  const awaited = awaiting("one");
  seen.clock += 60_001;
  expect(awaited.take(REPLY)).toEqual({ why: "late" });
  expect(await awaited.answer("evt", LOG)).toBeNull();
  const timely = awaiting("one");
  expect(timely.take("status")).toEqual({ why: "status" });
  expect(timely.take(REPLY)).toEqual({ why: "status" });
});

test("while the clock of a sender runs out, its attempt goes on", async () => {
  const answer = Promise.withResolvers<Answer>();
  const awaited = new Awaited({ destination: "one", withinMs: 0 }, seen.clock, () => seen.clock, NAMES);
  const { first } = open({ send: () => answer.promise });
  const making = first.make({ ...held(["one"]), awaited }, ["one"], Promise.resolve(granted(["one"])), write);
  await sending(1);
  expect(await awaited.answer("evt", LOG)).toBeNull();
  answer.resolve(YES);
  await making;
  expect(seen.told).toMatchObject([[{ destination: "one", state: "delivered", replied: { why: "late" } }]]);
});
