// What D1 refuses for what it is: it stays in the journal's object, and is tried again until somebody has fixed D1.
import { expect, test } from "vitest";
import { openDatabase } from "../../../src/d1/database.ts";
import { openStore } from "../../../src/d1/store.ts";
import { candidate, inObject, THEN } from "../kit/hands.ts";
import { bindings, rows, setUp, until } from "../kit/relay.ts";

setUp();

test("what D1 has refused is tried again every minute, ten events at a time, until D1 takes it", async () => {
  await inObject(async (hands) => {
    hands.onCommit = () => Promise.reject(new Error("D1_ERROR: datatype mismatch: SQLITE_MISMATCH"));
    const core = await hands.start();
    await Promise.all(Array.from({ length: 13 }, (_, n) => core.accept(candidate(n))));
    await until(() => core.status().stuck === 13);
    const later = async () => {
      hands.clock += 60_000;
      const before = hands.offered.length;
      await core.alarm();
      await until(() => core.status().waiting === 0);
      return new Set(hands.offered.slice(before).flat()).size;
    };
    hands.clock += 30_000;
    await core.alarm();
    expect(await hands.storage.getAlarm()).toBe(THEN + 60_000);
    expect([await later(), await later()]).toEqual([10, 10]);
    expect(core.status()).toMatchObject({ stuck: 13 });

    hands.onCommit = (events, due) => openStore(openDatabase(bindings.DB)).commit(events, due);
    expect(await later()).toBe(10);
    expect(core.status()).toMatchObject({ stuck: 3 });
    hands.clock += 60_000;
    await core.alarm();
    await until(() => core.status().waiting + core.status().stuck === 0);
    expect(await rows("SELECT count(*) AS n FROM events")).toEqual([{ n: 13 }]);
    expect(hands.rung).toHaveLength(13);
  });
});

test("of large events that D1 has refused, no more are taken up at once than fit into a group", async () => {
  await inObject(async (hands) => {
    hands.onCommit = () => Promise.reject(new Error("D1_ERROR: datatype mismatch: SQLITE_MISMATCH"));
    const core = await hands.start();
    const sizes = [200_000, 200_000, 200_000, 900_000];
    for (const [n, size] of sizes.entries()) await core.accept(candidate(n, { body: "x".repeat(size) }));
    await until(() => core.status().stuck === 4);
    hands.onCommit = () => Promise.resolve([]);
    const left: number[] = [];
    for (let minutes = 0; minutes < 3; minutes += 1) {
      hands.clock += 60_000;
      await core.alarm();
      await until(() => core.status().waiting === 0);
      left.push(core.status().stuck);
    }
    expect(left).toEqual([2, 1, 0]);
  });
});
