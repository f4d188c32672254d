// What /metrics counts: through everything that happens to the Feed object and to its rows.
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { FeedCore } from "../../../src/feed/feed.ts";
import type { Telling } from "../../../src/feed/door.ts";
import { newTally, sourceIn } from "../../../src/feed/tally.ts";
import { bindings, setUp } from "../kit/relay.ts";

setUp();

const HOUR = 60 * 60_000;
const NOON = Date.parse("2090-01-01T12:00:00Z");

function accepted(at: number, count: number): Telling {
  const tally = newTally();
  sourceIn(tally, "acme").accepted = count;
  return { counts: new Map([[at, tally]]), news: [], skipped: 0 };
}

test("counters only ever grow: through hours, dropped months, a crash and a restart", async () => {
  await runInDurableObject(bindings.FEED.getByName("feed-of-the-counters"), (_, state) => {
    const hands = { clock: NOON };
    const start = () => new FeedCore(state, () => hands.clock);
    let core = start();
    let said = 0;
    let told = 0;
    const grows = () => {
      const now = core.lifetime().sources.get("acme")?.accepted ?? 0;
      expect(now).toBeGreaterThanOrEqual(said);
      said = now;
    };
    for (const hours of [0, 0.1, 1, 26, 3, 300, 800, 1, 900, 0.5]) {
      hands.clock += hours * HOUR + 2_000;
      core.tell(accepted(hands.clock, 3));
      told += 3;
      grows();
      // Not written yet: a crash would take it back.
      core.tell(accepted(hands.clock, 2));
      grows();
      core = start();
      grows();
      expect(core.lifetime().since).toBe(NOON);
    }
    expect(said).toBe(told);
    expect([...state.storage.sql.exec("SELECT at FROM past")]).toEqual([{ at: NOON }]);
  });
});
