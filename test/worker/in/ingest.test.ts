// The front door when something behind it fails or is slow: who is refused, with what, and how soon.
import { afterEach, expect, test, vi } from "vitest";
import { ingest } from "../../../src/in/ingest.ts";
import { BodyReader } from "../../../src/in/read.ts";
import type { Candidate } from "../../../src/intake/gathering.ts";
import { answering, door, LARGE, request, unused } from "../kit/door.ts";
import { held } from "../kit/hands.ts";
import { bytes, carried, rows, setUp, signed } from "../kit/relay.ts";

setUp();

afterEach(() => {
  vi.useRealTimers();
});

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

test("the parts of a large body that is limited or a repeat are removed, and those of a fault are not: they may be needed", async () => {
  const dropped: string[] = [];
  const drop = async (receipt: string) => {
    dropped.push(receipt);
    await Promise.resolve();
  };
  for (const answer of [
    { kind: "busy", why: "unreachable" },
    { kind: "accepted", id: "evt" },
  ] as const) {
    const intake = answering(answer);
    await ingest(await request(LARGE), "acme", door({ intake, parts: { put: () => Promise.resolve(), drop } }));
  }
  expect(dropped).toEqual([]);
  for (const answer of [
    { kind: "limited", retryAfterMs: 1 },
    { kind: "duplicate", id: "evt" },
  ] as const) {
    const intake = answering(answer);
    await ingest(await request(LARGE), "acme", door({ intake, parts: { put: () => Promise.resolve(), drop } }));
  }
  expect(dropped).toHaveLength(2);
});

test("a large body whose event D1 has already is not written, and is carried on only where it opens something", async () => {
  const parts = { put: unused, drop: unused };
  const asked: Candidate[] = [];
  const accept = async (candidate: Candidate) => {
    asked.push(candidate);
    return await Promise.resolve({ kind: "duplicate" as const, id: candidate.id });
  };
  for (const opens of [0, 1]) {
    const repeats = async ([id = ""]: readonly string[]) => await Promise.resolve([{ id, receipt: "first", opens }]);
    const answer = await ingest(
      await request(LARGE),
      "acme",
      door({ parts, repeats, intake: { ...answering({ kind: "duplicate", id: "evt" }), accept } }),
    );
    expect(await answer.json()).toMatchObject({ status: "duplicate" });
  }
  expect(asked).toMatchObject([{ repeat: true, row: "" }]);
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
