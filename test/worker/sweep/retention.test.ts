// Each source has its own retention, and bodies may have another: what goes, what stays, and what is read for it.
import { beforeEach, expect, test } from "vitest";
import { openUpkeep } from "../../../src/d1/upkeep.ts";
import type { Keeping } from "../../../src/contract/retention.ts";
import { everything } from "../kit/keeping.ts";
import { cleaning, counts, DAY, MINUTE } from "../kit/cleaning.ts";
import { fill, metered } from "../kit/fill.ts";
import { idOf, THEN } from "../kit/hands.ts";
import { bindings, rows, setUp } from "../kit/relay.ts";
import { Round } from "../kit/round.ts";

setUp();

let round = new Round();
beforeEach(() => {
  round = new Round();
});

const fresh = (keepings?: readonly Keeping[]) => cleaning(round, keepings);

const left = async () => (await counts("events"))[0];
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

const bodies = (ms: number, ...sources: string[]): Keeping => ({ of: "bodies", ms, sources, except: false });
const ended = async () =>
  await rows("UPDATE deliveries SET state = 'delivered', look_at = NULL, ended_at = ?1, excerpt = 'thanks'", THEN);

test("each source has its own retention: what is kept shortly does not wait behind what is kept long, and what stays is read once", async () => {
  await fill(1_000);
  await rows("UPDATE deliveries SET state = 'delivered', look_at = NULL");
  await rows("UPDATE events SET received_at = ?1", THEN - 2 * DAY);
  const keepings: Keeping[] = [
    { ...everything(30 * DAY), sources: ["stripe"] },
    { of: "events", ms: DAY, sources: ["stripe"], except: false },
  ];
  const cleanup = fresh(keepings);
  let steps = 0;
  while (await cleanup()) steps += 1;
  expect(steps).toBeLessThanOrEqual(6);
  expect(await rows("SELECT DISTINCT source FROM events")).toEqual([{ source: "github" }]);
  const { database, measure } = metered(bindings.DB);
  const upkeep = openUpkeep((work) => work(database));
  expect(await measure(() => upkeep.due(keepings, THEN))).toEqual({ read: expect.any(Number), written: 0 });
  expect((await measure(() => upkeep.due(keepings, THEN))).read).toBeLessThan(10);
});

test("a body goes after its own time, with every copy and with what was answered; what is known of its event stays", async () => {
  await round.accept(1, ["first"], { receivedAt: THEN - 8 * DAY });
  await round.accept(2, ["first"], { receivedAt: THEN - 8 * DAY, body: null, parts: 2 });
  for (const part of [0, 1]) await round.parts.put("receipt-2", idOf(2), part, "x");
  await round.accept(3, ["first"], { receivedAt: THEN - 6 * DAY });
  for (const n of [1, 3]) await inspect(n);
  await rows(
    "INSERT INTO attempts (event, destination, n, started_at, outcome, excerpt) VALUES (1, 'first', 1, 0, 'retry', 'an echo')",
  );
  await rows("UPDATE events SET object = '{}' WHERE seq < 3");
  await ended();
  round.clock = THEN + 4 * MINUTE;
  await fresh([everything(30 * DAY), bodies(7 * DAY, "acme")])();
  expect(await rows("SELECT seq, body, parts, object, gone ->> 'after' AS after FROM events")).toEqual([
    { seq: 1, body: null, parts: 0, object: null, after: 7 * DAY },
    { seq: 2, body: null, parts: 0, object: null, after: 7 * DAY },
    { seq: 3, body: expect.any(String), parts: 0, object: null, after: null },
  ]);
  expect(await rows("SELECT excerpt FROM deliveries UNION ALL SELECT excerpt FROM attempts")).toEqual([
    { excerpt: null },
    { excerpt: null },
    { excerpt: "thanks" },
    { excerpt: null },
  ]);
  expect(await counts("events", "deliveries", "attempts", "event_parts", "inspections")).toEqual([3, 3, 1, 0, 1]);
});

const whole = async () => (await rows("SELECT seq FROM events WHERE gone IS NULL")).map(({ seq }) => seq);

test("a body whose delivery is open stays until that has ended, and then goes without a walk over the history", async () => {
  for (const n of [1, 2]) await round.accept(n, ["first"], { receivedAt: THEN - 8 * DAY });
  await rows("UPDATE deliveries SET state = 'delivered', look_at = NULL, ended_at = ?1 WHERE event = 2", THEN);
  const cleanup = fresh([everything(30 * DAY), bodies(7 * DAY, "acme")]);
  const minutes = async (count: number) => {
    for (let minute = 0; minute < count; minute += 1) {
      round.clock += MINUTE;
      while (await cleanup());
    }
  };
  await minutes(6);
  expect(await whole()).toEqual([1]);
  await rows("UPDATE deliveries SET state = 'failed', reason = 'exhausted', ended_at = ?1", round.clock);
  await minutes(1);
  expect(await whole()).toEqual([1]);
  await minutes(6);
  expect(await whole()).toEqual([]);
  expect(await rows("SELECT name FROM marks WHERE name LIKE 'stays:%'")).toEqual([]);
});

test("where the newest events are gone and their numbers are given again, nothing is overlooked", async () => {
  await fill(250);
  await rows("UPDATE deliveries SET state = iif(event = 1, 'pending', 'delivered'), look_at = NULL");
  const cleanup = fresh();
  while (await cleanup());
  expect(await left()).toBe(1);
  await rows("UPDATE deliveries SET state = 'delivered'");
  round.clock += MINUTE;
  while (await cleanup());
  expect(await left()).toBe(0);
  await fill(20);
  await rows("UPDATE deliveries SET state = 'delivered', look_at = NULL");
  round.clock += MINUTE;
  while (await cleanup());
  expect(await left()).toBe(0);
});

const known = async () => (await rows("SELECT 1 FROM marks WHERE name LIKE 'edited:%'")).length;

test("which copies were edited from an event is known as long as any source keeps its events", async () => {
  const longer: Keeping = { of: "events", ms: 90 * DAY, sources: ["stripe"], except: false };
  const keepings = [{ ...everything(30 * DAY), sources: ["stripe"] }, longer];
  await fresh()();
  await rows("INSERT INTO marks (name, value, at) VALUES ('edited:evt_1:1', '{}', ?1)", THEN);
  round.clock = THEN + 31 * DAY;
  await fresh(keepings)();
  expect(await known()).toBe(1);
  round.clock = THEN + 91 * DAY;
  await fresh(keepings)();
  expect(await known()).toBe(0);
});
