// What one destination that hangs can do to the others: take two of five places, and no more than ten seconds of anybody's time.
import { beforeEach, expect, test } from "vitest";
import type { Answer, Bell } from "../../../src/types.ts";
import { held, THEN } from "../kit/hands.ts";
import { rows, setUp, until } from "../kit/relay.ts";
import { Round, SILENCE, YES } from "../kit/round.ts";

setUp();

let round = new Round();
beforeEach(() => {
  round = new Round();
});

const accept = async (count: number, to: string, from = 0): Promise<Bell[]> =>
  (await Promise.all(Array.from({ length: count }, (_, n) => round.accept(from + n, [to])))).flat();
const sentTo = (name: string) => round.sent.filter(({ to }) => to === name).length;
const count = async (sql: string) =>
  (await rows<{ n: number }>(`SELECT count(*) AS n FROM deliveries WHERE ${sql}`))[0]?.n;

test("while others wait, a destination that hangs has two of the five places", async () => {
  const hanging = held<Answer>();
  round.onSend = (to) => (to === "first" ? hanging.promise : YES);
  // The worst order: those that hang come first.
  const bells = [...(await accept(12, "first")), ...(await accept(12, "second", 100))];
  const ringing = round.ring(bells);
  await until(() => sentTo("second") === 12);
  // The last of the others freed its place a moment ago; until then there were two.
  const [last] = round.sent.flatMap(({ to }, index) => (to === "second" ? [index] : [])).slice(-1);
  expect(round.sent.slice(0, last).filter(({ to }) => to === "first")).toHaveLength(2);
  await until(async () => (await count("destination = 'second' AND state = 'delivered'")) === 12);
  expect(await count("destination = 'first' AND state = 'delivered'")).toBe(0);
  hanging.resolve(SILENCE);
  await ringing;
});

test("an invocation has five sends at once, never more", async () => {
  const hanging = held<Answer>();
  round.onSend = () => hanging.promise;
  const bells = [...(await accept(5, "first")), ...(await accept(5, "second", 10)), ...(await accept(5, "third", 20))];
  const ringing = round.ring(bells);
  await until(() => round.sent.length === 5);
  await new Promise((resolve) => {
    setTimeout(resolve, 30);
  });
  expect(round.sent).toHaveLength(5);
  hanging.resolve(YES);
  await ringing;
  expect(round.sent).toHaveLength(15);
});

test("what has not begun after ten seconds is given back, uncounted, and rings five seconds later", async () => {
  const hanging = held<Answer>();
  round.onSend = () => hanging.promise;
  const bells = await accept(10, "first");
  const ringing = round.ring(bells);
  await until(() => round.sent.length === 5);
  round.clock += 15_000;
  hanging.resolve(SILENCE);
  await ringing;
  expect(round.sent).toHaveLength(5);
  expect(
    await rows(
      "SELECT attempt, lease_until, due_at - ?1 AS due, look_at - ?1 AS look FROM deliveries WHERE attempt = 0",
      THEN,
    ),
  ).toEqual(Array.from({ length: 5 }, () => ({ attempt: 0, lease_until: null, due: 20_000, look: 80_000 })));
  const again = round.take().filter(({ attempt }) => attempt === 1);
  expect(again).toHaveLength(5);
  expect(new Set(again.map(({ due }) => due))).toEqual(new Set([THEN + 20_000]));
  // And they go when their time has come.
  round.onSend = () => YES;
  round.clock += 120_000;
  await round.ring(again);
  expect(await count("state = 'delivered'")).toBe(5);
});

test("three destinations that hang can take all places: the fourth is given back and sent at the next ring", async () => {
  const hanging = held<Answer>();
  round.onSend = (to) => (to === "fourth" ? YES : hanging.promise);
  const bells = [
    ...(await accept(3, "first")),
    ...(await accept(3, "second", 10)),
    ...(await accept(3, "third", 20)),
    ...(await accept(2, "fourth", 30)),
  ];
  const ringing = round.ring(bells);
  await until(() => round.sent.length >= 5);
  round.clock += 15_000;
  hanging.resolve(SILENCE);
  await ringing;
  round.clock += 5_000;
  await round.ring(round.take().filter(({ delivery }) => delivery.endsWith(":fourth")));
  expect(await count("destination = 'fourth' AND state = 'delivered'")).toBe(2);
});

test("sends to one destination leave places for the others, and what finds none rings again five seconds later", async () => {
  for (let n = 0; n < 40; n += 1) round.pace.enter("first", 0, THEN);
  const bells = [...(await accept(1, "first")), ...(await accept(1, "second", 10))];
  await round.ring(bells);
  expect(sentTo("second")).toBe(1);
  expect(round.take()).toEqual([{ ...bells[0], due: THEN + 5000 }]);
});

test("bodies in flight have 32 MiB between them, and a single one of any size may go", async () => {
  const large = { parts: 1, body: null, size: 25 * 1024 * 1024 };
  const bells = (await Promise.all([1, 2].map((n) => round.accept(n, ["first"], large)))).flat();
  for (const n of [1, 2]) await round.parts.put(`receipt-${n}`, "evt", 0, "x");
  await round.ring(bells);
  expect(round.sent).toHaveLength(1);
  expect(round.take()).toEqual([{ ...bells[1], due: THEN + 5000 }]);
  round.clock += 5000;
  await round.ring(bells.slice(1));
  expect(round.sent).toHaveLength(2);
});

test("a send that died with its invocation counts for a minute only", async () => {
  for (let n = 0; n < 60; n += 1) round.pace.enter("first", 1024 * 1024, THEN);
  expect(round.pace.full(THEN + 60_000)).toBe(true);
  round.clock = THEN + 60_001;
  expect(round.pace.full(round.clock)).toBe(false);
  await round.ring(await accept(1, "first"));
  expect(round.sent).toHaveLength(1);
});

test("past fifty sends in the isolate the queue is told to wait", () => {
  for (let n = 0; n < 49; n += 1) round.pace.enter(`destination-${n}`, 0, THEN);
  expect(round.pace.full(THEN)).toBe(false);
  const place = round.pace.enter("one-more", 0, THEN);
  expect(round.pace.full(THEN)).toBe(true);
  round.pace.leave(place, false, THEN);
  expect(round.pace.full(THEN)).toBe(false);
});
