// The leader's list of the ways in which events are spread, with the objects that hear of it; the storage is real.
import { expect, test } from "vitest";
import { Moved, type Waiting } from "../../../src/intake/moved.ts";
import { Roster } from "../../../src/intake/roster.ts";
import { shardOf } from "../../../src/intake/spread.ts";
import { held, inObject, Logged, THEN } from "../kit/hands.ts";

const EMPTY: Waiting = { oldest: null, newest: null, stuck: 0 };
const HOUR = 3_600_000;

const MOVES = Array.from({ length: 100 }, (_, n) => `evt_${n}`).find((id) => {
  const shards = [1, 2, 8].map((count) => shardOf({ id, source: "acme", rate: null }, count));
  return new Set(shards).size === shards.length;
});

/** A leader and the objects, each with a journal that is what the test says. */
class Cluster {
  clock = THEN;
  readonly log = new Logged();
  readonly objects: Moved[];
  readonly journals: Waiting[];
  readonly armed: number[] = [];
  readonly unreachable = new Set<number>();
  roster: Roster;
  onHeed: () => Promise<void> = () => Promise.resolve();
  onRelease: (shard: number) => Promise<void> = () => Promise.resolve();
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage, count: number) {
    this.#storage = storage;
    this.roster = this.lead();
    this.journals = Array.from({ length: count }, () => EMPTY);
    this.objects = this.journals.map(
      () =>
        new Moved(
          (spread) => this.roster.enlist(spread),
          () => this.clock,
          this.log,
        ),
    );
  }

  /** A new life of the leader. */
  lead(): Roster {
    const reached = async (shard: number) =>
      await (this.unreachable.has(shard) ? Promise.reject(new Error("reset")) : Promise.resolve(this.objects[shard]));
    return new Roster(this.#storage.sql, {
      heed: async (shard, spreads) => {
        (await reached(shard))?.heed(spreads);
        await this.onHeed();
      },
      release: async (shard, spread) => {
        const object = await reached(shard);
        const released = object?.release(spread, this.journals[shard] ?? EMPTY) ?? true;
        await this.onRelease(shard);
        return released;
      },
      sync: () => this.#storage.sync(),
      arm: async (at) => void this.armed.push(await Promise.resolve(at)),
      now: () => this.clock,
      log: this.log,
    });
  }

  /** Of an event that any two of the counts here lead to different objects. */
  may(shard: number, spread: string) {
    return this.objects[shard]?.may({ id: MOVES ?? "", source: "acme", rate: null }, spread);
  }
}

const cluster = (count: number, use: (of: Cluster) => Promise<void>) =>
  inObject(async ({ storage }) => {
    storage.sql.exec("DROP TABLE IF EXISTS spreads");
    await use(new Cluster(storage, count));
  });

test("the first way that there ever is contradicts nobody, and one more is told to all before an event comes by it", async () => {
  await cluster(8, async (all) => {
    await all.objects[1]?.know("2");
    expect([all.roster.shards, all.may(1, "2"), all.armed]).toEqual([2, "granted", []]);
    await all.objects[7]?.know("8");
    expect([all.roster.shards, all.may(1, "2"), all.may(7, "8")]).toEqual([8, "moved", "moved"]);
    expect(all.armed).toEqual([THEN + 30_000]);
  });
});

test("whoever comes while others are told waits for it, too", async () => {
  await cluster(2, async (all) => {
    await all.roster.enlist("1");
    const telling = held<void>();
    all.onHeed = () => telling.promise;
    const said: string[] = [];
    const both = ["a", "b"].map(async (name) => {
      await all.roster.enlist("2");
      said.push(name);
    });
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    expect(said).toEqual([]);
    telling.resolve();
    await Promise.all(both);
    expect(said).toEqual(["a", "b"]);
  });
});

test("a way ends once it is not used and D1 has its events everywhere, and not before; then only D1's word counts for a day", async () => {
  await cluster(8, async (all) => {
    await all.objects[1]?.know("2");
    await all.objects[0]?.know("8");
    all.journals[1] = { oldest: 3, newest: 3, stuck: 0 };
    for (let minute = 0; minute < 10; minute += 1) {
      all.clock += 60_000;
      void all.objects[0]?.know("8");
      expect(await all.roster.review()).toBe(all.clock + 30_000);
    }
    expect([all.roster.spreads.live, all.may(0, "8")]).toEqual([["2", "8"], "moved"]);
    all.journals[1] = EMPTY;
    expect(await all.roster.review()).toBe(all.clock + 24 * HOUR);
    expect([all.roster.spreads.live, all.may(0, "8")]).toEqual([["8"], "asked"]);
    // The storage has it: the next life of the leader says the same.
    expect(all.lead().spreads).toEqual(all.roster.spreads);
    all.clock += 24 * HOUR;
    expect(await all.roster.review()).toBeNull();
    expect(all.may(0, "8")).toBe("granted");
  });
});

test("the objects of the larger count are known until D1 has what they hold", async () => {
  await cluster(8, async (all) => {
    await all.objects[7]?.know("8");
    await all.objects[0]?.know("2");
    all.journals[7] = { oldest: 1, newest: 1, stuck: 1 };
    all.clock += HOUR;
    void all.objects[0]?.know("2");
    await all.roster.review();
    expect(all.roster.shards).toBe(8);
    all.journals[7] = EMPTY;
    await all.roster.review();
    expect([all.roster.shards, all.roster.spreads]).toEqual([2, { version: 3, live: ["2"], past: ["8"] }]);
    // An isolate of the older version that was asleep.
    await all.objects[7]?.know("8");
    expect([all.roster.shards, all.roster.spreads.past, all.may(0, "2")]).toEqual([8, [], "moved"]);
  });
});

test("a way that is used while it is asked whether it has ended has not", async () => {
  await cluster(2, async (all) => {
    await all.objects[0]?.know("1");
    await all.objects[1]?.know("2");
    all.clock += HOUR;
    void all.objects[1]?.know("2");
    all.onRelease = async (shard) => void (shard === 0 && (await all.objects[0]?.know("1")));
    await all.roster.review();
    expect(all.roster.spreads.live).toEqual(["1", "2"]);
    all.onRelease = () => Promise.resolve();
    all.clock += HOUR;
    void all.objects[1]?.know("2");
    await all.roster.review();
    expect(all.roster.spreads.live).toEqual(["2"]);
  });
});

test("an object that cannot be reached holds up nobody, hears it at the next review, and ends no way meanwhile", async () => {
  await cluster(2, async (all) => {
    await all.objects[0]?.know("1");
    all.unreachable.add(0);
    await all.objects[1]?.know("2");
    expect(all.log.of("intake.spread_untold")).toMatchObject([{ shard: 0 }]);
    all.clock += HOUR;
    void all.objects[1]?.know("2");
    await all.roster.review();
    expect(all.roster.spreads.live).toEqual(["1", "2"]);
    all.unreachable.clear();
    void all.objects[0]?.know("1");
    expect(all.may(0, "1")).toBe("granted");
    await all.roster.review();
    expect(all.may(0, "1")).toBe("moved");
  });
});
