// The front door when something behind it fails or is slow: who is refused, with what, and how soon.
import { afterEach, expect, test, vi } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { FloodGuard } from "../../../src/in/flood.ts";
import { ingest, type IngestDeps } from "../../../src/in/ingest.ts";
import { BodyReader } from "../../../src/in/read.ts";
import type { Acceptance } from "../../../src/types.ts";
import { held, Logged } from "../kit/hands.ts";
import { bytes, carried, hmac, rows, setUp, signed } from "../kit/relay.ts";

setUp();

const SETTINGS = { header: "X-Signature" };
const VARS = {
  ACME_SECRET: "acme-secret",
  SIGNING_KEY: "test-signing-key-0123456789abcdef",
  SOURCES: {
    acme: { provider: "hmac", settings: SETTINGS, max_body: "25MiB" },
    fenced: { provider: "hmac", settings: SETTINGS, allow: ["192.0.2.0/24"] },
    wrong: { provider: "nobody-knows-it" },
  },
  FENCED_SECRET: "fenced-secret",
};

afterEach(() => {
  vi.useRealTimers();
});

/** A door whose every part is in the test's hand. */
function door(change: Partial<Omit<IngestDeps, "log">> = {}): IngestDeps & { readonly log: Logged } {
  return {
    config: readConfig(VARS),
    intake: answering({ kind: "accepted", id: "evt" }),
    parts: { put: () => Promise.resolve(), drop: () => Promise.resolve() },
    flood: new FloodGuard(
      () => Promise.resolve(true),
      () => Date.now(),
    ),
    bodies: new BodyReader(() => Date.now()),
    published: { bar: unused },
    keys: { keysFor: unused },
    offers: { keep: unused },
    fetchText: unused,
    refusals: { wants: () => false, keep: unused },
    feed: { refused: () => null },
    now: () => Date.now(),
    newId: () => "0".repeat(32),
    ...change,
    log: new Logged(),
  };
}

function answering(answer: Acceptance): IngestDeps["intake"] {
  return { accept: () => Promise.resolve(answer), status: unused, remind: unused };
}

async function unused(): Promise<never> {
  return await Promise.reject(new Error("unused"));
}

async function request(body: ReadableStream | Uint8Array | string, source = "acme"): Promise<Request> {
  const proof = body instanceof ReadableStream ? "" : await hmac(`${source}-secret`, body);
  return new Request(`https://relay.example.com/in/${source}`, {
    method: "POST",
    body,
    headers: { "x-signature": proof, "cf-connecting-ip": "192.0.2.7" },
  });
}

const LARGE = new Uint8Array(256 * 1024 + 1).fill(0x20);

test("an Intake that cannot be reached is 503, and says when to come again", async () => {
  const answer = await ingest(
    await request("{}"),
    "acme",
    door({ intake: answering({ kind: "busy", why: "unreachable" }) }),
  );
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
});

test("while D1 is gone bodies up to 256 KiB are accepted, and larger ones hear when to come again", async () => {
  const parts = { put: () => Promise.reject(new Error("D1_ERROR: Network connection lost.")), drop: unused };
  const deps = door({ parts });
  expect((await ingest(await request(LARGE.subarray(1)), "acme", deps)).status).toBe(200);
  const answer = await ingest(await request(LARGE), "acme", deps);
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "30"]);
  expect(deps.log.of("ingest.rejected")).toMatchObject([{ reason: "busy", why: expect.stringContaining("D1") }]);
});

test("a D1 that is silent costs the sender of a large body seven seconds and a 503", async () => {
  const big = await request(LARGE);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  const asked: number[] = [];
  const put = async (_: string, __: string, n: number) => {
    asked.push(n);
    await held<void>().promise;
  };
  const knocking = ingest(big, "acme", door({ parts: { put, drop: unused } }));
  // Streams and cryptography take their own time.
  while (asked.length === 0) await vi.advanceTimersByTimeAsync(0);
  await vi.advanceTimersByTimeAsync(7_000);
  expect((await knocking).status).toBe(503);
  expect(asked).toEqual([0]);
});

test("the parts of a large body that the rate refuses are removed, and those of a fault are not: they may be needed", async () => {
  const dropped: string[] = [];
  const drop = async (receipt: string) => {
    dropped.push(receipt);
    await Promise.resolve();
  };
  for (const answer of [
    { kind: "busy", why: "unreachable" },
    { kind: "accepted", id: "evt" },
    { kind: "duplicate", id: "evt" },
  ] as const) {
    const intake = answering(answer);
    await ingest(await request(LARGE), "acme", door({ intake, parts: { put: () => Promise.resolve(), drop } }));
  }
  expect(dropped).toEqual([]);
  const intake = answering({ kind: "limited", retryAfterMs: 1 });
  expect(
    (await ingest(await request(LARGE), "acme", door({ intake, parts: { put: () => Promise.resolve(), drop } })))
      .status,
  ).toBe(429);
  expect(dropped).toHaveLength(1);
});

test("three large bodies a minute leave the parts of three", async () => {
  const answers = await Promise.all(
    [1, 2, 3, 4, 5].map((n) => signed("limited", new Uint8Array(300_000).fill(n + 0x30))),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(2);
  await carried();
  expect(await rows("SELECT count(*) AS n FROM events")).toEqual([{ n: 3 }]);
  expect(
    await rows("SELECT p.receipt FROM event_parts p LEFT JOIN events e USING (receipt) WHERE e.id IS NULL"),
  ).toEqual([]);
  expect(await rows("SELECT count(*) AS n FROM event_parts")).toEqual([{ n: 3 }]);
});

test("a source that is configured wrong keeps its events with the sender, and tells only the log why", async () => {
  const deps = door();
  const answer = await ingest(await request("{}"), "wrong", deps);
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "300"]);
  expect(await answer.text()).not.toContain("nobody-knows-it");
  expect(deps.log.of("ingest.rejected")).toMatchObject([
    { reason: "source_disabled", why: expect.stringContaining("SOURCES.wrong") },
  ]);
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

test("a stranger's body is not read before its address is admitted", async () => {
  const stranger = new Request(await request("{}", "fenced"), { headers: { "cf-connecting-ip": "203.0.113.9" } });
  expect((await ingest(stranger, "fenced", door())).status).toBe(403);
  expect(stranger.bodyUsed).toBe(false);
});

test("a body that trickles is cut off, and its bytes are given back", async () => {
  const bodies = new BodyReader(() => Date.now(), 50);
  const trickle = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(10)),
    pull: () => held<void>().promise,
  });
  const answer = await ingest(await request(trickle), "acme", door({ bodies }));
  expect(answer.status).toBe(408);
});

test("a body that breaks off is 400", async () => {
  const broken = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("connection reset")),
  });
  expect((await ingest(await request(broken), "acme", door())).status).toBe(400);
});

test("at most 48 MiB of bodies are in flight; one that its sender has left counts no longer than a minute", async () => {
  let now = Date.parse("2026-03-01T12:00:00Z");
  const bodies = new BodyReader(() => now);
  const deps = door({ bodies });
  const MIB = 1024 * 1024;
  const reading = async (size: number, use: () => Promise<void>) => {
    const whole = new Request("https://relay.example.com/", { method: "POST", body: new Uint8Array(size) });
    return await bodies.with(whole, 25 * MIB, async (body) => {
      if (body.ok) await use();
      return body.ok ? "read" : body.rejection.reason;
    });
  };
  // Two requests that the platform has ended: what they were doing never comes to an end.
  for (const n of [1, 2]) {
    const begun = held<number>();
    void reading(20 * MIB, async () => {
      begun.resolve(n);
      await held<void>().promise;
    });
    await begun.promise;
  }
  expect(await reading(7 * MIB, () => Promise.resolve())).toBe("read");
  const answer = await ingest(await request(new Uint8Array(9 * MIB)), "acme", deps);
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
  now += 60_001;
  expect(await reading(25 * MIB, () => Promise.resolve())).toBe("read");
  // And the count is right again.
  let beside = "";
  await reading(25 * MIB, async () => {
    beside = await reading(24 * MIB, () => Promise.resolve());
  });
  expect(beside).toBe("busy");
});

test("bytes of the body decide, not the length of its text", async () => {
  // 100,000 snowmen are 300,000 bytes and 100,000 characters.
  const put = vi.fn(() => Promise.resolve());
  await ingest(await request(bytes("\u2603".repeat(100_000))), "acme", door({ parts: { put, drop: unused } }));
  expect(put).toHaveBeenCalledTimes(1);
});
