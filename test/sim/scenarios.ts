// The scenarios of the exhaustive mode, as data: each is run once for every yield point that it passes and every fault that can hit there.
import type { Operation } from "./operations.ts";
import type { Plan, Step } from "./plan.ts";
import type { Letter } from "./senders.ts";

const LETTER: Letter = { source: "acme", key: "one", type: "push", stuff: "json", forged: null };

function post(at: number, change: Partial<Letter> = {}, tries = 6): Step {
  return { at, do: "post", letter: { ...LETTER, ...change }, tries };
}

function operated(at: number, operation: Operation): Step {
  return { at, do: "operate", operation };
}

function scenario(name: string, steps: readonly Step[], change: Partial<Plan> = {}): Plan {
  const end = Math.max(...steps.map((step) => step.at));
  return {
    name,
    seed: 1,
    schedule: "short",
    cold: false,
    shards: 1,
    traits: [],
    steps,
    quiet: end + 400_000,
    retention: false,
    rates: {},
    habits: [],
    ...change,
  };
}

const github = (change: Partial<Letter> = {}): Partial<Letter> => ({ source: "github", ...change });

export const SCENARIOS: readonly Plan[] = [
  scenario("one event", [post(0, github())]),
  scenario("the first event of a new database", [post(0, github())], { cold: true }),
  scenario("one event for two destinations", [post(0)]),
  scenario("a repeat after the answer", [post(0, github()), post(3_000, github())]),
  scenario("two at the same moment", [post(0, github()), post(0, github())]),
  scenario(
    "a group",
    [0, 1, 2, 3, 4].map((n) => post(n, github({ key: `k${n}` }))),
  ),
  scenario("an event that is half written when the next one comes", [
    post(0, github({ key: "a" })),
    post(9, github({ key: "b" })),
    post(120, github({ key: "c" })),
  ]),
  scenario("a destination that fails at first", [
    { at: 0, do: "mood", destination: "alpha", mood: "500" },
    post(0, github()),
    { at: 20_000, do: "mood", destination: "alpha", mood: "ok" },
  ]),
  scenario(
    "a schedule that ends, and the sender's own repeat",
    [
      { at: 0, do: "mood", destination: "alpha", mood: "500" },
      post(0, github()),
      { at: 20_000, do: "mood", destination: "alpha", mood: "ok" },
      post(30_000, github()),
    ],
    { schedule: "once" },
  ),
  scenario("a destination that is gone, beside one that works", [
    { at: 0, do: "mood", destination: "beta", mood: "410" },
    post(0),
  ]),
  scenario("a destination that hangs, beside one that works", [
    { at: 0, do: "mood", destination: "alpha", mood: "hang" },
    post(0),
    post(500, { key: "two" }),
    { at: 20_000, do: "mood", destination: "alpha", mood: "ok" },
  ]),
  scenario("a body in parts", [post(0, { stuff: "large text" })]),
  scenario("a body in a bucket", [post(0, { stuff: "large text" })], { traits: ["bodied"] }),
  scenario("bytes that are no text", [post(0, { stuff: "binary" }), post(2, { key: "two", stuff: "bom" })]),
  scenario(
    "a source at its limit",
    [0, 1, 2, 3, 4, 5].map((n) => post(n * 3, { source: "limited", key: `k${n}` }, 3)),
  ),
  scenario(
    "a captured request that is repeated, and the sender's next one",
    [0, 1, 2, 3, 4, 5, 6, 7]
      .map((n) => post(n * 400, { source: "limited" }, 1))
      .concat(post(4_000, { source: "limited", key: "next" }, 1)),
  ),
  scenario("a body in parts, and its repeats", [
    post(0, { stuff: "large text" }),
    post(3_000, { stuff: "large text" }),
    post(30_000, { stuff: "large text" }),
  ]),
  scenario("a name that is used for two contents", [
    post(0, { source: "app" }),
    post(0, { source: "app", type: "star" }, 1),
    post(3_000, { source: "app" }),
    post(4_000, { source: "app", type: "star" }, 1),
  ]),
  scenario("a stranger before the sender", [
    post(0, github({ forged: "wrong key" }), 1),
    post(5, github({ forged: "no signature" }), 1),
    post(50, github()),
  ]),
  scenario("more than a destination takes at once", [
    { at: 0, do: "deploy", change: "limit alpha" },
    ...[0, 1, 2, 3, 4].map((n) => post(10 + n * 20, github({ key: `k${n}` }))),
    { at: 900, do: "kill", who: "limiter" },
  ]),
  scenario("a destination that is removed while it fails", [
    { at: 0, do: "mood", destination: "beta", mood: "500" },
    post(0),
    { at: 3_000, do: "deploy", change: "remove beta" },
  ]),
  scenario("a destination that is added between an event and its repeat", [
    post(0, github()),
    { at: 2_000, do: "deploy", change: "add gamma" },
    post(4_000, github()),
  ]),
  scenario("secrets that change while an attempt waits", [
    { at: 0, do: "mood", destination: "alpha", mood: "500" },
    post(0, github()),
    { at: 2_000, do: "deploy", change: "rotate signing" },
    { at: 3_000, do: "mood", destination: "alpha", mood: "ok" },
  ]),
  scenario(
    "a replay of a failed delivery",
    [
      { at: 0, do: "mood", destination: "alpha", mood: "410" },
      post(0, github()),
      { at: 10_000, do: "mood", destination: "alpha", mood: "ok" },
      { at: 12_000, do: "replay", nth: 0, key: "again", times: 2 },
    ],
    { schedule: "once" },
  ),
  scenario(
    "a bulk replay of what has failed, while more fails",
    [
      { at: 0, do: "mood", destination: "alpha", mood: "410" },
      ...[0, 1, 2].map((n) => post(n * 1000, github({ key: `k${n}` }))),
      { at: 10_000, do: "bulk", order: { state: "failed", destination: null, rate: 6 } },
      post(12_000, github({ key: "later" })),
      { at: 15_000, do: "mood", destination: "alpha", mood: "ok" },
    ],
    { schedule: "once" },
  ),
  scenario(
    "a pause while an event comes in, and a resume",
    [
      operated(0, { do: "pause", destination: "alpha" }),
      post(100),
      operated(60_000, { do: "resume", destination: "alpha" }),
    ],
    { schedule: "once" },
  ),
  scenario("a pause between two attempts, and a cancellation of what is held", [
    { at: 0, do: "mood", destination: "alpha", mood: "500" },
    post(0, github()),
    operated(1_000, { do: "pause", destination: "alpha" }),
    operated(70_000, { do: "cancel", nth: 0 }),
  ]),
  scenario("a destination that fails until its breaker opens, and answers again", [
    { at: 0, do: "mood", destination: "alpha", mood: "500" },
    ...[0, 1, 2, 3, 4, 5].map((n) => post(n * 100, github({ key: `k${n}` }))),
    ...[0, 1, 2].map((n) => post(50_000 + n * 2_000, github({ key: `later ${n}` }))),
    { at: 58_000, do: "mood", destination: "alpha", mood: "ok" },
  ]),
  scenario(
    "three events in order, while the first is refused once",
    [
      { at: 0, do: "mood", destination: "alpha", mood: "500" },
      ...[0, 1, 2].map((n) => post(n * 30, github({ key: `k${n}` }))),
      { at: 2_000, do: "mood", destination: "alpha", mood: "ok" },
    ],
    { traits: ["ordered"] },
  ),
  scenario(
    "events in order behind one that has failed for good, and is replayed",
    [
      { at: 0, do: "mood", destination: "alpha", mood: "410" },
      post(0, github({ key: "first" })),
      post(40, github({ key: "second" })),
      { at: 8_000, do: "mood", destination: "alpha", mood: "ok" },
      { at: 9_000, do: "replay", nth: 0, key: "again", times: 1 },
    ],
    { traits: ["ordered", "stopping"] },
  ),
  scenario("a destination that is removed while it is paused", [
    operated(0, { do: "pause", destination: "beta" }),
    post(100),
    { at: 20_000, do: "deploy", change: "remove beta" },
  ]),
  scenario(
    "what fails goes to another destination",
    [{ at: 0, do: "mood", destination: "alpha", mood: "410" }, post(0, github())],
    { traits: ["letters"] },
  ),
  scenario(
    "a delivery that becomes too old",
    [{ at: 0, do: "mood", destination: "alpha", mood: "500" }, post(0, github())],
    { traits: ["aging", "letters"] },
  ),
  scenario(
    "an error page that says back a request with secrets in it",
    [
      { at: 0, do: "mood", destination: "alpha", mood: "echo" },
      post(0, github()),
      { at: 20_000, do: "mood", destination: "alpha", mood: "ok" },
    ],
    { traits: ["shaped"] },
  ),
  scenario("a receiver that does not want this event", [
    { at: 0, do: "mood", destination: "alpha", mood: "abort" },
    post(0, github()),
  ]),
  scenario("a receiver that wants no more events", [
    { at: 0, do: "mood", destination: "alpha", mood: "disable" },
    post(0, github()),
    { at: 60_000, do: "mood", destination: "alpha", mood: "ok" },
  ]),
  scenario(
    "a thin event, and a receiver that fails at first",
    [
      { at: 0, do: "mood", destination: "delta", mood: "500" },
      post(0, { source: "thin" }),
      { at: 20_000, do: "mood", destination: "delta", mood: "ok" },
    ],
    { traits: ["thin"] },
  ),
  scenario(
    "secrets that end while sender and receiver change over",
    [post(59_900), post(151_000), post(151_000, { key: "stolen", forged: "ended secret" }, 1)],
    { traits: ["rotated"] },
  ),
  scenario(
    "a delivery that fails for good, and somebody who is told",
    [{ at: 0, do: "mood", destination: "alpha", mood: "410" }, post(0, github())],
    { traits: ["alerted"] },
  ),
  scenario("a sender that waits for an answer", [post(0), post(3_000)], { traits: ["replying"] }),
  scenario(
    "a sender that waits for a receiver which hangs",
    [
      { at: 0, do: "mood", destination: "alpha", mood: "hang" },
      post(0),
      { at: 20_000, do: "mood", destination: "alpha", mood: "ok" },
    ],
    { traits: ["replying"] },
  ),
  scenario(
    "a tunnel that somebody comes to, whose machine dies",
    [
      post(0),
      post(400, { key: "two" }),
      { at: 3_000, do: "listen", who: "ann", act: "come" },
      post(6_000, { key: "three" }),
      { at: 6_060, do: "listen", who: "ann", act: "die" },
    ],
    { traits: ["tunnelled"], schedule: "once" },
  ),
  scenario(
    "a tunnel whose only listener goes and never comes back",
    [
      { at: 0, do: "listen", who: "ann", act: "come" },
      post(1_000),
      { at: 3_000, do: "listen", who: "ann", act: "go" },
      post(5_000, { key: "two" }),
    ],
    { traits: ["tunnelled", "unheard"], schedule: "once" },
  ),
  scenario("an inspector", [{ at: 0, do: "deploy", change: "add inspector" }, post(50, github())]),
  scenario("a database that is gone for a while", [
    { at: 0, do: "outage", of: "d1", manner: "throws", ms: 20_000 },
    post(10, github()),
    post(6_000, github({ key: "two" })),
  ]),
  scenario("a number of shards that rises while an event and its repeat come", [
    post(0, github()),
    { at: 20, do: "shards", to: 2, bothMs: 4_000 },
    post(25, github()),
    post(1_500, github({ key: "two" })),
  ]),
  scenario("a feed that never answers", [
    { at: 0, do: "outage", of: "feed", manner: "hangs", ms: 60_000 },
    post(10, github()),
    post(20, github({ key: "forged", forged: "wrong key" })),
    post(6_000, github({ key: "two" })),
  ]),
];
