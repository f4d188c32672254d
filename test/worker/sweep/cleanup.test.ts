// What may not be kept any longer goes with all that hangs on it, a bounded part at a time; what is open stays.
import { beforeEach, expect, test } from "vitest";
import { receiptId } from "../../../src/ids.ts";
import type { Keeping } from "../../../src/contract/retention.ts";
import { cleaning, counts, DAY, MINUTE } from "../kit/cleaning.ts";
import { fill } from "../kit/fill.ts";
import { idOf, THEN } from "../kit/hands.ts";
import { rows, setUp } from "../kit/relay.ts";
import { Round } from "../kit/round.ts";

setUp();

let round = new Round();
beforeEach(() => {
  round = new Round();
});

const fresh = (keepings?: readonly Keeping[]) => cleaning(round, keepings);
const clean = () => fresh()();

test("what is older than the retention goes with its deliveries, attempts and parts, and what is open stays whatever its age", async () => {
  const states = ["delivered", "failed", "pending", "delivering", "held"];
  for (const [n, state] of states.entries()) {
    await round.accept(n, ["first", "second"], { body: null, parts: 2, receivedAt: THEN });
    await rows("UPDATE deliveries SET state = ?2 WHERE event = ?1 AND destination = 'second'", n + 1, state);
    await rows("UPDATE deliveries SET state = 'delivered' WHERE event = ?1 AND destination = 'first'", n + 1);
    await rows(
      "INSERT INTO attempts (event, destination, n, started_at, outcome) VALUES (?1, 'first', 1, 0, 'retry')",
      n + 1,
    );
    for (const part of [0, 1]) await round.parts.put(`receipt-${n}`, idOf(n), part, "x");
  }
  await rows("UPDATE deliveries SET look_at = NULL");
  await round.accept(9, ["first"], { receivedAt: THEN + 1 });
  await rows("UPDATE deliveries SET state = 'delivered', look_at = NULL WHERE event = 6");

  round.clock = THEN + 30 * DAY;
  await clean();
  expect(await rows("SELECT count(*) AS n FROM events")).toEqual([{ n: 6 }]);
  round.clock += 1;
  await clean();
  const kept = [3, 4, 5, 6];
  expect((await rows("SELECT seq FROM events")).map(({ seq }) => seq)).toEqual(kept);
  expect((await rows("SELECT DISTINCT event FROM deliveries")).map(({ event }) => event)).toEqual(kept);
  expect((await rows("SELECT event FROM attempts")).map(({ event }) => event)).toEqual(kept.slice(0, 3));
  expect((await rows("SELECT DISTINCT receipt FROM event_parts")).map(({ receipt }) => receipt)).toEqual([
    "receipt-2",
    "receipt-3",
    "receipt-4",
  ]);
});

const left = async () => (await counts("events"))[0];

test("while there is more to delete than one sweep takes, it comes back at once", async () => {
  await fill(500);
  await rows("UPDATE deliveries SET state = 'delivered', look_at = NULL");
  const seen: unknown[] = [];
  for (let sweeps = 0; sweeps < 4; sweeps += 1) seen.push([await clean(), await left()]);
  expect(seen).toEqual([
    [true, 300],
    [true, 100],
    [false, 0],
    [false, 0],
  ]);
});

test("what has to stay does not hide what is behind it: however many events are kept, those that have ended go", async () => {
  await fill(1_000);
  // Held for a destination that is paused for months, and behind them some that may go.
  await rows("UPDATE deliveries SET state = iif(event <= 900, 'held', 'delivered'), look_at = NULL");
  await rows("INSERT INTO pauses VALUES ('billing', 0, 'admin')");
  let sweeps = 0;
  const cleanup = fresh();
  while ((await left()) === 1_000) {
    await cleanup();
    expect((sweeps += 1)).toBeLessThan(10);
  }
  expect(await left()).toBe(900);
  // Later the pause is over, and they are looked at again.
  await rows("UPDATE deliveries SET state = 'delivered'");
  for (sweeps = 0; (await left()) !== 0;) {
    round.clock += 60_000;
    await cleanup();
    expect((sweeps += 1)).toBeLessThan(10);
  }
});

const kept = async () =>
  (await rows("SELECT DISTINCT receipt FROM event_parts ORDER BY receipt")).map(({ receipt }) => receipt);

test("parts that belong to no event go after a week; those of living events stay, however often it is looked", async () => {
  const receipts = {
    old: receiptId(THEN - 7 * DAY - 1, "a".repeat(32)),
    young: receiptId(THEN - 7 * DAY + 1, "b".repeat(32)),
  };
  const living = receiptId(THEN - 20 * DAY, "c".repeat(32));
  await round.accept(1, ["first"], { receipt: living, body: null, parts: 2, receivedAt: THEN - 20 * DAY });
  for (const receipt of [...Object.values(receipts), living])
    for (const part of [0, 1]) await round.parts.put(receipt, receipt === living ? idOf(1) : idOf(2), part, "x");
  // A repeat of event 1, whose parts nobody needs.
  const repeat = receiptId(THEN - 10 * DAY, "d".repeat(32));
  await round.parts.put(repeat, idOf(1), 0, "x");

  await clean();
  await clean();
  expect(await kept()).toEqual([living, receipts.young].toSorted());
  round.clock += 2;
  await clean();
  expect(await kept()).toEqual([living]);
});

test("parts of a repeat, whose event is of another acceptance, go after ten minutes; the event's own stay", async () => {
  const own = receiptId(THEN - 30 * MINUTE, "a".repeat(32));
  await round.accept(1, ["first"], { receipt: own, body: null, parts: 1 });
  const repeats = [9, 11, 20].map((minutes) => receiptId(THEN - minutes * MINUTE, "b".repeat(32)));
  for (const receipt of [own, ...repeats]) await round.parts.put(receipt, idOf(1), 0, "x");
  // Its event may yet come out of the journal.
  const waiting = receiptId(THEN - 20 * MINUTE, "c".repeat(32));
  await round.parts.put(waiting, idOf(2), 0, "x");
  await clean();
  expect(await kept()).toEqual([own, waiting, ...repeats.slice(0, 1)].toSorted());
  round.clock += 2 * MINUTE;
  await clean();
  expect(await kept()).toEqual([own, waiting].toSorted());
});

test("an isolate cleans up once a minute; once an hour it reads all answers to idempotency keys, and looks for what redacted events were", async () => {
  const cleanup = fresh();
  await cleanup();
  const asked: { minute: number; all: number; wholes: number }[] = [];
  for (let second = 0; second < 3600; second += 10) {
    round.clock += 10_000;
    round.counted.before = (sql) =>
      void asked.push({
        minute: sql.some((one) => one.includes("FROM events") && !one.includes("'whole;'")) ? 1 : 0,
        wholes: sql.some((one) => one.includes("'whole;'")) ? 1 : 0,
        all: sql.some((one) => one.includes("'asked:'")) ? 1 : 0,
      });
    await cleanup();
  }
  const sum = (key: "minute" | "all" | "wholes") => asked.reduce((total, one) => total + one[key], 0);
  expect([sum("minute"), sum("all"), sum("wholes")]).toEqual([60 * 2, 1, 1]);
});

const old = { receivedAt: THEN - 31 * DAY };
const inspect = async (n: number) =>
  await round.inspections.keep({
    destination: "inspector",
    event: idOf(n),
    attempt: 1,
    nth: 1,
    at: round.clock,
    headers: {},
    size: 2,
    encoding: "text",
    body: "{}",
    proven: true,
    script: "ok",
  });

test("what an inspector has kept of an event goes with the event, however late it came", async () => {
  await round.accept(1, ["first"], old);
  await round.accept(2);
  await rows("UPDATE deliveries SET state = 'delivered', look_at = NULL");
  for (const n of [1, 2]) await inspect(n);
  await clean();
  expect(await rows("SELECT event FROM inspections")).toEqual([{ event: idOf(2) }]);
});

test("an event that is opened again while it is about to go stays whole", async () => {
  for (const n of [1, 2]) {
    await round.accept(n, ["first", "second"], { ...old, parts: 1, body: null });
    await round.parts.put(`receipt-${n}`, idOf(n), 0, "x");
    await inspect(n);
  }
  await rows("UPDATE deliveries SET state = 'delivered', look_at = NULL");
  await rows("INSERT INTO attempts (event, destination, n, started_at, outcome) VALUES (1, 'first', 1, 0, 'retry')");
  round.counted.before = async (sql) => {
    if (!sql.some((one) => one.startsWith("DELETE FROM events"))) return;
    await rows("UPDATE deliveries SET state = 'pending' WHERE event = 1 AND destination = 'second'");
  };
  await clean();
  expect(await counts("events", "deliveries", "attempts", "event_parts", "inspections")).toEqual([1, 2, 1, 1, 1]);
});

test("large bodies go a hundred parts at a time, one after another at once", async () => {
  for (let n = 1; n <= 6; n += 1) await round.accept(n, ["first"], { ...old, parts: n === 5 ? 130 : 40, body: null });
  await rows("UPDATE deliveries SET state = 'delivered', look_at = NULL");
  const seen: unknown[] = [];
  for (let sweeps = 0; sweeps < 5; sweeps += 1) seen.push([await clean(), await left()]);
  expect(seen).toEqual([
    [true, 4],
    [true, 2],
    [true, 1],
    [false, 0],
    [false, 0],
  ]);
});

test("parts without an event go a hundred at a time too", async () => {
  const receipts = [1, 2, 3].map((n) => receiptId(THEN - 8 * DAY + n, "e".repeat(32)));
  for (const receipt of receipts) for (let n = 0; n < 40; n += 2) await round.parts.put(receipt, idOf(1), n, "x", "x");
  expect(await clean()).toBe(true);
  expect(await kept()).toEqual(receipts.slice(2));
  expect(await clean()).toBe(false);
  expect(await kept()).toEqual([]);
});
