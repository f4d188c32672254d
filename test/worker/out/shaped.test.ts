// Destinations that ask for a shape of their own, through the whole relay: what leaves, what is kept of it, and what people see.
import { expect, test, vi } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import type { DestinationAnswer } from "../../../src/contract/operations.ts";
import { shapeInALine } from "../../../src/dashboard/words/shape.ts";
import { openInspector } from "../../../src/out/inspector.ts";
import { openSend } from "../../../src/net/send.ts";
import { attempt } from "../../../src/out/attempt.ts";
import { Logged, THEN } from "../kit/hands.ts";
import { Operator } from "../kit/operator.ts";
import { rows, setUp } from "../kit/relay.ts";
import { Round } from "../kit/round.ts";

const receiver = setUp();
const operator = new Operator();

const TOKEN = "opensesame-1234";
const VARS = {
  SIGNING_KEY: "k".repeat(32),
  ADMIN_TOKEN: "t".repeat(32),
  CRM_TOKEN: TOKEN,
  LEGACY_SECRET: "legacy-secret",
};
const destinationOf = (entry: object) => {
  const { destinations, findings } = readConfig({
    ...VARS,
    DESTINATIONS: { first: { url: "https://first.example.com/first", ...entry } },
  });
  const destination = destinations.get("first");
  if (destination === undefined) throw new Error(JSON.stringify(findings));
  return destination;
};
/** The same with the real `send`, in the place of the round's. */
const attempting = (round: Round) => ({
  ...round.deps,
  send: openSend(() => round.clock),
  inspector: openInspector({ inspections: round.inspections, now: () => round.clock, log: new Logged() }),
  bindings: () => null,
});

const KEYS = {
  headers: { authorization: "Bearer $CRM_TOKEN" },
  query: { key: "$CRM_TOKEN" },
  method: "PATCH",
  content_type: "text/plain",
  gzip: "above 1KiB",
};
const LARGE = "a".repeat(2_000);

test("method, query, headers and a compressed body leave as they are configured, and an answer that says them back is kept without the secret", async () => {
  const seen: { method: string; url: string; headers: Headers; body: Uint8Array }[] = [];
  vi.stubGlobal("fetch", async (input: RequestInfo, init?: RequestInit) => {
    const request = new Request(input, init);
    seen.push({
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: new Uint8Array(await request.arrayBuffer()),
    });
    return new Response(`Cannot PATCH ${request.url} as Bearer ${TOKEN}, or ${btoa(TOKEN)}`, { status: 500 });
  });
  const round = new Round();
  const body = new TextEncoder().encode(LARGE);
  const headers = { "content-type": "application/json" };
  const event = { id: "evt_1", source: "shop", type: "paid", receivedAt: round.clock, headers };
  const end = await attempt(
    event,
    destinationOf(KEYS),
    { attempt: 1, round: 0 },
    () => Promise.resolve(body),
    attempting(round),
  );
  const [one] = seen;
  expect(one).toMatchObject({ method: "PATCH", url: `https://first.example.com/first?key=${TOKEN}` });
  expect(Object.fromEntries(one?.headers ?? [])).toMatchObject({
    authorization: `Bearer ${TOKEN}`,
    "content-type": "text/plain",
    "content-encoding": "gzip",
  });
  const plain = new Blob([one?.body ?? ""]).stream().pipeThrough(new DecompressionStream("gzip"));
  expect(await new Response(plain).text()).toBe(LARGE);
  const excerpt = "Cannot PATCH https://first.example.com/first?key=[secret] as Bearer [secret], or [secret]";
  expect(end).toMatchObject({ status: 500, state: "pending", excerpt });
});

test("an inspector shows what would be sent, with the secrets masked and the body as its receiver reads it", async () => {
  const round = new Round();
  round.destinations.set("first", destinationOf({ ...KEYS, url: undefined, inspect: true }));
  await round.ring(await round.accept(1, ["first"], { body: LARGE, size: LARGE.length }));
  const [kept] = await rows<{ headers: string; body: string; size: number; proven: number }>(
    "SELECT * FROM inspections",
  );
  expect(kept).toMatchObject({ body: LARGE, size: LARGE.length, proven: 1 });
  expect(JSON.parse(kept?.headers ?? "{}")).toMatchObject({
    ":method": "PATCH",
    ":query": "?key=[secret]",
    authorization: "Bearer [secret]",
    "content-encoding": "gzip",
    "content-type": "text/plain",
  });
  expect(JSON.stringify(await rows("SELECT * FROM inspections"))).not.toContain(TOKEN);
});

test("members of the body are signed over, and masked where an inspector shows it", async () => {
  const round = new Round();
  const entry = { members: { token: "$CRM_TOKEN" }, gzip: "above 1KiB", url: undefined, inspect: true };
  round.destinations.set("first", destinationOf(entry));
  const body = JSON.stringify({ text: LARGE });
  await round.ring(await round.accept(1, ["first"], { body, size: body.length }));
  const [kept] = await rows<{ body: string; proven: number }>("SELECT * FROM inspections");
  expect(kept).toMatchObject({ proven: 1 });
  expect(JSON.parse(kept?.body ?? "")).toEqual({ text: LARGE, token: "[secret]" });
  expect(JSON.stringify(await rows("SELECT * FROM inspections"))).not.toContain(TOKEN);
});

test("a body to which no member can be added is not sent, and the attempt says why", async () => {
  const round = new Round();
  round.destinations.set("first", destinationOf({ members: { token: "$CRM_TOKEN" } }));
  await round.ring(await round.accept(1, ["first"], { body: "text", size: 4 }));
  expect(await rows("SELECT state, fault, excerpt FROM deliveries")).toEqual([
    {
      state: "pending",
      fault: "unproducible",
      excerpt: "the body is no JSON object, and members are added to nothing else",
    },
  ]);
  expect(round.sent).toEqual([]);
});

test("a secret that is not set spends attempts, sends nothing, and is told by name", async () => {
  const round = new Round();
  round.destinations.set("first", destinationOf({ headers: { authorization: "Bearer $NOBODY_PUT_IT" } }));
  await round.ring(await round.accept(1, ["first"]));
  expect(await rows("SELECT state, fault FROM deliveries")).toEqual([{ state: "pending", fault: "unfilled" }]);
  expect([round.sent, receiver.arrivals]).toEqual([[], []]);
});

test("an attempt that may take longer than `waitUntil` has is told to whoever waits", async () => {
  const round = new Round();
  round.destinations.set("first", destinationOf({ timeout: "30s" }));
  round.destinations.set("second", destinationOf({ timeout: "15s" }));
  await round.ring(await round.accept(1, ["first", "second"]));
  expect(round.long).toBe(true);
  await round.ring(await round.accept(2, ["second", "third"]));
  expect(round.long).toBe(false);
});

test("no send begins with less lease left than it may take: the delivery is given back", async () => {
  const round = new Round();
  round.destinations.set("first", destinationOf({ timeout: "30s" }));
  const bells = await round.accept(1, ["first", "second"]);
  // D1 takes a minute to give the bodies.
  round.counted.before = (sql) => {
    if (sql.some((one) => one.trim().startsWith("SELECT"))) round.clock = THEN + 60_000;
  };
  await round.ring(bells);
  expect(round.sent.map(({ to }) => to)).toEqual(["second"]);
  expect(await rows("SELECT destination, state FROM deliveries ORDER BY destination")).toEqual([
    { destination: "first", state: "pending" },
    { destination: "second", state: "delivered" },
  ]);
});

test("the API, the page and the command line tell the shape, and secrets by their names alone", async () => {
  operator.vars = {
    CRM_TOKEN: TOKEN,
    DESTINATIONS: {
      first: {
        url: "https://first.example.com/",
        ...KEYS,
        timeout: "30s",
        headers: { ...KEYS.headers, "x-more": "$NOT_PUT" },
      },
    },
  };
  const [first] = (await operator.get<{ destinations: DestinationAnswer[] }>("/api/destinations")).destinations;
  expect(first?.shape).toEqual({
    method: "PATCH",
    format: "standard",
    public_keys: [],
    headers: { authorization: "Bearer $CRM_TOKEN", "content-type": "text/plain", "x-more": "$NOT_PUT" },
    query: { key: "$CRM_TOKEN" },
    gzip_above: 1024,
    timeout_s: 30,
    unset: ["NOT_PUT"],
  });
  const said = shapeInALine(first?.shape);
  expect(said).toContain("Headers: authorization: Bearer $CRM_TOKEN");
  expect(said).toContain("Not set: NOT_PUT: nothing is sent until it is");
  expect(said + JSON.stringify(first)).not.toContain(TOKEN);
});

test("what the scheme of another sender signs, and the event has not, is a fault of its own that names the part", async () => {
  const round = new Round();
  // Twilio signs the parameters of a form, and these bytes are none.
  const destination = destinationOf({ as: "twilio", secret: "LEGACY_SECRET" });
  const tried = (type: string) =>
    attempt(
      { id: "evt_1", source: "acme", type: "push", headers: { "content-type": type }, receivedAt: round.clock },
      destination,
      { attempt: 1, round: 0 },
      async () => new TextEncoder().encode("a=b"),
      round.deps,
    );
  expect(await tried("multipart/form-data; boundary=x")).toMatchObject({
    state: "pending",
    status: null,
    fault: "unproducible",
    excerpt: "Twilio (form) signs form-sorted-unique, and this event has none",
  });
  expect(round.sent).toEqual([]);
  expect(await tried("application/x-www-form-urlencoded")).toMatchObject({ state: "delivered" });
});
