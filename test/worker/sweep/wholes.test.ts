// What redacted events were before goes behind their last delivery: a look each minute where a source redacts, one an hour where none does any more.
import { beforeEach, expect, test } from "vitest";
import { openDatabase } from "../../../src/d1/database.ts";
import { DELETE } from "../../../src/d1/deeds/delete.ts";
import { openOnce } from "../../../src/d1/once.ts";
import { openUpkeep } from "../../../src/d1/upkeep.ts";
import { openCleanup } from "../../../src/sweep/cleanup.ts";
import { MINUTE } from "../kit/cleaning.ts";
import { fill, metered } from "../kit/fill.ts";
import { everything } from "../kit/keeping.ts";
import { bindings, rows, setUp } from "../kit/relay.ts";
import { Round } from "../kit/round.ts";

setUp();

let round = new Round();
beforeEach(() => {
  round = new Round();
});

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Events that were redacted, whose wholes have a head and this many pieces. */
async function redacted(count: number, pieces = 1): Promise<void> {
  await fill(count);
  await rows("UPDATE events SET received_at = ?1", round.clock);
  await rows("INSERT INTO marks (name, value, at) SELECT 'whole:' || receipt, id, 0 FROM events");
  for (let n = 0; n <= pieces; n += 1)
    await rows(
      "INSERT INTO event_parts (receipt, n, event, data) SELECT receipt, ?1, id, 'v1.' FROM events",
      1_000 + n,
    );
}

const end = async (most: number) =>
  await rows(
    "UPDATE deliveries SET state = 'delivered', look_at = NULL, ended_at = ?1 WHERE event IN (SELECT seq FROM events ORDER BY seq LIMIT ?2)",
    round.clock,
    most,
  );
const left = async () =>
  (
    await rows(
      "SELECT (SELECT count(*) FROM marks WHERE name LIKE 'whole:%') AS wholes, (SELECT count(*) FROM event_parts) AS parts",
    )
  )[0];
const cleanup = (redacts: boolean) =>
  openCleanup({
    upkeep: openUpkeep(openDatabase(round.counted.database)),
    keepings: [everything(30 * DAY)],
    redacts,
    now: () => round.clock,
    log: round.log,
  });

test("what was there before goes behind the last delivery, and what is open keeps it", async () => {
  await redacted(4);
  await end(3);
  await cleanup(true)();
  expect(await left()).toEqual({ wholes: 1, parts: 2 });
  await end(4);
  await cleanup(true)();
  expect(await left()).toEqual({ wholes: 0, parts: 0 });
});

test("where no source redacts any more it goes within the hour, and no row is read for it in the other minutes", async () => {
  await redacted(2);
  await end(2);
  round.clock = Math.ceil(round.clock / HOUR) * HOUR + MINUTE;
  for (let minute = 0; minute < 3; minute += 1) {
    await cleanup(false)();
    round.clock += MINUTE;
  }
  expect(await left()).toEqual({ wholes: 2, parts: 4 });
  round.clock = Math.ceil(round.clock / HOUR) * HOUR;
  await cleanup(false)();
  expect(await left()).toEqual({ wholes: 0, parts: 0 });
});

test("a backlog is looked through piece by piece, and large ones a hundred parts at a time", async () => {
  await redacted(30, 9);
  await rows(
    "UPDATE events SET source = 'open' WHERE receipt IN (SELECT receipt FROM events ORDER BY receipt LIMIT 20)",
  );
  await rows(
    "UPDATE deliveries SET state = iif((SELECT source FROM events WHERE seq = event) = 'open', 'pending', 'delivered'), look_at = NULL",
  );
  const upkeep = openUpkeep(openDatabase(round.counted.database));
  // Twenty that are open, and then one that is over each time.
  expect(await upkeep.dropWholes(20)).toBe(true);
  expect(await left()).toEqual({ wholes: 30, parts: 300 });
  expect(await upkeep.dropWholes(20)).toBe(false);
  expect(await left()).toEqual({ wholes: 20, parts: 200 });
  await rows("UPDATE deliveries SET state = 'delivered', look_at = NULL");
  expect(await upkeep.dropWholes(20)).toBe(true);
  expect(await left()).toEqual({ wholes: 10, parts: 100 });
  expect(await upkeep.dropWholes(20)).toBe(false);
  expect(await left()).toEqual({ wholes: 0, parts: 0 });
});

test("a deletion takes what an event was before with it, although a delivery was open", async () => {
  await redacted(2);
  const [event] = await rows<{ id: string }>("SELECT id FROM events ORDER BY seq LIMIT 1");
  const id = event?.id ?? "";
  const asking = { action: "delete", target: id, actor: "admin", receipt: "r", key: null };
  const gone = JSON.stringify({ why: "deleted", at: round.clock });
  await openOnce(openDatabase(round.counted.database))(DELETE, asking, { ids: [id], gone }, round.clock);
  expect(await left()).toEqual({ wholes: 2, parts: 2 });
  await cleanup(true)();
  expect(await left()).toEqual({ wholes: 1, parts: 2 });
});

test("with nothing redacted a look reads one row", async () => {
  await fill(1);
  const { database, measure } = metered(bindings.DB);
  const upkeep = openUpkeep((work) => work(database));
  await upkeep.dropWholes(500);
  expect(await measure(() => upkeep.dropWholes(500))).toEqual({ read: 1, written: 0 });
});
