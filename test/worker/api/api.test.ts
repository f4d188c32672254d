// The operator's API: who gets in, and what it shows.
import { expect, test } from "vitest";
import { fill } from "../kit/fill.ts";
import { FAILED, ID, NOON, Operator, OTHER, TOKEN } from "../kit/operator.ts";
import { rows } from "../kit/relay.ts";

const operator = new Operator();

test("without the token there is nothing to see, whatever is asked for", async () => {
  for (const path of ["/api/events", "/api/nothing", `/api/events/${ID}`, "/api/deliveries?state=wrong"]) {
    for (const authorization of ["", "Bearer", "Bearer wrong", `Basic ${TOKEN}`, `Bearer ${TOKEN}x`]) {
      const response = await operator.call(path, { headers: { authorization } });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(await response.json()).toEqual({
        type: "about:blank",
        title: "Unauthorized",
        status: 401,
      });
    }
  }
  expect(
    (
      await operator.call(`/api/events/${ID}/replay`, {
        method: "POST",
        headers: { authorization: "" },
      })
    ).status,
  ).toBe(401);
});

test("while no token is set nobody gets in, and the answer does not tell why", async () => {
  for (const ADMIN_TOKEN of [null, ""]) {
    operator.vars = { ADMIN_TOKEN };
    const response = await operator.call("/api/events", { headers: { authorization: "Bearer " } });
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({
      type: "about:blank",
      title: "Unauthorized",
      status: 401,
    });
  }
});

test("answers are not cached and not sniffed", async () => {
  await operator.accept();
  for (const path of [
    "/api/events",
    "/api/deliveries",
    `/api/events/${ID}`,
    "/api/events?limit=0",
    "/api/events/evt_x",
  ]) {
    const { headers } = await operator.call(path);
    expect([headers.get("cache-control"), headers.get("x-content-type-options")]).toEqual(["no-store", "nosniff"]);
  }
});

test("an event is shown with what came in and where it went", async () => {
  await operator.accept({ body: '{"é":"\\"☃"}', size: 11 });
  await operator.attempt(1, {});
  const attempt = {
    status: 200,
    fault: null,
    latency_ms: 12,
    next_attempt_at: null,
    answer: "ok",
  };
  expect(await operator.get(`/api/events/${ID}`)).toEqual({
    id: ID,
    source: "github",
    type: "push",
    received_at: "2026-03-01T12:00:00.000Z",
    verified_by: "GITHUB_SECRET",
    size: 11,
    headers: { "content-type": "application/json" },
    deliveries: [
      {
        id: `${ID}:billing`,
        event: ID,
        destination: "billing",
        route: "money",
        source: "github",
        type: "push",
        state: "delivered",
        waits: null,
        reason: null,
        attempt: 1,
        ...attempt,
        received_at: "2026-03-01T12:00:00.000Z",
        last_attempt_at: "2026-03-01T12:00:00.000Z",
        ended_at: "2026-03-01T12:00:00.012Z",
        attempts: [{ attempt: 1, outcome: "delivered", ...attempt, started_at: "2026-03-01T12:00:00.000Z" }],
      },
    ],
    edited_from: null,
    trace_id: null,
    undecided: [],
    edited_as: [],
    encoding: "text",
    body: '{"é":"\\"☃"}',
  });
});

test("every attempt is shown, the one that is under way too, and its delivery claims no answer yet", async () => {
  await operator.accept();
  await operator.attempt(1, { state: "pending", dueAt: NOON + 5_000, status: 503, excerpt: "no" });
  const waiting = await operator.get<{ deliveries: object[] }>("/api/deliveries");
  expect(waiting.deliveries).toMatchObject([
    { state: "pending", status: 503, answer: "no", next_attempt_at: "2026-03-01T12:00:05.000Z" },
  ]);
  operator.clock += 5_000;
  await operator.attempt(2, null);
  const running = {
    status: null,
    fault: null,
    latency_ms: null,
    answer: null,
    next_attempt_at: null,
  };
  const { deliveries } = await operator.get<{ deliveries: object[] }>(`/api/events/${ID}`);
  expect(deliveries).toMatchObject([
    {
      state: "delivering",
      attempt: 2,
      ...running,
      last_attempt_at: "2026-03-01T12:00:05.000Z",
      attempts: [
        { attempt: 1, outcome: "retry", next_attempt_at: "2026-03-01T12:00:05.000Z", answer: "no" },
        { attempt: 2, outcome: "running", ...running, started_at: "2026-03-01T12:00:05.000Z" },
      ],
    },
  ]);
});

test("a body that is kept in parts is shown whole, and one that is no text says that it is base64", async () => {
  await operator.accept({ id: OTHER, encoding: "base64", body: "/w==" });
  expect(await operator.get(`/api/events/${OTHER}`)).toMatchObject({ encoding: "base64", body: "/w==" });
  const parts = Array.from({ length: 20 }, (_, n) => `${n}"\n☃`);
  await rows(
    "INSERT INTO event_parts (receipt, n, event, data) SELECT 'large', key, ?1, value FROM json_each(?2)",
    ID,
    JSON.stringify(parts),
  );
  await operator.accept({ receipt: "large", body: null, parts: parts.length });
  expect(await operator.get(`/api/events/${ID}`)).toMatchObject({ encoding: "text", body: parts.join("") });
});

test("lists are walked to the end by their cursors, and filters combine", async () => {
  await fill(300, ["billing", "crm"]);
  const seen: unknown[] = [];
  for (
    let path: string | null =
      "/api/deliveries?state=delivered&destination=crm&source=stripe&type=push&limit=7&since=1970-01-01T00:01:00Z&until=1970-01-01T00:04:10%2B00:00";
    path !== null;
  ) {
    const page: {
      deliveries: { id: string; received_at: string }[];
      next: string | null;
      complete: boolean;
    } = await operator.get(path);
    expect(page.complete).toBe(true);
    seen.push(...page.deliveries.map(({ received_at }) => Date.parse(received_at) / 1_000));
    path = page.next === null ? null : `${path.replace(/&cursor=.*/, "")}&cursor=${page.next}`;
  }
  // Every tenth is Stripe's and every hundredth failed; 250 itself is not before 250.
  expect(seen).toEqual([240, 230, 220, 210, 190, 180, 170, 160, 150, 140, 130, 120, 110, 90, 80, 70, 60]);
  const { events, next } = await operator.get<{ events: { id: string }[]; next: string }>(
    "/api/events?source=github&limit=2",
  );
  expect(events.map(({ id }) => id)).toEqual([299, 298].map((seq) => `evt_${seq.toString(16).padStart(32, "0")}`));
  const second = await operator.get<{ events: { received_at: string }[] }>(
    `/api/events?source=github&limit=1&cursor=${next}`,
  );
  expect(second.events.map(({ received_at }) => received_at)).toEqual(["1970-01-01T00:04:57.000Z"]);
});

test("without a limit a page has 50 entries", async () => {
  await fill(60);
  expect((await operator.get<{ events: unknown[] }>("/api/events")).events).toHaveLength(50);
  expect((await operator.get<{ deliveries: unknown[] }>("/api/deliveries")).deliveries).toHaveLength(50);
});

test("a page that ended before it was full says how far it looked, unless nothing older can be meant", async () => {
  await fill(12_000);
  const page = await operator.get("/api/deliveries?destination=nobody");
  expect(page).toEqual({
    deliveries: [],
    next: expect.any(String),
    complete: false,
    scanned: 5_000,
    looked_back_to: "1970-01-01T01:56:41.000Z",
  });
  expect(await operator.get(`/api/deliveries?destination=nobody&cursor=${String(page["next"])}`)).toMatchObject({
    complete: false,
    scanned: 5_000,
  });
  expect(await operator.get("/api/events?source=nobody&since=1970-01-01T02:50:00Z")).toMatchObject({
    complete: false,
  });
  // Its last row is too old, but not all of it: that one may only have come late.
  const since = await operator.get("/api/events?source=nobody&since=1970-01-01T03:00:00Z");
  expect(since).toMatchObject({ complete: false });
  expect(
    await operator.get(`/api/events?source=nobody&since=1970-01-01T03:00:00Z&cursor=${String(since["next"])}`),
  ).toEqual({
    events: [],
    next: null,
    complete: true,
  });
});

test("a question that cannot be meant is refused with the parameter's name and the fix", async () => {
  const { next } = await fill(3).then(() => operator.get<{ next: string }>("/api/events?limit=1"));
  const complaints = {
    "/api/events?sauce=github":
      "sauce: is no parameter here: take one of source, type, since, until, limit, text, routing, cursor",
    "/api/events?state=failed":
      "state: is no parameter here: take one of source, type, since, until, limit, text, routing, cursor",
    "/api/deliveries?state=done": "state: must be one of pending, delivering, delivered, failed, held",
    "/api/deliveries?state=failed&state=pending": "state: must be given once",
    "/api/deliveries?limit=201": "limit: must be a whole number from 1 to 200",
    "/api/deliveries?limit=0": "limit: must be a whole number from 1 to 200",
    "/api/deliveries?limit=1e1": "limit: must be a whole number from 1 to 200",
    "/api/deliveries?source=": "source: must not be empty: leave it out to see all",
    "/api/events?since=yesterday": /^since: must be a time of ISO 8601, such as 2026-03-01T09:30:00Z/,
    "/api/events?since=2026-02-30": /^since: must be a time/,
    "/api/events?until=2026-03-01T10:00:00+01:00": /^until: .*write the "\+" of an offset as %2B$/,
    "/api/events?cursor=nonsense!":
      'cursor: must be the "next" of an earlier page of /api/events: leave it out to start with the newest',
    [`/api/deliveries?cursor=${next}`]: /^cursor: must be the "next" of an earlier page of \/api\/deliveries/,
    "/api/deliveries?limit=x&state=y": /^limit: .*; state: /,
  };
  for (const [path, detail] of Object.entries(complaints)) {
    const response = await operator.call(path);
    expect(response.status, path).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect((await response.json<{ detail: string }>()).detail, path).toMatch(detail);
  }
});

test("what does not exist is 404, and a wrong method 405 with the right ones", async () => {
  await operator.accept();
  for (const path of [`/api/events/${OTHER}`, "/api/events/x", "/api/events/%27%20OR%201=1"])
    expect((await operator.call(path)).status).toBe(404);
  for (const id of [OTHER, `${OTHER}:billing`, `${ID}:crm`, "x:y", "evt_"])
    expect((await operator.replay(id)).status).toBe(404);
  const wrong = await operator.call("/api/events", { method: "DELETE" });
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD, POST"]);
  const right = await operator.call(`/api/events/${ID}/replay`);
  expect([right.status, right.headers.get("allow")]).toEqual([405, "POST"]);
});

test("the token is in no answer and in no line of the log", async () => {
  await operator.accept();
  await operator.attempt(1, FAILED);
  const answers = [
    await operator.call("/api/events"),
    await operator.call(`/api/events/${ID}`),
    await operator.call(`/api/events/${ID}/replay`, { method: "POST" }),
    await operator.call("/api/events?x=1"),
  ];
  const text = (await Promise.all(answers.map((response) => response.text()))).join() + operator.logged.join();
  expect(text).not.toContain(TOKEN);
});

test("a source that was heard before the last few hundred events of others is known to the minute", async () => {
  const SOURCE = { provider: "github", secrets: ["GITHUB_SECRET"] };
  operator.vars = { SOURCES: { quiet: SOURCE, silent: SOURCE }, GITHUB_SECRET: "secret" };
  const totals = { sources: new Map(), destinations: new Map(), heard: new Map([["quiet", NOON - 3_600_000]]) };
  const response = await operator.call("/api/sources", {}, { totals: async () => await Promise.resolve(totals) });
  const { sources } = await response.json<{ sources: { name: string; last_event_at: string | null }[] }>();
  expect(sources.map(({ name, last_event_at }) => [name, last_event_at])).toEqual([
    ["quiet", "2026-03-01T11:00:00.000Z"],
    ["silent", null],
  ]);
});
