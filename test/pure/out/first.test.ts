// First attempts in the isolate that accepted an event: which it offers, which it makes, and what it tells.
import { beforeEach, expect, test } from "vitest";
import type { FirstOutcome } from "../../../src/d1/settlement.ts";
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
let logged: string[] = [];
beforeEach(() => {
  [clock, sent, told, logged] = [1_000_000, [], [], []];
});

const web = (name: string): Destination => ({ name, url: `https://${name}.example.com/`, retry: [1000], keys: KEYS });
const NAMES = ["one", "two", "three", "four", "five"];

const write = (event: string) => void logged.push(event);

function open(change: { grant?: () => Promise<Grant | "unknown" | null>; send?: () => Promise<Answer> } = {}) {
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
      sent.push(new URL(url).hostname.split(".")[0] ?? "");
      return await (change.send ?? (() => Promise.resolve(YES)))();
    },
    inspector: () => () => Promise.reject(new Error("unused")),
    now: () => clock,
    dice: () => 0.5,
    log: { info: write, warn: write, error: write },
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
const accepted = (go: readonly string[], wait: readonly string[] = []): Acceptance => ({
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
  await first.make(held(["one"]), ["one"], Promise.resolve(accepted(["one"])));
  expect(first.offers(event(["one", "two"]))).toEqual(["two"]);
  clock += 60_000;
  expect(first.offers(event(["one", "two"]))).toEqual(["one", "two"]);
});

test("bodies of first attempts have 16 MB between them, until their sends have ended", async () => {
  const answer = Promise.withResolvers<Answer>();
  const { first } = open({ send: () => answer.promise });
  const size = 256 * 1024;
  const making = Array.from({ length: 64 }, () =>
    first.make(held(["one"], size), ["one"], Promise.resolve(accepted(["one"]))),
  );
  expect(first.offers(event(["one"]))).toEqual([]);
  answer.resolve(YES);
  await Promise.all(making);
  expect(first.offers(event(["one"]))).toEqual(["one"]);
});

test("what is granted is sent, and how it ended is told; nothing else is", async () => {
  await open().first.make(held(NAMES), NAMES.slice(0, 4), Promise.resolve(accepted(["one", "three"])));
  expect(sent.toSorted()).toEqual(["one", "three"]);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject([
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
  await open().first.make(held(["one"]), ["one"], Promise.resolve(answer));
  expect([sent, told]).toEqual([[], []]);
});

test("an acceptance that fails sends nothing, and ends nobody", async () => {
  await open().first.make(held(["one"]), ["one"], Promise.reject(new Error("reset")));
  expect([sent, told, logged]).toEqual([[], [], ["delivery.broken"]]);
});

test("a grant that is older than five seconds by the isolate's own clock is not used, and the queue hears of it", async () => {
  for (const [late, state] of [
    [5_000, "delivered"],
    [5_001, "unsent"],
  ] as const) {
    told = [];
    const answer = Promise.withResolvers<Acceptance>();
    const making = open().first.make(held(["one"]), ["one"], answer.promise);
    clock += late;
    answer.resolve(accepted(["one"]));
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
    await first.make(held(["one"]), ["one"], Promise.resolve(accepted([], ["one"])));
    expect(told).toMatchObject([[{ destination: "one", state }]]);
  }
});

test("where it waits and is not granted, nothing is sent or told; a grant that nobody knows is given back unsent", async () => {
  await open({ grant: () => Promise.resolve(null) }).first.make(
    held(["one"]),
    ["one"],
    Promise.resolve(accepted([], ["one"])),
  );
  expect([sent, told]).toEqual([[], []]);
  await open({ grant: () => Promise.resolve("unknown") }).first.make(
    held(["one"]),
    ["one"],
    Promise.resolve(accepted([], ["one"])),
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
  await first.make(held(["one", "two"]), ["one", "two"], Promise.resolve(accepted(["one", "two"])));
  expect(told).toMatchObject([[{ state: "delivered" }]]);
  expect(logged).toEqual(["delivery.broken"]);
});
