// A route with a condition, from the proven request to the row in D1: what it takes, what it leaves, and what it cannot decide.
import { expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { openD1 } from "../../../src/d1/open.ts";
import { ingest } from "../../../src/in/ingest.ts";
import type { Event } from "../../../src/types.ts";
import { answering, door, request } from "../kit/door.ts";
import { bindings, rows, setUp } from "../kit/relay.ts";

setUp();

const VARS = {
  ACME_SECRET: "acme-secret",
  SIGNING_KEY: "test-signing-key-0123456789abcdef",
  SOURCES: { acme: { provider: "hmac", settings: { header: "X-Signature" } } },
  DESTINATIONS: { audit: { inspect: true }, log: { inspect: true } },
};
const LARGE = { from: "acme", to: "audit", when: "body.amount >= 100" };

/** The row that goes to the journal for a body, and the lines of the log. */
async function entered(body: string, ROUTES: object, more: Record<string, string> = {}) {
  let row: Event | null = null;
  const intake = answering({ kind: "accepted", id: "evt" });
  const deps = door({
    config: readConfig({ ...VARS, ROUTES }),
    intake: {
      ...intake,
      accept: async (wanted) => {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the edge writes an event
        row = JSON.parse(wanted.row) as Event;
        return await intake.accept(wanted);
      },
    },
  });
  const sent = await request(body);
  for (const [name, value] of Object.entries(more)) sent.headers.set(name, value);
  const { status } = await ingest(sent, "acme", deps);
  expect(status).toBe(200);
  if (row === null) throw new Error("nothing was accepted");
  return { row: row as Event, lines: deps.log.of("ingest.accepted") };
}

test("it takes what its condition is true of, and the event says nothing of conditions otherwise", async () => {
  const taken = await entered('{"amount":100}', { large: LARGE });
  expect(taken.row.matched).toEqual([{ destination: "audit", route: "large" }]);
  const left = await entered('{"amount":99}', { large: LARGE });
  expect(left.row.matched).toEqual([]);
  for (const { row, lines } of [taken, left]) {
    expect(row).not.toHaveProperty("undecided");
    expect(lines[0]).not.toHaveProperty("undecided");
  }
});

test("what it cannot decide is accepted, with the reason on the event and the route alone in the log", async () => {
  const ROUTES = { large: { ...LARGE, when: "int(body.amount) >= 100" }, all: { from: "acme", to: "log" } };
  const { row, lines } = await entered('{"amount":"secret-amount"}', ROUTES);
  expect(row.matched).toEqual([{ destination: "log", route: "all" }]);
  expect(row.undecided).toEqual([{ route: "large", error: expect.stringContaining("int()") }]);
  expect(lines).toMatchObject([{ status: "accepted", destinations: 1, undecided: ["large"] }]);
  expect(JSON.stringify(lines)).not.toContain("secret-amount");
});

test.each(["not json", "", "[1", '{"amount":null}', '{"constructor":{}}', '"text"', "[]"])(
  "whatever the body is, the event is accepted: %s",
  async (body) => {
    const { row } = await entered(body, { large: LARGE });
    expect(row.matched).toEqual([]);
    expect(row.undecided).toMatchObject([{ route: "large" }]);
  },
);

test("a condition reads no header that is not kept", async () => {
  const names = ["x-signature", "authorization", "cookie", "x-api-key"];
  const ROUTES = { large: { ...LARGE, when: names.map((name) => `"${name}" in headers`).join(" || ") } };
  const { row } = await entered("{}", ROUTES, { authorization: "Bearer s3cret", cookie: "a=b", "x-api-key": "k" });
  expect(row).toMatchObject({ matched: [] });
  expect(row).not.toHaveProperty("undecided");
  const kept = await entered("{}", { large: { ...LARGE, when: '"content-type" in headers' } });
  expect(kept.row.matched).toHaveLength(1);
});

test("a condition that a deploy should not have let through keeps what it might have wanted", async () => {
  const { row } = await entered('{"amount":100}', { large: { ...LARGE, when: "body.amount >=" } });
  expect(row.undecided).toEqual([{ route: "large", error: expect.stringContaining("config:check") }]);
});

test("a route that is not enabled takes nothing", async () => {
  const { row } = await entered('{"amount":100}', { large: { ...LARGE, enabled: false } });
  expect(row.matched).toEqual([]);
});

test("in D1, only what goes nowhere and what was not decided stands in an index", async () => {
  const { store } = openD1(bindings.DB);
  const routed = await entered('{"amount":100}', { large: LARGE });
  const unrouted = await entered('{"amount":1}', { large: LARGE });
  const undecided = await entered('{"amount":"x"}', { large: LARGE, all: { from: "acme", to: "log" } });
  const events = [routed, unrouted, undecided].map(({ row }, n) =>
    Object.assign(row, { id: `evt_${n}`, receipt: `r${n}` }),
  );
  await store.commit(JSON.stringify(events), 0);
  expect(await rows("SELECT id, unrouted, undecided FROM events ORDER BY seq")).toEqual([
    { id: "evt_0", unrouted: null, undecided: null },
    { id: "evt_1", unrouted: 1, undecided: null },
    { id: "evt_2", unrouted: null, undecided: JSON.stringify(undecided.row.undecided) },
  ]);
});
