// A deletion of a subject goes on whatever happens beside it: numbers given again, broken events, nobody who confirms.
import { expect, test } from "vitest";
import type { ErasureAnswer } from "../../../src/contract/erasures.ts";
import { openDatabase } from "../../../src/d1/database.ts";
import { openErasures } from "../../../src/d1/erasures.ts";
import { openExpiry } from "../../../src/d1/expiry.ts";
import { countedDatabase } from "../kit/counted.ts";
import { front, TOKEN } from "../kit/front.ts";
import { bindings, carried, hmac, rows, setUp } from "../kit/relay.ts";

setUp();

const ACME = { provider: "hmac", settings: { header: "X-Signature", id: "{header:X-Id}" }, max_body: "25MiB" };
const SOURCES = {
  acme: ACME,
  closed: { ...ACME, encrypt: true },
  veiled: { ...ACME, redact: ["body.note"] },
  both: { ...ACME, encrypt: true, redact: ["body.note"] },
};
const DAY = 24 * 60 * 60_000;

const relayOf = (DB: D1Database = bindings.DB) =>
  front(SOURCES, {
    DB,
    ENCRYPTION_KEY: btoa("k".repeat(32)),
    ...Object.fromEntries(Object.keys(SOURCES).map((name) => [`${name.toUpperCase()}_SECRET`, "acme-secret"])),
    LOOPBACK_DESTINATIONS: "true",
    // What was redacted is kept for as long as its delivery is open.
    DESTINATIONS: { first: { url: "http://127.0.0.1:9/first", retry: ["1h"] } },
    ROUTES: { all: { from: Object.keys(SOURCES), to: "first" } },
    RETENTION_DAYS: "5",
  });
type Relay = ReturnType<typeof relayOf>;

async function send(relay: Relay, key: string, body: string, source = "acme"): Promise<string> {
  const headers = { "x-signature": await hmac("acme-secret", body), "x-id": key, "content-type": "application/json" };
  const response = await relay.post(source, body, headers);
  expect(response.status).toBe(200);
  return (await response.json<{ id: string }>()).id;
}

async function order(relay: Relay, path: string, body: object = {}): Promise<ErasureAnswer> {
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  const answer = await relay.ask(`/api${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  expect(answer.status).toBe(200);
  return await answer.json<ErasureAnswer>();
}

const due = async () => await rows("UPDATE replays SET next_at = 0 WHERE next_at IS NOT NULL");
const show = async (relay: Relay, id: string) => await relay.api<ErasureAnswer>(`/erasures/${id}`);

async function until(relay: Relay, id: string, state: string): Promise<ErasureAnswer> {
  for (let n = 0; n < 20; n += 1) {
    const job = await show(relay, id);
    if (job.state === state) return job;
    await due();
    await relay.minute();
  }
  throw new Error(`it is not ${state}: ${JSON.stringify(await show(relay, id))}`);
}

const of = (id: string, note = "") => JSON.stringify({ id, note });
const begun = async (relay: Relay, source = "acme") => {
  const { id } = await order(relay, "/erasures", { source, where: "body.id=cus_1" });
  await until(relay, id, "counted");
  await order(relay, `/erasures/${id}/confirm`);
  return id;
};

test("what comes under a number that was given before, because the retention has taken the newest, is deleted as well", async () => {
  const relay = relayOf();
  await send(relay, "k1", of("cus_1"));
  await send(relay, "k2", of("cus_2"));
  await carried();
  const id = await begun(relay);
  await due();
  await relay.minute();
  expect(await rows("SELECT erasure->>'seq' AS seq, erasure->>'turn' AS turn FROM replays")).toEqual([
    { seq: 2, turn: 1 },
  ]);
  // A step that has looked already, and writes down what it has seen when the numbers are given again.
  const erasures = openErasures(openDatabase(bindings.DB));
  const slow = (await erasures.one(id))!;

  await rows("UPDATE deliveries SET state = 'failed', reason = 'exhausted', look_at = NULL, ended_at = 1");
  await rows("UPDATE events SET received_at = 1");
  const keeping = { of: "events", ms: DAY, sources: [], except: true } as const;
  expect(await openExpiry(openDatabase(bindings.DB)).expire(keeping, Date.now(), 100)).toMatchObject({ count: 2 });
  expect(await rows("SELECT 1 FROM events")).toEqual([]);
  const late = await send(relay, "k3", of("cus_1"));
  await carried();
  expect(await rows("SELECT seq FROM events")).toEqual([{ seq: 1 }]);
  const moved = { found: [], receipt: "slow", now: Date.now(), nextAt: 0, ends: null };
  expect(await erasures.move(slow, { ...moved, work: slow.work })).toBeNull();
  await until(relay, id, "done");
  expect(await relay.api(`/events/${late}`)).toMatchObject({ body: "", body_gone: { why: "deleted" } });
});

test("an event that is broken is counted as one that could not be judged, and the job goes on", async () => {
  const relay = relayOf();
  const broken = [await send(relay, "k1", of("cus_1", "x".repeat(300_000))), await send(relay, "k2", of("cus_1"))];
  const whole = await send(relay, "k4", of("cus_1"));
  await carried();
  await rows("DELETE FROM event_parts");
  await rows("UPDATE events SET headers = '{' WHERE id = ?1", broken[1]);
  const id = await begun(relay);
  expect(await until(relay, id, "done")).toMatchObject({ deleted: 1, unreadable: 2, looked: 3 });
  expect(await relay.api(`/events/${whole}`)).toMatchObject({ body: "" });
});

test("what nobody confirms is cancelled after a day, and keeps no bulk replay from being forgotten", async () => {
  const relay = relayOf();
  await send(relay, "k1", of("cus_1"));
  await carried();
  const { id } = await order(relay, "/erasures", { source: "acme", where: "body.id=cus_1" });
  await until(relay, id, "counted");
  await due();
  await relay.minute();
  expect((await show(relay, id)).state).toBe("counted");
  await rows("UPDATE replays SET updated_at = ?1, next_at = 0", Date.now() - DAY);
  await relay.minute();
  expect((await show(relay, id)).state).toBe("cancelled");
  expect(await rows("SELECT actor, target FROM audit WHERE action = 'erasures.cancel'")).toEqual([
    { actor: "hookline", target: id },
  ]);

  const copy = `INSERT INTO replays (id, state, filter, actor, rate, expected, expected_complete, at_event, at_destination, created_at, updated_at, ended_at, erasure)
    SELECT ?1, ?2, filter, actor, rate, expected, expected_complete, at_event, at_destination, 1, 1, ?3, iif(?1 LIKE 'era%', erasure, NULL) FROM replays WHERE id = ?4`;
  for (let n = 0; n < 101; n += 1) await rows(copy, `era_0${String(n).padStart(3, "0")}`, "running", null, id);
  await rows(copy, "rpl_0001", "done", 1, id);
  await relay.minute();
  expect(await rows("SELECT id FROM replays WHERE id LIKE 'rpl%'")).toEqual([]);
});

test.each(["acme", "closed", "veiled", "both"])(
  "a step over many events of %s, large ones too, stays within what an invocation may ask of D1",
  async (source) => {
    const relay = relayOf();
    for (let n = 0; n < 60; n += 1) await send(relay, `small${n}`, of("cus_1", `note ${n}`), source);
    for (let n = 0; n < 4; n += 1) await send(relay, `large${n}`, of("cus_1", "x".repeat(300_000)), source);
    await send(relay, "huge", of("cus_1", "x".repeat(8_000_000)), source);
    await carried();
    const id = await begun(relay, source);
    const counted = countedDatabase(bindings.DB);
    const careful = relayOf(counted.database);
    let [most, steps] = [0, 0];
    for (; (await show(relay, id)).state !== "done"; steps += 1) {
      await due();
      counted.statements = 0;
      await careful.minute();
      most = Math.max(most, counted.statements);
    }
    expect(await show(relay, id)).toMatchObject({ deleted: 65, unreadable: 0 });
    expect(steps).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(50);
  },
);
