// Whether any object holds what was acknowledged before: whoever deletes all of a subject asks that.
import { expect, test } from "vitest";
import { openShards } from "../../../src/intake/door.ts";
import { Logged, rpc } from "../kit/hands.ts";

/** What the door says where the objects say this, `null` for one that does not answer; it knows of so many itself. */
async function asked(said: readonly (boolean | null)[], shards: number): Promise<boolean> {
  const stub = (name: string) => {
    const answer = said[Number(name.slice("intake-".length))] ?? null;
    if (answer === null) return rpc({});
    return rpc({
      status: () => Promise.resolve({ waiting: 0, stuck: 0, bytes: 0, shards: said.length }),
      holds: () => Promise.resolve(answer),
    });
  };
  return await openShards(stub, shards, () => Date.now(), new Logged()).holds(1);
}

test("whoever asks whether anything old is held hears yes unless every object has said no", async () => {
  expect(await asked([false, false], 2)).toBe(false);
  expect(await asked([false, true], 2)).toBe(true);
  expect(await asked([false, null], 2)).toBe(true);
  // One that only another number has.
  expect(await asked([false, true], 1)).toBe(true);
  expect(await asked([null, false], 2)).toBe(true);
});
