// An attempt of which only the lease is known: when it began, for the record and for whoever looks meanwhile.
import { expect, test } from "vitest";
import { openRecords } from "../../../src/d1/records.ts";
import { openUpkeep } from "../../../src/d1/upkeep.ts";
import { LEASE_MS } from "../../../src/deadlines.ts";
import { d1, drained, offer, withD1 } from "../kit/firsts.ts";
import { candidate, idOf, offering, THEN } from "../kit/hands.ts";
import { rows, setUp } from "../kit/relay.ts";

setUp();

test.each([
  // Its lease is that of a first attempt, and counts from the acceptance.
  ["at the acceptance, of a first attempt", offering(1), 0],
  ["with its claim, of every other", candidate(1), 5_000],
])("an attempt that has vanished began %s", async (_, one, after) => {
  await withD1(async (hands, core) => {
    await offer(core, one);
    hands.clock += 1_000;
    await drained(hands);
    await d1.store.claim([{ event: idOf(1), destination: "first", attempt: 1 }], THEN + 5_000);
    const [event] = await rows<{ seq: number }>("SELECT seq FROM events");
    const shown = await openRecords(d1.run).story(event?.seq ?? 0);
    expect(shown.deliveries).toMatchObject([{ state: "delivering", attempt: 1, startedAt: THEN + after }]);
    await openUpkeep(d1.run).takeOverdue(THEN + 5_000 + LEASE_MS, 10);
    expect(await rows("SELECT n, started_at, outcome FROM attempts")).toEqual([
      { n: 1, started_at: THEN + after, outcome: "lost" },
    ]);
  });
});
