// Destinations: how they stand, without a word of what is secret, and what they answer to a test.
import { beforeEach, expect, test } from "vitest";
import type { DestinationAnswer, Inspection } from "../../../src/contract/operations.ts";
import { openDatabase } from "../../../src/d1/database.ts";
import { openStandings } from "../../../src/d1/standing.ts";
import { openDestinations } from "../../../src/operate/destinations.ts";
import { fill, metered } from "../kit/fill.ts";
import { FAILED, NOON, Operator } from "../kit/operator.ts";
import { bindings, rows } from "../kit/relay.ts";

const operator = new Operator();

const SECRET_URL = "https://hooks.example.com/services/T0/a-secret-path";

beforeEach(() => {
  operator.vars = {
    CHAT_URL: SECRET_URL,
    CRM_KEY: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    SOURCES: { github: { provider: "github" } },
    DESTINATIONS: {
      billing: { url: "https://hooks.example.com/billing", retry: ["5s", "1m"] },
      crm: { url: "https://hooks.example.com/crm", secret: "CRM_KEY" },
      chat: { url_secret: "CHAT_URL" },
      unset: { url_secret: "NOT_PUT" },
      bin: { inspect: true, script: "503x2,ok" },
    },
    ROUTES: {
      money: { from: "github", events: ["push"], to: ["billing", "crm"] },
      all: { from: "github", to: ["billing", "bin"] },
    },
  };
});

const destinations = async () =>
  (await operator.get<{ destinations: DestinationAnswer[] }>("/api/destinations")).destinations;

test("each is shown as it is configured, and no secret with it", async () => {
  const shown = await destinations();
  expect(
    shown.map(({ name, kind, url, state, signed_by, script, routes }) => ({
      name,
      kind,
      url,
      state,
      signed_by,
      script,
      routes,
    })),
  ).toEqual([
    {
      name: "billing",
      kind: "http",
      url: "https://hooks.example.com/billing",
      state: "active",
      signed_by: ["SIGNING_KEY"],
      script: null,
      routes: ["money", "all"],
    },
    {
      name: "crm",
      kind: "http",
      url: "https://hooks.example.com/crm",
      state: "active",
      signed_by: ["CRM_KEY"],
      script: null,
      routes: ["money"],
    },
    { name: "chat", kind: "http", url: null, state: "active", signed_by: ["SIGNING_KEY"], script: null, routes: [] },
    {
      name: "unset",
      kind: "http",
      url: null,
      state: "unaddressed",
      signed_by: ["SIGNING_KEY"],
      script: null,
      routes: [],
    },
    {
      name: "bin",
      kind: "inspect",
      url: null,
      state: "active",
      signed_by: ["SIGNING_KEY"],
      script: "503x2, ok",
      routes: ["all"],
    },
  ]);
  expect(shown[0]?.retry_s).toEqual([5, 60]);
  expect(JSON.stringify(shown)).not.toContain("a-secret-path");
  expect(JSON.stringify(shown)).not.toContain("whsec_");
});

test("routes are told in file order; without events they take all", async () => {
  expect(await operator.get("/api/routes")).toEqual({
    routes: [
      { name: "money", from: ["github"], events: ["push"], to: ["billing", "crm"], when: null, enabled: true },
      { name: "all", from: ["github"], events: [], to: ["billing", "bin"], when: null, enabled: true },
    ],
  });
});

test("what waits and what is held is counted, with the age of the oldest; what has ended is not", async () => {
  const matched = ["billing", "crm"].map((destination) => ({ destination, route: "money" }));
  await operator.accept({ matched });
  await operator.attempt(1, FAILED, "crm");
  for (const n of [1, 2]) {
    await operator.accept({ id: `evt_${String(n).repeat(32)}`, receivedAt: NOON + n, matched: matched.slice(0, 1) });
  }
  await rows("UPDATE deliveries SET state = 'held', look_at = NULL WHERE destination = 'billing' AND event = 1");
  await rows("INSERT INTO pauses VALUES ('billing', ?1, 'key:ops')", NOON);
  const [billing, crm] = await destinations();
  const at = new Date(NOON).toISOString();
  expect(billing).toMatchObject({
    state: "paused",
    paused_at: at,
    paused_by: "key:ops",
    waiting: 2,
    held: 1,
    waiting_more: false,
    oldest_waiting_at: at,
  });
  expect(crm).toMatchObject({ state: "active", waiting: 0, held: 0, waiting_more: false, oldest_waiting_at: null });
});

/** Rows that a look at two destinations reads. */
const cost = async () => {
  const { run, measure } = metered(bindings.DB);
  return (await measure(() => openStandings(run)(["billing", "crm"]))).read;
};

test("counting stops at a thousand and says so, and costs the same in any history", async () => {
  await fill(3_000);
  await rows(
    "UPDATE deliveries SET state = iif(event % 2 = 0, 'held', 'pending'), look_at = iif(event % 2 = 0, NULL, event)",
  );
  const standing = (await openStandings(openDatabase(bindings.DB))(["billing", "crm"])).get("billing");
  expect(standing).toMatchObject({ waiting: 1_000, held: 1_000, more: 1 });
  const small = await cost();
  await rows("DELETE FROM deliveries");
  await rows("DELETE FROM events");
  await fill(30_000);
  await rows(
    "UPDATE deliveries SET state = iif(event % 2 = 0, 'held', 'pending'), look_at = iif(event % 2 = 0, NULL, event)",
  );
  expect(await cost()).toBe(small);
});

test("counts of the last day that are unavailable are zero, and everything else is shown", async () => {
  const { destinations: all } = openDestinations({
    config: operator.config,
    standings: openStandings(openDatabase(bindings.DB)),
    window: () => Promise.reject(new Error("the feed is gone")),
    now: () => NOON,
  });
  const [billing] = await all();
  expect(billing).toMatchObject({ name: "billing", window: { delivered: 0, retried: 0, failed: 0, latency: null } });
});

test("an unknown destination is 404, and says where to look", async () => {
  const response = await operator.call("/api/destinations/nowhere");
  expect([response.status, await response.json()]).toEqual([
    404,
    expect.objectContaining({ detail: expect.stringContaining("GET /api/destinations") }),
  ]);
});

const shown = async () =>
  (await operator.get<{ inspections: Inspection[] }>("/api/destinations/bin/inspections")).inspections;

async function tryOut(name: string, headers: Record<string, string> = {}) {
  const response = await operator.call(`/api/destinations/${name}/test`, { method: "POST", headers });
  return { status: response.status, ...(await response.json<{ event?: string }>()) };
}

test("a test goes out signed like any event, tells the answer, is in the audit, and is not kept", async () => {
  operator.receiver.behaviour = () => new Response("not today", { status: 503 });
  const told = await tryOut("billing");
  expect(told).toMatchObject({
    destination: "billing",
    event: expect.stringMatching(/^evt_test_/),
    outcome: "retry",
    status: 503,
    answer: "not today",
  });
  const [arrival] = operator.receiver.to("billing");
  expect(arrival?.headers.get("webhook-id")).toBe(told.event);
  expect(arrival?.headers.get("hookline-event-type")).toBe("hookline.test");
  expect(JSON.parse(new TextDecoder().decode(arrival?.body))).toMatchObject({
    type: "hookline.test",
    data: { destination: "billing" },
  });
  expect(await rows("SELECT count(*) AS n FROM events")).toEqual([{ n: 0 }]);
  expect(await rows("SELECT count(*) AS n FROM deliveries")).toEqual([{ n: 0 }]);
  expect(await rows("SELECT actor, action, target FROM audit")).toEqual([
    { actor: "admin", action: "test", target: "billing" },
  ]);
});

test("an inspector can be tested too, and says that the signature holds", async () => {
  expect(await tryOut("bin")).toMatchObject({ outcome: "retry", status: 503 });
  expect(await shown()).toMatchObject([{ proven: true, answered: "503", event: expect.stringMatching(/^evt_test_/) }]);
});

test("a repeat of a test with the same Idempotency-Key gets the first answer and sends nothing", async () => {
  const first = await tryOut("billing", { "idempotency-key": "one" });
  expect(await tryOut("billing", { "idempotency-key": "one" })).toEqual(first);
  expect(operator.receiver.to("billing")).toHaveLength(1);
});
