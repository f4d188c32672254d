// A line that anybody may have written: what is taken of it breaks nothing that reads the history afterwards.
import { expect, test } from "vitest";
import { relayWith, send } from "../kit/archived.ts";
import { front, TOKEN } from "../kit/front.ts";
import { emptied, exported, imported, order } from "../kit/moving.ts";
import { carried, rows, setUp, until } from "../kit/relay.ts";

const receiver = setUp();
const LATER = "9999-01-01T00:00:00.000Z";

test("no line is taken that an acceptance would not have written, and each refusal names what is wrong", async () => {
  const relay = relayWith(null);
  await send(relay, "k0", '{"n":1}');
  await carried();
  await until(async () => (await rows("SELECT 1 FROM deliveries WHERE ended_at IS NULL")).length === 0);
  const [line] = await exported(relay);
  const [delivery] = line?.deliveries ?? [];
  if (line === undefined || delivery === undefined) throw new Error("nothing was exported");
  await emptied();
  receiver.arrivals = [];
  const header = (name: string, value: string) => ({ headers: { ...line.headers, [name]: value } });
  const one = (changes: object) => ({ deliveries: [{ ...delivery, ...changes }] });
  const attempt = { attempt: 1, outcome: "failed", status: 500, fault: null, latency_ms: 3, answer: "" };
  const tried = (changes: object) =>
    one({ attempts: [{ ...attempt, started_at: line.received_at, next_attempt_at: null, ...changes }] });

  for (const [change, says] of [
    // Retention goes along the events by their times, and keeps what has only just ended.
    [{ received_at: LATER }, /^422 lines\.0: the event evt_.* has the time 9999-.*, which is still to come/],
    [one({ ended_at: LATER }), /^422 .*still to come/],
    [{ received_at: "2026-11-29T10:00Z" }, /^400 lines\.0\.received_at: must be a time of ISO 8601/],
    // Whoever reads the event makes headers of them, and a receiver gets them with a replay.
    [header("x-a", "b\r\nx-evil: 1"), /^400 lines\.0\.headers: are not such as a relay keeps/],
    [header("x-a", "\0"), /^400 lines\.0\.headers/],
    [header("x a", "b"), /^400 lines\.0\.headers/],
    [header("X-A", "b"), /^400 lines\.0\.headers/],
    [header("content-length", "3"), /^400 lines\.0\.headers/],
    [header("transfer-encoding", "chunked"), /^400 lines\.0\.headers/],
    [header("host", "evil.example"), /^400 lines\.0\.headers/],
    [header("hookline-proof", "no JSON"), /^400 lines\.0\.headers: have no hookline-proof/],
    [header("hookline-proof", '{"transfer-encoding":"chunked"}'), /^400 lines\.0\.headers/],
    [one({ route: "a\u001b[2J" }), /^400 lines\.0\.deliveries\.0\.route: must be the name of a route/],
    [{ undecided: [{ route: "a\n", error: "" }] }, /^400 lines\.0\.undecided\.0\.route/],
    [{ type: "a".repeat(201) }, /^400 lines\.0\.type: must not be longer/],
    [{ type: "a\nb" }, /^400 lines\.0\.type/],
    [{ verified_by: "a".repeat(201) }, /^400 lines\.0\.verified_by/],
    [{ deliveries: [delivery, delivery] }, /^400 lines\.0\.deliveries: must not name a destination twice/],
    // Each member of it is a header of what is sent.
    [one({ story: '{"a\\r\\nb":"c"}' }), /^400 lines\.0\.deliveries\.0\.story/],
    [one({ story: "5" }), /^400 lines\.0\.deliveries\.0\.story/],
    [one({ attempt: Number.MAX_SAFE_INTEGER }), /^400 lines\.0\.deliveries\.0\.attempt: must not be more/],
    [tried({ attempt: 1.5 }), /^400 lines\.0\.deliveries\.0\.attempts\.0\.attempt: must be a whole number/],
    [tried({ started_at: "yesterday" }), /^400 lines\.0\.deliveries\.0\.attempts\.0\.started_at/],
    [
      { edited_as: [{ event: "no id'", destination: "first", edited_at: line.received_at }] },
      /^400 lines\.0\.edited_as/,
    ],
    [{ edited_as: [{ event: line.id, destination: "first", edited_at: "yesterday" }] }, /^400 lines\.0\.edited_as/],
    [{ source: "hookline" }, /^422 .*"hookline", which this relay does not have/],
  ] as const) {
    const answer = await order(relay, "/import", { lines: [{ ...line, ...change }] });
    expect(`${answer.status} ${(await answer.json<{ detail: string }>()).detail}`).toMatch(says);
    expect(await rows("SELECT id FROM events")).toEqual([]);
  }
});

const CARD = "4111111111111111";
const HEADERS = { "content-type": "application/json", "x-id": "k1", "x-token": CARD };
const AT = new Date(Date.now() - 60_000).toISOString();
const DONE = { attempt: 1, outcome: "failed", status: 500, fault: null, latency_ms: 3, answer: `no ${CARD}` };
const LINE = {
  v: 1,
  id: `evt_${"0a".repeat(16)}`,
  source: "veiled",
  type: "order.paid",
  received_at: AT,
  verified_by: null,
  size: 33,
  encoding: "text",
  headers: HEADERS,
  undecided: [{ route: "all", error: `no number: "${CARD}"` }],
  object: { fetched_at: AT, path: "/card", body: `"${CARD}"` },
  edited_as: [],
  receipt: "",
  deliveries: [
    {
      destination: "first",
      route: "all",
      state: "failed",
      reason: "gone",
      attempt: 1,
      round: 0,
      repeats: 0,
      status: 410,
      fault: null,
      latency_ms: 3,
      answer: CARD,
      last_attempt_at: AT,
      due_at: AT,
      ended_at: AT,
      receipt: "",
      transform: null,
      order_key: null,
      story: null,
      attempts: [{ ...DONE, started_at: AT, next_attempt_at: null }],
    },
  ],
  body: `{"card":"${CARD}","n":1}`,
};

test.each<[string, object]>([
  ["as it came", {}],
  ["said to be redacted already, by whatever rule", { headers: { ...HEADERS, "hookline-redacted": "1" } }],
  ["whose body is gone", { body: "", gone: JSON.stringify({ why: "deleted", at: Date.parse(AT) }) }],
  [
    "that has the value in what was fetched for it alone",
    { body: '{"n":1}', size: 7, headers: { "content-type": "application/json" }, undecided: [], deliveries: [] },
  ],
])("a source that redacts keeps nothing of a line that may hold a value: %s", async (_, change) => {
  const relay = front(
    { veiled: { provider: "hmac", settings: { header: "X-Signature" }, redact: ["body.card", "headers.x-token"] } },
    { VEILED_SECRET: "s", ENCRYPTION_KEY: btoa("k".repeat(32)) },
  );
  expect(await imported(relay, [{ ...LINE, ...change }])).toMatchObject({ imported: 1 });
  const kept = await Promise.all(
    ["events", "deliveries", "attempts", "event_parts"].map(async (table) => await rows(`SELECT * FROM ${table}`)),
  );
  expect(kept[0]).toHaveLength(1);
  expect(JSON.stringify(kept)).not.toContain(CARD);
});

test("whatever a line says of its attempts, the pages and the API show the event", async () => {
  const relay = relayWith(null);
  const seen = { headers: { authorization: `Bearer ${TOKEN}` } };
  for (const word of ["constructor", "__proto__", "toString", "</script><script>alert(1)</script>", "\u202e", ""]) {
    await relay.minute();
    await emptied();
    const tried = { ...DONE, started_at: AT, next_attempt_at: null, fault: word, answer: word, status: 2 ** 40 };
    const [delivery] = LINE.deliveries;
    const deliveries = [{ ...delivery, fault: word, answer: word, status: 2 ** 40, route: "all", attempts: [tried] }];
    const more = {
      type: word,
      verified_by: word,
      undecided: [{ route: "all", error: word }],
      headers: { "x-id": "a" },
    };
    const line = { ...LINE, source: "acme", deliveries, ...more, object: { ...LINE.object, path: word, body: word } };
    const size = LINE.body.length;
    expect(await imported(relay, [{ ...line, size }])).toMatchObject({ imported: 1 });
    for (const path of [
      `/api/events/${LINE.id}`,
      `/events/${LINE.id}`,
      "/events",
      "/deliveries",
      "/destinations/first",
    ]) {
      const answer = await relay.ask(path, seen);
      const text = await answer.text();
      expect([word, path, answer.status]).toEqual([word, path, 200]);
      if (!path.startsWith("/api")) expect(text).not.toContain("<script>alert");
    }
  }
});
