// Edit and replay: an admin sends an edited body of an event to one destination, as a new event that names the old one.
import { exports } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { encodeBase64, encodeHex } from "../../../src/bytes/encoding.ts";
import { GRACE_MS } from "../../../src/deadlines.ts";
import type { OperatorDeps } from "../../../src/operate/open.ts";
import { derivedSecret } from "../../../src/out/sign.ts";
import { ID, NOON, Operator, OTHER, TOKEN } from "../kit/operator.ts";
import { deliveries, github, rows, until } from "../kit/relay.ts";

const operator = new Operator();
const EDITED = '{"amount":2}';

interface Answer {
  readonly event: string;
  readonly delivery: string;
  readonly detail?: string;
}

async function edit(
  order: object,
  { id = ID, key, other = {} }: { id?: string; key?: string; other?: Partial<OperatorDeps> } = {},
): Promise<Answer & { status: number }> {
  const headers = key === undefined ? {} : { "idempotency-key": key };
  const request = { method: "POST", body: JSON.stringify(order), headers };
  const response = await operator.call(`/api/events/${id}/edit`, request, other);
  return { status: response.status, ...(await response.json<Answer>()) };
}

const sha256 = async (text: string) =>
  encodeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));

const deaf = () => Promise.reject(new Error("the queue is down"));

/** Everything that an edit could have changed. */
const all = async () => [
  await rows("SELECT * FROM events"),
  await rows("SELECT * FROM deliveries"),
  await rows("SELECT * FROM audit"),
  await rows("SELECT * FROM marks"),
];

test("it is a new event beside the old one, with one delivery that is due now, rung, and on record without its body", async () => {
  await operator.accept({
    headers: { "content-type": "application/json", "x-github-event": "push", "hookline-hop": "1" },
  });
  const before = await rows("SELECT * FROM events");
  const opened = await rows("SELECT * FROM deliveries");
  operator.clock += 1_000;
  const at = NOON + 1_000;
  const answer = await edit({ destination: "crm", body: EDITED });
  expect(answer).toEqual({
    status: 200,
    event: expect.stringMatching(/^evt_[0-9a-f]{32}$/),
    delivery: `${answer.event}:crm`,
    edited_from: ID,
    size: EDITED.length,
  });
  expect(await rows("SELECT * FROM events WHERE id = ?1", ID)).toEqual(before);
  expect(await rows("SELECT * FROM deliveries WHERE event = 1")).toEqual(opened);
  const [made] = await rows("SELECT * FROM events WHERE id = ?1", answer.event);
  expect(made).toMatchObject({
    source: "github",
    type: "push",
    received_at: at,
    verified_by: null,
    encoding: "text",
    size: EDITED.length,
    body: EDITED,
    parts: 0,
  });
  expect(JSON.parse(String(made?.["headers"]))).toEqual({
    "content-type": "application/json",
    "x-github-event": "push",
    "hookline-hop": "1",
    "hookline-edited-from": ID,
  });
  expect(await rows("SELECT destination, state, attempt, due_at, look_at FROM deliveries WHERE event = 2")).toEqual([
    { destination: "crm", state: "pending", attempt: 0, due_at: at, look_at: at + GRACE_MS },
  ]);
  expect(operator.rung).toEqual([{ v: 1, delivery: answer.delivery, attempt: 1, due: at, size: EDITED.length }]);
  expect(operator.reminded).toBe(at + GRACE_MS);
  const [entry] = await rows("SELECT at, actor, action, target, detail FROM audit");
  expect({ ...entry, detail: JSON.parse(String(entry?.["detail"])) }).toEqual({
    at,
    actor: "admin",
    action: "edit",
    target: ID,
    detail: { event: answer.event, destination: "crm", size: EDITED.length, sha256: await sha256(EDITED) },
  });
  expect(
    JSON.stringify([await rows("SELECT * FROM audit"), await rows("SELECT * FROM marks"), operator.logged]),
  ).not.toContain("amount");
});

test("each of the two tells of the other", async () => {
  await operator.accept();
  const { event } = await edit({ destination: "crm", body: EDITED });
  operator.clock += 1_000;
  const { event: second } = await edit({ destination: "billing", body: EDITED }, { id: event });
  const [old, made, last] = [
    await operator.get(`/api/events/${ID}`),
    await operator.get(`/api/events/${event}`),
    await operator.get(`/api/events/${second}`),
  ];
  const edited_at = new Date(NOON).toISOString();
  expect(old).toMatchObject({ edited_from: null, edited_as: [{ event, destination: "crm", edited_at }] });
  expect(made).toMatchObject({ edited_from: ID, edited_as: [{ event: second, destination: "billing" }], body: EDITED });
  expect(made["headers"]).toEqual({ "content-type": "application/json" });
  expect(last).toMatchObject({ edited_from: event, edited_as: [] });
});

test("a repeat under the same Idempotency-Key has the same answer and changes nothing; another order under it is refused", async () => {
  await operator.accept();
  const first = await edit({ destination: "crm", body: EDITED }, { key: "once" });
  operator.clock += 60_000;
  const before = await all();
  expect(await edit({ destination: "crm", body: EDITED }, { key: "once" })).toEqual(first);
  for (const order of [
    { destination: "billing", body: EDITED },
    { destination: "crm", body: `${EDITED} ` },
    { destination: "crm", body: EDITED, content_type: "text/plain" },
  ])
    expect(await edit(order, { key: "once" })).toMatchObject({
      status: 422,
      detail: expect.stringContaining("new one"),
    });
  expect(await all()).toEqual(before);
  expect(operator.rung).toHaveLength(1);
  const [one, other] = await Promise.all(
    [1, 2].map(() => edit({ destination: "crm", body: EDITED }, { key: "twice" })),
  );
  expect(one).toEqual(other);
  expect(await rows("SELECT count(*) AS n FROM events")).toEqual([{ n: 3 }]);
});

test.for<[string, object, number, RegExp]>([
  ["an unknown destination", { destination: "nowhere", body: EDITED }, 404, /GET \/api\/destinations/],
  ["a body over 256 KB", { destination: "crm", body: "x".repeat(256 * 1024 + 1) }, 413, /262145 bytes.*262144/],
  ["an order over 1 MiB", { destination: "crm", body: "x".repeat(1024 * 1024) }, 413, /1048576 bytes/],
  ["what is no base64", { destination: "crm", body: "{}", encoding: "base64" }, 400, /^body: .*base64/],
  ["an encoding that is none", { destination: "crm", body: "{}", encoding: "hex" }, 400, /^encoding: .*text, base64/],
  [
    "a content type that is none",
    { destination: "crm", body: "{}", content_type: "json\r\nx: y" },
    400,
    /^content_type: /,
  ],
  ["half a surrogate pair", { destination: "crm", body: "\ud800" }, 400, /^body: .*base64/],
  ["no body", { destination: "crm" }, 400, /^body: /],
])("%s is refused, with what to do, and leaves nothing", async ([, order, status, says]) => {
  await operator.accept();
  expect(await edit(order)).toMatchObject({ status, detail: expect.stringMatching(says) });
  expect([await rows("SELECT 1 FROM events WHERE seq > 1"), await rows("SELECT 1 FROM audit"), operator.rung]).toEqual([
    [],
    [],
    [],
  ]);
});

test("an unknown event is 404, and so is one that retention takes in the meantime", async () => {
  expect(await edit({ destination: "crm", body: EDITED }, { id: OTHER })).toMatchObject({
    status: 404,
    detail: expect.stringContaining("GET /api/events"),
  });
  await operator.accept();
  const { tables } = operator.deps;
  const late: typeof tables.once = async (...asked) => {
    await rows("DELETE FROM events");
    return await tables.once(...asked);
  };
  const gone = await edit(
    { destination: "crm", body: EDITED },
    { key: "late", other: { tables: { ...tables, once: late } } },
  );
  expect(gone.status).toBe(404);
  expect(await rows("SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM audit) AS n")).toEqual([{ n: 0 }]);
});

test("bytes that are no text go as base64, and an event whose body is gone is edited as well", async () => {
  await operator.accept({ body: null, size: 9, parts: 2, encoding: "base64", headers: { "content-encoding": "gzip" } });
  const bytes = new Uint8Array([0x1f, 0x8b, 0, 255, 10, 13]);
  const binary = await edit({
    destination: "crm",
    body: encodeBase64(bytes),
    encoding: "base64",
    content_type: "application/gzip",
  });
  const response = await operator.call(`/api/events/${binary.event}/body`);
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
  // What is text is no longer encoded as the old body was.
  const text = await edit({ destination: "crm", body: EDITED });
  expect(await operator.get(`/api/events/${binary.event}`)).toMatchObject({
    headers: { "content-encoding": "gzip", "content-type": "application/gzip" },
  });
  expect((await operator.get(`/api/events/${text.event}`))["headers"]).toEqual({});
  const largest = await edit({ destination: "crm", body: "é".repeat(128 * 1024) });
  expect(largest).toMatchObject({ status: 200, size: 256 * 1024 });
});

test("a crash leaves both or neither, and a bell that does not ring is the sweep's", async () => {
  await operator.accept();
  const { tables } = operator.deps;
  const dies: typeof tables.once = async (deed, ...asked) => {
    // The last of its statements fails, as where D1 is lost in the middle.
    return await tables.once({ ...deed, acts: [...deed.acts, "INSERT INTO events (seq) VALUES (NULL)"] }, ...asked);
  };
  await expect(
    edit({ destination: "crm", body: EDITED }, { key: "k", other: { tables: { ...tables, once: dies } } }),
  ).rejects.toThrow();
  expect(
    await rows(
      "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM marks) + (SELECT count(*) FROM audit) AS n",
    ),
  ).toEqual([{ n: 1 }]);
  expect((await edit({ destination: "crm", body: EDITED }, { key: "k", other: { ring: deaf } })).status).toBe(200);
  expect(await rows("SELECT state, look_at FROM deliveries WHERE event = 2")).toEqual([
    { state: "pending", look_at: NOON + GRACE_MS },
  ]);
});

test("the new event is replayed, cancelled, searched and expired as any other", async () => {
  await operator.accept();
  const { event } = await edit({ destination: "crm", body: EDITED });
  expect(await operator.get("/api/events?text=amount")).toMatchObject({ events: [{ id: event }] });
  const cancelled = await operator.call(`/api/events/${event}/cancel`, { method: "POST" });
  expect(await cancelled.json()).toMatchObject({ cancelled: 1 });
  expect(await operator.replay(event)).toMatchObject({ replayed: 1 });
  const { tables } = operator.deps;
  const edited = "SELECT 1 FROM marks WHERE name > 'edited:' AND name < 'edited;'";
  await tables.upkeep.expireAnswers(NOON + 1, NOON);
  expect(await rows(edited)).toHaveLength(1);
  // A deletion of the first finds the second by it, for as long as the first is here.
  await tables.upkeep.expireAnswers(NOON + 1, NOON + 1);
  expect(await rows(edited)).toHaveLength(1);
  await rows("DELETE FROM events WHERE seq = 1");
  await tables.upkeep.expireAnswers(NOON + 1, NOON + 1);
  expect(await rows("SELECT 1 FROM marks")).toEqual([]);
});

test("an edit is not heard from its source's sender", async () => {
  operator.vars = { SOURCES: { github: { provider: "github" } }, GITHUB_SECRET: "github-secret" };
  await operator.accept();
  operator.clock += 60_000;
  const { event } = await edit({ destination: "crm", body: EDITED });
  await edit({ destination: "crm", body: EDITED }, { id: event });
  const heard = await operator.get("/api/sources");
  expect(heard).toMatchObject({ sources: [{ name: "github", last_event_at: new Date(NOON).toISOString() }] });
  await rows("DELETE FROM events WHERE seq = 1");
  expect(await operator.get("/api/sources")).toMatchObject({
    sources: [{ name: "github", last_event_at: null }],
    events_looked_back_to: new Date(operator.clock).toISOString(),
  });
});

test("through the front door: a forged header is not kept, and the receiver gets the edited bytes, signed under the new id", async () => {
  const body = '{"amount":1}';
  const { id } = await (
    await github(body, "edit-me", "push", "github-secret", { "hookline-edited-from": OTHER })
  ).json<{
    id: string;
  }>();
  await deliveries("delivered");
  const { arrivals } = operator.receiver;
  const count = arrivals.length;
  expect(arrivals.map(({ headers }) => [...headers.keys()].filter((name) => name.includes("edited")))).toEqual(
    arrivals.map(() => []),
  );
  const ask = async (path: string, init: RequestInit = {}) =>
    await exports.default.fetch(
      new Request(`https://relay.example.com/api/events/${id}${path}`, {
        ...init,
        headers: { authorization: `Bearer ${TOKEN}` },
      }),
    );
  expect(await (await ask("")).json()).toMatchObject({ edited_from: null });
  const order = JSON.stringify({ destination: "first", body: EDITED });
  const made = await (await ask("/edit", { method: "POST", body: order })).json<Answer>();
  await until(() => arrivals.length === count + 1);
  const last = arrivals.at(-1);
  const headers = Object.fromEntries(last?.headers ?? []);
  expect(headers).toMatchObject({
    "webhook-id": made.event,
    "hookline-edited-from": id,
    "hookline-source": "github",
    "hookline-attempt": "1",
    "content-type": "application/json",
  });
  const text = new TextDecoder().decode(last?.body);
  expect(text).toBe(EDITED);
  const secret = await derivedSecret("test-signing-key-0123456789abcdef", "first");
  expect(new Webhook(secret).verify(text, headers)).toEqual({ amount: 2 });
  await deliveries("delivered");
  expect(await (await ask("/body")).text()).toBe(body);
});
