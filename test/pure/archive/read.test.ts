// What is read of an object that is written anew at that moment.
import { expect, test } from "vitest";
import type { LineHead } from "../../../src/archive/line.ts";
import { openReading } from "../../../src/archive/read.ts";
import { zip } from "../../../src/archive/segment.ts";

const ID = "evt_0123456789abcdef0123456789abcdef";
const head = { id: ID, source: "acme" };

async function* nothing(): AsyncGenerator<string> {}

async function* lines() {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no more of a line is looked at
  yield { head: head as unknown as LineHead, body: nothing() };
}

/** A bucket that has the second of two objects, and D1, which names the first one once. */
async function reading(names: readonly string[]) {
  const object = new Uint8Array(await zip(lines())).buffer;
  const left = [...names];
  const named = async () => [
    { key: left.length > 1 ? (left.shift() ?? "") : (left[0] ?? ""), events: 1, size: 1, ids: ID.slice(-16) },
  ];
  return openReading({
    bucket: { get: async (key) => (key === "new" ? object : null) },
    segments: { page: named, find: named, behind: named },
  });
}

test("what was written anew meanwhile is read where it is now, and an object that is lost holds nothing", async () => {
  const names = ["old", "new"];
  expect(await (await reading(names)).behind("", "acme", 0)).toMatchObject({ key: "new", lines: [head] });
  expect(await (await reading(names)).one(ID)).toMatchObject({ key: "new", line: head });
  expect(await (await reading(["lost"])).behind("", "acme", 0)).toEqual({ key: "lost", lines: [] });
  expect(await (await reading(["lost"])).one(ID)).toBeNull();
});
