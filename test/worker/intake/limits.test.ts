// A source's rate is exact, and only what is proven to be the source's own spends it.
import { expect, test } from "vitest";
import { openShards } from "../../../src/intake/door.ts";
import { candidate, idOf, inObject, rpc, THEN } from "../kit/hands.ts";
import { carried, deliveries, rows, setUp, signed } from "../kit/relay.ts";

setUp();

const unused = () => Promise.reject(new Error("unused"));
const TEN = { burst: 10, periodMs: 60_000 };

test("of many at once exactly as many pass as the rate says; the others hear when to come again", async () => {
  const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => signed("limited", `body ${n}`)));
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(3);
  expect(statuses.filter((status) => status === 429)).toHaveLength(37);
  for (const { status, headers } of answers) {
    if (status !== 429) continue;
    expect(headers.get("content-type")).toBe("application/problem+json");
    // Three a minute: one every 20 s.
    expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(Number(headers.get("retry-after"))).toBeLessThanOrEqual(20);
  }
  await deliveries("delivered");
  expect(await rows("SELECT count(*) AS n FROM events")).toEqual([{ n: 3 }]);
});

test("forged requests spend nothing", async () => {
  const forged = await Promise.all(
    Array.from({ length: 20 }, (_, n) => signed("limited", `body ${n}`, {}, "not-the-secret")),
  );
  expect(new Set(forged.map(({ status }) => status))).toEqual(new Set([401]));
  const own = await Promise.all([1, 2, 3].map((n) => signed("limited", `own ${n}`)));
  expect(own.map(({ status }) => status)).toEqual([200, 200, 200]);
});

test("sources do not share a bucket", async () => {
  await Promise.all([1, 2, 3, 4].map((n) => signed("limited", `body ${n}`)));
  expect((await signed("acme", "another")).status).toBe(200);
});

test("tokens come back one by one, at the moment that was announced and not a millisecond sooner", async () => {
  await inObject(async (hands) => {
    const core = await hands.start();
    const take = async (n: number) => await core.accept(candidate(n, {}, TEN));
    const kinds = (await Promise.all(Array.from({ length: 100 }, (_, n) => take(n)))).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "accepted")).toHaveLength(10);
    expect(await take(200)).toEqual({ kind: "limited", retryAfterMs: 6000 });
    hands.clock = THEN + 5999;
    expect(await take(201)).toEqual({ kind: "limited", retryAfterMs: 1 });
    hands.clock = THEN + 6000;
    expect((await take(202)).kind).toBe("accepted");
    expect((await take(203)).kind).toBe("limited");
    expect(hands.journal().flat()).not.toContain(idOf(203));
  });
});

test("a second try of the edge's own does not pay twice", async () => {
  await inObject(async (hands) => {
    const core = await hands.start();
    let tries = 0;
    const losesItsAnswer = rpc({
      accept: async (one: ReturnType<typeof candidate>) => {
        const answer = await core.accept(one);
        tries += 1;
        if (tries === 1) throw new Error("Network connection lost.");
        return answer;
      },
    });
    const door = openShards(() => losesItsAnswer, 1, hands.now, hands.log);
    const once = { burst: 1, periodMs: 60_000 };
    expect(await door.accept(candidate(1, {}, once))).toMatchObject({ kind: "accepted", id: idOf(1) });
    expect(tries).toBe(2);
    expect((await door.accept(candidate(2, {}, once))).kind).toBe("limited");
  });
});

test("after a first try that may have been accepted, the second never says that it was not", async () => {
  const answers = [
    () => Promise.reject(new Error("reset")),
    () => Promise.resolve({ kind: "limited" as const, retryAfterMs: 5 }),
  ];
  const stub = rpc({ accept: () => (answers.shift() ?? unused)() });
  await inObject(async (hands) => {
    const door = openShards(() => stub, 1, hands.now, hands.log);
    expect((await door.accept(candidate(1))).kind).toBe("busy");
  });
});

test("forty repeats of one captured request leave the next genuine event its token", async () => {
  const first = { "x-id": "captured" };
  expect(await (await signed("limited", "captured", first)).json()).toMatchObject({ status: "accepted" });
  for (let n = 0; n < 40; n += 1)
    expect(await (await signed("limited", "captured", first)).json()).toMatchObject({ status: "duplicate" });
  await carried();
  for (const id of ["second", "third"])
    expect(await (await signed("limited", id, { "x-id": id })).json()).toMatchObject({ status: "accepted" });
  expect((await signed("limited", "fourth", { "x-id": "fourth" })).status).toBe(429);
});

test("an object that has forgotten an event gives a repeat its token back, once D1 knows it by another receipt", async () => {
  await inObject(async (hands) => {
    hands.repeats = (asked) =>
      Promise.resolve(asked.includes(idOf(1)) ? [{ id: idOf(1), receipt: "of another life", opens: 0 }] : []);
    const core = await hands.start();
    for (let n = 1; n <= 10; n += 1) expect((await core.accept(candidate(n, {}, TEN))).kind).toBe("accepted");
    expect((await core.accept(candidate(11, {}, TEN))).kind).toBe("accepted");
    expect((await core.accept(candidate(12, {}, TEN))).kind).toBe("limited");
  });
});
