// The id of an event: the same for its repeats, and for nothing else.
import { expect, test } from "vitest";
import { eventId, turnOf } from "../../src/ids.ts";

const body = new TextEncoder().encode("b");
const named = { source: "shop", rule: "{json:id}", key: "1", turn: null };

test("source, rule, key, turn and body each make another id", async () => {
  const ids = await Promise.all([
    eventId(named, null),
    eventId(named, body),
    eventId({ ...named, source: "other" }, null),
    eventId({ ...named, rule: "{json:ref}" }, null),
    eventId({ ...named, key: "2" }, null),
    eventId({ ...named, turn: 0 }, null),
    eventId({ ...named, turn: 1 }, null),
  ]);
  expect(new Set(ids).size).toBe(ids.length);
  expect(await eventId({ ...named }, body.slice())).toBe(ids[1]);
});

test("a window is a turn of the clock: what comes in one turn is together, and the edge parts the closest neighbours", () => {
  expect(turnOf(0, 60_000)).toBe(turnOf(59_999, 60_000));
  expect(turnOf(60_000, 60_000)).not.toBe(turnOf(59_999, 60_000));
  expect(turnOf(1, null)).toBeNull();
});
