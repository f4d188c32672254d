// What D1 refuses for what it is: it stays in the journal's object, and is tried again until somebody has mended D1.
import { expect, test } from "vitest";
import { openDatabase } from "../../src/bindings/database.ts";
import { openStore } from "../../src/bindings/store.ts";
import { candidate, inObject, THEN } from "./hands.ts";
import { bindings, rows, setUp, until } from "./relay.ts";

setUp();

test("what D1 has refused is tried again every ten minutes, a hundred events at a time, until D1 takes it", async () => {
  await inObject(async (hands) => {
    hands.onCommit = () => Promise.reject(new Error("D1_ERROR: datatype mismatch: SQLITE_MISMATCH"));
    const core = await hands.start();
    await Promise.all(Array.from({ length: 130 }, (_, n) => core.accept(candidate(n))));
    await until(() => core.status().stuck === 130);
    const later = async () => {
      hands.clock += 600_000;
      const before = hands.offered.length;
      await core.alarm();
      await until(() => core.status().waiting === 0);
      return new Set(hands.offered.slice(before).flat()).size;
    };
    hands.clock += 30_000;
    await core.alarm();
    expect(await hands.storage.getAlarm()).toBe(THEN + 600_000);
    expect([await later(), await later()]).toEqual([100, 100]);
    expect(core.status()).toMatchObject({ stuck: 130 });

    hands.onCommit = (events, due) => openStore(openDatabase(bindings.DB)).commit(events, due);
    expect(await later()).toBe(100);
    expect(core.status()).toMatchObject({ stuck: 30 });
    hands.clock += 600_000;
    await core.alarm();
    await until(() => core.status().waiting + core.status().stuck === 0);
    expect(await rows("SELECT count(*) AS n FROM events")).toEqual([{ n: 130 }]);
    expect(hands.rung).toHaveLength(130);
  });
});
