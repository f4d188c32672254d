// Events of another relay become history: with their ids, times and attempts, once, and nothing of them is sent.
import { expect, test } from "vitest";
import { bucket, grownOld, relayWith, send } from "../kit/archived.ts";
import { emptied, exported, imported, order } from "../kit/moving.ts";
import { carried, rows, setUp, until } from "../kit/relay.ts";

const receiver = setUp();
const ended = async () => {
  await carried();
  await until(async () => (await rows("SELECT 1 FROM deliveries WHERE ended_at IS NULL")).length === 0);
};
const nothing = { imported: 0, known: 0, cancelled: 0, expired: 0, not_configured: [] };

/** The history of a relay, which is empty again. */
async function historyOf(relay: ReturnType<typeof relayWith>, ...bodies: (string | Uint8Array)[]) {
  for (const [n, body] of bodies.entries()) await send(relay, `k${n}`, body);
  await ended();
  const lines = await exported(relay);
  const stories = await Promise.all(lines.map(async ({ id }) => await relay.api(`/events/${id}`)));
  await emptied();
  receiver.arrivals = [];
  return { lines, stories };
}

test("an imported event tells the same story, whatever its body is, and importing it again changes nothing", async () => {
  const relay = relayWith(null);
  receiver.behaviour = () => new Response("no", { status: receiver.arrivals.length === 1 ? 500 : 200 });
  const { lines, stories } = await historyOf(relay, '{"n":"größe"}', new Uint8Array([0, 255, 254]), "");
  expect(await imported(relay, lines)).toEqual({ ...nothing, imported: 3 });
  for (const [n, { id }] of lines.entries()) expect(await relay.api(`/events/${id}`)).toEqual(stories[n]);
  const before = await rows("SELECT * FROM events");
  expect(await imported(relay, lines)).toEqual({ ...nothing, known: 3 });
  expect(await imported(relay, [lines[0], lines[0]])).toEqual({ ...nothing, known: 2 });
  expect(await rows("SELECT * FROM events")).toEqual(before);
  expect(receiver.arrivals).toEqual([]);
  // What has failed once and then succeeded is no failure of today.
  expect(
    await rows("SELECT * FROM failures UNION ALL SELECT destination, failures, 1, 1, 1, 1, 1, 1, 1 FROM breakers"),
  ).toEqual([]);
  expect(
    await rows("SELECT actor, action, target, detail->>'events' AS events FROM audit WHERE action = 'import'"),
  ).toEqual([{ actor: "admin", action: "import", target: "acme", events: 3 }]);
  // An export of the import is the export that it was made of, but for what names the acceptance and the place.
  const again = await exported(relay);
  const told = (all: typeof lines) => all.map((line) => Object.assign({}, line, { receipt: "", cursor: "" }));
  expect(told(again)).toEqual(told(lines));
});

test("a repeat from the sender is a duplicate, and a replay sends the event under its own id", async () => {
  const relay = relayWith(null);
  const { lines } = await historyOf(relay, '{"n":1}');
  await imported(relay, lines);
  const id = await send(relay, "k0", '{"n":1}');
  expect(id).toBe(lines[0]?.id);
  await carried();
  expect(receiver.arrivals).toEqual([]);
  expect(await relay.api(`/events/${id}/replay`, "POST")).toMatchObject({ replayed: 1 });
  await until(async () => receiver.arrivals.length === 1);
  await carried();
  expect(receiver.arrivals[0]?.headers.get("webhook-id")).toBe(id);
  expect(new TextDecoder().decode(receiver.arrivals[0]?.body)).toBe('{"n":1}');
  expect(await relay.api(`/events/${id}`)).toMatchObject({ deliveries: [{ state: "delivered", attempt: 2 }] });
});

test("what was open has ended, and is not sent by itself", async () => {
  const relay = relayWith(null);
  const { lines } = await historyOf(relay, "{}");
  const open = lines.map((one) => ({
    ...one,
    deliveries: one.deliveries.flatMap((delivery) => [
      { ...delivery, state: "pending", ended_at: null, due_at: "2020-01-01T00:00:00.000Z" },
      { ...delivery, destination: "elsewhere", state: "held", ended_at: null },
    ]),
  }));
  expect(await imported(relay, open)).toEqual({ ...nothing, imported: 1, cancelled: 2, not_configured: ["elsewhere"] });
  await relay.minute();
  await carried();
  expect(receiver.arrivals).toEqual([]);
  expect(await relay.api(`/events/${lines[0]?.id}`)).toMatchObject({
    deliveries: [
      { destination: "elsewhere", state: "failed", reason: "cancelled" },
      { destination: "first", state: "failed", reason: "cancelled" },
    ],
  });
});

test("a line that does not fit is named, and nothing of its order is imported", async () => {
  const relay = relayWith(null);
  const { lines } = await historyOf(relay, '{"n":1}', "{}");
  const [first, second] = lines;
  const says = async (line: object, more: object = {}) => {
    const answer = await order(relay, "/import", { lines: [first, { ...second, ...line }], ...more });
    expect(await rows("SELECT id FROM events")).toEqual([]);
    return `${answer.status} ${(await answer.json<{ detail: string }>()).detail}`;
  };
  expect(await says({ source: "nobody" })).toMatch(
    /^422 lines\.1: the event evt_.* is of the source "nobody", which this relay does not have/,
  );
  expect(await says({ size: 3 })).toMatch(
    /^422 lines\.1: the event evt_.* says that its body has 3 bytes, and it has 2/,
  );
  expect(await says({ encoding: "base64" })).toMatch(/^422 lines\.1: .*is not base64/);
  expect(await says({ v: 2 })).toMatch(/^400 lines\.1\.v: must be 1/);
  expect(await says({ gone: "no" })).toMatch(/^400 lines\.1\.gone/);
  expect(await says({ sealed: { headers: "", object: null, parts: 0 } })).toMatch(
    /^400 lines\.1\.sealed: .*hookline export opens it/,
  );
  expect(await says({ uploaded: { receipt: "0mw6p6wefi983013fa51a82f", parts: 2 } })).toMatch(
    /^400 lines\.1\.uploaded/,
  );
  expect(await says({ uploaded: { receipt: "0mw6p6wefi983013fa51a82ff", parts: 2 } })).toMatch(
    /^422 .*2 pieces, and not all of them are here/,
  );
  expect(await says({}, { as_source: "nobody" })).toMatch(/^422 lines\.0: /);
  expect(await imported(relay, lines, { as_source: "other" })).toMatchObject({ imported: 2 });
  expect(await rows("SELECT DISTINCT source FROM events")).toEqual([{ source: "other" }]);
});

test("a source that encrypts keeps what is imported sealed, and opens it", async () => {
  const relay = relayWith(null);
  receiver.behaviour = () => new Response("you sent canary", { status: 200 });
  const { lines, stories } = await historyOf(relay, '{"secret":"canary"}');
  expect(await imported(relay, lines, { as_source: "closed" })).toMatchObject({ imported: 1 });
  const all = await Promise.all(
    ["events", "deliveries", "attempts"].map(async (table) => await rows(`SELECT * FROM ${table}`)),
  );
  expect(JSON.stringify(all)).not.toContain("canary");
  expect(await relay.api(`/events/${lines[0]?.id}`)).toEqual({
    ...Object(stories[0]),
    source: "closed",
    encrypted: true,
    deliveries: Object(stories[0]).deliveries.map((one: object) => Object.assign({}, one, { source: "closed" })),
  });
});

test("a large body comes in pieces before its line, and is whole", async () => {
  const relay = relayWith(null);
  const { lines } = await historyOf(relay, `"${"größe".repeat(100_000)}"`);
  const [line] = lines;
  if (line === undefined) throw new Error("nothing was exported");
  const bytes = Buffer.from(line.body);
  // A character of two bytes is not cut.
  const cuts = [0, 600_001, bytes.length];
  const upload = async (source: string) => {
    let receipt: string | null = null;
    for (const n of [0, 1]) {
      const data = bytes.subarray(cuts[n], cuts[n + 1]).toString("base64");
      const piece: object = { event: line.id, source, receipt, n, encoding: "text", data };
      ({ receipt } = await (await order(relay, "/import/parts", piece)).json<{ receipt: string | null }>());
    }
    return receipt;
  };
  expect(await imported(relay, [line])).toMatchObject({
    status: 422,
    detail: expect.stringContaining("POST /import/parts"),
  });
  for (const source of ["acme", "closed"]) {
    const uploaded = { receipt: await upload(source), parts: 2 };
    expect(await imported(relay, [{ ...line, body: "", uploaded }], { as_source: source })).toMatchObject({
      imported: 1,
    });
    const { body } = await relay.api<{ body: string }>(`/events/${line.id}`);
    expect(body === line.body).toBe(true);
    expect(await upload(source)).toBeNull();
    await emptied();
  }
});

test("what is older than it would be kept is left out, or goes to the archive, and is known there", async () => {
  const relay = relayWith(null);
  await send(relay, "k1", "{}");
  await grownOld();
  const lines = await exported(relay);
  await emptied();
  expect(await imported(relay, lines)).toEqual({ ...nothing, expired: 1 });
  const archiving = relayWith(bucket);
  // It is behind a younger one: cleaning up goes along the events in the order of their numbers.
  await send(archiving, "k2", "{}");
  await ended();
  expect(await imported(archiving, lines)).toEqual({ ...nothing, imported: 1 });
  await relayWith(bucket).minute();
  expect(await rows("SELECT id FROM events WHERE id = ?1", lines[0]?.id)).toEqual([]);
  expect(await archiving.api(`/events/${lines[0]?.id}`)).toHaveProperty("archived");
  expect(await imported(archiving, lines)).toEqual({ ...nothing, known: 1 });
});

test("whoever looks for a time finds what was imported behind younger events", async () => {
  const relay = relayWith(null);
  const { lines } = await historyOf(relay, "{}");
  const day = 24 * 3_600_000;
  const old = new Date(Date.now() - 3 * day).toISOString();
  await send(relay, "young", "{}");
  await ended();
  await rows(
    `WITH RECURSIVE n (n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM n WHERE n < 6000)
     INSERT INTO events (seq, id, receipt, source, type, received_at, headers, encoding, size, body, parts)
     SELECT n, printf('evt_%032x', n), printf('%025d', n), 'other', 't', ?1, '{}', 'text', 2, '{}', 0 FROM n`,
    Date.now() - day,
  );
  expect(await imported(relay, [{ ...lines[0], received_at: old }])).toMatchObject({ imported: 1 });
  const found = async (query: string) => {
    const ids: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const more: string = cursor === "" ? "" : `&cursor=${cursor}`;
      const page = await relay.api<{ events: { id: string }[]; next: string | null }>(
        `/events?source=acme&${query}${more}`,
      );
      ids.push(...page.events.map(({ id }) => id));
      cursor = page.next;
    }
    return ids;
  };
  expect(await found(`until=${new Date(Date.now() - 2 * day).toISOString()}`)).toEqual([lines[0]?.id]);
  await rows("UPDATE events SET received_at = ?1 WHERE source = 'other'", Date.now() - 3 * day);
  expect(await found(`since=${new Date(Date.now() - day).toISOString()}`)).toHaveLength(1);
});
