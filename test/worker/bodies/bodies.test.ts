// Large bodies in a bucket: D1 has a row for each piece and no byte of it, and what is sent, read and sent again is what came.
import { expect, test } from "vitest";
import { TOKEN } from "../kit/front.ts";
import { openDatabase } from "../../../src/d1/database.ts";
import { type Bodies, openParts } from "../../../src/d1/parts.ts";
import { openRetention } from "../../../src/d1/retention.ts";
import { accepted, bodyOf, bucket, keys, marks, onDuty, relayWith, send, withVerbs } from "../kit/bodied.ts";
import { bindings, bytes, deliveries, rows, setUp, until } from "../kit/relay.ts";

const receiver = setUp();
const DAY = 24 * 60 * 60_000;

const TEXT = `\uFEFF{"n":"${"größe ".repeat(300_000)}"}`;
const BINARY = new Uint8Array(25 * 1024 * 1024).map((_, at) => (at * 7 + (at >> 8)) % 256);

const same = (one: Uint8Array | undefined, other: Uint8Array) => one !== undefined && Buffer.compare(one, other) === 0;

/** The delivery, once it was put off for want of its body. */
const waits = async () =>
  await until(async () => {
    const [row] = await rows<{ state: string; attempt: number; due: number }>(
      "SELECT state, attempt, due_at - (SELECT received_at FROM events) AS due FROM deliveries",
    );
    return row !== undefined && row.due > 200_000 && row;
  });

const arrivedOf = (id: string) =>
  receiver.arrivals.filter(({ headers }) => headers.get("webhook-id")?.startsWith(id)).map(({ body }) => body);

test("text with a byte order mark and 25 MiB of bytes arrive, are read and arrive again as they came", async () => {
  const relay = onDuty(relayWith(bucket));
  const ids = [await accepted(relay, "1", TEXT), await accepted(relay, "2", BINARY), await accepted(relay, "3", "{}")];
  await deliveries("delivered");
  const sent = [bytes(TEXT), BINARY, bytes("{}")];
  for (const [n, id] of ids.entries()) {
    expect([n, arrivedOf(id).map((one) => same(one, sent[n]!))]).toEqual([n, [true]]);
    expect([n, same(await bodyOf(relay, id), sent[n]!)]).toEqual([n, true]);
  }
  expect(await rows("SELECT event, n FROM event_parts WHERE data <> ''")).toEqual([]);
  const parts = await rows<{ receipt: string; n: number }>("SELECT receipt, n FROM event_parts");
  expect(parts.length).toBeGreaterThan(30);
  expect((await keys()).toSorted()).toEqual(parts.map(({ receipt, n }) => `bodies/${receipt}/${n}`).toSorted());

  await relay.api(`/events/${ids[1]}/replay`, "POST");
  await until(() => arrivedOf(ids[1]!).length === 2);
  expect(same(arrivedOf(ids[1]!)[1], BINARY)).toBe(true);
  await deliveries("delivered");
});

test("a repeat keeps nothing, and what its sender changed is refused or is another event", async () => {
  const relay = onDuty(relayWith(bucket));
  const id = await accepted(relay, "1", TEXT);
  await deliveries("delivered");
  const before = await keys();
  expect(await accepted(relay, "1", TEXT)).toBe(id);
  expect(await keys()).toEqual(before);
});

test(
  "retention takes the objects with the rows, and what the bucket does not remove is removed later",
  { meta: { provokes: ["bodies.not_removed"] } },
  async () => {
    const relay = onDuty(relayWith(bucket));
    await accepted(relay, "1", TEXT);
    await deliveries("delivered");
    const before = await keys();
    await rows("UPDATE events SET received_at = received_at - ?1", 10 * DAY);
    await rows("UPDATE deliveries SET ended_at = ended_at - ?1", DAY);
    const failing = withVerbs({
      delete: async () => await Promise.reject(new Error("delete: internal error (10001)")),
    });
    await relayWith(failing).minute();
    expect(await rows("SELECT id FROM events UNION ALL SELECT receipt FROM event_parts")).toEqual([]);
    expect([await keys(), await marks()]).toEqual([before, before]);
    // Without the binding they wait for it.
    await relayWith(null).minute();
    expect([await keys(), await marks()]).toEqual([before, before]);
    await relayWith(bucket).minute();
    expect([await keys(), await marks()]).toEqual([[], []]);
  },
);

test("what is deleted leaves the bucket, and so does a body that has a retention of its own", async () => {
  const relay = onDuty(relayWith(bucket, { BODY_RETENTION_DAYS: "2" }));
  const [one, other] = [await accepted(relay, "1", TEXT), await accepted(relay, "2", TEXT)];
  await deliveries("delivered");
  await relay.api(`/events/${one}/delete`, "POST");
  expect(await marks()).toHaveLength(3);
  await relay.minute();
  expect([(await keys()).length, await marks()]).toEqual([3, []]);
  await rows("UPDATE events SET received_at = received_at - ?1", 3 * DAY);
  await rows("UPDATE deliveries SET ended_at = ended_at - ?1", DAY);
  // One retention has its turn in a minute.
  for (let n = 0; n < 3; n += 1) await relayWith(bucket, { BODY_RETENTION_DAYS: "2" }).minute();
  expect([await keys(), await marks()]).toEqual([[], []]);
  expect(await relay.api(`/events/${other}`)).toMatchObject({ body_gone: { why: "retention" } });
});

test("a bucket that takes nothing refuses the event as D1 would, and nobody is left with half of it", async () => {
  const failing = withVerbs({ put: async () => await Promise.reject(new Error("put: internal error (10001)")) });
  const refused = await send(relayWith(failing), "1", TEXT);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "30"]);
  // Nothing of why is said to a stranger.
  expect(await refused.json()).toEqual({ type: "about:blank", title: "Service Unavailable", status: 503 });
  expect(await rows("SELECT id FROM events")).toEqual([]);

  const late = withVerbs({
    put: async (...put: Parameters<typeof bucket.put>) => {
      await bucket.put(...put);
      throw new Error("put: internal error (10001)");
    },
  });
  expect((await send(relayWith(late), "1", TEXT)).status).toBe(503);
  const relay = onDuty(relayWith(bucket));
  await accepted(relay, "1", TEXT);
  await deliveries("delivered");
  expect(receiver.arrivals.map(({ body }) => same(body, bytes(TEXT)))).toEqual([true]);
  expect(await rows("SELECT DISTINCT receipt FROM event_parts")).toHaveLength(3);
  // Those that nobody has come back for go like any parts of a repeat.
  await rows(
    "UPDATE event_parts SET receipt = '0' || substr(receipt, 2) WHERE receipt NOT IN (SELECT receipt FROM events)",
  );
  for (const key of await keys()) {
    const [, receipt = "", n] = key.split("/");
    if ((await rows("SELECT 1 FROM events WHERE receipt = ?1", receipt)).length > 0) continue;
    await bucket.put(`bodies/0${receipt.slice(1)}/${n}`, "old");
    await bucket.delete(key);
  }
  await relayWith(bucket).minute();
  const [{ receipt } = { receipt: "" }] = await rows<{ receipt: string }>("SELECT receipt FROM events");
  expect((await keys()).every((key) => key.startsWith(`bodies/${receipt}/`))).toBe(true);
  expect(await marks()).toEqual([]);
});

test(
  "a bucket that fails, or is not bound any more, keeps deliveries waiting, uncounted, and says what there is to do",
  { meta: { provokes: ["delivery.locked", "http.failed"] } },
  async () => {
    const relay = relayWith(bucket);
    const failing = relayWith(
      withVerbs({ get: async () => await Promise.reject(new Error("get: internal error (10001)")) }),
    );
    const unbound = onDuty(relayWith(null));
    const id = await accepted(relay, "1", TEXT);
    expect(await waits()).toMatchObject({ state: "pending", attempt: 0 });
    expect([receiver.arrivals, await rows("SELECT * FROM attempts")]).toEqual([[], []]);

    for (const [one, said] of [
      [unbound, /bucket that was bound as EVENT_BODIES, and none is: bind it again in wrangler\.toml, and deploy$/],
      [
        failing,
        /bucket EVENT_BODIES does not give its body: see whether it is still there \(Error: get: internal error/,
      ],
    ] as const) {
      for (const path of [`/api/events/${id}`, `/api/events/${id}/body`]) {
        const answer = await one.ask(path, { headers: { authorization: `Bearer ${TOKEN}` } });
        expect(answer.status).toBe(503);
        expect((await answer.json<{ detail: string }>()).detail).toMatch(said);
      }
    }
    // Somebody has removed the object, or has bound another bucket.
    const [key = ""] = await keys();
    const kept = await (await bucket.get(key))!.text();
    await bucket.delete(key);
    await expect(relay.api(`/events/${id}`)).rejects.toThrow(`the bucket EVENT_BODIES has no ${key}: bind the one`);
    await bucket.put(key, `\uFEFF${kept}`);

    onDuty(relay);
    await rows("UPDATE deliveries SET due_at = 0, look_at = 0");
    await relay.minute();
    await deliveries("delivered");
    expect(receiver.arrivals.map(({ body }) => same(body, bytes(TEXT)))).toEqual([true]);
  },
);

test("of a source that encrypts or redacts nothing plain is in the bucket", async () => {
  const relay = onDuty(relayWith(bucket));
  const card = JSON.stringify({ card: "4242 4242", after: "x".repeat(1_200_000) });
  const [closed, veiled] = [await accepted(relay, "1", card, "closed"), await accepted(relay, "2", card, "veiled")];
  await deliveries("delivered");
  expect(receiver.arrivals.map(({ body }) => same(body, bytes(card)))).toEqual([true, true]);
  const objects = await Promise.all((await keys()).map(async (key) => await (await bucket.get(key))!.text()));
  expect(objects.length).toBeGreaterThanOrEqual(6);
  expect(objects.filter((text) => text.includes("4242 4242"))).toEqual([]);
  expect(same(await bodyOf(relay, closed), bytes(card))).toBe(true);
  // Once its deliveries have ended, what it was before goes.
  await relayWith(bucket).minute();
  const left = await rows<{ n: number }>("SELECT n FROM event_parts WHERE n >= 1000");
  expect([left, await marks()]).toEqual([[], []]);
  expect((await keys()).length).toBeLessThan(objects.length);
  expect(new TextDecoder().decode(await bodyOf(relay, veiled))).not.toContain("4242 4242");
});

test("a search passes over what is in the bucket, and says so; a page shows the rest of an event all the same", async () => {
  const relay = onDuty(relayWith(bucket));
  const [id, small] = [await accepted(relay, "1", TEXT), await accepted(relay, "2", '{"n":"größe"}')];
  await deliveries("delivered");
  expect(await relay.api("/events?text=größe")).toMatchObject({ events: [{ id: small }], bucket_skipped: 1 });
  const page = async (of: typeof relay, path: string) =>
    await (await of.ask(path, { headers: { authorization: `Bearer ${TOKEN}` } })).text();
  expect(await page(relay, `/events/${id}`)).toContain("größe größe");
  expect(await page(relayWith(null), `/events/${id}`)).toContain("It cannot be shown: its body is in the bucket");
});

test("a piece costs as many rows as in D1 to keep, and two more to remove: its mark, and the end of that", async () => {
  let written = 0;
  const watch = { result: (meta: D1Meta) => void (written += meta.rows_written), failed: () => {} };
  const run = openDatabase(bindings.DB, watch);
  const nowhere: Bodies = { put: async () => {}, get: async () => "", count: async () => 0, remove: async () => {} };
  const costs = async (work: Promise<unknown>) => {
    written = 0;
    await work;
    return written;
  };
  const found: number[][] = [];
  for (const [n, bodies] of [null, nowhere].entries()) {
    const parts = openParts(run, bodies);
    const kept = await costs(parts.put(`receipt-${n}`, "evt_1", 0, "one", "two"));
    found.push([kept, await costs(parts.drop(`receipt-${n}`))]);
  }
  const names = await marks();
  found.push([await costs(openRetention(run).left(names))]);
  expect(found).toEqual([[4, 2], [4, 4], [2]]);
});
