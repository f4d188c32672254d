// What is counted, how little it writes, and that nothing waits for it.
import { runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { FeedCore } from "../../../src/feed/feed.ts";
import { type FeedRpc, openFeed, type Telling } from "../../../src/feed/door.ts";
import { deliver } from "../../../src/out/deliver.ts";
import { newTally, sourceIn } from "../../../src/feed/tally.ts";
import { front } from "../kit/front.ts";
import { candidate, feedRpc, held, idOf, inObject, Logged } from "../kit/hands.ts";
import { Round } from "../kit/round.ts";
import { bindings, deliveries, github, post, rows, setUp, signed, until } from "../kit/relay.ts";

const receiver = setUp();

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOON = Date.parse("2090-01-01T12:00:00Z");

const feed = () => bindings.FEED.getByName("feed");
const accepted = (counts: ReadonlyMap<number, number>, source = "acme"): Telling => ({
  counts: new Map(
    [...counts].map(([at, count]) => {
      const tally = newTally();
      sourceIn(tally, source).accepted = count;
      return [at, tally];
    }),
  ),
  news: [],
  skipped: 0,
});

/** Runs in a feed that nobody else uses, whose clock is the test's. */
async function inFeed(
  use: (hands: { clock: number; start: () => FeedCore; table: (name: string) => number[] }) => void,
) {
  await runInDurableObject(bindings.FEED.getByName("feed-of-the-test"), (_, state) => {
    const hands = {
      clock: NOON,
      start: () => new FeedCore(state, () => hands.clock),
      table: (name: string) =>
        [...state.storage.sql.exec<{ at: number }>(`SELECT at FROM ${name} ORDER BY at`)].map(({ at }) => at),
    };
    use(hands);
  });
}

test("an event and its delivery, a retry, a failure and a refusal are counted where they belong", async () => {
  receiver.behaviour = ({ url }, n) =>
    url.endsWith("/second") ? new Response("gone", { status: 410 }) : new Response("", { status: n > 2 ? 200 : 503 });
  await signed("acme", "{}");
  await deliveries("delivered", "failed");
  expect((await post("/in/acme", "forged")).status).toBe(401);
  const totals = await until(async () => {
    const { sources, destinations } = await feed().totals(Date.now() - HOUR);
    const first = destinations.get("first");
    return first?.delivered === 1 && destinations.get("second")?.failed === 1 && sources.get("acme")?.refused === 1
      ? { sources, destinations }
      : false;
  });
  expect(totals.sources).toEqual(new Map([["acme", { accepted: 1, refused: 1 }]]));
  expect(totals.destinations.get("first")?.retried).toBe(1);
  const steps = await feed().steps(Math.floor(Date.now() / HOUR) * HOUR - HOUR, HOUR, 3);
  const sum = (key: "accepted" | "delivered" | "retried" | "failed" | "refused") =>
    steps.reduce((total, step) => total + step[key], 0);
  expect([sum("accepted"), sum("delivered"), sum("retried"), sum("failed"), sum("refused")]).toEqual([1, 1, 1, 1, 1]);
});

test("a repeat of an event is not counted twice", async () => {
  for (let n = 0; n < 3; n += 1) {
    await github("{}", "the-same");
    await deliveries("delivered");
  }
  // Another, so that whatever was told of the first has been heard.
  await github("{}", "another");
  const counted = await until(async () => {
    const { sources } = await feed().totals(0);
    const { accepted: count = 0 } = sources.get("github") ?? {};
    return count > 1 && count;
  });
  expect(counted).toBe(2);
});

test("counts of events are written at most once a second, and are read before that", async () => {
  await inFeed((hands) => {
    const core = hands.start();
    core.tell(accepted(new Map([[NOON, 1]])));
    expect(hands.start().totals(0).sources.get("acme")?.accepted).toBe(1);
    hands.clock += 900;
    core.tell(accepted(new Map([[NOON, 10]])));
    // A crash now would cost these ten counts.
    expect(hands.start().totals(0).sources.get("acme")?.accepted).toBe(1);
    expect(core.totals(0).sources.get("acme")?.accepted).toBe(11);
  });
  await until(async () => {
    let seen = 0;
    await inFeed((hands) => {
      seen = hands.start().totals(0).sources.get("acme")?.accepted ?? 0;
    });
    return seen === 11;
  });
});

test("after 26 hours minutes become hours, and hours go after a month, without a count being lost on the way", async () => {
  await inFeed((hands) => {
    const core = hands.start();
    for (let n = 0; n < 90; n += 1) {
      core.tell(accepted(new Map([[hands.clock, 1]])));
      hands.clock += MINUTE;
    }
    hands.clock = NOON + 27 * HOUR;
    core.tell(accepted(new Map([[hands.clock, 1]])));
    expect(hands.table("hours")).toEqual([NOON]);
    expect(hands.table("minutes")).toEqual([
      ...Array.from({ length: 30 }, (_, n) => NOON + (60 + n) * MINUTE),
      NOON + 27 * HOUR,
    ]);
    expect(core.totals(NOON).sources.get("acme")?.accepted).toBe(91);
    expect(core.steps(NOON, HOUR, 28).map((step) => step.accepted)).toEqual([60, 30, ...Array<number>(25).fill(0), 1]);
    hands.clock = NOON + 32 * 24 * HOUR;
    core.tell(accepted(new Map([[hands.clock, 1]])));
    expect([hands.table("hours"), hands.table("minutes")]).toEqual([[NOON + 27 * HOUR], [hands.clock]]);
  });
});

test("what came long ago, while D1 was away, is counted when it came; what has no minute any more, now", async () => {
  await inFeed((hands) => {
    const core = hands.start();
    core.tell(
      accepted(
        new Map([
          [NOON - 3 * HOUR, 5],
          [NOON - 30 * HOUR, 7],
          [NOON + HOUR, 9],
        ]),
      ),
    );
    expect(core.steps(NOON - 3 * HOUR, HOUR, 4).map((step) => step.accepted)).toEqual([5, 0, 0, 16]);
    core.tell(accepted(new Map([[NOON, 0]]), "mute"));
    expect(core.totals(0).heard).toEqual(new Map([["acme", NOON]]));
  });
});

test("a write that breaks off counts nothing twice: what was not written is written with the next", async () => {
  await runInDurableObject(bindings.FEED.getByName("feed-of-the-test"), (_, state) => {
    let clock = NOON;
    const start = () => new FeedCore(state, () => clock);
    const core = start();
    state.storage.sql.exec(
      `CREATE TRIGGER full BEFORE INSERT ON minutes WHEN new.at = ${NOON} BEGIN SELECT RAISE(ABORT, 'full'); END`,
    );
    const both = new Map([NOON - MINUTE, NOON].map((at) => [at, 1]));
    expect(() => core.tell(accepted(both))).toThrow("full");
    state.storage.sql.exec("DROP TRIGGER full");
    clock += 6_000;
    core.tell(accepted(new Map([[NOON, 1]])));
    expect(start().totals(0).sources.get("acme")?.accepted).toBe(3);
  });
});

/** A door to a feed that does what the test says, and the tellings that it got. */
function door(tell: (telling: Telling) => Promise<void> = () => Promise.resolve()) {
  const told: Telling[] = [];
  const state = { clock: NOON };
  const log = new Logged();
  const rpc = feedRpc({
    tell: async (telling) => {
      told.push(telling);
      await tell(telling);
    },
  });
  return {
    told,
    state,
    log,
    rpc,
    ...openFeed(
      () => rpc,
      () => state.clock,
      log,
    ),
  };
}

test("a flood of refusals costs one call a second, and says how many there were", async () => {
  vi.useFakeTimers();
  const own = door();
  const { told, state } = own;
  const refuse = (count: number) =>
    Array.from({ length: count }, () =>
      own.refused({ source: "acme", reason: "no", status: 401, at: state.clock }),
    ).filter((call) => call !== null);
  const calls = refuse(1);
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toHaveLength(1);
  state.clock += 10;
  calls.push(...refuse(10_000));
  // One of ten thousand keeps its invocation alive for it.
  expect(calls).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(989);
  expect(told).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  await Promise.all(calls);
  vi.useRealTimers();
  expect(told).toHaveLength(2);
  expect(told[1]?.news).toHaveLength(50);
  expect(told[1]?.skipped).toBe(9_950);
  expect([...(told[1]?.counts.values() ?? [])].map(({ sources }) => sources)).toEqual([
    new Map([["acme", { accepted: 0, refused: 10_000 }]]),
  ]);
});

test("an isolate whose planned call died with its invocation tells the next one again", async () => {
  vi.useFakeTimers();
  const own = door();
  const { told, state } = own;
  const refuse = () => own.refused({ source: "acme", reason: "no", status: 401, at: state.clock });
  await refuse();
  // Planned, and never run: the timer belongs to an invocation that is gone.
  void refuse();
  vi.clearAllTimers();
  state.clock += 2_500;
  await refuse();
  vi.useRealTimers();
  expect(told).toHaveLength(2);
});

test("a feed that hangs is given two seconds, and one line a minute", async () => {
  vi.useFakeTimers();
  const own = door(() => held<void>().promise);
  const seed = [idOf(1), 2, [], { source: "acme", type: "push", receivedAt: NOON }] as const;
  for (let n = 0; n < 3; n += 1) {
    const telling = own.accepted([seed]);
    await vi.advanceTimersByTimeAsync(2_000);
    await telling;
    own.state.clock += 2_000;
  }
  vi.useRealTimers();
  expect(own.log.of("feed.unreachable")).toHaveLength(1);
});

const BROKEN = {
  // As `env.FEED.getByName` of an env without FEED.
  "is not bound": (): FeedRpc => {
    throw new TypeError("Cannot read properties of undefined (reading 'getByName')");
  },
  throws: () => ({ ...door().rpc, tell: () => Promise.reject(new Error("Network connection lost.")) }),
  "never answers": () => ({ ...door().rpc, tell: () => held<void>().promise }),
};

test.each(Object.entries(BROKEN))(
  "a feed that %s changes nothing about acceptance, delivery and refusal",
  async (_, stub) => {
    const own = openFeed(stub, () => NOON, new Logged());
    const calls: (Promise<void> | null)[] = [];
    await inObject(async (hands) => {
      hands.tell = (seeds) => void calls.push(own.accepted(seeds));
      const core = await hands.start();
      const [id, size, to] = candidate(1).bells;
      const told = { source: "acme", type: "push", receivedAt: NOON };
      expect(await core.accept({ ...candidate(1), bells: [id, size, to, told] })).toMatchObject({ kind: "accepted" });
      await until(() => hands.journal().length === 0);
      expect(hands.rung).toHaveLength(1);
      expect(hands.storage.sql.databaseSize).toBeGreaterThan(0);
    });
    const round = new Round();
    const bells = await round.accept(1);
    const beside: Promise<void>[] = [];
    const deps = { ...round.deps, feed: own };
    await (
      await deliver(bells, deps, (telling) => void beside.push(telling))
    ).sending;
    expect(await rows("SELECT state FROM deliveries")).toEqual([{ state: "delivered" }]);
    calls.push(own.refused({ source: "acme", reason: "no", status: 401, at: NOON }));
    expect([calls.length, beside.length]).toEqual([2, 1]);
    // None of them rejects, and none lasts.
    expect(await Promise.all([...calls, ...beside])).toEqual([undefined, undefined, undefined]);
  },
);

test("a relay whose feed is not bound answers as ever", async () => {
  const relay = front(
    { open: { provider: "token", settings: { header: "x-token" } } },
    { FEED: undefined, OPEN_SECRET: "x" },
  );
  expect((await relay.post("open", "{}", { "x-token": "wrong" })).status).toBe(401);
  expect((await relay.post("open", "{}", { "x-token": "x" })).status).toBe(200);
  await until(async () => (await rows("SELECT 1 FROM events").catch(() => [])).length === 1);
});
