// A bell is a question; the row decides: what is claimed, sent once, settled once, and rung for again.
import { beforeEach, expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import type { Bell } from "../../../src/types.ts";
import { idOf, THEN } from "../kit/hands.ts";
import { rows, setUp } from "../kit/relay.ts";
import { NO, Round, SILENCE, YES } from "../kit/round.ts";

setUp();

let round = new Round();
beforeEach(() => {
  round = new Round();
});

async function aBell(): Promise<Bell> {
  const [bell] = await round.accept(1);
  if (bell === undefined) throw new Error("no bell");
  return bell;
}

const state = async () =>
  await rows(
    "SELECT state, reason, attempt, round, due_at - ?1 AS due, lease_until - ?1 AS lease, look_at - ?1 AS look FROM deliveries",
    THEN,
  );
const attempts = async () => await rows("SELECT attempt, outcome, status, fault FROM attempt_history ORDER BY attempt");

test("a bell that rings twice sends once: in one batch, in two at once, and afterwards", async () => {
  const bells = await round.accept(1);
  await Promise.all([round.ring([...bells, ...bells]), round.ring(bells)]);
  await round.ring(bells);
  expect(round.sent).toHaveLength(1);
  expect(await state()).toEqual([
    { state: "delivered", reason: null, attempt: 1, round: 0, due: 0, lease: null, look: null },
  ]);
  expect(await attempts()).toEqual([{ attempt: 1, outcome: "delivered", status: 200, fault: null }]);
  // A success at the first try is told by its delivery alone.
  expect(await rows("SELECT * FROM attempts")).toEqual([]);
});

test("a bell for an attempt that is past or not yet to be made changes nothing", async () => {
  const bell = await aBell();
  for (const attempt of [0, 2, 99]) await round.ring([{ ...bell, attempt }]);
  await round.ring([{ ...bell, delivery: `${idOf(2)}:first` }]);
  await round.ring([{ ...bell, delivery: `${idOf(1)}:second` }]);
  await round.ring([{ ...bell, delivery: "nonsense" }]);
  expect([round.sent, round.rung]).toEqual([[], []]);
  expect(await state()).toMatchObject([{ state: "pending", attempt: 0 }]);
});

test("an old bell does not outdo the bell of a later attempt that came in the same batch", async () => {
  const bells = await round.accept(1);
  round.onSend = (_, n) => (n === 1 ? NO : YES);
  await round.ring(bells);
  const [second] = round.take();
  round.clock += 1000;
  await round.ring([...bells, ...(second === undefined ? [] : [second])]);
  expect(await state()).toMatchObject([{ state: "delivered", attempt: 2 }]);
});

test("a bell that is early rings again at its time and is not sent", async () => {
  const bells = await round.accept(1);
  const early = bells.map((bell) => Object.assign(bell, { due: THEN + 5000 }));
  await round.ring(early);
  expect([round.sent, round.rung]).toEqual([[], early]);
  expect(round.counted.statements).toBeGreaterThan(0);
});

test("a bell that lies about its time finds a row that is not due", async () => {
  await round.accept(1);
  await rows("UPDATE deliveries SET due_at = ?1", THEN + 1);
  await round.ring([{ v: 1, delivery: `${idOf(1)}:first`, attempt: 1, due: THEN, size: 2 }]);
  expect(round.sent).toEqual([]);
});

test("a batch is claimed by one statement, settled by one, and its claim carries no bodies", async () => {
  const bells = (await Promise.all(Array.from({ length: 25 }, (_, n) => round.accept(n)))).flat();
  const seen: string[] = [];
  round.counted.before = (sql) => void seen.push(...sql.map((one) => one.trim().split(/\s+/, 2).join(" ")));
  await round.ring(bells);
  expect(round.sent).toHaveLength(25);
  expect(seen.filter((one) => one === "UPDATE deliveries")).toHaveLength(seen.length - 1);
  expect(seen[0]).toBe("UPDATE deliveries");
  expect(await rows("SELECT count(*) AS n FROM deliveries WHERE state = 'delivered'")).toEqual([{ n: 25 }]);
});

test("a failure waits for the next attempt, and the last of the schedule is the end", async () => {
  round.onSend = () => NO;
  let bells = await round.accept(1);
  for (const [attempt, wait] of [
    [1, 1000],
    [2, 2000],
  ] as const) {
    await round.ring(bells);
    expect(await state()).toMatchObject([
      { state: "pending", attempt, due: round.clock - THEN + wait, look: round.clock - THEN + wait + 60_000 },
    ]);
    bells = round.take();
    expect(bells).toEqual([
      { v: 1, delivery: `${idOf(1)}:first`, attempt: attempt + 1, due: round.clock + wait, size: 2 },
    ]);
    round.clock += wait;
  }
  await round.ring(bells);
  expect(await state()).toMatchObject([{ state: "failed", reason: "exhausted", attempt: 3, look: null }]);
  expect(round.take()).toEqual([]);
  expect((await attempts()).map(({ outcome }) => outcome)).toEqual(["retry", "retry", "failed"]);
  expect(round.log.of("delivery.failed")).toMatchObject([{ reason: "exhausted", attempt: 3, status: 500 }]);
});

test("Retry-After puts an attempt off, never brings it forward, and is bounded by a day", async () => {
  const waits: unknown[] = [];
  for (const [n, retryAfter] of ["30", "0", "99999999", "soon", new Date(THEN + 7000).toUTCString()].entries()) {
    round.onSend = () => ({ ...NO, status: 429, retryAfter });
    await round.ring(await round.accept(n));
    const [row] = await rows<{ due_at: number }>("SELECT due_at FROM deliveries ORDER BY event DESC LIMIT 1");
    waits.push((row?.due_at ?? 0) - THEN);
  }
  expect(waits).toEqual([30_000, 1000, 86_400_000, 1000, 7000]);
});

test("what is due beyond a quarter of an hour is the sweep's at that very moment", async () => {
  round.configure("first", [3_600_000]);
  round.onSend = () => NO;
  await round.ring(await round.accept(1));
  expect(await state()).toMatchObject([{ state: "pending", due: 3_600_000, look: 3_600_000 }]);
});

test("410 is the end, and so is an address that may not be contacted", async () => {
  round.onSend = (to) => (to === "first" ? { ...NO, status: 410 } : { ...NO, status: null, fault: "blocked" });
  await round.ring(await round.accept(1, ["first", "second"]));
  expect((await state()).map(({ reason }) => reason)).toEqual(["gone", "blocked"]);
  expect(round.rung).toEqual([]);
});

test("a destination that was removed after the event was accepted ends as cancelled, unsent", async () => {
  const bells = await round.accept(1);
  round.destinations.delete("first");
  await round.ring(bells);
  expect(round.sent).toEqual([]);
  expect(await state()).toMatchObject([{ state: "failed", reason: "cancelled", attempt: 1 }]);
});

test("a destination that is named but written wrong is tried again, so that a fix of the configuration comes in time", async () => {
  const wrong = readConfig({ DESTINATIONS: { first: { url: "nowhere", retry: "quick" } } });
  round.destinations.delete("first");
  for (const [name, one] of wrong.unreadable) round.unreadable.set(name, one);
  await round.ring(await round.accept(1));
  expect(round.sent).toEqual([]);
  expect(await rows("SELECT state, fault FROM deliveries")).toEqual([{ state: "pending", fault: "unaddressed" }]);
});

test("a schedule that lost attempts have used up ends without another request", async () => {
  const bell = await aBell();
  await rows("UPDATE deliveries SET attempt = 3");
  await round.ring([{ ...bell, attempt: 4 }]);
  expect(round.sent).toEqual([]);
  expect(await state()).toMatchObject([{ state: "failed", reason: "exhausted", attempt: 4 }]);
});

test("after a replay the schedule begins anew", async () => {
  const bell = await aBell();
  round.onSend = () => NO;
  await rows("UPDATE deliveries SET attempt = 3, round = 3");
  await round.ring([{ ...bell, attempt: 4 }]);
  expect(await state()).toMatchObject([{ state: "pending", attempt: 4, round: 3, due: 1000 }]);
});

test("a destination whose secrets are not put yet is tried again, and nothing leaves unsigned", async () => {
  const [first, second] = [round.destinations.get("first"), round.destinations.get("second")];
  if (first === undefined || second === undefined) throw new Error("no destinations");
  round.destinations.set("first", { ...first, url: null });
  round.destinations.set("second", { ...second, keys: [] });
  await round.ring(await round.accept(1, ["first", "second"]));
  expect(round.sent).toEqual([]);
  expect((await rows("SELECT state, fault FROM deliveries")).map((row) => Object.values(row))).toEqual([
    ["pending", "unaddressed"],
    ["pending", "unsigned"],
  ]);
});

test("an event whose body is not whole in D1 is never sent in part", async () => {
  const bells = await round.accept(1, ["first"], { body: null, parts: 3, size: 2_100_000 });
  await round.parts.put("receipt-1", idOf(1), 0, "x");
  await round.parts.put("receipt-1", idOf(1), 2, "x");
  await round.ring(bells);
  expect(round.sent).toEqual([]);
  expect(round.log.of("delivery.broken")).toMatchObject([{ error: expect.stringContaining("2 of 3") }]);
  // Ours, so the lease ends and the sweep puts the attempt on record.
  expect(await state()).toMatchObject([{ state: "delivering", lease: 90_000 }]);
});

test("with less than 20 s of lease left nothing is sent, and the attempt does not count", async () => {
  const bells = await round.accept(1);
  round.counted.before = (sql) => {
    if (sql.some((one) => one.includes("FROM events WHERE seq IN"))) round.clock += 70_001;
  };
  await round.ring(bells);
  expect(round.sent).toEqual([]);
  expect(round.log.of("delivery.give_back_failed")).toEqual([]);
  expect(await state()).toMatchObject([{ state: "pending", attempt: 0, lease: null }]);
  expect(round.rung).toMatchObject([{ attempt: 1 }]);
});

test("a 2xx after the lease ends a delivery that has not ended, and is on record once", async () => {
  const bells = await round.accept(1);
  round.onSend = async () => {
    round.clock += 100_000;
    // The sweep has freed the lease, noted the attempt as lost, and rung.
    await rows("UPDATE deliveries SET state = 'pending', lease_until = NULL, due_at = ?1, look_at = ?1", round.clock);
    await rows(
      "INSERT INTO attempts (event, destination, n, started_at, fault, outcome) VALUES (1, 'first', 1, ?1, 'lost', 'lost')",
      THEN,
    );
    return YES;
  };
  await round.ring(bells);
  expect(await state()).toMatchObject([{ state: "delivered", attempt: 1, look: null }]);
  expect(await attempts()).toEqual([{ attempt: 1, outcome: "delivered", status: 200, fault: null }]);
});

test("a 2xx after the lease ends it even while the next attempt is under way, whose own end then counts for nothing", async () => {
  const bells = await round.accept(1);
  round.onSend = async (_, n) => {
    if (n > 1) return NO;
    await rows("UPDATE deliveries SET state = 'pending', lease_until = NULL");
    await round.ring(bells.map((bell) => ({ ...bell, attempt: 2 })));
    await rows("UPDATE deliveries SET state = 'delivering', attempt = 3, lease_until = ?1", THEN + 90_000);
    round.clock += 100_000;
    return YES;
  };
  await round.ring(bells);
  expect(await state()).toMatchObject([{ state: "delivered" }]);
});

test("a failure after the lease changes nothing", async () => {
  const bells = await round.accept(1);
  round.onSend = async () => {
    await rows("UPDATE deliveries SET state = 'pending', lease_until = NULL, due_at = ?1", THEN + 77);
    return NO;
  };
  await round.ring(bells);
  expect(await state()).toMatchObject([{ state: "pending", attempt: 1, due: 77 }]);
  expect(round.rung).toEqual([]);
});

test("a delivery that has ended is ended: no late answer opens or alters it", async () => {
  const bells = await round.accept(1);
  round.onSend = async () => {
    await rows("UPDATE deliveries SET state = 'failed', reason = 'gone', lease_until = NULL");
    return YES;
  };
  await round.ring(bells);
  expect(await state()).toMatchObject([{ state: "failed", reason: "gone" }]);
});

test("a claim that D1 may not have made sends nothing and throws, so that the queue rings again", async () => {
  const bells = await round.accept(1);
  round.counted.after = () => {
    throw new Error("D1_ERROR: Network connection lost.");
  };
  await expect(round.ring(bells)).rejects.toThrow("Network connection lost");
  expect(round.sent).toEqual([]);
});

test("a queue that takes no bells leaves the rows to the sweep, and the log says so", async () => {
  const bells = await round.accept(1);
  round.onSend = () => NO;
  round.onRing = () => (round.sent.length === 0 ? Promise.resolve() : Promise.reject(new Error("the queue is down")));
  await round.ring(bells);
  expect(await state()).toMatchObject([{ state: "pending", attempt: 1, look: 61_000 }]);
  expect(round.log.of("queue.ring_failed")).toHaveLength(1);
});

test("a bell that cannot be rung again is not acknowledged", async () => {
  const bells = [{ ...(await aBell()), due: THEN + 1000 }];
  round.onRing = () => Promise.reject(new Error("the queue is down"));
  await expect(round.ring(bells)).rejects.toThrow("the queue is down");
});

test("a destination that timed out is tried one at a time until it answers; the others are the sweep's, without a bell", async () => {
  const bells = (await Promise.all([1, 2, 3].map((n) => round.accept(n)))).flat();
  round.onSend = () => SILENCE;
  await round.ring(bells.slice(0, 1));
  round.take();
  round.onSend = () => YES;
  await round.ring(bells.slice(1));
  expect(round.sent).toHaveLength(2);
  expect(round.take()).toEqual([]);
  expect(await rows("SELECT state, attempt, look_at - ?1 AS look FROM deliveries WHERE attempt = 0", THEN)).toEqual([
    { state: "pending", attempt: 0, look: 60_000 },
  ]);
  await round.ring(bells.slice(2));
  expect(await rows("SELECT count(*) AS n FROM deliveries WHERE state = 'delivered'")).toEqual([{ n: 2 }]);
});
