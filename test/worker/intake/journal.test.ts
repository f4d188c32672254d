// The journal is the acceptance: what is in it, when it counts, and what leaves it.
import { expect, test, vi } from "vitest";
import { openShards } from "../../../src/intake/door.ts";
import { candidate, type Hands, held, idOf, inObject, rpc, THEN } from "../kit/hands.ts";
import { setUp, until } from "../kit/relay.ts";

setUp();

const ids = (...numbers: number[]) => numbers.map((n) => idOf(n));

test("what arrives while a group is being written goes into the next: fifty acceptances are two rows", async () => {
  await inObject(async (hands) => {
    hands.onCommit = () => held<never>().promise;
    const core = await hands.start();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => core.accept(candidate(n))));
    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(["accepted"]));
    expect(hands.journal().map((row) => row.length)).toEqual([1, 49]);
    expect(hands.told.filter((word) => word === "sync")).toHaveLength(2);
  });
});

test("nothing is acknowledged before the journal is synced", async () => {
  await inObject(async (hands) => {
    const disk = held<void>();
    hands.sync = () => disk.promise;
    const core = await hands.start();
    let answers = 0;
    const accepting = [1, 1, 2].map(async (n, receipt) => {
      await core.accept(candidate(n, { receipt: String(receipt) }));
      answers += 1;
    });
    await until(() => hands.told.includes("sync"));
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    expect([answers, hands.offered]).toEqual([0, []]);
    disk.resolve();
    await Promise.all(accepting);
  });
});

test("an acceptance whose sync fails is refused, for the twin that waits on it too, and the next one is not held up", async () => {
  await inObject(async (hands) => {
    hands.sync = () => Promise.reject(new Error("the disk is gone"));
    const core = await hands.start();
    const outcomes = await Promise.allSettled([
      core.accept(candidate(1)),
      core.accept(candidate(1, { receipt: "again" })),
      core.accept(candidate(2)),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    const door = openShards(() => rpc({ accept: (one) => core.accept(one) }), 1, hands.now, hands.log);
    expect((await door.accept(candidate(3))).kind).toBe("busy");
    hands.sync = () => Promise.resolve();
    expect(await core.accept(candidate(4))).toEqual({ kind: "accepted", id: idOf(4) });
  });
});

test("a journal that takes no row acknowledges nothing", async () => {
  await inObject(async (hands) => {
    const core = await hands.start();
    hands.storage.sql.exec("DROP TABLE journal");
    await expect(core.accept(candidate(1))).rejects.toThrow(/no such table/);
    hands.storage.sql.exec(
      "CREATE TABLE journal (seq INTEGER PRIMARY KEY AUTOINCREMENT, rows TEXT NOT NULL, bells TEXT NOT NULL)",
    );
    expect((await core.accept(candidate(2))).kind).toBe("accepted");
  });
});

test("the row and the alarm that finds it are written in one turn, before the sync", async () => {
  await inObject(async (hands) => {
    const core = await hands.start();
    const disk = held<void>();
    hands.sync = () => disk.promise;
    const accepting = core.accept(candidate(1));
    // Not one await since: whatever has been told by now was told in the turn of the acceptance.
    expect([hands.journal(), hands.told]).toEqual([[ids(1)], ["alarm", "sync"]]);
    disk.resolve();
    await accepting;
    expect(await hands.storage.getAlarm()).toBe(hands.clock + 30_000);
  });
});

test("exactly the rows that D1 has are removed, whatever their keys", async () => {
  await inObject(async (hands) => {
    const commits = [held<never[]>(), held<never[]>()];
    hands.onCommit = async () => await (commits[hands.offered.length - 1] ?? held<never[]>()).promise;
    const core = await hands.start();
    await core.accept(candidate(1));
    // Under way to D1: what the journal gets meanwhile is not part of it, not even under a lower key.
    await core.accept(candidate(2));
    hands.storage.sql.exec(
      "INSERT INTO journal (seq, rows, bells) VALUES (-1, ?, ?)",
      candidate(3).row,
      JSON.stringify([candidate(3).bells]),
    );
    commits[0]?.resolve([]);
    await until(() => hands.offered.length === 2);
    expect([hands.offered, hands.journal()]).toEqual([
      [ids(1), ids(3, 2)],
      [ids(3), ids(2)],
    ]);
    commits[1]?.resolve([]);
    await until(() => hands.journal().length === 0);
  });
});

test("a group for D1 has at most 500,000 characters, or one event", async () => {
  await inObject(async (hands) => {
    const first = held<never[]>();
    hands.onCommit = async () => (hands.offered.length === 1 ? await first.promise : []);
    const core = await hands.start();
    const sizes = [1, 200_000, 200_000, 200_000, 499_000, 1_500_000, 10, 10];
    await Promise.all(sizes.map((size, n) => core.accept(candidate(n, { body: "x".repeat(size) }))));
    first.resolve([]);
    await until(() => hands.journal().length === 0);
    expect(hands.offered).toEqual([ids(0), ids(1, 2), ids(3), ids(4), ids(5), ids(6, 7)]);
  });
});

test("more than 32 million characters do not gather in memory: the sender is told to come again", async () => {
  await inObject(async (hands) => {
    const disk = held<void>();
    hands.sync = () => disk.promise;
    const core = await hands.start();
    const body = "x".repeat(1_500_000);
    const answers = Array.from({ length: 22 }, (_, n) => core.accept(candidate(n, { body })));
    const refused = await answers[21];
    expect(refused).toEqual({ kind: "busy", why: "too much is waiting to be written" });
    disk.resolve();
    const kinds = (await Promise.all(answers)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "accepted")).toHaveLength(21);
  });
});

test("a repeat gets its first id: beside the first, after it, and from the journal's memory", async () => {
  await inObject(async (hands) => {
    hands.onCommit = () => held<never>().promise;
    const core = await hands.start();
    const [first, beside] = await Promise.all([
      core.accept(candidate(1)),
      core.accept(candidate(1, { receipt: "beside" })),
    ]);
    const after = await core.accept(candidate(1, { receipt: "after" }));
    expect([first, beside, after].map((answer) => answer?.kind)).toEqual(["accepted", "duplicate", "duplicate"]);
    // Nothing can have failed while it is not in D1: one row is enough.
    expect(hands.journal()).toEqual([ids(1)]);
  });
});

test("a second try of the edge's own is accepted and not a duplicate, and journaled once", async () => {
  await inObject(async (hands) => {
    hands.onCommit = () => held<never>().promise;
    const core = await hands.start();
    const answers = [
      ...(await Promise.all([core.accept(candidate(1)), core.accept(candidate(1))])),
      await core.accept(candidate(1)),
    ];
    expect(answers.map(({ kind }) => kind)).toEqual(["accepted", "accepted", "accepted"]);
    expect(hands.journal()).toEqual([ids(1)]);
  });
});

test("a repeat of what D1 has goes there once more only where it opens something, or where D1 does not say", async () => {
  await inObject(async (hands) => {
    let opens: number | null = 0;
    hands.repeats = async () =>
      opens === null
        ? await Promise.reject(new Error("D1_ERROR: Network connection lost."))
        : await Promise.resolve([{ id: idOf(1), receipt: "receipt-1", opens }]);
    const core = await hands.start();
    await core.accept(candidate(1));
    await drained(hands);
    const repeat = async (receipt: string) => {
      expect((await core.accept(candidate(1, { receipt }))).kind).toBe("duplicate");
      await drained(hands);
    };
    await repeat("opens nothing");
    expect(hands.offered).toEqual([ids(1)]);
    opens = 1;
    await repeat("opens one");
    expect(hands.offered).toEqual([ids(1), ids(1)]);
    opens = null;
    await repeat("nobody knows");
    expect(hands.offered).toEqual([ids(1), ids(1), ids(1)]);
  });
});

test("an event that D1 has no more is new again", async () => {
  await inObject(async (hands) => {
    const core = await hands.start();
    await core.accept(candidate(1));
    await drained(hands);
    expect((await core.accept(candidate(1, { receipt: "later" }))).kind).toBe("accepted");
    await drained(hands);
    expect(hands.offered).toEqual([ids(1), ids(1)]);
  });
});

async function drained(hands: Hands): Promise<void> {
  await until(() => hands.journal().length === 0);
}

test("a journal that was full takes events again once D1 has taken them", async () => {
  await inObject(async (hands) => {
    hands.onCommit = () => Promise.reject(new Error("D1_ERROR: Network connection lost."));
    const core = await hands.start();
    await core.accept(candidate(1));
    hands.bytes = 8_000_000_001;
    hands.clock += 1_000;
    expect(await core.accept(candidate(2))).toMatchObject({ kind: "busy" });
    await until(() => hands.log.of("intake.commit_failed").length === 1);

    hands.onCommit = () => {
      hands.bytes = 4_096;
      return Promise.resolve([]);
    };
    await core.alarm();
    await until(() => hands.journal().length === 0);
    expect(await core.accept(candidate(2))).toEqual({ kind: "accepted", id: idOf(2) });
  });
});

test("what D1 has taken leaves room in the storage", async () => {
  await inObject(async (hands) => {
    const commits = held<never[]>();
    hands.onCommit = () => commits.promise;
    const core = await hands.start();
    for (let n = 0; n < 4; n += 1) await core.accept(candidate(n, { body: "x".repeat(400_000) }));
    const full = core.status().bytes;
    commits.resolve([]);
    await until(() => hands.journal().length === 0);
    expect(core.status().bytes).toBeLessThan(full / 4);
  });
});

test("an alarm whose sweep never ends is heard out all the same, and comes back", async () => {
  await inObject(async (hands) => {
    const core = await hands.start();
    hands.onSweep = () => held<never>().promise;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const alarm = core.alarm();
      await vi.advanceTimersByTimeAsync(60_000);
      await alarm;
    } finally {
      vi.useRealTimers();
    }
    expect(hands.log.of("sweep.failed")).toHaveLength(1);
    expect(await hands.storage.getAlarm()).toBe(THEN + 30_000);
  });
});
