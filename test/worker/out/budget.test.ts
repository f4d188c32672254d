// The free plan's 50 D1 queries and 50 fetches hold for every invocation, in the worst case too.
import { beforeEach, expect, test, vi } from "vitest";
import { openAlerts } from "../../../src/d1/alerts.ts";
import { openDatabase } from "../../../src/d1/database.ts";
import { migrateOnce } from "../../../src/d1/migrate.ts";
import { openParts } from "../../../src/d1/parts.ts";
import { openBreakers } from "../../../src/d1/breakers.ts";
import { openUpkeep } from "../../../src/d1/upkeep.ts";
import { encodeParts, PIECES_AT_ONCE } from "../../../src/bytes/body.ts";
import { openVault } from "../../../src/bytes/vault.ts";
import { REDACTED } from "../../../src/ids.ts";
import { sealBody, sealHead } from "../../../src/in/whole.ts";
import { openCleanup } from "../../../src/sweep/cleanup.ts";
import { deliver } from "../../../src/out/deliver.ts";
import { rescue } from "../../../src/sweep/rescue.ts";
import { sweep } from "../../../src/sweep/sweep.ts";
import type { Answer, Bell } from "../../../src/types.ts";
import { everything } from "../kit/keeping.ts";
import { Bulk } from "../kit/bulk.ts";
import { countedDatabase } from "../kit/counted.ts";
import { fill } from "../kit/fill.ts";
import { candidate, held, THEN } from "../kit/hands.ts";
import { bindings, rows, setUp } from "../kit/relay.ts";
import { NO, Round } from "../kit/round.ts";
import { watching } from "../kit/watching.ts";

setUp();

const MOST = 50;
const encoder = new TextEncoder();
const vault = openVault({ current: new Uint8Array(32), old: null, fault: null });
/** What asking for address lists and forgetting offered secrets may take beside a sweep. */
const CHORES = 3;
const MIB = 1024 * 1024;

let round = new Round();
beforeEach(() => {
  round = new Round();
});

/** What a fresh isolate asks of D1 for these bells: looking at the schema included. */
async function costOf(
  bells: readonly Bell[],
  work: (bells: readonly Bell[]) => Promise<void> = (all) => fresh().ring(all),
): Promise<number> {
  await work(bells);
  return round.counted.statements;
}

function fresh(): Round {
  const { onSend, clock } = round;
  round = Object.assign(new Round(), { onSend, clock });
  return round;
}

async function accept(count: number, change: Parameters<Round["accept"]>[2] = {}): Promise<Bell[]> {
  const names = ["first", "second", "third", "fourth"];
  return (
    await Promise.all(Array.from({ length: count }, (_, n) => round.accept(n, [names[n % 4] ?? ""], change)))
  ).flat();
}

test("25 successes", async () => {
  const bells = await accept(25);
  // Schema, claim, load, and a few settlements.
  expect(await costOf(bells)).toBeLessThanOrEqual(8);
  expect(round.sent).toHaveLength(25);
});

test("25 bodies of 256 KiB are read in queries of about a megabyte", async () => {
  const bells = await accept(25, { size: 256 * 1024, body: "x".repeat(256 * 1024) });
  const loads: number[] = [];
  const work = async (all: readonly Bell[]) => {
    fresh().counted.before = (sql) =>
      void (sql.some((one) => one.includes("FROM events WHERE seq IN")) && loads.push(1));
    await round.ring(all);
  };
  expect(await costOf(bells, work)).toBeLessThanOrEqual(MOST);
  expect(round.sent).toHaveLength(25);
  expect(loads).toHaveLength(9);
});

test("bodies of 25 MiB: those that are too many for one invocation ring again", async () => {
  const parts = 35;
  const bells = await accept(25, { size: 25 * MIB, body: null, parts, encoding: "base64" });
  for (let n = 0; n < 25; n += 1)
    for (let part = 0; part < parts; part += 1) await round.parts.put(`receipt-${n}`, "evt", part, "AAAA");
  for (let left: readonly Bell[] = bells, rounds = 0; left.length > 0; rounds += 1) {
    expect(rounds).toBeLessThan(26);
    expect(await costOf(left)).toBeLessThanOrEqual(MOST);
    expect(round.sent.length).toBeGreaterThan(0);
    left = round.take();
    round.clock += 5000;
  }
  expect(await rows("SELECT count(*) AS n FROM deliveries WHERE state = 'delivered'")).toEqual([{ n: 25 }]);
});

test("large bodies of every encoding cost what was planned for them", async () => {
  const bells = [
    ...(await round.accept(1, ["first"], { size: 12 * MIB, body: null, parts: 17, encoding: "base64" })),
    ...(await round.accept(2, ["second"], { size: 12 * MIB, body: null, parts: 13 })),
    ...(await accept(23, { size: 256 * 1024, body: "x".repeat(256 * 1024) })).filter((_, n) => n > 2),
  ];
  for (let part = 0; part < 17; part += 1) await round.parts.put("receipt-1", "evt", part, "AAAA");
  for (let part = 0; part < 13; part += 1) await round.parts.put("receipt-2", "evt", part, "AAAA");
  expect(await costOf(bells)).toBeLessThanOrEqual(MOST);
});

/** Events that are kept redacted, and whole beside that while their deliveries are open. */
async function acceptRedacted(size: number): Promise<Bell[]> {
  const body = "x".repeat(size);
  const accepted = Array.from({ length: 25 }, async (_, n) => {
    const { id } = candidate(n);
    const whole = [await sealHead({ id, headers: {} }, 1, vault), await sealBody({ id }, encoder.encode(body), vault)];
    const kept = { id, receipt: `receipt-${n}`, headers: { [REDACTED]: "1" }, size, body, whole };
    return await accept(1, kept);
  });
  return (await Promise.all(accepted)).flat();
}

const turn = async () =>
  await new Promise((resolve) => {
    setImmediate(resolve);
  });

const LARGEST = 256 * 1024;

test.each([
  ["", async () => await accept(25, { size: LARGEST, body: "x".repeat(LARGEST) })],
  [" of redacted events, which are sent as they came", async () => await acceptRedacted(LARGEST)],
] as const)("25 failures that end one by one over 25 s%s", async (_, accepted) => {
  const answers: ((answer: Answer) => void)[] = [];
  round.onSend = async () => {
    const { promise, resolve } = held<Answer>();
    answers.push(resolve);
    return await promise;
  };
  const bells = await accepted();
  const work = async (all: readonly Bell[]) => {
    fresh();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { sending } = await deliver(all, { ...round.deps, vault });
    const state = { over: false };
    void sending.then(() => Object.assign(state, { over: true }));
    while (!state.over) {
      const end = answers.shift();
      // While D1 is at work the clock stands: how long that takes here is not what is counted.
      if (end === undefined) {
        await turn();
        continue;
      }
      // Half a second for each: all of them have begun before ten seconds are over.
      end(NO);
      for (let pause = 0; pause < 5; pause += 1) {
        await vi.advanceTimersByTimeAsync(100);
        await turn();
      }
      round.clock += 350;
    }
    vi.useRealTimers();
  };
  expect(await costOf(bells, work)).toBeLessThanOrEqual(MOST);
  expect(round.sent.map(({ body }) => body.length)).toEqual(bells.map(() => LARGEST));
  expect(await rows("SELECT count(*) AS n FROM deliveries WHERE state = 'pending' AND attempt = 1")).toEqual([
    { n: 25 },
  ]);
});

test("25 that fail for good in an order, with dead letters, one by one, and nobody has to be asked who comes next", async () => {
  const order = { order: { by: "body.key", stops: true }, onFailed: "fourth", breaker: false } as const;
  for (const name of ["first", "second", "third"]) round.configure(name, [], order);
  const { destinations } = round;
  round.onSend = () => NO;
  const accepted = Array.from({ length: 25 }, async (_, n) => {
    const match = { destination: ["first", "second", "third"][n % 3] ?? "", route: "all", order: String(n) };
    return await round.accept(n, [match.destination], { matched: [match] });
  });
  const bells = (await Promise.all(accepted)).flat();
  const work = async (all: readonly Bell[]) => {
    const next = fresh();
    for (const [name, one] of destinations) next.destinations.set(name, one);
    const { sending } = await deliver(all, next.deps);
    await sending;
  };
  expect(await costOf(bells, work)).toBeLessThanOrEqual(MOST);
  expect(await rows("SELECT count(*) AS n FROM deliveries WHERE reason = 'exhausted'")).toEqual([{ n: 25 }]);
});

test("a sweep that finds thousands overdue, and a history to delete", async () => {
  await round.accept(1);
  await rows("DELETE FROM deliveries");
  await fillOverdue(5000);
  const counted = countedDatabase(bindings.DB);
  const rung: Bell[] = [];
  await sweep({
    ...sweepDeps(counted.database),
    ring: async (bells) => void rung.push(...(await Promise.resolve(bells))),
  });
  expect(counted.statements).toBeLessThanOrEqual(MOST);
  expect(rung).toHaveLength(2000);
});

test("all that the clock brings at once: overdue and held deliveries, a pause to end, a history to delete, two sparse bulk replays", async () => {
  const bulk = new Bulk();
  await fill(30_000, ["first"]);
  await rows("UPDATE deliveries SET state = 'pending', look_at = 1 WHERE event > 20000 AND event <= 24000");
  await rows("UPDATE deliveries SET state = 'held' WHERE event > 24000 AND event <= 27000");
  await rows("INSERT INTO pauses VALUES ('gone', 0, 'admin')");
  await rows("UPDATE events SET type = 'rare' WHERE seq IN (27001, 29999)");
  bulk.round.clock = THEN;
  for (const destination of ["first", null]) await bulk.start({ type: "rare", destination });
  const counted = countedDatabase(bindings.DB);
  bulk.restart(counted.database);
  // What looks at the schema is shared in an isolate, and stands here once for each.
  const run = openDatabase(counted.database);
  await rescue({
    sweep: { ...sweepDeps(counted.database), now: () => THEN },
    replays: bulk.deps,
    watch: watching(openAlerts(run), () => THEN, round.log),
  });
  expect(counted.statements - 1).toBeLessThanOrEqual(MOST - CHORES);
  expect(bulk.rung.length).toBeGreaterThan(0);
});

test("a sweep whose queue refuses delivers ten itself, and leaves the others to the next", async () => {
  await round.accept(1);
  await rows("DELETE FROM deliveries");
  await fillOverdue(5000);
  round = new Round();
  const deps = sweepDeps(round.counted.database);
  await sweep({
    ...deps,
    ring: () => Promise.reject(new Error("too many operations")),
    deliverNow: (bells) => round.ring(bells),
  });
  expect(round.sent).toHaveLength(10);
  expect(round.counted.statements).toBeLessThanOrEqual(MOST);
});

/** Stands for the object that makes the schema in invocations of its own. */
const elsewhere = async () => (await migrateOnce(bindings.DB)).last;

test("an acceptance of 25 MiB that are not text, rate and schema included", async () => {
  // 35 parts, all of them written by the invocation of the door, a few at a time.
  const counted = countedDatabase(bindings.DB);
  const parts = openParts(openDatabase(counted.database, undefined, elsewhere));
  const body = new Uint8Array(25 * MIB).fill(0xff);
  const pieces = encodeParts(body).parts.map((data) => data.slice(0, 10));
  for (let n = 0; n < pieces.length; n += PIECES_AT_ONCE)
    await parts.put("receipt", "evt", n, ...pieces.slice(n, n + PIECES_AT_ONCE));
  await parts.drop("receipt");
  expect(counted.statements).toBeLessThanOrEqual(15);
});

const now = () => THEN + 10_000_000;

function sweepDeps(database: D1Database) {
  const run = openDatabase(database);
  const upkeep = openUpkeep(run);
  return {
    ...round.tending,
    breakers: openBreakers(run),
    upkeep,
    cleanup: openCleanup({ upkeep, keepings: [everything(1)], now, log: round.log }),
    ring: () => Promise.resolve(),
    deliverNow: () => Promise.resolve(),
    destinations: ["first"],
    now,
  };
}

/** Deliveries of many events, all overdue, and as many events that may go. */
async function fillOverdue(count: number): Promise<void> {
  await rows(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
     INSERT INTO events (id, receipt, source, type, received_at, headers, encoding, size, body, parts)
     SELECT printf('evt_%032x', i + 1000000), 'r' || i, 'acme', 'push', 0, '{}', 'text', 2, '{}', 0 FROM n`,
    count,
  );
  await rows(
    `INSERT INTO deliveries (event, destination, route, receipt, state, due_at, look_at)
     SELECT seq, 'first', 'all', receipt, 'pending', ?1, ?1 FROM events WHERE type = 'push'`,
    THEN,
  );
}
