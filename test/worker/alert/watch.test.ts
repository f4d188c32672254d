// What D1 counts, what a look makes of it, and what becomes of alerts when isolates look at once, die in between, or cannot look.
import { beforeEach, expect, test } from "vitest";
import type { Notice } from "../../../src/alert/notice.ts";
import { openD1 } from "../../../src/d1/open.ts";
import type { Alert } from "../../../src/d1/alerts.ts";
import { rescue } from "../../../src/sweep/rescue.ts";
import { NO, Round, YES } from "../kit/round.ts";
import { bindings, rows, setUp } from "../kit/relay.ts";
import { TOLD, watching } from "../kit/watching.ts";

setUp();

const MINUTE = 60_000;

let round = new Round();
let sent: Notice[] = [];
let clock = Date.now();
beforeEach(() => {
  round = new Round();
  sent = [];
  clock = Date.now();
});

const watch = (change: Parameters<typeof watching>[4] = {}) =>
  watching(openD1(bindings.DB).alerts, () => clock, round.log, sent, change);

async function look(change: Parameters<typeof watching>[4] = {}): Promise<void> {
  const one = watch(change);
  await one.look(await one.pulse());
}

const away = () => Promise.reject(new Error("D1 is away"));
const broken = () => Promise.reject(new Error("D1_ERROR: too much at once"));
const typesOf = () => sent.map(({ type }) => type);
const alerts = async () =>
  await rows<Pick<Alert, "rule" | "subject" | "count" | "told"> & { ended_at: number | null; owes: string | null }>(
    "SELECT rule, subject, count, told, ended_at, owes FROM alerts ORDER BY id",
  );

/** Events whose deliveries to `first` fail for good. */
async function fail(count: number, source = "acme"): Promise<void> {
  const { onSend } = round;
  round.onSend = () => ({ ...NO, status: 410 });
  for (let n = 0; n < count; n += 1) await round.ring(await round.accept(next(), ["first"], { source }));
  round.onSend = onSend;
}
let n = 0;
const next = () => (n += 1);

test("deliveries that fail for good are counted where they end, and told of once; more of them only count", async () => {
  await fail(1);
  await look();
  expect(typesOf()).toEqual(["alert.opened"]);
  expect(sent[0]?.data).toMatchObject({ rule: "delivery-failed", subject: { name: "first" }, count: 1 });
  await fail(4);
  clock += MINUTE;
  await look();
  expect(typesOf()).toEqual(["alert.opened"]);
  expect(await alerts()).toMatchObject([{ rule: "delivery-failed", subject: "first", count: 5, told: 1 }]);
});

test("what was cancelled, and what the relay itself had to say, is no failure", async () => {
  await fail(2, "hookline");
  const [bell] = await round.accept(next(), ["second"]);
  round.destinations.delete("second");
  await round.ring(bell === undefined ? [] : [bell]);
  expect(await rows("SELECT state, reason FROM deliveries WHERE destination = 'second'")).toEqual([
    { state: "failed", reason: "cancelled" },
  ]);
  expect(await rows("SELECT * FROM failures")).toEqual([]);
  await look();
  expect(sent).toEqual([]);
});

test("two isolates that look at the same time make one alert and one notice", async () => {
  await fail(1);
  const both = [watch(), watch()];
  const pulses = await Promise.all(both.map(async (one) => await one.pulse()));
  await Promise.all(both.map(async (one, k) => await one.look(pulses[k] ?? null)));
  expect(await alerts()).toHaveLength(1);
  expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
});

test("a notice that was not sent, or not noted as sent, is sent once more and is the same", async () => {
  await fail(1);
  await look({ send: () => Promise.reject(new Error("Intake is away")) });
  expect(round.log.of("alert.not_told")).toHaveLength(1);
  expect((await alerts())[0]?.owes).toEqual(expect.any(String));
  clock += MINUTE;
  await look({ alerts: { ...openD1(bindings.DB).alerts, told: away } });
  clock += MINUTE;
  await look();
  expect(sent).toHaveLength(2);
  expect(sent[1]).toEqual(sent[0]);
  clock += MINUTE;
  await look();
  expect(sent).toHaveLength(2);
});

test("it is over an hour after the last failure, and told; a failure after that begins anew, and counts from one", async () => {
  await fail(3);
  await look();
  await rows("UPDATE failures SET since = since - ?1, last_at = last_at - ?1", 61 * MINUTE);
  clock += 61 * MINUTE;
  await look();
  expect(typesOf()).toEqual(["alert.opened", "alert.ended"]);
  expect(await rows("SELECT * FROM failures")).toEqual([]);
  await fail(1);
  clock += 20 * MINUTE;
  await look();
  expect(typesOf()).toEqual(["alert.opened", "alert.ended", "alert.opened"]);
  expect((await alerts()).map(({ count }) => count)).toEqual([3, 1]);
});

test("where no route begins at the relay nobody is told; once one does, it is told what is still open", async () => {
  await fail(1);
  await look({ config: { ...TOLD, routes: [] } });
  expect(sent).toEqual([]);
  expect(await alerts()).toMatchObject([{ rule: "delivery-failed", told: 0 }]);
  clock += MINUTE;
  await look();
  expect(typesOf()).toEqual(["alert.opened"]);
});

test("a destination that fails and comes back: begun, over, and no word while it fails for less than that", async () => {
  round.configure("first", Array<number>(30).fill(1));
  round.onSend = () => NO;
  const bells = await round.accept(next(), ["first"]);
  await round.ring(bells);
  await look();
  expect(sent).toEqual([]);
  await rows("UPDATE breakers SET failures = 9, since = since - ?1", 6 * MINUTE);
  clock += MINUTE;
  await look();
  expect(sent.at(-1)?.data).toMatchObject({ rule: "destination-failing", count: 9, context: { last_status: 500 } });
  round.onSend = () => YES;
  round.clock += MINUTE;
  await round.ring(round.take());
  expect(await rows("SELECT * FROM breakers")).toEqual([]);
  clock += MINUTE;
  await look();
  expect(typesOf()).toEqual(["alert.opened", "alert.ended"]);
});

test("events that go nowhere are told by their source, and those of the relay itself are not", async () => {
  await round.accept(next(), [], { source: "acme", receivedAt: clock });
  await round.accept(next(), [], { source: "hookline", receivedAt: clock });
  await look();
  expect(sent.map(({ data }) => data)).toMatchObject([
    { rule: "events-unrouted", subject: { name: "acme" }, count: 1 },
  ]);
});

test("deliveries that nobody begins are told of, and so is a sweep that is late", async () => {
  await round.accept(next(), ["first"]);
  await rows("UPDATE deliveries SET due_at = ?1, look_at = ?1", clock - 20 * MINUTE);
  await look();
  expect(await alerts()).toMatchObject([
    { rule: "backlog-old", subject: "first", told: 1 },
    { rule: "sweep-late", subject: "sweep", told: 1 },
  ]);
});

test("where D1 does not answer, nothing is begun or over, and the sweep goes on", async () => {
  await fail(1);
  const { alerts: table } = openD1(bindings.DB);
  await look({ alerts: { ...table, known: away } });
  await look({ alerts: { ...table, pulse: away } });
  expect(sent).toEqual([]);
  expect(round.log.lines.map(({ event }) => event)).toEqual(
    expect.arrayContaining(["alerts.failed", "alerts.not_looked"]),
  );
});

test("a destination without a breaker is told of as well: the sweep leaves its failures counted", async () => {
  round.configure("first", Array<number>(30).fill(1), { breaker: false });
  round.onSend = () => NO;
  await round.ring(await round.accept(next(), ["first"]));
  await rows("UPDATE breakers SET failures = 9, since = since - ?1", 6 * MINUTE);
  const { breakers } = openD1(bindings.DB);
  await breakers.sweep([], ["first"], clock);
  await look();
  expect(sent.map(({ data }) => data)).toMatchObject([{ rule: "destination-failing", subject: { name: "first" } }]);
  // One that was open when its breaker was switched off lets go, and one that is not configured is forgotten.
  await rows("UPDATE breakers SET opened_at = 1");
  await breakers.sweep([], ["first"], clock);
  expect(await rows("SELECT * FROM breakers")).toEqual([]);
});

test("a sweep that fails is no reason not to look", async () => {
  await fail(1);
  const one = watch();
  const { upkeep, ...d1 } = openD1(bindings.DB);
  const config = { destinations: new Map() };
  const swept = {
    ...round.tending,
    upkeep: { ...upkeep, takeOverdue: broken },
    deliverNow: () => Promise.resolve(),
    cleanup: () => Promise.resolve(false),
    destinations: ["first"],
  };
  const replays = {
    ...d1,
    archive: null,
    intake: { holds: broken },
    ring: broken,
    config,
    retentionMs: MINUTE,
    now: () => clock,
    newId: () => "",
    log: round.log,
  };
  await expect(rescue({ sweep: swept, replays, watch: one })).rejects.toThrow("too much at once");
  expect(typesOf()).toEqual(["alert.opened"]);
});

/** One event whose delivery to that destination fails for good. */
async function failAt(destination: string): Promise<void> {
  const { onSend } = round;
  round.onSend = () => ({ ...NO, status: 410 });
  await round.ring(await round.accept(next(), [destination]));
  round.onSend = onSend;
}

/** All subjects of all notices of a type, in the order in which they were sent. */
const subjectsOf = (type: string) =>
  sent.flatMap((notice) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay's own notice
    const data = notice.data as { subject: { name: string }; others: readonly { subject: string }[] };
    return notice.type === type ? [data.subject.name].concat(data.others.map(({ subject }) => subject)) : [];
  });

test("two isolates that find different groups at the same time tell each subject once", async () => {
  const { alerts: table } = openD1(bindings.DB);
  await failAt("first");
  const early = await table.known(0, 0);
  await failAt("second");
  // One has seen the first alone, and writes it down between the other's look at both and what that one writes.
  const overtaken: typeof table = {
    ...table,
    find: async (...found) => {
      await look({ alerts: { ...table, known: () => Promise.resolve(early) } });
      return await table.find(...found);
    },
  };
  await look({ alerts: overtaken });
  clock += MINUTE;
  await look();
  expect(subjectsOf("alert.opened").toSorted()).toEqual(["first", "second"]);
  expect(await alerts()).toMatchObject([{ told: 1 }, { told: 1 }]);
});

test("while one of two that share a notice lasts, nobody is told that the other is over", async () => {
  await failAt("first");
  await failAt("second");
  await look();
  await rows("UPDATE failures SET last_at = last_at - ?1 WHERE destination = 'first'", 61 * MINUTE);
  clock += MINUTE;
  await look();
  expect(await alerts()).toMatchObject([
    { subject: "first", ended_at: clock },
    { subject: "second", ended_at: null },
  ]);
  expect(typesOf()).toEqual(["alert.opened"]);
  await rows("UPDATE failures SET last_at = last_at - ?1", 61 * MINUTE);
  clock += MINUTE;
  await look();
  expect(typesOf()).toEqual(["alert.opened", "alert.ended"]);
  expect(subjectsOf("alert.ended").toSorted()).toEqual(["first", "second"]);
});

test("two isolates that each see one of two end say once that all of it is over", async () => {
  const { alerts: table } = openD1(bindings.DB);
  await failAt("first");
  await failAt("second");
  await look();
  expect(subjectsOf("alert.opened")).toEqual(["first", "second"]);
  await rows("UPDATE failures SET since = since - ?1, last_at = last_at - ?1", 61 * MINUTE);
  clock += 61 * MINUTE;
  const known = await table.known(0, 0);
  const without = (name: string) => ({
    ...known,
    failures: known.failures.filter(({ destination }) => destination !== name),
    clock: known.clock - 2 * 61 * MINUTE,
  });
  const overtaken: typeof table = {
    ...table,
    known: () => Promise.resolve(without("first")),
    end: async (...over) => {
      await look({ alerts: { ...table, known: () => Promise.resolve(without("second")) } });
      return await table.end(...over);
    },
  };
  await look({ alerts: overtaken });
  clock += MINUTE;
  await look();
  expect(typesOf()).toEqual(["alert.opened", "alert.ended"]);
  expect(subjectsOf("alert.ended").toSorted()).toEqual(["first", "second"]);
});
