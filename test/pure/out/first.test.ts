// First attempts in the isolate that accepted an event: which it offers, which it makes, and what it tells.
import { expect, test } from "vitest";
import { event, granted, held, NAMES, open, seen, sending, SILENCE, write, YES } from "../../kit/first-attempts.ts";
import type { Acceptance, Answer } from "../../../src/types.ts";

test("four destinations of an event are offered, and the fifth is the queue's", () => {
  expect(open().first.offers(event(NAMES))).toEqual(NAMES.slice(0, 4));
});

test("inspectors, what has no address, and what is not configured any more are the queue's", () => {
  expect(open().first.offers(event(["bin", "unaddressed", "removed", ...NAMES]))).toEqual(NAMES.slice(0, 4));
});

test("a destination whose attempts may take longer than an invocation has left is the queue's", () => {
  expect(open().first.offers(event(["patient", "quick"]))).toEqual(["quick"]);
});

test("what goes in order is the queue's: who comes first is known once D1 has it", () => {
  const one = event(["one", "two"]);
  const matched = one.matched.map((match) =>
    match.destination === "one" ? Object.assign({ order: "key" }, match) : match,
  );
  expect(open().first.offers({ ...one, matched })).toEqual(["two"]);
});

test("a body of more than 256 KB is the queue's", () => {
  expect(open().first.offers(event(["one"], 256 * 1024))).toEqual(["one"]);
  expect(open().first.offers(event(["one"], 256 * 1024 + 1))).toEqual([]);
});

test("a destination that timed out here is the queue's for a minute, and a first attempt that times out makes it one", async () => {
  const { first } = open({ send: () => Promise.resolve(SILENCE) });
  await first.make(held(["one"]), ["one"], Promise.resolve(granted(["one"])), write);
  expect(first.offers(event(["one", "two"]))).toEqual(["two"]);
  seen.clock += 60_000;
  expect(first.offers(event(["one", "two"]))).toEqual(["one", "two"]);
});

test("bodies of first attempts have 16 MB between them, until their sends have ended", async () => {
  const answer = Promise.withResolvers<Answer>();
  const { first } = open({ send: () => answer.promise });
  const size = 256 * 1024;
  const making = Array.from({ length: 64 }, () =>
    first.make(held(["one"], size), ["one"], Promise.resolve(granted(["one"])), write),
  );
  expect(first.offers(event(["one"]))).toEqual([]);
  answer.resolve(YES);
  await Promise.all(making);
  expect(first.offers(event(["one"]))).toEqual(["one"]);
});

test("what the platform has ended without a word holds its bytes no longer than a minute", async () => {
  const { first } = open({ send: () => Promise.withResolvers<Answer>().promise });
  const size = 256 * 1024;
  for (let n = 0; n < 64; n += 1)
    void first.make(held(["one"], size), ["one"], Promise.resolve(granted(["one"])), write);
  await sending(64);
  seen.clock += 60_000;
  expect(first.offers(event(["one"]))).toEqual([]);
  seen.clock += 1;
  expect(first.offers(event(["one"]))).toEqual(["one"]);
});

test("bytes that were given up are not given back once more when their send ends after all", async () => {
  const late = Promise.withResolvers<Answer>();
  const sends = [late.promise];
  const { first } = open({ send: () => sends.shift() ?? Promise.withResolvers<Answer>().promise });
  const size = 256 * 1024;
  const making = first.make(held(["one"], size), ["one"], Promise.resolve(granted(["one"])), write);
  await sending(1);
  seen.clock += 60_001;
  expect(first.offers(event(["one"]))).toEqual(["one"]);
  for (let n = 0; n < 64; n += 1)
    void first.make(held(["one"], size), ["one"], Promise.resolve(granted(["one"])), write);
  late.resolve(YES);
  await making;
  expect(first.offers(event(["one"]))).toEqual([]);
  await sending(65);
});

test("a destination whose answer took all the time that there is hangs, although its status came", async () => {
  const { first } = open({ send: () => Promise.resolve({ ...YES, latencyMs: 15_000 }) });
  await first.make(held(["one"]), ["one"], Promise.resolve(granted(["one"])), write);
  expect(seen.accepted).toMatchObject([[{ destination: "one", state: "delivered" }]]);
  expect(first.offers(event(["one", "two"]))).toEqual(["two"]);
});

test("the object is let go as soon as every grant is decided, and not when the sends have ended", async () => {
  const answer = Promise.withResolvers<Answer>();
  const disposed: string[][] = [];
  const desk = {
    ask: () => Promise.reject(new Error("unused")),
    [Symbol.dispose]: () => void disposed.push([...seen.sent]),
  };
  const grants = [null, { ageMs: 0, heldMs: 0 }, "unknown"] as const;
  let asked = 0;
  const { first } = open({
    send: () => answer.promise,
    grant: () => Promise.resolve(grants[asked++] ?? null),
  });
  const to = ["one", "two", "three"];
  const accepting: Acceptance = { kind: "accepted", id: "evt", first: { go: [], wait: to, desk } };
  const making = first.make(held(to), to, Promise.resolve(accepting), write);
  await sending(1);
  expect([asked, disposed.length]).toEqual([3, 1]);
  answer.resolve(YES);
  await making;
  expect(disposed).toHaveLength(1);
});

test("what is granted is sent, and how it ended is told; nothing else is", async () => {
  const answer = Promise.withResolvers<Answer>();
  const { first } = open({ send: () => answer.promise });
  const making = first.make(held(NAMES), NAMES.slice(0, 4), Promise.resolve(granted(["one", "three"])), write);
  await sending(2);
  answer.resolve(YES);
  await making;
  expect(seen.sent.toSorted()).toEqual(["one", "three"]);
  expect(seen.told).toHaveLength(1);
  expect(seen.told[0]?.toSorted((a, b) => a.destination.localeCompare(b.destination))).toMatchObject([
    { destination: "one", state: "delivered", status: 200 },
    { destination: "three", state: "delivered", status: 200 },
  ]);
});

test.each<Acceptance>([
  { kind: "duplicate", id: "evt" },
  { kind: "limited", retryAfterMs: 1 },
  { kind: "busy", why: "because" },
  { kind: "accepted", id: "evt" },
])("after the answer %j nothing is sent", async (answer) => {
  await open().first.make(held(["one"]), ["one"], Promise.resolve(answer), write);
  expect([seen.sent, seen.told]).toEqual([[], []]);
});

test("what may be in the journal although nobody has heard so is told as not sent, so that the queue has it at once", async () => {
  const offered = ["one", "two"];
  const busy: Acceptance = { kind: "busy", why: "because", mayBeKept: true };
  await open().first.make(held(offered), offered, Promise.resolve(busy), write);
  expect([seen.sent, seen.accepted, seen.logged]).toEqual([[], [], []]);
  expect(seen.told).toEqual([offered.map((destination) => ({ destination, state: "unsent" }))]);
});

test("an acceptance that fails sends nothing, and ends nobody", async () => {
  await open().first.make(held(["one"]), ["one"], Promise.reject(new Error("reset")), write);
  expect([seen.sent, seen.told, seen.accepted, seen.logged.map(({ event: name }) => name)]).toEqual([
    [],
    [],
    [],
    ["delivery.broken"],
  ]);
});

test("a grant that is older than five seconds by the isolate's own clock is not used, and the queue hears of it", async () => {
  for (const [late, state] of [
    [5_000, "delivered"],
    [5_001, "unsent"],
  ] as const) {
    seen.told = [];
    const answer = Promise.withResolvers<Acceptance>();
    const making = open().first.make(held(["one"]), ["one"], answer.promise, write);
    seen.clock += late;
    answer.resolve(granted(["one"]));
    await making;
    expect(seen.told).toMatchObject([[{ destination: "one", state }]]);
  }
  expect(seen.sent).toEqual(["one"]);
});

test("time for which the question was held does not age a grant; what it was old when it was told, and the way, do", async () => {
  for (const [ageMs, heldMs, way, state] of [
    [0, 4_900, 5_000, "delivered"],
    [0, 4_900, 5_001, "unsent"],
    [3_000, 1_000, 2_000, "delivered"],
    [3_000, 1_000, 2_001, "unsent"],
  ] as const) {
    seen.told = [];
    const { first } = open({
      grant: async () => {
        seen.clock += heldMs + way;
        return await Promise.resolve({ ageMs, heldMs });
      },
    });
    await first.make(held(["one"]), ["one"], Promise.resolve(granted([], ["one"])), write);
    expect(seen.told).toMatchObject([[{ destination: "one", state }]]);
  }
});

test("where it waits and is not granted, nothing is sent or told; a grant that nobody knows is given back unsent", async () => {
  await open({ grant: () => Promise.resolve(null) }).first.make(
    held(["one"]),
    ["one"],
    Promise.resolve(granted([], ["one"])),
    write,
  );
  expect([seen.sent, seen.told]).toEqual([[], []]);
  await open({ grant: () => Promise.resolve("unknown") }).first.make(
    held(["one"]),
    ["one"],
    Promise.resolve(granted([], ["one"])),
    write,
  );
  expect([seen.sent, seen.told]).toEqual([[], [[{ destination: "one", state: "unsent" }]]]);
});

test("a fault of our own tells nothing about that attempt, which may have been made, and the others are told", async () => {
  let n = 0;
  const { first } = open({
    send: () => {
      n += 1;
      return n === 1 ? Promise.reject(new Error("ours")) : Promise.resolve(YES);
    },
  });
  await first.make(held(["one", "two"]), ["one", "two"], Promise.resolve(granted(["one", "two"])), write);
  expect(seen.told).toMatchObject([[{ state: "delivered" }]]);
  expect(seen.logged).toMatchObject([{ event: "delivery.broken" }]);
});

test("a destination that takes only so many is asked for one place, which is given back when the attempt has ended", async () => {
  const { first } = open();
  await first.make(held(["counted"]), ["counted"], Promise.resolve(granted(["counted"])), write);
  expect(seen.asked).toEqual([
    { destination: "counted", want: 1, back: 0, limits: { concurrency: 1 }, attemptMs: 15_000, leaves: true },
  ]);
  expect([seen.sent, seen.told]).toMatchObject([["counted"], [[{ state: "delivered" }]]]);
  expect(seen.turned).toEqual([{ by: "it", begun: 1, unused: 0, freed: 1 }]);
});

test("without a place nothing is sent and the queue has it, and while there is none no other first attempt is offered", async () => {
  seen.places = 0;
  const { first } = open();
  await first.make(held(["counted"]), ["counted"], Promise.resolve(granted(["counted"])), write);
  expect([seen.sent, seen.told]).toEqual([[], [[{ destination: "counted", state: "unsent" }]]]);
  expect(first.offers(event(["counted", "one"]))).toEqual(["counted", "one"]);
  seen.isFull = true;
  expect(first.offers(event(["counted", "one"]))).toEqual(["one"]);
});
