// What an attempt sends, and when it does not: an event, a destination and a number are all that it needs.

import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { attempt, isMade, type AttemptDeps, type Numbered } from "../../../src/out/attempt.ts";
import type { Visit } from "../../../src/out/inspector.ts";
import { signatures } from "../../../src/out/sign.ts";
import type { Outgoing } from "../../../src/net/send.ts";
import { MOST_HOPS } from "../../../src/net/headers.ts";
import type { Hidden } from "../../../src/scheme/redaction.ts";
import type { Shape } from "../../../src/scheme/shape.ts";
import type { Answer, Destination } from "../../../src/types.ts";

/** What a destination has that asks for something. */
const SHAPE: Shape = {
  method: "PUT",
  format: "standard",
  url: "https://billing.example.com/in/x?key=opensesame",
  headers: { authorization: "Bearer opensesame", "content-type": "text/plain" },
  gzipAbove: null,
  timeoutMs: 3_000,
  hidden: ["opensesame"],
  sent: ["TOKEN"],
  unset: [],
  written: { headers: { authorization: "Bearer $TOKEN" }, query: { key: "$TOKEN" } },
};

const BYTES = new TextEncoder().encode("{}");
const KEY = { kind: "derived", from: { name: "SIGNING_KEY", value: "k".repeat(40) } } as const;

interface Trial {
  readonly headers?: Record<string, string>;
  readonly destination?: Partial<Destination> | null;
  readonly numbered?: Numbered;
  readonly body?: () => Promise<Uint8Array | null>;
  readonly answer?: Partial<Answer>;
  /** How old the event is, in ms. */
  readonly age?: number;
  readonly deps?: Partial<AttemptDeps>;
  readonly hidden?: Hidden;
}

/** Attempts an event; tells what came of it, what was sent, and how often the body was asked for. */
async function tried({
  headers = {},
  destination = {},
  numbered = { attempt: 1, round: 0 },
  body = () => Promise.resolve(BYTES),
  answer = {},
  age = 0,
  deps = {},
  hidden,
}: Trial) {
  const disabled: string[] = [];
  const sent: Outgoing[] = [];
  let loads = 0;
  const whole = { name: "d", url: "https://billing.example.com/in/x", retry: [1_000], keys: [KEY], ...destination };
  const ended = await attempt(
    { id: "evt_1", source: "a", type: "t", receivedAt: -age, headers, ...(hidden === undefined ? {} : { hidden }) },
    destination === null ? undefined : whole,
    numbered,
    () => {
      loads += 1;
      return body();
    },
    {
      send: (request) => {
        sent.push(request);
        return Promise.resolve({ status: 200, fault: null, latencyMs: 1, excerpt: "", retryAfter: null, ...answer });
      },
      disable: async (name) => void disabled.push(await Promise.resolve(name)),
      inspector: () => () => Promise.reject(new Error("no inspector here")),
      bindings: () => null,
      now: () => 0,
      dice: () => 0,
      ...deps,
    },
  );
  const end = isMade(ended) ? ended : null;
  return { end, sent, loads, disabled };
}

test("where only so many may begin, that is asked once what a transform waits for has come: the place may be lost by then", async () => {
  let over = false;
  const reshape: AttemptDeps["reshape"] = async (event, _destination, _way, body) => {
    over = await Promise.resolve(true);
    return { ok: true, event, body };
  };
  const late = await tried({ deps: { takes: () => !over, reshape } });
  expect([late.end, late.sent]).toEqual([null, []]);
  over = false;
  expect((await tried({ deps: { takes: () => !over } })).end?.state).toBe("delivered");
});

test("an event that is older than its destination takes is not sent; a replay sends it all the same", async () => {
  const destination = { maxAgeMs: 60_000 };
  const old = await tried({ destination, age: 60_001 });
  expect([old.end?.state, old.end?.reason, old.sent, old.loads]).toEqual(["failed", "expired", [], 0]);
  expect((await tried({ destination, age: 60_000 })).end?.state).toBe("delivered");
  expect((await tried({ destination, age: 99_000_000, numbered: { attempt: 3, round: 2 } })).end?.state).toBe(
    "delivered",
  );
});

test("an attempt after which the next would be too late is the last, and says so", async () => {
  const destination = { maxAgeMs: 60_000, retry: [10_000] };
  const answer = { status: 500 };
  expect((await tried({ destination, answer, age: 50_000 })).end).toMatchObject({ state: "pending" });
  const last = await tried({ destination, answer, age: 53_000 });
  expect(last.end).toMatchObject({ state: "failed", reason: "expired", status: 500 });
});

test("a receiver that wants no more at all is told of, whatever it answers; the delivery goes on as its answer says", async () => {
  for (const [status, state] of [
    [200, "delivered"],
    [500, "pending"],
    [410, "failed"],
  ] as const) {
    const { end, disabled } = await tried({ answer: { status, asked: "disable" } });
    expect([end?.state, disabled]).toEqual([state, ["d"]]);
  }
  expect((await tried({ answer: { status: 500, asked: "abort" } })).disabled).toEqual([]);
});

test("an event that came through other relays says so to the next, and ends after a few", async () => {
  for (const [way, hop] of [
    [undefined, "1"],
    ["1", "2"],
    [String(MOST_HOPS - 1), String(MOST_HOPS)],
  ] as const) {
    const { end, sent } = await tried({ headers: way === undefined ? {} : { "hookline-hop": way } });
    expect(end?.state).toBe("delivered");
    expect(sent[0]?.headers["hookline-hop"]).toBe(hop);
  }
  for (const way of [String(MOST_HOPS), "999", "0 billing.example.com"]) {
    const { end, sent } = await tried({ headers: { "hookline-hop": way } });
    expect([end?.state, end?.reason, end?.fault, sent]).toEqual(["failed", "blocked", "loop", []]);
  }
});

test("headers that were kept before there were bounds do not make the attempt fail", async () => {
  const { sent } = await tried({
    headers: { "content-type": `application/json; x=${"y".repeat(60_000)}`, "x-id": "a\u0001" },
  });
  expect(sent[0]?.headers).toMatchObject({ "content-type": "application/json" });
  expect(sent[0]?.headers).not.toHaveProperty("x-id");
});

test("what cannot be sent costs no body, and says why", async () => {
  const removed = await tried({ destination: null });
  const usedUp = await tried({ numbered: { attempt: 9, round: 6 } });
  const unaddressed = await tried({ destination: { url: null } });
  const unsigned = await tried({ destination: { keys: [] } });
  const unfilled = await tried({ destination: { shape: { ...SHAPE, unset: ["TOKEN"] } } });
  expect(unfilled).toMatchObject({ end: { state: "pending", fault: "unfilled", dueAt: 800 }, sent: [], loads: 0 });
  expect([removed.end, usedUp.end, unaddressed.end, unsigned.end]).toMatchObject([
    { state: "failed", reason: "cancelled", fault: null },
    { state: "failed", reason: "exhausted", fault: null },
    { state: "pending", reason: null, fault: "unaddressed", dueAt: 800 },
    { state: "pending", reason: null, fault: "unsigned", dueAt: 800 },
  ]);
  for (const { sent, loads } of [removed, usedUp, unaddressed, unsigned]) expect([sent, loads]).toEqual([[], 0]);
});

test("a replay begins the schedule anew, and the receiver is told the number over all rounds", async () => {
  const { end, sent } = await tried({ numbered: { attempt: 9, round: 7 } });
  expect(end?.state).toBe("delivered");
  expect(sent[0]?.headers["hookline-attempt"]).toBe("9");
});

test("a body that comes too late is not sent, and the attempt was not made", async () => {
  expect(await tried({ body: () => Promise.resolve(null) })).toMatchObject({ end: null, sent: [], loads: 1 });
});

test("a destination that asks for nothing gets what it always got, and no word of how", async () => {
  const { sent } = await tried({ headers: { "content-type": "application/json" } });
  expect(Object.keys(sent[0] ?? {})).toEqual(["headers", "body", "url", "hidden"]);
  expect(sent[0]?.body).toBe(BYTES);
  expect(sent[0]?.url).toBe("https://billing.example.com/in/x");
});

test("what a destination asks for is sent: method, address, time and headers, which win over the sender's", async () => {
  const { sent } = await tried({ headers: { "content-type": "application/json" }, destination: { shape: SHAPE } });
  expect(sent).toMatchObject([
    {
      url: SHAPE.url,
      method: "PUT",
      timeoutMs: 3_000,
      hidden: ["opensesame"],
      headers: { authorization: "Bearer opensesame", "content-type": "text/plain", "webhook-id": "evt_1" },
    },
  ]);
});

test("a body above the limit is compressed, one at the limit is not, nor one that its sender has compressed", async () => {
  const large = new TextEncoder().encode("a".repeat(1_001));
  const at = { destination: { shape: { ...SHAPE, gzipAbove: 1_000 } } };
  const [small, big, theirs] = await Promise.all([
    tried({ ...at, body: () => Promise.resolve(large.subarray(1)) }),
    tried({ ...at, body: () => Promise.resolve(large) }),
    tried({ ...at, body: () => Promise.resolve(large), headers: { "content-encoding": "br" } }),
  ]);
  expect(small.sent[0]?.headers["content-encoding"]).toBeUndefined();
  expect(small.sent[0]?.body).toHaveLength(1_000);
  expect(theirs.sent[0]).toMatchObject({ headers: { "content-encoding": "br" }, body: large });
  const [sent] = big.sent;
  expect(sent?.headers["content-encoding"]).toBe("gzip");
  expect(new Uint8Array(gunzipSync(sent?.body ?? new Uint8Array()))).toEqual(large);
  // What is signed is what a framework hands on: the body before it was compressed.
  const { "webhook-id": id = "", "webhook-signature": signature } = sent?.headers ?? {};
  expect(signature).toBe(await signatures({ name: "d", keys: [KEY] }, id, 0, large));
});

const untransformed = async () =>
  await Promise.resolve({ ok: false as const, fault: "untransformed" as const, error: "42" });
const loud: AttemptDeps["reshape"] = async (event) =>
  await Promise.resolve({ ok: true, event, body: new TextEncoder().encode("ADA") });

test("of what is answered to a redacted event nothing is kept but that there was something, and whoever waits for it has it", async () => {
  const hidden = { headers: {} };
  expect((await tried({ hidden, answer: { excerpt: "Jos\\u00e9 is positive" } })).end?.excerpt).toBe("[redacted]");
  expect((await tried({ hidden })).end?.excerpt).toBe("");
  // What is not told to the sender are secrets of the relay's, and not the sender's own values.
  expect((await tried({ hidden })).sent[0]?.hidden).toEqual([]);
  expect((await tried({ hidden, deps: { reshape: untransformed } })).end).toMatchObject({
    fault: "untransformed",
    excerpt: "[redacted]",
  });
});

test("an inspector is told what may be shown of a redacted event, and whether the body is its own", async () => {
  const hidden = { headers: { "x-mail": "[redacted]" } };
  const visits: Visit[] = [];
  const inspector = (visit: Visit) => (visits.push(visit), () => Promise.reject(new Error("not asked")));
  const destination = { script: { text: "ok", steps: [] }, url: null };
  await tried({ hidden, destination, deps: { inspector } });
  await tried({ hidden, destination, deps: { inspector, reshape: loud } });
  await tried({ destination, deps: { inspector } });
  expect(visits.map(({ redacted }) => redacted)).toEqual([
    { ...hidden, isOwn: true },
    { ...hidden, isOwn: false },
    undefined,
  ]);
});
