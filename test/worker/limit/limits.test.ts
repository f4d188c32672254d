// A destination that takes only so many: what gets no place waits and spends no attempt, and nobody else waits with it.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, test, vi } from "vitest";
import { openUpkeep } from "../../../src/d1/upkeep.ts";
import { openDatabase } from "../../../src/d1/database.ts";
import { Limiter, type Limits } from "../../../src/limit/limiter.ts";
import type { Answer, Bell } from "../../../src/types.ts";
import { bindings, rows, setUp } from "../kit/relay.ts";
import { Round, YES } from "../kit/round.ts";

setUp();

let round = new Round();
beforeEach(() => {
  round = new Round();
});

const limited = (limits: Limits) => round.configure("first", [1000], { limits });
const accept = async (count: number, to = "first", from = 0): Promise<Bell[]> => {
  const bells: Bell[] = [];
  for (let n = from; n < from + count; n += 1) bells.push(...(await round.accept(n, [to])));
  return bells;
};
const states = async () =>
  await rows(
    "SELECT state, waits, attempt, count(*) AS n FROM deliveries GROUP BY state, waits, attempt ORDER BY state",
  );

test("three of five go, the others wait for their place with a reason, no attempt spent, and go when it comes", async () => {
  limited({ rate: { burst: 3, periodMs: 1_000 } });
  await round.ring(await accept(5));
  expect(round.sent).toHaveLength(3);
  expect(await states()).toEqual([
    { state: "delivered", waits: null, attempt: 1, n: 3 },
    { state: "pending", waits: "rate", attempt: 0, n: 2 },
  ]);
  const bells = round.take();
  expect(bells.map(({ back, attempt }) => ({ back, attempt }))).toEqual([
    { back: true, attempt: 1 },
    { back: true, attempt: 1 },
  ]);
  for (const { due } of bells) expect(due - round.clock).toBeGreaterThan(900);
  // One question, and one word of what has begun.
  expect(round.calls).toEqual(["ask", "tell"]);
  // Before its time nobody goes, whoever rings.
  const atOnce = () => bells.map((bell) => Object.assign({}, bell, { due: round.clock }));
  await round.ring(atOnce());
  expect(round.sent).toHaveLength(3);
  // And who rings before its time has rung in vain: the bell that belongs to it is still to come.
  expect(round.take()).toEqual([]);
  await vi.waitFor(async () => {
    round.clock += 2_000;
    await round.ring([...atOnce(), ...round.take()]);
    expect(round.sent).toHaveLength(5);
  }, 10_000);
  expect(await states()).toEqual([{ state: "delivered", waits: null, attempt: 1, n: 5 }]);
});

test("of a bell that comes twice one rings again, and one of what has ended rings no more", async () => {
  limited({ rate: { burst: 1, periodMs: 60_000 } });
  const [first, second] = await accept(2);
  if (first === undefined || second === undefined) throw new Error("no bells");
  await round.ring([first]);
  expect(round.sent).toHaveLength(1);
  await round.ring([second, second, first]);
  expect(round.take().map(({ delivery }) => delivery)).toEqual([second.delivery]);
  await round.ring([second, first]);
  expect(round.take()).toEqual([]);
  expect(await states()).toEqual([
    { state: "delivered", waits: null, attempt: 1, n: 1 },
    { state: "pending", waits: "rate", attempt: 0, n: 1 },
  ]);
});

test("what has no limits is sent while the object is still being asked, and needs no object", async () => {
  limited({ concurrency: 1 });
  const asked = Promise.withResolvers<void>();
  const real = round.limiter;
  round.limiter = (destination) => ({
    ...real(destination),
    ask: async (ask) => {
      await asked.promise;
      return await real(destination).ask(ask);
    },
  });
  const ringing = round.ring([...(await accept(1)), ...(await accept(2, "second", 1))]);
  await vi.waitFor(() => expect(round.sent.map(({ to }) => to)).toEqual(["second", "second"]));
  asked.resolve();
  await ringing;
  expect(round.sent.map(({ to }) => to)).toEqual(["second", "second", "first"]);
  round = new Round();
  await round.ring(await accept(1, "second", 9));
  expect(round.calls).toEqual([]);
});

test("so many are under way at once and no more; one lane serves what waits behind it", async () => {
  limited({ concurrency: 2 });
  let now = 0;
  let most = 0;
  round.onSend = async (): Promise<Answer> => {
    most = Math.max(most, (now += 1));
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    now -= 1;
    return YES;
  };
  const bells = await accept(12);
  await Promise.all([round.ring(bells.slice(0, 6)), round.ring(bells.slice(6))]);
  await vi.waitFor(async () => {
    round.clock += 2_000;
    await round.ring(round.take());
    expect(round.sent).toHaveLength(12);
  }, 20_000);
  expect(most).toBe(2);
});

test("an object that is not there lets nothing go: everything waits, is said in the log, and comes back", async () => {
  limited({ rate: { burst: 3, periodMs: 1_000 } });
  const { limiter } = round;
  round.limiter = () => ({
    ask: () => Promise.reject(new Error("the object was reset")),
    tell: () => Promise.reject(new Error("the object was reset")),
  });
  await round.ring([...(await accept(1)), ...(await accept(1, "second", 1))]);
  expect(round.sent.map(({ to }) => to)).toEqual(["second"]);
  expect(round.log.of("limit.unreachable").length).toBeGreaterThan(0);
  const [bell] = round.take();
  expect(bell).toMatchObject({ due: round.clock + 5_000, back: true });
  round.limiter = limiter;
  round.clock += 5_000;
  await round.ring(bell === undefined ? [] : [bell]);
  expect(round.sent).toHaveLength(2);
});

test("an object that starts anew knows what it has given away", async () => {
  limited({ rate: { burst: 2, periodMs: 60_000 } });
  await round.ring(await accept(2));
  expect(round.sent).toHaveLength(2);
  await runInDurableObject(bindings.LIMITER.getByName("first"), (_, { storage }) => {
    const times = { now: () => Date.now(), after: () => () => {} };
    const ask = {
      by: "another life",
      want: 1,
      back: 0,
      limits: { rate: { burst: 2, periodMs: 60_000 } },
      attemptMs: 1,
      leaves: true,
    };
    const again = new Limiter(storage.sql, times);
    expect(again.ask(ask)).toMatchObject({ go: 0 });
    expect(again.ask({ ...ask, limits: { rate: { burst: 3, periodMs: 60_000 } } })).toMatchObject({ go: 1 });
  });
});

test("places whose delivery is not to be had are given back", async () => {
  limited({ rate: { burst: 2, periodMs: 60_000 } });
  const bells = await accept(2);
  await rows("INSERT INTO pauses (destination, at, actor) VALUES ('first', 1, 'test')");
  await round.ring(bells);
  await vi.waitFor(() => expect(round.calls).toEqual(["ask", "tell"]));
  await rows("DELETE FROM pauses");
  await rows("UPDATE deliveries SET state = 'pending'");
  await round.ring(bells);
  expect(round.sent).toHaveLength(2);
});

test("a bell that is lost is rung again as one that has waited", async () => {
  limited({ rate: { burst: 1, periodMs: 60_000 } });
  await round.ring(await accept(2));
  round.take();
  const { bells } = await openUpkeep(openDatabase(bindings.DB)).takeOverdue(round.clock + 200_000, 10);
  expect(bells).toMatchObject([{ attempt: 1, back: true }]);
  expect(await states()).toMatchObject([{ state: "delivered" }, { state: "pending", waits: "rate" }]);
});
