// Inspectors: the relay's own receivers. What arrives is kept as it was sent, and answered as the script says, by the same send that has the network.
import { beforeEach, expect, test, vi } from "vitest";
import { openDatabase } from "../../../src/d1/database.ts";
import { openInspections } from "../../../src/d1/inspections.ts";
import { parseScript } from "../../../src/out/script.ts";
import { openInspector, type Visit } from "../../../src/out/inspector.ts";
import { openSend } from "../../../src/net/send.ts";
import type { Destination } from "../../../src/types.ts";
import { idOf, Logged } from "../kit/hands.ts";
import { NOON, Operator } from "../kit/operator.ts";
import { bindings, rows } from "../kit/relay.ts";
import { Round } from "../kit/round.ts";

const operator = new Operator();

let round = new Round();
beforeEach(() => {
  round = new Round();
  round.clock = NOON;
  inspector("bin", "ok");
});

/** Makes one of the round's destinations an inspector. */
function inspector(name: string, text: string, retry?: readonly number[]): void {
  round.configure(name, retry);
  const parsed = parseScript(text);
  const found = round.destinations.get(name);
  if ("wrong" in parsed || found === undefined) throw new Error(text);
  round.destinations.set(name, { ...found, url: null, script: parsed.script });
}

interface Shown {
  readonly inspections: { readonly answered: string; readonly [name: string]: unknown }[];
}
const shown = async () => (await operator.get<Shown>("/api/destinations/bin/inspections")).inspections;

async function put(script: string | null, other: Record<string, string> = {}) {
  const headers = { "content-type": "application/json", ...other };
  const response = await operator.call("/api/destinations/bin/script", {
    method: "PUT",
    headers,
    body: JSON.stringify({ script }),
  });
  return { status: response.status, ...(await response.json<{ script?: string; detail?: string }>()) };
}

test("a delivery to an inspector arrives there as it would on the network: same bytes, same headers, a signature that holds", async () => {
  const body = '{"hello":"wörld"}';
  const size = new TextEncoder().encode(body).length;
  await round.ring(await round.accept(1, ["bin"], { body, size, headers: { "content-type": "application/json" } }));
  expect(round.sent).toEqual([]);
  expect(await rows("SELECT state, status FROM deliveries")).toEqual([{ state: "delivered", status: 200 }]);
  const [one] = await shown();
  expect(one).toMatchObject({
    destination: "bin",
    event: idOf(1),
    attempt: 1,
    size,
    encoding: "text",
    body,
    proven: true,
    answered: "200",
  });
  expect(one?.["headers"]).toMatchObject({
    "content-type": "application/json",
    "webhook-id": idOf(1),
    "webhook-timestamp": String(NOON / 1000),
    // One that is fresh would be taken from whoever may only look.
    "webhook-signature": "v1,…",
    "hookline-attempt": "1",
  });
});

test("the script is walked attempt by attempt, and begins anew with a replay", async () => {
  inspector("bin", "503x2 retry-after=60, ok");
  await round.ring(await round.accept(1, ["bin"]));
  const waited: number[] = [];
  for (let tries = 0; tries < 2; tries += 1) {
    const bells = round.take();
    waited.push((bells[0]?.due ?? 0) - round.clock);
    round.clock = bells[0]?.due ?? 0;
    await round.ring(bells);
  }
  // Its own schedule has waits of one and two seconds.
  expect(waited).toEqual([60_000, 60_000]);
  operator.clock = round.clock;
  expect(await operator.replay(idOf(1))).toMatchObject({ replayed: 1 });
  await round.ring(operator.rung);
  expect((await shown()).map(({ attempt, answered }) => `${String(attempt)}: ${answered}`)).toEqual([
    "4: 503 retry-after=60",
    "3: 200",
    "2: 503 retry-after=60",
    "1: 503 retry-after=60",
  ]);
  expect(await rows("SELECT n, status FROM attempts ORDER BY n")).toMatchObject([
    { status: 503 },
    { status: 503 },
    { status: 200 },
    { status: 503 },
  ]);
});

test("a script that is put takes the place of the configured one until it is taken away; each change is in the audit, once", async () => {
  await operator.accept();
  expect(await put("410")).toMatchObject({ status: 200, script: "410" });
  await put("410");
  await round.ring(await round.accept(1, ["bin"]));
  expect(await rows("SELECT state, reason FROM deliveries WHERE destination = 'bin'")).toEqual([
    { state: "failed", reason: "gone" },
  ]);
  expect(await put(null)).toMatchObject({ status: 200, script: "ok" });
  await round.ring(await round.accept(2, ["bin"]));
  // What was answered is told by the script that was in force.
  expect((await shown()).map(({ answered }) => answered)).toEqual(["200", "410"]);
  expect(await rows("SELECT actor, action, target, detail FROM audit ORDER BY seq")).toEqual([
    { actor: "admin", action: "script", target: "bin", detail: "410" },
    { actor: "admin", action: "script", target: "bin", detail: null },
  ]);
});

test("an Idempotency-Key that has put one script puts no other, and says so", async () => {
  const once = { "idempotency-key": "once" };
  expect(await put("410", once)).toMatchObject({ status: 200, script: "410" });
  expect(await put("410", once)).toMatchObject({ status: 200, script: "410" });
  for (const other of ["503", null])
    expect(await put(other, once)).toMatchObject({ status: 422, detail: expect.stringContaining("Idempotency-Key") });
  expect(await rows("SELECT script FROM scripts")).toEqual([{ script: "410" }]);
});

test("a script that cannot be read is refused with the fix and changes nothing, and only inspectors have one", async () => {
  expect(await put("5O3")).toMatchObject({
    status: 400,
    detail: expect.stringMatching(/^script: step 1, "5O3", is no answer\. Write/),
  });
  const headers = { "content-type": "application/json" };
  const request = { method: "PUT", headers, body: '{"script":"ok"}' };
  expect((await operator.call("/api/destinations/billing/script", request)).status).toBe(409);
  expect((await operator.call("/api/destinations/billing/inspections")).status).toBe(409);
  expect((await operator.call("/api/destinations/nowhere/inspections")).status).toBe(404);
});

test("an inspector that hangs is a destination that hangs: it is paced like one", async () => {
  inspector("bin", "hang");
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const sending = round.ring(await round.accept(1, ["bin"]));
  await vi.waitUntil(
    async () => {
      await vi.advanceTimersByTimeAsync(1_000);
      return (await rows("SELECT 1 FROM deliveries WHERE state = 'pending' AND fault = 'timeout'")).length === 1;
    },
    { timeout: 30_000 },
  );
  await sending;
  vi.useRealTimers();
  expect(round.pace.isSlow("bin", round.clock)).toBe(true);
  expect((await shown()).map(({ answered }) => answered)).toEqual(["hang"]);
});

const destination: Pick<Destination, "name" | "keys"> = {
  name: "bin",
  keys: [{ kind: "own", secret: { name: "BIN_KEY", value: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" } }],
};

/** One request to an inspector, through the send that the network has. */
async function visit(
  text: string,
  change: { headers?: Record<string, string>; body?: Uint8Array } = {},
  timeoutMs = 15_000,
) {
  const parsed = parseScript(text);
  if ("wrong" in parsed) throw new Error(parsed.wrong);
  const log = new Logged();
  const inspect = openInspector({ inspections: openInspections(openDatabase(bindings.DB)), now: () => NOON, log });
  const one: Visit = {
    destination: { ...destination, script: parsed.script },
    event: idOf(1),
    attempt: 1,
    nth: 1,
    hidden: [],
  };
  const { headers = {}, body = new Uint8Array() } = change;
  const answer = await openSend(() => NOON, timeoutMs)({ url: "", headers, body, reach: inspect(one) });
  return { answer, log };
}

test.each([
  ["hang", "timeout", null],
  ["slow", null, 200],
  ["reset", "connection", null],
  ["302", "redirect", 302],
  ["204", null, 204],
  ["599", null, 599],
])("%s is told as %s, %s", async (text, fault, status) => {
  const { answer, log } = await visit(text, {}, 50);
  expect(answer).toMatchObject({ fault, status });
  expect(log.of("inspector.not_kept")).toEqual([]);
});

test("of a body the first 64 KiB are kept, whole characters of text, and its size is told", async () => {
  await visit("ok", { body: new TextEncoder().encode(`x${"ü".repeat(40_000)}`) });
  await visit("ok", { body: new Uint8Array(70_000).fill(0x80) });
  expect(await rows("SELECT encoding, size, length(body) AS kept FROM inspections ORDER BY seq")).toEqual([
    { encoding: "text", size: 80_001, kept: 32_768 },
    { encoding: "base64", size: 70_000, kept: 87_384 },
  ]);
});

test("what is not signed by the destination's own key is kept, and said to be unproven", async () => {
  await visit("ok", {
    headers: { "webhook-id": "evt", "webhook-timestamp": String(NOON / 1000), "webhook-signature": "v1,AAAA" },
  });
  expect(await rows("SELECT proven FROM inspections")).toEqual([{ proven: 0 }]);
});

test("the last hundred of each inspector are kept", async () => {
  const inspections = openInspections(openDatabase(bindings.DB));
  const one = {
    event: "evt",
    attempt: 1,
    nth: 1,
    at: NOON,
    headers: {},
    size: 0,
    encoding: "text",
    body: "",
    proven: true,
    script: "ok",
  } as const;
  await inspections.keep({ ...one, destination: "other" });
  for (let n = 0; n < 103; n += 1) await inspections.keep({ ...one, destination: "bin", attempt: n });
  const kept = await inspections.of("bin", null);
  expect([kept.length, kept[0]?.attempt, kept.at(-1)?.attempt]).toEqual([100, 102, 3]);
  expect(await rows("SELECT destination, count(*) AS n FROM inspections GROUP BY 1")).toEqual([
    { destination: "bin", n: 100 },
    { destination: "other", n: 1 },
  ]);
});

const gone = () => Promise.reject(new Error("D1 is gone"));
const silent = () => new Promise<string>(() => {});

test("a request that could not be kept has not arrived: it is tried again", async () => {
  const log = new Logged();
  const inspect = openInspector({ inspections: { keep: gone }, now: () => NOON, log });
  const script = { text: "ok", steps: [] };
  const reach = inspect({ destination: { ...destination, script }, event: idOf(1), attempt: 1, nth: 1, hidden: [] });
  expect(await openSend(() => NOON)({ url: "", headers: {}, body: new Uint8Array(), reach })).toMatchObject({
    status: null,
    fault: "connection",
  });
  expect(log.of("inspector.not_kept")).toHaveLength(1);
});

test("a D1 that hangs is over when the send is", async () => {
  const inspect = openInspector({ inspections: { keep: silent }, now: () => NOON, log: new Logged() });
  const reach = inspect({
    destination: { ...destination, script: { text: "ok", steps: [] } },
    event: idOf(1),
    attempt: 1,
    nth: 1,
    hidden: [],
  });
  expect(await openSend(() => NOON, 50)({ url: "", headers: {}, body: new Uint8Array(), reach })).toMatchObject({
    fault: "timeout",
  });
});

test("a batch for an inspector keeps within the queries of an invocation: the others ring again", async () => {
  const bells = (await Promise.all(Array.from({ length: 25 }, (_, n) => round.accept(n, ["bin"])))).flat();
  let left: readonly (typeof bells)[number][] = bells;
  for (let rounds = 0; left.length > 0; rounds += 1) {
    expect(rounds).toBeLessThan(5);
    round.counted.statements = 0;
    await round.ring(left);
    expect(round.counted.statements).toBeLessThanOrEqual(50);
    left = round.take();
  }
  expect(await rows("SELECT state, count(*) AS n FROM deliveries GROUP BY state")).toEqual([
    { state: "delivered", n: 25 },
  ]);
});

const lengths = async (query = "") =>
  (await operator.get<Shown>(`/api/destinations/bin/inspections${query}`)).inspections.map(
    (one) => `${String(one["id"])}: ${String(one["body"]).length}`,
  );

test("of all that arrived one is shown whole, the newest unless another is asked for, and of the others the beginning", async () => {
  const body = new TextEncoder().encode("x".repeat(3_000));
  for (let n = 0; n < 3; n += 1) await visit("ok", { body });
  await visit("ok", { body: new Uint8Array(3_000).fill(0x80) });
  expect(await lengths()).toEqual(["4: 4000", "3: 2048", "2: 2048", "1: 2048"]);
  expect(await lengths("?show=2")).toEqual(["4: 2048", "3: 2048", "2: 3000", "1: 2048"]);
  expect(await lengths("?show=99")).toEqual(await lengths());
});
