// What a relay uses of its plan on a day on which nothing happens: each minute of the cron in an isolate of its own,
// which remembers nothing.
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { openD1 } from "../../../src/d1/open.ts";
import { Use } from "../../../src/feed/use.ts";
import { openCleanup } from "../../../src/sweep/cleanup.ts";
import { rescue } from "../../../src/sweep/rescue.ts";
import { IDLE } from "../../bench/price.ts";
import { everything } from "../kit/keeping.ts";
import { fill } from "../kit/fill.ts";
import { Logged } from "../kit/hands.ts";
import { bindings, rows, setUp } from "../kit/relay.ts";
import { watching } from "../kit/watching.ts";

setUp();

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const MINUTES_A_DAY = 1_440;
/** Some of the minutes stand for all of them: none differs from another. */
const LOOKED_AT = 30;

const unused = () => Promise.reject(new Error("an idle relay has no use for this"));

test("an idle day reads and writes few rows of D1, and wakes no journal, however long the history is", async () => {
  await fill(5_000);
  await rows("UPDATE deliveries SET state = 'delivered', look_at = NULL");
  await rows("DELETE FROM failures");
  // The history of a day, of which nothing is old enough to go.
  let clock = Date.parse("2026-11-29T00:00:00Z");
  await rows("UPDATE events SET received_at = ?1", clock - DAY);
  const use = new Use(() => clock);
  const log = new Logged();
  const now = () => clock;
  const idle = async () => {
    const { upkeep, breakers, alerts, ...d1 } = openD1(bindings.DB, use);
    const config = { destinations: new Map() };
    const tending = { breakers, config, ring: unused, stopFirsts: unused, remind: unused, now, log };
    const cleanup = openCleanup({ upkeep, keepings: [everything(30 * DAY)], now, log });
    const next = await rescue({
      sweep: { ...tending, upkeep, deliverNow: unused, cleanup, destinations: ["billing"] },
      watch: watching(alerts, now, log),
      replays: {
        ...d1,
        archive: null,
        intake: { holds: unused },
        ring: unused,
        config,
        retentionMs: 30 * DAY,
        now,
        newId: () => "",
        log,
      },
    });
    clock += MINUTE;
    return next;
  };
  await idle();
  use.take();
  for (let minute = 0; minute < LOOKED_AT; minute += 1) expect(await idle()).toBeNull();
  const used = use.take();
  const aDay = (meter: string) => ((used.get(meter) ?? 0) / LOOKED_AT) * MINUTES_A_DAY;
  expect(aDay("d1_rows_written")).toBeLessThanOrEqual(IDLE.d1_rows_written ?? 0);
  expect(aDay("d1_rows_read")).toBeLessThanOrEqual(IDLE.d1_rows_read ?? 0);
  // No alarm is set while nothing is open, so that no object is awake.
  const journal = bindings.INTAKE.getByName("intake-0");
  expect(await runInDurableObject(journal, (_, state) => state.storage.getAlarm())).toBeNull();
});
