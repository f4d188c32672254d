// Outcomes of first attempts that the object keeps because D1 does not take them: each counts once, for its own
// acceptance, and none waits for the journal to be empty.
import { expect, test } from "vitest";
import {
  connect,
  d1,
  DELIVERED,
  deliveries,
  disconnect,
  drained,
  end,
  granted,
  lost,
  offer,
  retry,
  withD1,
  yes,
} from "../kit/firsts.ts";
import type { Candidate } from "../../../src/intake/gathering.ts";
import { openShards } from "../../../src/intake/door.ts";
import { candidate, type Hands, held, idOf, offering, rpc } from "../kit/hands.ts";
import { rows, setUp, until } from "../kit/relay.ts";

setUp();

const kept = (hands: Hands) => hands.storage.sql.exec("SELECT event FROM outcomes").toArray().length;
/** D1 takes a commit once the test lets it. */
function slowly(hands: Hands): ReturnType<typeof held<void>> {
  const answer = held<void>();
  hands.onCommit = async (...group) => {
    await answer.promise;
    return await d1.store.commit(...group);
  };
  return answer;
}

const REFUSED = new Error("D1_ERROR: datatype mismatch: SQLITE_MISMATCH");

test("a late outcome that D1 has not taken is settled while other events go on and on", async () => {
  await withD1(async (hands, core) => {
    await offer(core, offering(1));
    hands.clock += 1000;
    await drained(hands);
    hands.onSettle = lost;
    await end(core, 1, yes());
    expect(kept(hands)).toBe(1);
    connect(hands);
    // One event after another is on its way to D1, so that the journal is never empty.
    hands.onCommit = () => held<never>().promise;
    await core.accept(candidate(2));
    await until(() => hands.offered.flat().includes(idOf(2)));
    hands.clock += 1000;
    void core.alarm();
    await until(async () => (await deliveries())[0]?.["state"] === "delivered");
    await until(() => kept(hands) === 0);
    expect(hands.ended).toHaveLength(1);
  });
});

test("an outcome that is kept because its commit takes long is told and rung once", async () => {
  await withD1(async (hands, core) => {
    const answer = slowly(hands);
    await offer(core, offering(1));
    const ending = end(core, 1, retry);
    await until(() => kept(hands) === 1);
    await ending;
    answer.resolve();
    await drained(hands);
    await core.accept(candidate(2));
    await drained(hands);
    await until(() => kept(hands) === 0);
    expect(hands.ended).toHaveLength(1);
    expect(hands.rung.filter(({ attempt }) => attempt === 2)).toHaveLength(1);
  });
});

test("an outcome that is kept while D1 takes its event, after the commit began, is settled after it", async () => {
  await withD1(async (hands, core) => {
    const answer = slowly(hands);
    await offer(core, offering(1));
    hands.clock += 1000;
    await until(() => hands.offered.length === 1);
    hands.clock += 1001;
    await end(core, 1, yes());
    expect(kept(hands)).toBe(1);
    answer.resolve();
    await until(async () => (await deliveries().catch(() => []))[0]?.["state"] === "delivered");
    await until(() => kept(hands) === 0);
    expect(hands.ended).toHaveLength(1);
  });
});

test("what another acceptance of the event came to, while D1 was silent, leaves the first one's outcome alone", async () => {
  await withD1(async (hands, core) => {
    await offer(core, offering(1));
    hands.clock += 1000;
    await drained(hands);
    hands.onSettle = lost;
    await end(core, 1, yes());
    const next = await hands.start();
    // It hears of the pauses once, and of nothing after that.
    expect(await offer(next, offering(2))).toEqual(["first"]);
    await end(next, 2, yes());
    await drained(hands);
    disconnect(hands);
    const again = { ...offering(1), receipt: "again" };
    expect(await offer(next, again)).toEqual(["first"]);
    await next.ended(idOf(1), "again", 2, [retry]);
    connect(hands);
    hands.clock += 5000;
    await next.alarm();
    await drained(hands);
    await until(() => kept(hands) === 0);
    expect(await deliveries()).toMatchObject([DELIVERED, DELIVERED]);
    expect(await rows("SELECT * FROM attempts")).toEqual([]);
  });
});

test("an event that D1 has refused, and that is being tried again, is granted nothing when it comes again", async () => {
  await withD1(async (hands, core) => {
    hands.onCommit = () => Promise.reject(REFUSED);
    await offer(core, offering(1));
    await end(core, 1, { destination: "first", state: "unsent" });
    await until(() => core.status().stuck === 1);
    hands.onCommit = () => held<never>().promise;
    hands.clock += 60_000;
    void core.alarm();
    await until(() => core.status().waiting === 1);
    expect(await offer(core, { ...offering(1), receipt: "again" })).toEqual([]);
  });
});

test("the outcome of an event that D1 has refused is durable as soon as it is told", async () => {
  await withD1(async (hands, core) => {
    hands.onCommit = () => Promise.reject(REFUSED);
    await offer(core, offering(1));
    hands.clock += 1000;
    await until(() => core.status().stuck === 1);
    await end(core, 1, yes());
    expect(kept(hands)).toBe(1);
    connect(hands);
    hands.clock += 60_000;
    await core.alarm();
    await drained(hands);
    expect(await deliveries()).toMatchObject([DELIVERED]);
    await until(() => kept(hands) === 0);
  });
});

test("outcomes of an earlier life whose events D1 has are settled, and those of waiting events go with these", async () => {
  await withD1(async (hands, core) => {
    await offer(core, offering(1));
    hands.clock += 1000;
    await drained(hands);
    expect(await offer(core, offering(2))).toEqual(["first"]);
    disconnect(hands);
    await end(core, 1, yes());
    await core.accept(candidate(7));
    hands.clock += 1000;
    await until(() => hands.log.of("intake.commit_failed").length > 0);
    await end(core, 2, yes());
    expect(kept(hands)).toBe(2);
    connect(hands);
    hands.clock += 1000;
    await hands.start();
    await drained(hands);
    await until(() => kept(hands) === 0);
    const found = await rows("SELECT state, lease_until FROM deliveries JOIN events ON seq = event ORDER BY id");
    expect(found).toMatchObject([{ state: "delivered" }, { state: "delivered" }, { state: "pending" }]);
  });
});

test("an object that has found more than it can remember grants again once that is in D1, whatever has come since", async () => {
  await withD1(async (hands) => {
    const row = (n: number) => {
      const { row: event, bells, receipt } = candidate(n);
      hands.storage.sql.exec(
        "INSERT INTO journal (rows, bells) VALUES (?, ?)",
        event,
        JSON.stringify([[...bells, null, { receipt }]]),
      );
    };
    for (let n = 0; n <= 2000; n += 1) row(n);
    hands.onCommit = () => held<never>().promise;
    const next = await hands.start();
    expect(await offer(next, offering(3000))).toEqual([]);
    // What was found goes to D1; what has come since does not.
    const came = held<void>();
    hands.onCommit = async (events, ...rest) => {
      if (events.includes(idOf(3000))) await came.promise;
      return events.includes(idOf(3001)) ? await held<never>().promise : await d1.store.commit(events, ...rest);
    };
    const later = await hands.start();
    await until(() => hands.offered.flat().includes(idOf(3000)));
    await later.accept(candidate(3001));
    came.resolve();
    await until(() => hands.offered.flat().includes(idOf(3001)));
    expect(await offer(later, offering(3002))).toEqual(["first"]);
    expect(await offer(later, { ...offering(3001), receipt: "again" })).toEqual([]);
  });
}, 60_000);

test("a destination whose answer did not come to its end is slow, like one that gave none", async () => {
  await withD1(async (hands, core) => {
    expect(await offer(core, offering(1))).toEqual(["first"]);
    await end(core, 1, yes({ latencyMs: 15_000 }));
    await drained(hands);
    expect(await offer(core, offering(2))).toEqual([]);
    hands.clock += 60_000;
    expect(await offer(core, offering(3))).toEqual(["first"]);
  });
});

test("a second try of what a failed sync has left in the journal is granted nothing, though its id was made up", async () => {
  await withD1(async (hands, core) => {
    await offer(core, offering(1));
    await end(core, 1, yes());
    await drained(hands);
    hands.sync = () => Promise.reject(new Error("storage write failed"));
    let tries = 0;
    const accept = async (one: Candidate) => {
      tries += 1;
      if (tries === 1) return await core.accept(one);
      // What the first try has left is in D1 by now.
      await drained(hands);
      return await core.accept(one);
    };
    const door = openShards(() => rpc({ accept }), 1, hands.now, hands.log);
    const one = { ...offering(2), keyed: false };
    const accepting = door.accept(one);
    await until(() => tries === 2);
    hands.sync = () => Promise.resolve();
    expect(await granted(core, one, await accepting)).toEqual([]);
    expect((await deliveries()).length).toBe(2);
  });
});
