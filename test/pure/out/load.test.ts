// How few queries read what is to be sent, and that what is missing is said.
import { expect, test } from "vitest";
import { INLINE_BYTES } from "../../../src/bytes/body.ts";
import type { Claim, KeptEvent } from "../../../src/d1/store.ts";
import { load, LOAD_BYTES, LOAD_PARTS } from "../../../src/out/load.ts";

const claim = (event: number, destination = "first"): Claim => ({
  event,
  id: `evt_${event}`,
  destination,
  attempt: 1,
  round: 0,
  leaseUntil: 90_000,
});
const stored = (seq: number, change: Partial<KeptEvent> = {}): KeptEvent => ({
  seq,
  id: `evt_${seq}`,
  receipt: "r",
  source: "a",
  type: "t",
  receivedAt: 0,
  headers: "{}",
  encoding: "text",
  size: 2,
  body: "{}",
  parts: 0,
  ...change,
});

/** A D1 that has these events and these parts, and notes what it is asked. */
function hands(events: readonly KeptEvent[], data: readonly string[] = []) {
  const asked: (readonly number[])[] = [];
  const deps = {
    store: {
      load: (seqs: readonly number[]) => {
        asked.push(seqs);
        return Promise.resolve(events.filter(({ seq }) => seqs.includes(seq)));
      },
    },
    parts: {
      heads: async () => await Promise.resolve(new Map<string, string[]>()),
      read: (_: string, from: number, count: number) => {
        asked.push([from, count]);
        return Promise.resolve(data.slice(from, from + count));
      },
    },
  };
  return { deps, asked };
}

test("small events come in one query, asked for with the first of them, and each event once", async () => {
  const { deps, asked } = hands([stored(1), stored(2), stored(3)]);
  const claims = [claim(1), claim(1, "second"), claim(2), claim(3)];
  const events = load(claims, ({ event }) => (event === 3 ? LOAD_BYTES / 2 : LOAD_BYTES / 4), deps);
  expect(asked).toEqual([]);
  const read = await Promise.all(claims.map((one) => events.event(one)));
  expect(read.map(({ seq }) => seq)).toEqual([1, 1, 2, 3]);
  expect(asked).toEqual([[1, 2, 3]]);
});

test("what is more than one query carries comes in the next", async () => {
  const inOne = Math.floor(LOAD_BYTES / INLINE_BYTES);
  const seqs = Array.from({ length: inOne + 1 }, (_, n) => n + 1);
  const { deps, asked } = hands(seqs.map((seq) => stored(seq)));
  const claims = seqs.map((seq) => claim(seq));
  const events = load(claims, () => INLINE_BYTES, deps);
  for (const one of claims) await events.event(one);
  expect(asked).toEqual([seqs.slice(0, inOne), seqs.slice(inOne)]);
});

test("a large body is put together of its parts, some at a time", async () => {
  const data = Array.from({ length: LOAD_PARTS + 1 }, (_, n) => `part ${n}. `);
  const { deps, asked } = hands([], data);
  const events = load([], () => 0, deps);
  const whole = { ...stored(1, { body: null, parts: data.length }), headers: {} };
  expect(new TextDecoder().decode(await events.body(whole))).toBe(data.join(""));
  expect(asked).toEqual([
    [0, LOAD_PARTS],
    [LOAD_PARTS, LOAD_PARTS],
  ]);
  await expect(events.body({ ...whole, parts: data.length + 1 })).rejects.toThrow("5 of 6 parts");
  await expect(events.event(claim(9))).rejects.toThrow("event evt_9 is not in D1");
});
