// The flood guard at the front door: who spends it, and who is let in whatever happens.
import { afterEach, expect, test, vi } from "vitest";
import { FloodGuard } from "../../../src/in/flood.ts";
import { ingest } from "../../../src/in/ingest.ts";
import { door, request } from "../kit/door.ts";
import { held } from "../kit/hands.ts";
import { setUp } from "../kit/relay.ts";

setUp();

afterEach(() => {
  vi.useRealTimers();
});

/** A guard that counts `most` failures of an address, on a clock that stands still. */
function guarded(most: number) {
  const counted: string[] = [];
  const count = async (address: string) => {
    counted.push(address);
    return await Promise.resolve(counted.filter((one) => one === address).length <= most);
  };
  const clock = { now: Date.now() };
  return { counted, clock, flood: new FloodGuard(count, () => clock.now) };
}

const forged = (body: BodyInit = "{}", source = "acme", address = "192.0.2.7") =>
  new Request(`https://relay.example.com/in/${source}`, {
    method: "POST",
    body,
    headers: { "x-signature": "00".repeat(32), "cf-connecting-ip": address },
  });

test("700 signed events from one address in five seconds spend nothing of the flood guard", async () => {
  const { counted, flood } = guarded(0);
  const deps = door({ flood });
  for (let n = 0; n < 700; n += 1) expect((await ingest(await request("{}"), "acme", deps)).status).toBe(200);
  expect(counted).toEqual([]);
});

test("everything that proves nothing is counted once, and an allowlisted address never", async () => {
  const { counted, flood } = guarded(1_000);
  const deps = door({ flood });
  const strangers: [Request, number][] = [
    [forged(), 401],
    [forged(new Uint8Array(0)), 401],
    [new Request("https://relay.example.com/in/acme", { method: "POST", body: "{}" }), 401],
    [new Request(forged(), { headers: { "content-length": String(26 * 1024 * 1024) } }), 413],
    [forged(new ReadableStream({ start: (controller) => controller.error(new Error("gone")) })), 400],
  ];
  for (const [stranger, status] of strangers) expect((await ingest(stranger, "acme", deps)).status).toBe(status);
  expect(counted).toHaveLength(strangers.length);
  expect((await ingest(forged("{}", "fenced"), "fenced", deps)).status).toBe(401);
  expect(counted).toHaveLength(strangers.length);
});

test("a flood of failures is refused before anything is read, and for what it has of its own: each source, each address", async () => {
  const { counted, flood, clock } = guarded(5);
  const deps = door({ flood });
  const statuses: number[] = [];
  for (let n = 0; n < 1_000; n += 1) statuses.push((await ingest(forged(), "acme", deps)).status);
  // Five are counted, the sixth is known by its count, and then come the trials: 300 small ones.
  expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(6 + 300);
  expect(counted.length).toBeLessThanOrEqual(6 + 300);
  const unread = forged();
  const answer = await ingest(unread, "acme", deps);
  expect([answer.status, answer.headers.get("retry-after"), unread.bodyUsed]).toEqual([429, "60", false]);
  expect((await ingest(forged("{}", "acme", "192.0.2.8"), "acme", deps)).status).toBe(401);
  clock.now += 1_000;
  expect((await ingest(await request("{}"), "acme", deps)).status).toBe(200);
});

test("a sender that shares its address with an attacker is let in, however many events it has", async () => {
  const { flood, clock } = guarded(5);
  const deps = door({ flood });
  for (let n = 0; n < 20; n += 1) await ingest(forged(), "acme", deps);
  for (let n = 0; n < 1_000; n += 1) {
    if (n % 10 === 0) expect((await ingest(forged(), "acme", deps)).status).toBe(401);
    expect((await ingest(await request("{}"), "acme", deps)).status).toBe(200);
    clock.now += 5;
  }
});

test("a count that fails or never answers shuts nobody genuine out, and does not let a flood go on", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  for (const count of [() => Promise.reject(new Error("internal error")), () => held<boolean>().promise]) {
    const flood = new FloodGuard(count, () => 0);
    const deps = door({ flood });
    const knocking = ingest(forged(), "acme", deps);
    for (let n = 0; n < 100; n += 1) await vi.advanceTimersByTimeAsync(20);
    expect((await knocking).status).toBe(401);
    // It is known now: what follows comes from its trials.
    while (flood.enter("acme", "192.0.2.7") !== null);
    expect((await ingest(forged(), "acme", deps)).status).toBe(429);
    expect((await ingest(await request("{}", "fenced"), "fenced", deps)).status).toBe(200);
  }
});
