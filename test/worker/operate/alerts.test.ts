// Alerts as an operator sees them: newest first, what is open alone, page after page; which rules are muted, and whether anybody is told.
import { beforeEach, expect, test } from "vitest";
import { alertsAnswer } from "../../../src/contract/alerts.ts";
import type { Found } from "../../../src/d1/alerts.ts";
import { openD1 } from "../../../src/d1/open.ts";
import { NOON, Operator } from "../kit/operator.ts";
import { bindings, rows } from "../kit/relay.ts";

const operator = new Operator();
const MINUTE = 60_000;

const found = (subject: string, more: Partial<Found> = {}): Found => ({
  rule: "destination-failing",
  subject,
  since: NOON - 10 * MINUTE,
  count: 12,
  context: JSON.stringify({ last_status: 503 }),
  notice: null,
  owes: null,
  ...more,
});

/** billing failed and is well again; crm fails, and a source is silent. */
beforeEach(async () => {
  const { alerts } = openD1(bindings.DB);
  const [billing] = await alerts.find([found("billing", { notice: "n1", owes: "n1" })], NOON - 5 * MINUTE);
  await alerts.told(["n1"], NOON - 5 * MINUTE);
  await alerts.end([{ id: billing?.id ?? 0, owes: "n2" }], [], NOON - MINUTE, 0);
  await alerts.told(["n2"], NOON - MINUTE);
  await alerts.find([found("crm", { notice: "n3", owes: "n3" })], NOON);
  await alerts.told(["n3"], NOON + 1);
  const context = JSON.stringify({ silent_s: 7_200, usual_s: 600 });
  await alerts.find([found("github", { rule: "source-silent", count: 1, context })], NOON + 1);
});

async function list(query = "") {
  return alertsAnswer.parse(await operator.get(`/api/alerts${query}`));
}

test("they come newest first, with what was seen, the words of their rule and the fix", async () => {
  const { alerts, next } = await list();
  expect(next).toBeNull();
  expect(alerts.map(({ subject, told }) => [subject, told])).toEqual([
    ["github", "nobody"],
    ["crm", "opened"],
    ["billing", "ended"],
  ]);
  expect(alerts[1]).toEqual({
    id: 2,
    rule: "destination-failing",
    severity: "critical",
    of: "destination",
    subject: "crm",
    title: "crm has failed 12 times in a row, last answer 503",
    since: "2026-03-01T11:50:00.000Z",
    opened_at: "2026-03-01T12:00:00.000Z",
    ended_at: null,
    count: 12,
    context: { last_status: 503 },
    fix: { says: expect.any(String), command: "hookline test crm", path: "/destinations/crm" },
    told: "opened",
    told_at: "2026-03-01T12:00:00.001Z",
    muted_until: null,
  });
  expect(alerts[2]).toMatchObject({ ended_at: "2026-03-01T11:59:00.000Z" });
});

test("page after page, each begins below the last", async () => {
  const first = await list("?limit=2");
  expect(first.alerts.map(({ subject }) => subject)).toEqual(["github", "crm"]);
  const second = await list(`?limit=2&cursor=${first.next}`);
  expect(second.alerts.map(({ subject }) => subject)).toEqual(["billing"]);
  expect(second.next).toBeNull();
});

test("the open ones alone, found without going through the history of all", async () => {
  const { alerts } = await list("?state=open");
  expect(alerts.map(({ subject }) => subject)).toEqual(["github", "crm"]);
  expect((await list("?state=ended")).alerts.map(({ subject }) => subject)).toEqual(["billing"]);
  const past = Array.from({ length: 500 }, (_, n) => n);
  await rows(
    "INSERT INTO alerts (rule, subject, since, opened_at, seen_at, ended_at, count, context) SELECT 'backlog-old', value, 0, 0, 0, 1, 1, '{}' FROM json_each(?1)",
    JSON.stringify(past),
  );
  const read = { rows: 0 };
  const watch = { result: (meta: D1Meta) => void (read.rows += meta.rows_read), failed: () => {} };
  const open = await openD1(bindings.DB, watch).alerts.list("open", null, 50);
  expect(open.map(({ subject }) => subject)).toEqual(["github", "crm"]);
  expect(read.rows).toBeLessThan(20);
});

test("an alert of a rule that this release does not have is shown all the same", async () => {
  const { alerts } = openD1(bindings.DB);
  await alerts.find([found("moon", { rule: "full-moon" })], NOON + 2);
  expect((await list()).alerts[0]).toMatchObject({ rule: "full-moon", severity: "warning", title: "full-moon: moon" });
});

test("the rules say which of them are muted, and whether a route leads from hookline to anybody", async () => {
  const before = await list();
  expect(before.routed).toBe(false);
  expect(before.rules.filter(({ muted }) => muted)).toEqual([]);
  operator.vars = {
    ALERTS: { mute: ["source-silent"] },
    ROUTES: { alerts: { from: "hookline", to: "crm", enabled: false } },
  };
  const muted = await list();
  expect(muted.rules.flatMap(({ name, muted: isMuted }) => (isMuted ? [name] : []))).toEqual(["source-silent"]);
  expect(muted.routed).toBe(false);
  operator.vars = { ROUTES: { alerts: { from: "hookline", to: "crm" } } };
  expect((await list()).routed).toBe(true);
});

test("what cannot be meant is refused with the parameter's name", async () => {
  for (const [query, detail] of [
    ["state=closed", /^state: must be one of open, ended/],
    ["limit=0", /^limit: must be a whole number/],
    ["cursor=newest", /^cursor: must be the "next" of an earlier page of \/api\/alerts/],
    ["open=true", /^open: is no parameter here: take one of state, limit, cursor/],
  ] as const) {
    const response = await operator.call(`/api/alerts?${query}`);
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ detail: expect.stringMatching(detail) });
  }
});

test("the overview says how many are open", async () => {
  expect(await operator.get("/api/overview")).toMatchObject({ backlog: { alerts: 2 } });
});

test("what the relay itself has told can be tried, routed anew and replayed by the name of its source", async () => {
  operator.vars = { ROUTES: { alerts: { from: "hookline", events: ["alert.*"], to: "crm" } } };
  const post = (path: string, order: object) =>
    operator.call(path, { method: "POST", body: JSON.stringify(order) }).then((response) => response.json<object>());
  const body = JSON.stringify({ type: "alert.opened", data: { rule: "backlog-old" } });
  expect(await post("/api/routes/try", { source: "hookline", type: null, body })).toMatchObject({
    source: "hookline",
    type: "alert.opened",
    routes: [{ route: "alerts", verdict: "taken" }],
  });
  const filter = { routing: "unrouted", source: "hookline" };
  expect(await post("/api/routes/apply", { filter, cursor: null })).toMatchObject({ looked: 0 });
  expect(await operator.get("/api/replays/preview?source=hookline")).toMatchObject({ matching: 0 });
});
