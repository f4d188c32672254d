// Many at once, much at once, or endlessly slowly: what a flood may take, and what it may not.
import { expect, test, vi } from "vitest";
import { BodyReader } from "../../../src/in/read.ts";
import { candidate, inObject, THEN } from "../kit/hands.ts";
import { bytes, intake, post, rows, setUp, signed, deliveries } from "../kit/relay.ts";

const receiver = setUp();

/** How many more than its rate a source may be allowed within one life of the Intake object. */
const SLACK = 0;
const MANY = 10_000;

test(`of ${MANY} requests at once, those that pass are the limit and ${SLACK} more`, async () => {
  await inObject(async (hands) => {
    const core = await hands.start();
    const rate = { burst: 600, periodMs: 60_000 };
    const answers = await Promise.all(Array.from({ length: MANY }, (_, n) => core.accept(candidate(n, {}, rate))));
    const accepted = answers.filter(({ kind }) => kind === "accepted").length;
    expect(accepted).toBe(600 + SLACK);
    expect(answers.filter(({ kind }) => kind === "limited")).toHaveLength(MANY - accepted);
    // A minute later the bucket is full once, whatever was refused meanwhile.
    hands.clock = THEN + 60_000;
    const later = await Promise.all(
      Array.from({ length: 2_000 }, (_, n) => core.accept(candidate(MANY + n, {}, rate))),
    );
    expect(later.filter(({ kind }) => kind === "accepted")).toHaveLength(600 + SLACK);
  });
});

test("a flood of every kind of refusal spends nothing of the verified budget", async () => {
  // Four hundred lines that nobody will read.
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const flood = Array.from({ length: 100 }, (_, n) => [
    post("/in/limited", `forged ${n}`, { "x-signature": "00".repeat(32) }),
    post("/in/limited", `unsigned ${n}`),
    post("/in/limited", "too large", { "content-length": String(26 * 1024 * 1024) }),
    post("/in/limited", `another's ${n}`, { "x-signature": "sha256=", "x-id": "1" }),
  ]).flat();
  const refused = await Promise.all(flood);
  vi.restoreAllMocks();
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([401, 413]));
  expect((await intake().status()).waiting).toBe(0);
  const own = await Promise.all([1, 2, 3].map((n) => signed("limited", `own ${n}`)));
  expect(own.map(({ status }) => status)).toEqual([200, 200, 200]);
});

/** A body that says `first` and then nothing for ever. */
function stalled(first: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(first),
  });
}

const inbound = (body: ReadableStream<Uint8Array>) =>
  new Request("https://relay.example.com/in/acme", { method: "POST", body });

test("a body that stops coming is given up, and its memory with it", async () => {
  const reader = new BodyReader(Date.now, 50);
  const outcome = await reader.with(inbound(stalled(bytes("{"))), 1000, (body) => Promise.resolve(body));
  expect(outcome).toEqual({ ok: false, rejection: { reason: "body_too_slow", waitedMs: 50 } });
  // Twice what an isolate holds, one after another: nothing of the first is still counted.
  for (let n = 0; n < 4; n += 1) {
    const large = await reader.with(inbound(stalled(new Uint8Array(24 * 1024 * 1024))), 25 * 1024 * 1024, (body) =>
      Promise.resolve(body),
    );
    expect(large).toMatchObject({ rejection: { reason: "body_too_slow" } });
  }
});

test("a body that trickles one byte at a time is given up at the same moment as one that stops", async () => {
  const reader = new BodyReader(Date.now, 100);
  let trickle: ReturnType<typeof setInterval> | null = null;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      trickle = setInterval(() => controller.enqueue(bytes("x")), 5);
    },
    cancel: () => clearInterval(trickle),
  });
  const outcome = await reader.with(inbound(body), 1_000_000, (read) => Promise.resolve(read));
  clearInterval(trickle);
  expect(outcome).toMatchObject({ ok: false, rejection: { reason: "body_too_slow" } });
});

test("more bodies than fit into memory are asked to come again, and the others are not disturbed", async () => {
  const reader = new BodyReader(Date.now, 1_000);
  const slow = Array.from({ length: 3 }, () =>
    reader.with(inbound(stalled(new Uint8Array(20 * 1024 * 1024))), 25 * 1024 * 1024, (body) => Promise.resolve(body)),
  );
  const outcomes = await Promise.all(slow);
  const reasons = outcomes.map((outcome) => (outcome.ok ? "read" : outcome.rejection.reason));
  expect(reasons.toSorted()).toEqual(["body_too_slow", "body_too_slow", "busy"]);
});

test("compressed bombs: a body is never inflated, only counted, kept and sent on as it came", async () => {
  const zeros = new Blob([new Uint8Array(20 * 1024 * 1024)]).stream().pipeThrough(new CompressionStream("gzip"));
  const bomb = new Uint8Array(await new Response(zeros).arrayBuffer());
  expect(bomb.byteLength).toBeLessThan(64 * 1024);
  for (const encoding of ["gzip", "gzip, gzip", "br", "deflate", "x-gzip"]) {
    const answer = await signed("fenced", bomb, { "content-encoding": encoding });
    expect(answer.status).toBe(200);
  }
  expect((await deliveries("delivered")).size).toBe(10);
  expect(await rows("SELECT DISTINCT size FROM events")).toEqual([{ size: bomb.byteLength }]);
  expect(receiver.arrivals.every(({ body }) => body.byteLength === bomb.byteLength)).toBe(true);
});

/** A request that declares so many bytes and sends none of them. */
const declaring = (size: number) =>
  new Request("https://relay.example.com/in/acme", {
    method: "POST",
    body: stalled(new Uint8Array(0)),
    headers: { "content-length": String(size) },
  });

const MIB = 1024 * 1024;

/** Lets what has been started come as far as it can. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

/** A reader with a clock of its own, and what became of each request that was handed to it, in order. */
function counting() {
  const hands = { clock: 0, outcomes: [] as string[] };
  const reader = new BodyReader(() => hands.clock, 2_000);
  const send = (request: Request, address: string | null) => {
    const at = hands.outcomes.push("reading") - 1;
    void reader.with(
      request,
      25 * MIB,
      (body) => {
        hands.outcomes[at] = body.ok ? "read" : body.rejection.reason;
        return Promise.resolve();
      },
      address,
    );
  };
  const count = (outcome: string) => hands.outcomes.filter((one) => one === outcome).length;
  return { hands, send, count };
}

test("small bodies are counted from the moment they are declared, and 2,500 of them are not held at once", async () => {
  const { send, count } = counting();
  for (let n = 0; n < 2_500; n += 1) send(declaring(64 * 1024), `192.0.${n >> 8}.${n & 255}`);
  await settle();
  expect(count("reading")).toBeLessThanOrEqual((48 * MIB) / (64 * 1024));
  expect(count("reading")).toBeGreaterThan(600);
  expect(count("busy")).toBe(2_500 - count("reading"));
});

test("who declares and does not send makes room for those who do", async () => {
  const { hands, send, count } = counting();
  for (let n = 0; n < 48; n += 1) send(declaring(MIB), `198.51.100.${n}`);
  await settle();
  expect(count("busy")).toBeGreaterThan(0);
  // The room is not taken from anybody who may only be on his way.
  send(new Request("https://relay.example.com/in/acme", { method: "POST", body: new Uint8Array(MIB) }), "203.0.113.1");
  await settle();
  expect(hands.outcomes.at(-1)).toBe("busy");
  hands.clock = 5_000;
  send(new Request("https://relay.example.com/in/acme", { method: "POST", body: new Uint8Array(MIB) }), "203.0.113.2");
  await settle();
  expect(hands.outcomes.at(-1)).toBe("read");
  expect(count("body_too_slow")).toBeGreaterThan(0);
  expect(count("body_too_slow")).toBeLessThan(4);
});

test("one address holds half of the memory at most, whatever it declares, and a network of IPv6 is one address", async () => {
  for (const address of [() => "203.0.113.9", (n: number) => `2001:db8:7:${n.toString(16)}::1`]) {
    const { send, hands, count } = counting();
    for (let n = 0; n < 48; n += 1) send(declaring(MIB), address(n));
    await settle();
    expect(count("reading")).toBeLessThanOrEqual(24);
    expect(count("reading")).toBeGreaterThan(20);
    send(declaring(20 * MIB), "203.0.113.10");
    await settle();
    expect(hands.outcomes.at(-1)).toBe("reading");
  }
});

test("what an address has given up is free again, and nothing is counted twice", async () => {
  const { hands, send, count } = counting();
  for (let round = 0; round < 5; round += 1) {
    for (let n = 0; n < 60; n += 1) send(declaring(MIB), `198.51.100.${n}`);
    await settle();
    hands.clock += 5_000;
  }
  // All of the first rounds have made room for the last one.
  expect(count("reading")).toBeGreaterThan(40);
  expect(count("reading")).toBeLessThanOrEqual(48);
});
