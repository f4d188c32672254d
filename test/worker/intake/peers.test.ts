// More than one Intake object: one of them sweeps, and what the others hold is drained, counted and paused, also once they are not used any more.
import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { Intake } from "../../../src/index.ts";
import { fill } from "../kit/fill.ts";
import { front } from "../kit/front.ts";
import { candidate, held, idOf, inObject } from "../kit/hands.ts";
import { bindings, hmac, rows, setUp, until } from "../kit/relay.ts";

setUp();

afterEach(() => {
  vi.restoreAllMocks();
});

const objectOf = (shard: number) => bindings.INTAKE.getByName(`intake-${shard}`);

/** Events in the journal of an object that never got to D1. */
async function acknowledged(shard: number, ...numbers: number[]): Promise<void> {
  // The relay's own object is constructed first, so that it is not the one that finds them.
  await objectOf(shard).status();
  await inObject(async (hands) => {
    hands.onCommit = () => held<never>().promise;
    const core = await hands.start();
    for (const n of numbers) await core.accept(candidate(n, { receivedAt: Date.now() }));
  }, `intake-${shard}`);
}

const ACME = { provider: "hmac", settings: { header: "X-Signature", id: "{header:X-Id}" } };
const TO = { first: { url: "https://receiver.example.com/first" } };
const ALL = { all: { from: "acme", to: "first" } };
const TOKEN = { authorization: "Bearer front-admin-token-0123456789abcdef" };

/** A relay whose events are spread over so many objects. */
function relay(shards: number) {
  const vars = { ACME_SECRET: "acme-secret", INTAKE_SHARDS: shards, DESTINATIONS: TO, ROUTES: ALL };
  const { post, ask } = front({ acme: ACME }, vars);
  return {
    ask,
    send: async (id: string) =>
      await post("acme", "{}", { "x-signature": await hmac("acme-secret", "{}"), "x-id": id }),
    health: async () => {
      const answer = await ask("/health", { headers: TOKEN });
      return { code: answer.status, ...(await answer.json<{ status: string; intake: Record<string, unknown> }>()) };
    },
  };
}

const looks = async () => (await rows<{ at: number }>("SELECT look_at AS at FROM deliveries LIMIT 1"))[0]?.at;

test("only one object sweeps: the alarms of the others wake it, and carry on what they hold themselves", async () => {
  await fill(1, ["first"]);
  const remind = vi.spyOn(Intake.prototype, "remind").mockResolvedValue();
  // This relay has one object: the others are left from a larger number.
  for (const shard of [1, 3]) {
    await acknowledged(shard, shard);
    expect(await runDurableObjectAlarm(objectOf(shard))).toBe(true);
    await until(async () => (await objectOf(shard).status()).waiting === 0);
    expect(await rows("SELECT id FROM events WHERE id = ?", idOf(shard))).toHaveLength(1);
  }
  expect(remind).toHaveBeenCalledTimes(2);
  expect(await looks()).toBe(0);
  remind.mockRestore();
  await objectOf(0).remind(Date.now() + 60_000);
  await runDurableObjectAlarm(objectOf(0));
  expect(await looks()).toBeGreaterThan(0);
});

test("/health counts what objects hold that are not used any more, until they hold nothing", async () => {
  await relay(8).send("one");
  await until(async () => (await rows("SELECT 1 FROM events").catch(() => [])).length === 1);
  await acknowledged(7, 1, 2);
  const { waiting } = await objectOf(7).status();
  expect(waiting).toBeGreaterThan(0);
  expect(await relay(2).health()).toMatchObject({ code: 200, status: "ok", intake: { waiting } });
  await runDurableObjectAlarm(objectOf(7));
  await until(async () => (await objectOf(7).status()).waiting === 0);
  expect(await relay(2).health()).toMatchObject({ code: 200, intake: { waiting: 0 } });
});

test("/health asks the objects once in a while, however often it is asked, and says when that was", async () => {
  const asked = vi.spyOn(Intake.prototype, "status");
  const { health } = relay(2);
  const first = await health();
  expect(await health()).toEqual(first);
  expect(asked).toHaveBeenCalledTimes(2);
  expect(Date.parse(String(first.intake["seen_at"]))).toBeGreaterThan(Date.now() - 60_000);
});

test(
  "/health is 200 as long as events are accepted, and names the objects that do not answer",
  { meta: { provokes: ["health.intake_unreachable"] } },
  async () => {
    const status = vi.spyOn(Intake.prototype, "status").mockRejectedValueOnce(new Error("overloaded"));
    expect(await relay(2).health()).toMatchObject({
      code: 200,
      status: "degraded",
      intake: { waiting: 0, unreachable: ["intake-0"] },
    });
    status.mockRejectedValue(new Error("overloaded"));
    expect(await relay(2).health()).toMatchObject({ code: 503, status: "degraded", intake: null });
  },
);

test("a pause reaches the objects of a larger number, which older versions may still give events to", async () => {
  await relay(8).send("one");
  const paused = vi.spyOn(Intake.prototype, "pause");
  const answer = await relay(2).ask("/api/destinations/first/pause", { method: "POST", headers: TOKEN });
  expect([answer.status, await answer.json()]).toEqual([200, expect.not.objectContaining({ unconfirmed: [] })]);
  expect(new Set(paused.mock.contexts).size).toBe(8);
});
