// The number of objects changes while events are in their journals: no event gets a second first attempt from another object.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { shardOf } from "../../../src/intake/spread.ts";
import { connect, disconnect, offer, withD1 } from "../kit/firsts.ts";
import { front } from "../kit/front.ts";
import { offering } from "../kit/hands.ts";
import { bindings, hmac, setUp, until } from "../kit/relay.ts";

const receiver = setUp();

let relays = new Map<number, ReturnType<typeof front>>();
beforeEach(() => {
  relays = new Map();
});
afterEach(() => {
  vi.restoreAllMocks();
});

const VARS = {
  ACME_SECRET: "acme-secret",
  SOURCES: { acme: { provider: "hmac", settings: { header: "X-Signature", id: "{header:X-Id}" } } },
  DESTINATIONS: { first: { url: "http://127.0.0.1:9/first" } },
  ROUTES: { acme: { from: "acme", to: "first" } },
  LOOPBACK_DESTINATIONS: "true",
};

/** Sends an event to a relay of so many objects, and waits until whatever it does behind its answer is done. */
async function send(shards: number, key: string): Promise<string> {
  const relay = relays.get(shards) ?? front(VARS.SOURCES, { ...VARS, INTAKE_SHARDS: shards });
  relays.set(shards, relay);
  const signature = await hmac("acme-secret", "{}");
  const answer = await relay.post("acme", "{}", { "x-signature": signature, "x-id": key });
  expect(answer.status).toBe(200);
  return (await answer.json<{ id: string }>()).id;
}

const ownerOf = (id: string, shards: number) => shardOf({ id, source: "acme", rate: null }, shards);
const heard = (id: string) => receiver.arrivals.filter(({ headers }) => headers.get("webhook-id") === id).length;
/** What all of these objects hold. */
const waiting = async (shards: number) => {
  const all = Array.from({ length: shards }, async (_, n) => await bindings.INTAKE.getByName(`intake-${n}`).status());
  return (await Promise.all(all)).reduce((sum, one) => sum + one.waiting + one.stuck, 0);
};

/** Each of the objects has read the pauses then, and would make first attempts. */
async function warm(shards: number, most: number): Promise<void> {
  const met = new Set<string>();
  for (let n = 0; met.size < shards; n += 1) met.add(ownerOf(await send(shards, `warm ${shards} ${n}`), shards));
  await until(async () => (await waiting(most)) === 0);
}

const gone = () => {
  throw new Error("D1_ERROR: Network connection lost.");
};

/** From here on D1 does not answer. */
function cut(): void {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the class of every binding to a D1
  const database = Object.getPrototypeOf(bindings.DB) as D1Database;
  vi.spyOn(database, "prepare").mockImplementation(gone);
}

const KEYS = Array.from({ length: 8 }, (_, n) => `event ${n}`);
const CUT = { meta: { provokes: ["intake.commit_failed"] } };
const changes = [
  [2, 3],
  [3, 2],
] as const;

test.each(changes)(
  "an event that one object has sent is not sent once more by another when their number changes while D1 is gone",
  CUT,
  async (before, after) => {
    await warm(before, 3);
    cut();
    const ids: string[] = [];
    for (const key of KEYS) ids.push(await send(before, key));
    expect(ids.map(heard)).toEqual(ids.map(() => 1));
    for (const key of KEYS) await send(after, key);
    expect(new Set(ids.map((id) => ownerOf(id, before) === ownerOf(id, after)))).toEqual(new Set([true, false]));
    expect(ids.map(heard)).toEqual(ids.map(() => 1));
    vi.restoreAllMocks();
    await until(async () => (await waiting(3)) === 0);
  },
);

test.each(changes)(
  "while isolates use two numbers of objects at once, an event that has moved is sent by neither, and any other by the one that has it",
  CUT,
  async (first, second) => {
    await warm(first, 3);
    cut();
    const ids: string[] = [];
    // The second number is met by nobody before: its first event comes to the new object, and then to the old one.
    for (const key of KEYS) {
      ids.push(await send(second, key));
      await send(first, key);
    }
    const stays = (id: string) => ownerOf(id, first) === ownerOf(id, second);
    expect(new Set(ids.map(stays))).toEqual(new Set([true, false]));
    expect(ids.map(heard)).toEqual(ids.map((id) => (stays(id) ? 1 : 0)));
    vi.restoreAllMocks();
    await until(async () => (await waiting(3)) === 0);
    await until(() => ids.every((id) => heard(id) === 1));
  },
);

test("an event that another object may have had is new only if D1 says so", async () => {
  await withD1(async (hands, core) => {
    expect(await offer(core, { ...offering(1), hasMoved: true })).toEqual(["first"]);
    disconnect(hands);
    hands.clock += 60_000;
    expect(await offer(core, { ...offering(2), hasMoved: true })).toEqual([]);
    expect(await offer(core, offering(3))).toEqual(["first"]);
    connect(hands);
  });
});
