// First attempts in the isolate that accepted an event: which it offers, which it makes, and what it tells.
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { FirstEnd, FirstOutcome } from "../../../src/d1/settlement.ts";
import type { Outgoing } from "../../../src/net/send.ts";
import { FirstAttempts, type FirstDeps } from "../../../src/out/first.ts";
import { YES as YES_SCRIPT } from "../../../src/out/script.ts";
import { Pace } from "../../../src/out/pace.ts";
import type { Acceptance, Answer, Destination, Event, Grant } from "../../../src/types.ts";

const YES: Answer = { status: 200, fault: null, latencyMs: 3, excerpt: "thanks", retryAfter: null };
const SILENCE: Answer = { ...YES, status: null, fault: "timeout", latencyMs: 15_000, excerpt: "" };
const KEYS = [{ kind: "derived", from: { name: "SIGNING_KEY", value: "test-signing-key-0123456789abcdef" } }] as const;

let clock = 0;
let sent: string[] = [];
let told: FirstOutcome[][] = [];
let logged: { level: string; event: string; fields: object }[] = [];
/** What the line of the acceptance was given, each time that it was written. */
let accepted: (readonly FirstEnd[])[] = [];
beforeEach(() => {
  [clock, sent, told, logged, accepted] = [1_000_000, [], [], [], []];
});

const web = (name: string): Destination => ({ name, url: `https://${name}.example.com/`, retry: [1000], keys: KEYS });
const NAMES = ["one", "two", "three", "four", "five"];

const writer = (level: string) => (event: string, fields: object) => void logged.push({ level, event, fields });
/** Signatures take their own time: which attempt ends first is nobody's choice. */
const accept = (first: readonly FirstEnd[]) =>
  void accepted.push(first.toSorted((a, b) => NAMES.indexOf(a.destination) - NAMES.indexOf(b.destination)));

function open(
  change: { grant?: () => Promise<Grant | "unknown" | null>; send?: (to: string) => Promise<Answer> } = {},
) {
  const pace = new Pace();
  const deps: FirstDeps = {
    config: {
      destinations: new Map<string, Destination>([
        ...NAMES.map((name) => [name, web(name)] as const),
        ["bin", { ...web("bin"), script: YES_SCRIPT }] as const,
        ["unaddressed", { ...web("unaddressed"), url: null }] as const,
      ]),
    },
    pace,
    intake: {
      grant: change.grant ?? (() => Promise.reject(new Error("unused"))),
      ended: async (_, outcomes) => void told.push([...(await Promise.resolve(outcomes))]),
    },
    send: async ({ url }: Outgoing) => {
      const [to = ""] = new URL(url).hostname.split(".");
      sent.push(to);
      return await (change.send ?? (() => Promise.resolve(YES)))(to);
    },
    inspector: () => () => Promise.reject(new Error("unused")),
    now: () => clock,
    dice: () => 0.5,
    log: { info: writer("info"), warn: writer("warn"), error: writer("error") },
  };
  return { first: new FirstAttempts(deps), pace };
}

const event = (to: readonly string[], size = 2): Event => ({
  id: `evt_${"a".repeat(32)}`,
  receipt: "receipt",
  source: "acme",
  type: "test",
  receivedAt: clock,
  verifiedBy: null,
  headers: {},
  encoding: "text",
  size,
  body: "{}",
  parts: 0,
  matched: to.map((destination) => ({ destination, route: "all" })),
});
const held = (to: readonly string[], size = 2) => ({ event: event(to, size), rate: null, body: new Uint8Array(2) });
const granted = (go: readonly string[], wait: readonly string[] = []): Acceptance => ({
  kind: "accepted",
  id: "evt",
  first: { go, wait },
});

test("four destinations of an event are offered, and the fifth is the queue's", () => {
  expect(open().first.offers(event(NAMES))).toEqual(NAMES.slice(0, 4));
});

test("inspectors, what has no address, and what is not configured any more are the queue's", () => {
  expect(open().first.offers(event(["bin", "unaddressed", "removed", ...NAMES]))).toEqual(NAMES.slice(0, 4));
});

test("a body of more than 256 KB is the queue's", () => {
  expect(open().first.offers(event(["one"], 256 * 1024))).toEqual(["one"]);
  expect(open().first.offers(event(["one"], 256 * 1024 + 1))).toEqual([]);
});

test("a destination that timed out here is the queue's for a minute, and a first attempt that times out makes it one", async () => {
  const { first } = open({ send: () => Promise.resolve(SILENCE) });
  await first.make(held(["one"]), ["one"], Promise.resolve(granted(["one"])), accept);
  expect(first.offers(event(["one", "two"]))).toEqual(["two"]);
  clock += 60_000;
  expect(first.offers(event(["one", "two"]))).toEqual(["one", "two"]);
});

test("bodies of first attempts have 16 MB between them, until their sends have ended", async () => {
  const answer = Promise.withResolvers<Answer>();
  const { first } = open({ send: () => answer.promise });
  const size = 256 * 1024;
  const making = Array.from({ length: 64 }, () =>
    first.make(held(["one"], size), ["one"], Promise.resolve(granted(["one"])), accept),
  );
  expect(first.offers(event(["one"]))).toEqual([]);
  answer.resolve(YES);
  await Promise.all(making);
  expect(first.offers(event(["one"]))).toEqual(["one"]);
});

test("what is granted is sent, and how it ended is told; nothing else is", async () => {
  await open().first.make(held(NAMES), NAMES.slice(0, 4), Promise.resolve(granted(["one", "three"])), accept);
  expect(sent.toSorted()).toEqual(["one", "three"]);
  expect(told).toHaveLength(1);
  expect(told[0]?.toSorted((a, b) => a.destination.localeCompare(b.destination))).toMatchObject([
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
  await open().first.make(held(["one"]), ["one"], Promise.resolve(answer), accept);
  expect([sent, told]).toEqual([[], []]);
});

test("what may be in the journal although nobody has heard so is told as not sent, so that the queue has it at once", async () => {
  const offered = ["one", "two"];
  const busy: Acceptance = { kind: "busy", why: "because", mayBeKept: true };
  await open().first.make(held(offered), offered, Promise.resolve(busy), accept);
  expect([sent, accepted, logged]).toEqual([[], [], []]);
  expect(told).toEqual([offered.map((destination) => ({ destination, state: "unsent" }))]);
});

test("an acceptance that fails sends nothing, and ends nobody", async () => {
  await open().first.make(held(["one"]), ["one"], Promise.reject(new Error("reset")), accept);
  expect([sent, told, accepted, logged.map(({ event: name }) => name)]).toEqual([[], [], [], ["delivery.broken"]]);
});

test("a grant that is older than five seconds by the isolate's own clock is not used, and the queue hears of it", async () => {
  for (const [late, state] of [
    [5_000, "delivered"],
    [5_001, "unsent"],
  ] as const) {
    told = [];
    const answer = Promise.withResolvers<Acceptance>();
    const making = open().first.make(held(["one"]), ["one"], answer.promise, accept);
    clock += late;
    answer.resolve(granted(["one"]));
    await making;
    expect(told).toMatchObject([[{ destination: "one", state }]]);
  }
  expect(sent).toEqual(["one"]);
});

test("time for which the question was held does not age a grant; what it was old when it was told, and the way, do", async () => {
  for (const [ageMs, heldMs, way, state] of [
    [0, 4_900, 5_000, "delivered"],
    [0, 4_900, 5_001, "unsent"],
    [3_000, 1_000, 2_000, "delivered"],
    [3_000, 1_000, 2_001, "unsent"],
  ] as const) {
    told = [];
    const { first } = open({
      grant: async () => {
        clock += heldMs + way;
        return await Promise.resolve({ ageMs, heldMs });
      },
    });
    await first.make(held(["one"]), ["one"], Promise.resolve(granted([], ["one"])), accept);
    expect(told).toMatchObject([[{ destination: "one", state }]]);
  }
});

test("where it waits and is not granted, nothing is sent or told; a grant that nobody knows is given back unsent", async () => {
  await open({ grant: () => Promise.resolve(null) }).first.make(
    held(["one"]),
    ["one"],
    Promise.resolve(granted([], ["one"])),
    accept,
  );
  expect([sent, told]).toEqual([[], []]);
  await open({ grant: () => Promise.resolve("unknown") }).first.make(
    held(["one"]),
    ["one"],
    Promise.resolve(granted([], ["one"])),
    accept,
  );
  expect([sent, told]).toEqual([[], [[{ destination: "one", state: "unsent" }]]]);
});

test("a fault of our own tells nothing about that attempt, which may have been made, and the others are told", async () => {
  let n = 0;
  const { first } = open({
    send: () => {
      n += 1;
      return n === 1 ? Promise.reject(new Error("ours")) : Promise.resolve(YES);
    },
  });
  await first.make(held(["one", "two"]), ["one", "two"], Promise.resolve(granted(["one", "two"])), accept);
  expect(told).toMatchObject([[{ state: "delivered" }]]);
  expect(logged).toMatchObject([{ event: "delivery.broken" }]);
});

test("first attempts that succeed are told in the line of the acceptance, and have none of their own", async () => {
  await open().first.make(held(["one", "two"]), ["one", "two"], Promise.resolve(granted(["one", "two"])), accept);
  const end = { state: "delivered", status: 200, latencyMs: 3 };
  expect(accepted).toEqual([
    [
      { destination: "one", ...end },
      { destination: "two", ...end },
    ],
  ]);
  expect(logged).toEqual([]);
});

test("what did not succeed is told in that line too, and after it in the line that every attempt of the queue has", async () => {
  const { first } = open({ send: (to) => Promise.resolve({ ...YES, status: to === "one" ? 503 : 410 }) });
  const order: string[] = [];
  await first.make(held(["one", "two"]), ["one", "two"], Promise.resolve(granted(["one", "two"])), (ends) => {
    order.push(...logged.map(({ event: name }) => name), "accepted");
    accept(ends);
  });
  expect(order).toEqual(["accepted"]);
  expect(accepted).toMatchObject([
    [
      { destination: "one", state: "pending", status: 503 },
      { destination: "two", state: "failed", status: 410 },
    ],
  ]);
  const fields = { attempt: 1, fault: null, latencyMs: 3 };
  const id = `evt_${"a".repeat(32)}`;
  expect(logged.toSorted((a, b) => a.event.localeCompare(b.event))).toEqual([
    {
      level: "warn",
      event: "delivery.attempted",
      fields: { delivery: `${id}:one`, ...fields, state: "pending", status: 503, dueAt: clock + 1000 },
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
  await open().first.make(held(["one"]), ["one"], Promise.resolve(answer), accept);
  expect(accepted).toEqual([[]]);
});

test("the line of an acceptance waits two seconds at most; what ends later has a line of its own", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const hangs = Promise.withResolvers<Answer>();
  const { first } = open({ send: (to) => (to === "one" ? Promise.resolve(YES) : hangs.promise) });
  const making = first.make(held(["one", "two"]), ["one", "two"], Promise.resolve(granted(["one", "two"])), accept);
  while (sent.length < 2) await vi.advanceTimersByTimeAsync(0);
  await vi.advanceTimersByTimeAsync(1_999);
  expect(accepted).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(accepted).toMatchObject([[{ destination: "one" }]]);
  hangs.resolve(YES);
  await vi.advanceTimersByTimeAsync(100);
  await making;
  expect(accepted).toHaveLength(1);
  expect(logged).toMatchObject([
    { level: "info", event: "delivery.attempted", fields: { attempt: 1, state: "delivered", status: 200 } },
  ]);
  expect(vi.getTimerCount()).toBe(0);
});

test("an acceptance whose attempts fail by a fault of our own has its line", async () => {
  const { first } = open({ send: () => Promise.reject(new Error("ours")) });
  await first.make(held(["one"]), ["one"], Promise.resolve(granted(["one"])), accept);
  expect(accepted).toEqual([[]]);
});
