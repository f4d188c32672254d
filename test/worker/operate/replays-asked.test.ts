// Bulk replays as an operator asks for them: what one would open, what is refused, what is on record, and what a look costs.
import { beforeEach, expect, test } from "vitest";
import { filterParameters, type ReplayFilter } from "../../../src/contract/operations.ts";
import { runReplays } from "../../../src/sweep/replays.ts";
import { ALL, Bulk, by, DAY, MINUTE, name, STEP, value } from "../kit/bulk.ts";
import { fill, metered } from "../kit/fill.ts";
import { THEN } from "../kit/hands.ts";
import { bindings, rows, setUp } from "../kit/relay.ts";

setUp();

let bulk = new Bulk();
beforeEach(() => {
  bulk = new Bulk();
});

/** Deliveries of three events that have ended, ten minutes apart, and one that is on its way. */
async function history(): Promise<void> {
  await bulk.ended(1, "failed", ["first", "second"]);
  bulk.round.clock += 10 * MINUTE;
  await bulk.ended(2, "delivered", ["first"], { source: "other", type: "ping" });
  bulk.round.clock += 10 * MINUTE;
  await bulk.ended(3, "failed", ["second"], { type: "ping" });
  await bulk.round.accept(4);
  bulk.round.clock += MINUTE;
}
const at = (minutes: number) => new Date(THEN + minutes * MINUTE).toISOString();

test.for<[string, Partial<ReplayFilter>, string[]]>([
  [
    "both states: everything that has ended",
    { state: "both" },
    [name(3, "second"), name(2), name(1, "second"), name(1)],
  ],
  ["source", { source: "other" }, [name(2)]],
  ["type", { type: "ping" }, [name(3, "second"), name(2)]],
  ["destination", { destination: "second" }, [name(3, "second"), name(1, "second")]],
  ["state failed", { state: "failed" }, [name(3, "second"), name(1, "second"), name(1)]],
  ["state delivered", { state: "delivered" }, [name(2)]],
  ["since, which is included", { since: at(10) }, [name(3, "second"), name(2)]],
  ["until, which is not", { until: at(10) }, [name(1, "second"), name(1)]],
  [
    "all of them",
    { source: "acme", type: "ping", destination: "second", state: "failed", since: at(20), until: at(21) },
    [name(3, "second")],
  ],
  ["what nobody sent", { type: "pong" }, []],
])("by %s: the preview counts what the job then opens, newest first", async ([, filter, expected]) => {
  await history();
  const { forecast, ...preview } = value(await bulk.operator.preview({ ...ALL, ...filter }));
  expect(preview).toEqual({
    filter: { ...ALL, ...filter },
    matching: expected.length,
    complete: true,
    looked_back_to: null,
  });
  expect(forecast).toMatchObject({ deliveries: expected.length, rate: 600 });
  const job = await bulk.start(filter);
  expect(job).toMatchObject({
    state: "running",
    expected: expected.length,
    expected_complete: true,
    replayed: 0,
    skipped: 0,
  });
  expect((await bulk.finish(job)).flat()).toEqual(expected);
  expect(await bulk.shown(job)).toMatchObject({
    state: "done",
    replayed: expected.length,
    ended_at: new Date(bulk.round.clock).toISOString(),
  });
});

test.for<Partial<ReplayFilter>>([{}, { destination: "first" }, { until: at(60) }])(
  "an order that names no state means what has failed, in a preview and in a job: %o",
  async (given) => {
    await history();
    const { state: _, ...unsaid } = { ...ALL, ...given };
    // As the API has it, where the state may be left out.
    const filter = filterParameters.parse(unsaid);
    const found = value(await bulk.operator.preview(filter));
    expect(found.filter.state).toBe("failed");
    const job = value(await bulk.operator.start(filter, 600, by()));
    expect(job).toMatchObject({ filter: { state: "failed" }, expected: found.matching });
    expect((await bulk.finish(job)).flat()).not.toContain(name(2));
    expect((await bulk.shown(job)).replayed).toBe(found.matching);
    expect(found.matching).toBeGreaterThan(0);
  },
);

test("a job that an older version wrote down without a state was asked for both, and says so", async () => {
  await history();
  const job = await bulk.start({ state: "both" });
  const [row] = await rows("SELECT filter FROM replays");
  expect(JSON.parse(String(row?.["filter"]))).toMatchObject({ state: null });
  expect((await bulk.shown(job)).filter.state).toBe("both");
});

test("a job is on record: who started it and for what, and what it came to", async () => {
  await history();
  const job = await bulk.start({ state: "failed", since: at(-60) }, 60);
  await bulk.finish(job);
  expect(await bulk.audited()).toEqual([
    {
      actor: "key:night watch",
      action: "replays.start",
      target: job.id,
      detail: JSON.stringify({ filter: { ...ALL, state: "failed", since: THEN - 60 * MINUTE }, rate: 60, expected: 3 }),
    },
    { actor: "hookline", action: "replays.done", target: job.id, detail: '{"replayed":3,"skipped":0}' },
  ]);
});

test("cancelling stops a job before its next step, once, on record; what it has opened goes on", async () => {
  for (let n = 1; n <= 5; n += 1) await bulk.ended(n);
  const job = await bulk.start({}, 12);
  await bulk.step();
  bulk.round.clock += 1000;
  const cancelled = value(await bulk.operator.cancel(job.id, by()));
  expect(cancelled).toMatchObject({
    state: "cancelled",
    replayed: 2,
    ended_at: new Date(bulk.round.clock).toISOString(),
  });
  bulk.round.clock += STEP;
  expect(value(await bulk.operator.cancel(job.id, by()))).toEqual(cancelled);
  expect(await runReplays(bulk.deps)).toBeNull();
  expect(await rows("SELECT state, count(*) AS n FROM deliveries GROUP BY state ORDER BY state")).toEqual([
    { state: "failed", n: 3 },
    { state: "pending", n: 2 },
  ]);
  expect((await bulk.audited()).slice(1)).toEqual([
    { actor: "key:night watch", action: "replays.cancel", target: job.id, detail: '{"replayed":2,"skipped":0}' },
  ]);
  expect(await bulk.operator.cancel("rpl_none", by())).toMatchObject({ ok: false, problem: { status: 404 } });
});

test("asking twice under one Idempotency-Key starts one job, and the second answer tells of the first's progress", async () => {
  for (let n = 1; n <= 3; n += 1) await bulk.ended(n);
  const [one, other] = await Promise.all([bulk.start({}, 12, "monday"), bulk.start({}, 12, "monday")]);
  expect(one).toEqual(other);
  await bulk.finish(one);
  expect(await bulk.start({}, 12, "monday")).toEqual(await bulk.shown(one));
  expect(await bulk.operator.list()).toHaveLength(1);
  expect((await bulk.audited()).map(({ action }) => action)).toEqual(["replays.start", "replays.done"]);
  expect((await bulk.start({}, 12, "tuesday")).id).not.toBe(one.id);
});

test.for<[string, Partial<ReplayFilter>, number, RegExp]>([
  [
    "a source that is not configured",
    { source: "gone" },
    60,
    /filter\.source: the configuration has no source "gone": take one of "acme", "other", or put it back/,
  ],
  [
    "a destination that is not configured",
    { destination: "gone" },
    60,
    /filter\.destination: the configuration has no destination "gone": take one of "first"/,
  ],
  ["a time that is none", { since: "yesterday" }, 60, /filter\.since: must be a time of ISO 8601/],
  ["a time span that is empty", { since: at(0), until: at(0) }, 60, /filter\.since: must be before "until"/],
  ["no rate", {}, 0, /rate: must be a whole number of deliveries a minute, from 1 to 6000/],
  ["too high a rate", {}, 6_001, /rate: /],
  ["a rate that is no whole number", {}, 1.5, /rate: /],
])("%s is refused, with what to do, and leaves nothing", async ([, filter, rate, says]) => {
  await bulk.ended(1);
  const refused = { ok: false, problem: { status: 400, detail: expect.stringMatching(says) } };
  expect(await bulk.operator.start({ ...ALL, ...filter }, rate, by("key"))).toMatchObject(refused);
  if (rate === 60) expect(await bulk.operator.preview({ ...ALL, ...filter })).toMatchObject(refused);
  expect([...(await bulk.audited()), ...(await bulk.operator.list()), ...(await rows("SELECT * FROM marks"))]).toEqual(
    [],
  );
});

test("jobs are listed newest first, a hundred of them, and go with the retention", async () => {
  await bulk.ended(1);
  for (let n = 0; n < 103; n += 1) {
    await bulk.start({ type: "nothing" });
    await bulk.step();
    bulk.round.clock += 1;
  }
  const list = await bulk.operator.list();
  expect(list).toHaveLength(100);
  expect(list.map(({ id }) => id)).toEqual(
    list
      .map(({ id }) => id)
      .toSorted()
      .toReversed(),
  );
  const running = await bulk.start({}, 1);
  bulk.round.clock += 30 * DAY - 2;
  for (let sweeps = 0; sweeps < 3; sweeps += 1) await bulk.deps.jobs.waiting(1, bulk.round.clock - 30 * DAY);
  expect(await bulk.operator.list()).toHaveLength(3);
  expect((await bulk.operator.list())[0]).toMatchObject({ id: running.id, state: "running" });
});

/** Rows that are read over a history of `size` events that have all failed. */
async function costs(size: number, filter: Partial<ReplayFilter>) {
  for (const table of ["deliveries", "events", "replays"]) await rows(`DELETE FROM ${table}`).catch(() => []);
  await fill(size, ["first"]);
  await rows("UPDATE deliveries SET state = 'failed', look_at = NULL, ended_at = 1");
  bulk.round.clock = THEN;
  const { database, measure } = metered(bindings.DB);
  bulk.restart(database);
  const preview = await measure(async () => value(await bulk.operator.preview({ ...ALL, ...filter })));
  await bulk.start(filter, 60);
  return { preview: preview.read, step: (await measure(() => runReplays(bulk.deps))).read };
}

test.for<Partial<ReplayFilter>>([
  {},
  { state: "failed" },
  { type: "nothing" },
  { until: new Date(20_000_000).toISOString() },
])("what a preview and a step for %j read does not grow with history", async (filter) => {
  const small = await costs(30_000, filter);
  const large = await costs(90_000, filter);
  expect(large.preview).toBeLessThanOrEqual(small.preview * 1.1);
  expect(large.step).toBeLessThanOrEqual(small.step * 1.1);
});

test("a preview foretells what the job would use at its rate, and the free quota that today passes with it", async () => {
  await history();
  const { forecast } = value(await bulk.operator.preview({ ...ALL, state: "failed" }, 6));
  // The kit has today near the end of its rows: 99,980 of 100,000.
  expect(forecast).toMatchObject({ plan: "free", rate: 6, deliveries: 3, takes_s: 30, passes: ["d1_rows_written"] });
  const written = forecast.meters.find(({ name: one }) => one === "d1_rows_written");
  expect(written).toMatchObject({ used: 99_980, free: 100_000, passes: true });
  expect(value(await bulk.operator.preview({ ...ALL, type: "pong" }))).toMatchObject({
    matching: 0,
    forecast: { meters: [], passes: [], usd: 0 },
  });
});

test("a preview says how far it has looked where it has not looked at everything", async () => {
  await fill(20_100, ["first"]);
  bulk.round.clock = THEN;
  bulk.restart();
  expect(value(await bulk.operator.preview(ALL))).toMatchObject({
    matching: 20_000,
    complete: false,
    looked_back_to: new Date(101_000).toISOString(),
  });
  expect(value(await bulk.operator.preview({ ...ALL, state: "failed" }))).toMatchObject({
    matching: 201,
    complete: true,
  });
});

test("an Idempotency-Key that has started one job starts and answers no other", async () => {
  await bulk.ended(1);
  const job = await bulk.start({ source: "acme" }, 60, "once");
  for (const [filter, rate] of [
    [{ source: "acme" }, 61],
    [{ source: "other" }, 60],
  ] as const) {
    expect(await bulk.operator.start({ ...ALL, ...filter }, rate, by("once"))).toMatchObject({
      ok: false,
      problem: { status: 422, detail: expect.stringContaining("Idempotency-Key") },
    });
  }
  expect(await bulk.start({ source: "acme" }, 60, "once")).toMatchObject({ id: job.id });
  expect(await rows("SELECT id FROM replays")).toEqual([{ id: job.id }]);
});
