// What retention removes is written into a segment first, is found there by time and by id, and comes back when somebody asks for it.
import { expect, test } from "vitest";
import {
  archived,
  at,
  bucket,
  ended,
  grownOld,
  inHistory,
  keys,
  linesOf,
  MINUTE,
  NINE_AGO,
  relayWith,
  segments,
  send,
  withPut,
} from "../kit/archived.ts";
import { TOKEN } from "../kit/front.ts";
import { carried, rows, setUp, until } from "../kit/relay.ts";

const receiver = setUp();

test("an event that retention removes is in a segment of its hour, whole, with what became of it", async () => {
  const relay = relayWith(bucket);
  receiver.behaviour = () => new Response("no", { status: receiver.arrivals.length === 1 ? 500 : 200 });
  const id = await send(relay, "k1", '{"n":"größe"}');
  await grownOld();
  const story = await relay.api<Record<string, unknown>>(`/events/${id}`);
  await relay.minute();
  expect(await rows("SELECT id FROM events")).toEqual([]);

  const [key = "", ...others] = await keys();
  expect(others).toEqual([]);
  const received = new Date(String(story["received_at"]));
  expect(key).toMatch(/^events\/\d{4}\/\d\d\/\d\d\/\d\d\/000000000001-000000000001-[0-9a-f]{8}\.ndjson\.gz$/);
  expect(key.split("/").slice(1, 5).join(" ")).toBe(received.toISOString().slice(0, 13).replaceAll(/[-T]/g, " "));
  const [line] = await linesOf(key);
  expect(line).toMatchObject({ v: 1, id, source: "acme", body: '{"n":"größe"}', size: 15 });
  // The archive tells the same story as the history did.
  const found = await relay.api<Record<string, unknown>>(`/events/${id}`);
  expect(found).toEqual({ ...story, archived: key });
  expect(await relay.api("/archive")).toMatchObject({
    events: [{ id, deliveries: [{ destination: "first", state: "delivered" }] }],
    next: null,
    complete: true,
  });
});

/** The bucket, with something else in the place of one of its verbs. */

test("while the bucket takes nothing, nothing is removed; what was half written is nobody's, and is removed in the end", async ({
  task,
}) => {
  task.meta.provokes = ["archive.failed"];
  const ids = [await send(relayWith(bucket), "k1", "{}"), await send(relayWith(bucket), "k2", "{}")];
  await grownOld();
  const failing = relayWith(
    withPut(async (key, value) => {
      await bucket.put(key, value);
      throw new Error("put: We encountered an internal error. Please try again. (10001)");
    }),
  );
  await failing.minute();
  expect(await inHistory()).toEqual(ids);
  expect(await segments()).toMatchObject([{ state: "writing" }]);
  expect(await archived(failing)).toEqual([]);
  expect(await rows("SELECT value FROM marks WHERE name = 'archive'")).toEqual([
    { value: "Error: put: We encountered an internal error. Please try again. (10001)" },
  ]);

  const relay = relayWith(bucket);
  await relay.minute();
  expect(await inHistory()).toEqual([]);
  expect(await archived(relay)).toEqual(ids.toReversed());
  expect(await rows("SELECT value FROM marks WHERE name = 'archive'")).toEqual([]);
  expect(await keys()).toHaveLength(2);
  // Somebody might still be at it, for an hour.
  await relayWith(bucket).minute();
  expect(await keys()).toHaveLength(2);
  await rows("UPDATE segments SET at = at - 3600001 WHERE state = 'writing'");
  for (let n = 0; n < 2; n += 1) await relayWith(bucket).minute();
  expect(await keys()).toHaveLength(1);
  expect(await segments()).toMatchObject([{ state: "kept" }]);
});

test("however many clean up at once, each event is in one segment", async () => {
  const ids: string[] = [];
  for (let n = 0; n < 4; n += 1) ids.push(await send(relayWith(bucket), `k${n}`, "{}"));
  await grownOld();
  await Promise.all([relayWith(bucket).minute(), relayWith(bucket).minute(), relayWith(bucket).minute()]);
  const relay = relayWith(bucket);
  expect(await inHistory()).toEqual([]);
  expect((await archived(relay)).toSorted()).toEqual(ids.toSorted());
  await relay.minute();
  await relayWith(bucket).minute();
  expect(await keys()).toHaveLength(1);
});

test("what somebody opens again while it is being written stays in the history, as it is by then", async () => {
  const [first, second] = [await send(relayWith(bucket), "k1", "{}"), await send(relayWith(bucket), "k2", "{}")];
  await grownOld();
  const again =
    "UPDATE deliveries SET attempt = 2, started_at = 7 WHERE event = (SELECT seq FROM events WHERE id = ?1)";
  const slow = relayWith(
    withPut(async (key, value) => {
      await bucket.put(key, value);
      await rows(again, first);
    }),
  );
  await slow.minute();
  expect(await inHistory()).toEqual([first]);
  expect(await archived(slow)).toEqual([second]);
  expect(await slow.api(`/events/${first}`)).not.toHaveProperty("archived");
  const relay = relayWith(bucket);
  await relay.minute();
  expect(await inHistory()).toEqual([]);
  expect((await archived(relay)).toSorted()).toEqual([first, second].toSorted());
  expect(await relay.api(`/events/${first}`)).toMatchObject({ deliveries: [{ attempt: 2 }] });
});

test("a replay brings an event back under its own id, byte for byte, and takes it out of its segment", async () => {
  const body = `{"large":"${"größe".repeat(100_000)}"}`;
  const relay = relayWith(bucket);
  const [id, other] = [await send(relay, "k1", body), await send(relay, "k2", "{}")];
  await grownOld();
  // The parts of a large body stand alone, because both together would be too much.
  for (let n = 0; n < 2; n += 1) await relayWith(bucket).minute();
  expect(await inHistory()).toEqual([]);
  expect(await rows("SELECT * FROM event_parts")).toEqual([]);
  const story = await relay.api<{ deliveries: object[] }>(`/events/${id}`);
  receiver.arrivals = [];

  expect(await relay.api(`/events/${id}/replay`, "POST")).toMatchObject({ replayed: 1 });
  await carried();
  await until(async () => receiver.arrivals.length === 1);
  await carried();
  const [arrival] = receiver.arrivals;
  expect(arrival?.headers.get("webhook-id")).toBe(id);
  expect(new TextDecoder().decode(arrival?.body)).toBe(body);
  expect(await archived(relay)).toEqual([other]);
  const back = await relay.api<{ deliveries: { attempts: object[] }[] }>(`/events/${id}`);
  expect(back).toMatchObject({ deliveries: [{ state: "delivered", attempt: 2 }] });
  expect(back.deliveries[0]?.attempts[0]).toEqual(story.deliveries.flatMap((one) => Reflect.get(one, "attempts"))[0]);
  expect(await rows("SELECT actor, action, target FROM audit ORDER BY seq")).toEqual([
    { actor: "admin", action: "restore", target: id },
    { actor: "admin", action: "replay", target: id },
  ]);
  // It is written anew once it is old again, and its first line goes from the bucket.
  await ended();
  for (let n = 0; n < 3; n += 1) await relayWith(bucket).minute();
  const held = await Promise.all((await keys()).map(linesOf));
  const lines = held.flat().toSorted((one, two) => one.size - two.size);
  expect(lines.map((line) => [line.id, line.deliveries[0]?.attempt])).toEqual([
    [other, 1],
    [id, 2],
  ]);
  expect((await archived(relay)).toSorted()).toEqual([id, other].toSorted());
});

test("what comes back stands behind younger events, and is old again all the same", async () => {
  const relay = relayWith(bucket);
  const old = await send(relay, "k1", "{}");
  await grownOld();
  await relay.minute();
  expect(await inHistory()).toEqual([]);
  const young = await send(relay, "k2", "{}");
  expect(await relay.api(`/events/${old}/replay`, "POST")).toMatchObject({ replayed: 1 });
  await carried();
  await until(async () => (await rows("SELECT 1 FROM deliveries WHERE ended_at IS NULL")).length === 0);
  expect(await inHistory()).toEqual([young, old]);
  await ended();
  for (let n = 0; n < 2; n += 1) await relayWith(bucket).minute();
  expect(await inHistory()).toEqual([young]);
  expect(await archived(relay)).toEqual([old]);
});

test("what comes back from the archive counts as no failure and no success of today", async () => {
  const relay = relayWith(bucket);
  receiver.behaviour = () => new Response("gone", { status: 410 });
  const gone = await send(relay, "k1", "{}");
  receiver.behaviour = () => new Response("ok");
  const good = await send(relay, "k2", "{}");
  await grownOld();
  await relay.minute();
  await rows("DELETE FROM failures");
  await rows("INSERT INTO breakers (destination, failures, since, last_at) VALUES ('first', 4, 1, 1)");
  for (const id of [gone, good]) await relay.api(`/events/${id}/route`, "POST");
  expect((await inHistory()).toSorted()).toEqual([gone, good].toSorted());
  expect(await rows("SELECT * FROM failures")).toEqual([]);
  expect(await rows("SELECT destination, failures FROM breakers")).toEqual([{ destination: "first", failures: 4 }]);
  expect(await relay.api(`/events/${gone}`)).toMatchObject({
    deliveries: [{ state: "failed", reason: "gone", status: 410 }],
  });
});

test("the archive is walked by source, type and time, a page at a time", async () => {
  const relay = relayWith(bucket);
  const ids: string[] = [];
  for (let n = 0; n < 5; n += 1) ids.push(await send(relay, `k${n}`, "{}", n === 2 ? "other" : "acme"));
  await grownOld();
  // One an hour, from the oldest on.
  for (const [n, id] of ids.entries())
    await rows("UPDATE events SET received_at = ?2 WHERE id = ?1", id, NINE_AGO + n * 60 * MINUTE);
  for (let n = 0; n < 5; n += 1) await relayWith(bucket).minute();
  expect(await inHistory()).toEqual([]);
  expect(await segments()).toHaveLength(5);
  const newest = ids.toReversed();
  const list = async (query: string) => {
    const page = await relay.api<{ events: { id: string }[]; next: string | null }>(`/archive?${query}`);
    return { ids: page.events.map(({ id }) => id), next: page.next };
  };
  expect((await list("")).ids).toEqual(newest);
  expect((await list("source=other")).ids).toEqual([ids[2]]);
  expect((await list("type=order.lost")).ids).toEqual([]);
  expect((await list(`since=${at(1)}&until=${at(3)}`)).ids).toEqual([ids[2], ids[1]]);
  const walked: string[] = [];
  for (let cursor: string | null = "", looks = 0; cursor !== null && looks < 9; looks += 1) {
    const page: { ids: string[]; next: string | null } = await list(
      `limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`,
    );
    walked.push(...page.ids);
    cursor = page.next;
  }
  expect(walked).toEqual(newest);
});

test("without a bucket retention removes, and whoever asks for the archive is told how to have one", async () => {
  const relay = relayWith(undefined);
  await send(relay, "k1", "{}");
  await grownOld();
  await relay.minute();
  expect(await inHistory()).toEqual([]);
  const answer = await relay.ask("/api/archive", { headers: { authorization: `Bearer ${TOKEN}` } });
  expect([answer.status, await answer.text()]).toEqual([409, expect.stringContaining("EVENT_ARCHIVE")]);

  const form = {
    method: "POST",
    redirect: "manual",
    headers: { "sec-fetch-site": "same-origin", "cf-connecting-ip": "192.0.2.7" },
    body: new URLSearchParams({ secret: TOKEN, to: "/" }),
  } as const;
  const cookie = (await relay.ask("/signin", form)).headers.get("set-cookie")?.split(";")[0] ?? "";
  const page = await relay.ask("/archive", { headers: { cookie } });
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("r2 bucket create hookline-archive")]);
});

test("what is kept encrypted is so in the archive, piece by piece; it is opened for whoever looks, and for a replay", async () => {
  const relay = relayWith(bucket);
  const large = `{"large":"${"größe".repeat(200_000)}"}`;
  receiver.behaviour = () => new Response("canary-answer");
  const bodies = ['{"small":"canary"}', large];
  const ids = [await send(relay, "k1", bodies[0] ?? "", "closed"), await send(relay, "k2", large, "closed")];
  await carried();
  // A large body goes by the queue, whose consumer here is the shared relay, which has no key.
  await rows(
    "UPDATE deliveries SET state = 'delivered', attempt = 1, started_at = 1, ended_at = 2, look_at = NULL WHERE ended_at IS NULL",
  );
  await grownOld();
  const before = await Promise.all(ids.map(async (id) => await relay.api<object>(`/events/${id}`)));
  await relay.minute();
  expect(await inHistory()).toEqual([]);
  const [key = ""] = await keys();
  const text = JSON.stringify(await linesOf(key));
  for (const plain of ["canary", "größe", "application/json"]) expect(text).not.toContain(plain);
  const after = await Promise.all(ids.map(async (id) => await relay.api<object>(`/events/${id}`)));
  expect(after).toEqual(before.map((story) => Object.assign(story, { archived: key })));
  receiver.arrivals = [];
  for (const id of ids) await relay.api(`/events/${id}/replay`, "POST");
  expect(await rows("SELECT count(*) AS n FROM events WHERE headers LIKE 'v1.%'")).toEqual([{ n: 2 }]);
  expect(await rows("SELECT count(*) AS n FROM event_parts WHERE data LIKE 'v1.%'")).toEqual([{ n: 2 }]);
});

test("an archived event is deleted like any other, and its line goes from the bucket with the next cleanups", async () => {
  const relay = relayWith(bucket);
  const [id, other] = [await send(relay, "k1", '{"secret":"canary"}'), await send(relay, "k2", "{}")];
  await grownOld();
  await relay.minute();
  expect(await relay.api(`/events/${id}/delete`, "POST")).toMatchObject({ event: id });
  expect(await relay.api(`/events/${id}`)).toMatchObject({ body_gone: { why: "deleted" }, body: "" });
  expect(await archived(relay)).toEqual([other]);
  for (let n = 0; n < 3; n += 1) await relayWith(bucket).minute();
  const held = JSON.stringify(await Promise.all((await keys()).map(linesOf)));
  expect([held.includes("canary"), held.includes(other)]).toEqual([false, true]);
});
