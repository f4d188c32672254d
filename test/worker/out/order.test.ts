// Events in order: who may be claimed, who waits for whom, and who comes next, on a real D1.
import { reset } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { migrate } from "../../../src/d1/migrate.ts";
import { openD1 } from "../../../src/d1/open.ts";
import { BEHIND_MS } from "../../../src/d1/order.ts";
import { GRACE_MS, LEASE_MS } from "../../../src/deadlines.ts";
import { metered } from "../kit/fill.ts";
import { candidate, idOf, THEN } from "../kit/hands.ts";
import { numberOf, Ordered, wantedOf } from "../kit/ordered.ts";
import { bindings, rows, setUp } from "../kit/relay.ts";
import { NO, Round, YES } from "../kit/round.ts";

setUp();

let on = new Ordered();
beforeEach(() => {
  on = new Ordered();
});

test("of one key one is sent at a time, in the order of acceptance, and each is rung by the one before it", async () => {
  const bells = await on.acceptAll(1, 2, 3);
  await on.round.ring(bells.toReversed());
  expect(on.sent).toEqual([1]);
  expect(await on.state(3)).toMatchObject({ state: "pending", attempt: 0, waits: "order", look_at: THEN + BEHIND_MS });
  expect(on.round.rung.map(numberOf)).toEqual([2]);
  await on.drain();
  expect(on.sent).toEqual([1, 2, 3]);
  expect(await rows("SELECT state, attempt FROM deliveries")).toEqual(
    Array.from({ length: 3 }, () => ({ state: "delivered", attempt: 1 })),
  );
});

test("other keys, other destinations and what has no key go beside it", async () => {
  on.round.onSend = (_, n) => (n === 1 ? NO : YES);
  await on.round.ring(await on.accept(1));
  const bells = await Promise.all([on.accept(2), on.accept(3, "b"), on.accept(4, null), on.accept(5, "a", "second")]);
  await on.round.ring(bells.flat());
  expect(on.sent.toSorted((one, other) => one - other)).toEqual([1, 3, 4, 5]);
});

test("behind one that is tried again nothing is sent, nothing is counted, and no sweep touches it", async () => {
  let answer = NO;
  on.round.onSend = () => answer;
  await on.round.ring(await on.acceptAll(1, 2, 3));
  const [retry] = on.round.take();
  expect(retry).toMatchObject({ attempt: 2, due: THEN + 1000 });
  for (const minutes of [1, 5, 60, 300]) {
    const { taken } = await on.d1.upkeep.takeOverdue(THEN + minutes * 60_000, 10);
    expect(taken).toBeLessThanOrEqual(1);
    expect(await on.state(2)).toMatchObject({ attempt: 0, waits: "order", look_at: THEN + BEHIND_MS });
  }
  answer = YES;
  on.round.clock += 301 * 60_000;
  await on.round.ring(retry === undefined ? [] : [retry]);
  await on.drain();
  expect(on.sent).toEqual([1, 1, 2, 3]);
});

test("what waits behind another is left alone for six hours at a time, and is never rung for nothing", async () => {
  on.round.onSend = () => NO;
  await on.round.ring(await on.acceptAll(1, 2));
  await rows("UPDATE deliveries SET look_at = NULL WHERE attempt = 1");
  expect(await on.d1.upkeep.takeOverdue(THEN + BEHIND_MS - 1, 10)).toEqual({ taken: 0, bells: [] });
  expect(await on.d1.upkeep.takeOverdue(THEN + BEHIND_MS, 10)).toEqual({ taken: 1, bells: [] });
  expect(await on.state(2)).toMatchObject({ waits: "order", look_at: THEN + 2 * BEHIND_MS });
  // Whoever it waited for is gone without a word.
  await rows("DELETE FROM deliveries WHERE attempt = 1");
  const { bells } = await on.d1.upkeep.takeOverdue(THEN + 2 * BEHIND_MS, 10);
  expect(bells.map(numberOf)).toEqual([2]);
  expect(await on.state(2)).toMatchObject({ waits: null });
});

test("a bell that is lost: the sweep has the one behind it wait, and does not ring for it", async () => {
  await on.accept(1);
  await on.accept(2);
  const { bells } = await on.d1.upkeep.takeOverdue(THEN + GRACE_MS, 10);
  expect(bells.map(numberOf)).toEqual([1]);
  expect(await on.state(2)).toMatchObject({ waits: "order" });
});

test("whoever dies between the end and the bell of the next: the sweep rings within a minute", async () => {
  await on.round.ring(await on.acceptAll(1, 2));
  on.round.take();
  const look = Number((await on.state(2))?.["look_at"]);
  expect(look).toBeLessThanOrEqual(Date.now() + GRACE_MS);
  expect((await on.d1.upkeep.takeOverdue(Math.max(look, THEN), 10)).bells.map(numberOf)).toEqual([2]);
});

test("several isolates at once claim one of a key", async () => {
  const bells = (await Promise.all([1, 2, 3, 4].map((n) => on.accept(n)))).flat();
  const rounds = Array.from({ length: 4 }, () => {
    const other = new Round();
    other.destinations.set("first", on.round.destinations.get("first")!);
    return other;
  });
  const claims = await Promise.all(rounds.map(async ({ store }, n) => await store.claim([wantedOf(bells[n]!)], THEN)));
  expect(claims.flat().map(({ id }) => id)).toEqual([idOf(1)]);
});

test("one whose lease has ended still comes first", async () => {
  const bells = await on.acceptAll(1, 2);
  await on.round.store.claim(bells.map(wantedOf), THEN);
  await on.d1.upkeep.takeOverdue(THEN + LEASE_MS, 10);
  on.round.clock += LEASE_MS;
  await on.round.ring(bells.slice(1));
  expect(on.round.sent).toEqual([]);
  await on.round.ring(bells.slice(0, 1).map((bell) => Object.assign(bell, { attempt: 2 })));
  await on.drain();
  expect(on.sent).toEqual([1, 2]);
});

const END = {
  state: "delivered",
  reason: null,
  dueAt: THEN,
  startedAt: THEN,
  latencyMs: 5,
  status: 200,
  fault: null,
  excerpt: "",
} as const;

const wanted = (n: number) => [{ event: idOf(n), destination: "first", attempt: 1 }];

/** Rows written on one way through D1, and by the one that comes behind it while it is under way. */
async function costOf(key: string | null) {
  await migrate(bindings.DB);
  const { database, measure } = metered(bindings.DB);
  const { store } = openD1(database);
  const written = async (work: () => Promise<unknown>) => (await measure(work)).written;
  const match = { destination: "first", route: "all", ...(key === null ? {} : { order: key }) };
  const commit = async (n: number) =>
    await written(() => store.commit(`[${candidate(n, { matched: [match] }).row}]`, THEN));
  // The schema is looked at by whoever comes first.
  await store.claim(wanted(9), THEN);
  const committed = await commit(1);
  let claims: Awaited<ReturnType<typeof store.claim>> = [];
  const claim = await written(async () => (claims = await store.claim(wanted(1), THEN)));
  await commit(2);
  const refused = key === null ? 0 : await written(() => store.claim(wanted(2), THEN));
  const held = await written(() => store.hold(wanted(2), THEN));
  const ends = claims.map(({ event, destination, attempt }) => Object.assign({ event, destination, attempt }, END));
  return { committed, claim, refused, held, settle: await written(() => store.settle(ends, THEN)) };
}

test("what order costs, and nothing where there is none", async () => {
  expect(await costOf(null)).toEqual({ committed: 4, claim: 1, refused: 0, held: 0, settle: 1 });
  await reset();
  // One more for its place in the order; two for one that has to wait, and two to wake it.
  expect(await costOf("a")).toEqual({ committed: 5, claim: 1, refused: 0, held: 2, settle: 3 });
});

test("without a key no statement reads a row more, and none is added", async () => {
  const seen: string[] = [];
  await on.accept(1, null);
  on.round.counted.before = (sql) => void seen.push(...sql);
  await on.round.ring([{ v: 1, delivery: `${idOf(1)}:first`, attempt: 1, due: 0, size: 2 }]);
  expect(seen.map((sql) => sql.trim().split(/\s+/, 1)[0])).toEqual(["UPDATE", "SELECT", "UPDATE"]);
  await on.accept(2, null);
  await on.accept(3, null);
  const [claim = ""] = seen;
  const before = claim.replace(/ AND NOT \(deliveries\.order_key IS NOT NULL[\s\S]*\nRETURNING/, "\nRETURNING");
  expect(before).not.toBe(claim);
  expect(await readBy(claim, 2)).toBe(await readBy(before, 3));
});

/** Rows that a claim of this event reads. */
async function readBy(claim: string, n: number): Promise<number> {
  const values = [JSON.stringify(wanted(n)), THEN, ...(claim.includes("?3") ? ["[]"] : [])];
  const { meta, results } = await bindings.DB.prepare(claim)
    .bind(...values)
    .all();
  expect(results).toHaveLength(1);
  return meta.rows_read;
}
