// Which secrets verified the events of a source lately: counted over the newest events alone, and it says how far back it looked.
import { reset } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import { openDatabase } from "../../../src/d1/database.ts";
import { SCAN_ROWS } from "../../../src/d1/moment.ts";
import { openVerified } from "../../../src/d1/verified.ts";
import { fill, metered } from "../kit/fill.ts";
import { bindings } from "../kit/relay.ts";

afterEach(async () => {
  await reset();
});

/** Every tenth event is Stripe's; of these the ones with a number that 100 divides came with the old secret. */
async function filled(count: number): Promise<void> {
  await fill(count, []);
  await bindings.DB.prepare(
    "UPDATE events SET verified_by = iif(seq % 100 = 0, 'STRIPE_SECRET_OLD', 'STRIPE_SECRET')",
  ).run();
}

test("a history that is looked at as a whole is counted as a whole, from the time that is asked for on", async () => {
  await filled(1_000);
  const verifiedBy = openVerified(openDatabase(bindings.DB));
  expect(await verifiedBy("stripe", 500_000)).toEqual({
    by: [
      { secret: "STRIPE_SECRET", events: 45, last: 990_000 },
      { secret: "STRIPE_SECRET_OLD", events: 6, last: 1_000_000 },
    ],
    since: null,
  });
  expect(await verifiedBy("stripe", 1_000_001)).toEqual({ by: [], since: null });
  expect(await verifiedBy("nobody", 0)).toEqual({ by: [], since: null });
});

test("of a longer one no more than the newest events are read, and the answer says from when on", async () => {
  const count = SCAN_ROWS + 1_000;
  await filled(count);
  const { run, measure } = metered(bindings.DB);
  const verifiedBy = openVerified(run);
  const { by, since } = await verifiedBy("stripe", 0);
  expect(by.map(({ events }) => events)).toEqual([450, 50]);
  expect(since).toBe((count - SCAN_ROWS + 1) * 1000);
  // As many as there are to look at, and once more to be grouped.
  const cost = await measure(() => verifiedBy("stripe", 0));
  expect(cost.read).toBeLessThanOrEqual(2 * SCAN_ROWS + 10);
  expect(cost.written).toBe(0);
  // What is asked for is younger than all of it: nothing is missing.
  expect((await verifiedBy("stripe", since! + 1)).since).toBeNull();
});

test("an empty history has no events and no bound", async () => {
  await filled(0);
  expect(await openVerified(openDatabase(bindings.DB))("stripe", 0)).toEqual({ by: [], since: null });
});
