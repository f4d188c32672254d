// The history as lines: each event with all that is known of it, in order, resumable, and opened where it is kept sealed.
import { expect, test } from "vitest";
import { line } from "../../../src/contract/line.ts";
import { bucket, grownOld, relayWith, send } from "../kit/archived.ts";
import { TOKEN } from "../kit/front.ts";
import { exported } from "../kit/moving.ts";
import { carried, rows, setUp, until } from "../kit/relay.ts";

const receiver = setUp();
const ended = async () => {
  await carried();
  await until(async () => (await rows("SELECT 1 FROM deliveries WHERE ended_at IS NULL")).length === 0);
};

test("an event is a line in the archive's format, with its body, its deliveries and every attempt", async () => {
  const relay = relayWith(null);
  receiver.behaviour = () => new Response("no", { status: receiver.arrivals.length === 1 ? 500 : 200 });
  const id = await send(relay, "k1", '{"n":"größe"}');
  await ended();
  const binary = await send(relay, "k2", new Uint8Array([0, 255, 254, 10]));
  const large = await send(relay, "k3", `"${"größe".repeat(100_000)}"`);
  await ended();
  const story = await relay.api<{ deliveries: { attempts: object[] }[] }>(`/events/${id}`);
  const lines = await exported(relay);
  expect(lines.map((one) => one.id)).toEqual([id, binary, large]);
  expect(lines.every((one) => line.safeParse(one).success)).toBe(true);
  expect(lines[0]).toMatchObject({ v: 1, source: "acme", type: "order.paid", body: '{"n":"größe"}', encoding: "text" });
  expect(lines[0]?.deliveries[0]?.attempts).toEqual(story.deliveries[0]?.attempts);
  expect(lines[1]).toMatchObject({ encoding: "base64", body: "AP/+Cg==" });
  expect(lines[2]?.body).toBe(`"${"größe".repeat(100_000)}"`);
});

test("it goes on behind any line, and takes only what is asked for", async () => {
  const relay = relayWith(null);
  const ids: string[] = [];
  for (let n = 0; n < 4; n += 1) ids.push(await send(relay, `k${n}`, "{}", n === 2 ? "other" : "acme"));
  await ended();
  const lines = await exported(relay);
  expect(lines.map(({ id }) => id)).toEqual(ids);
  expect((await exported(relay, `cursor=${lines[1]?.cursor}`)).map(({ id }) => id)).toEqual(ids.slice(2));
  expect((await exported(relay, "source=other")).map(({ id }) => id)).toEqual([ids[2]]);
  await rows("UPDATE events SET received_at = received_at - 864000000 WHERE seq = 1");
  const since = new Date(Date.now() - 3_600_000).toISOString();
  expect((await exported(relay, `since=${since}`)).map(({ id }) => id)).toEqual(ids.slice(1));
  expect((await exported(relay, `until=${since}`)).map(({ id }) => id)).toEqual([ids[0]]);
  const ask = async (query: string) =>
    (await relay.ask(`/api/export?${query}`, { headers: { authorization: `Bearer ${TOKEN}` } })).status;
  expect([await ask("cursor=nonsense"), await ask("archived=true"), await ask("archived=perhaps")]).toEqual([
    400, 409, 400,
  ]);
});

const copy = (first: number, last: number, source: string, size: number) =>
  rows(
    `WITH RECURSIVE n (n) AS (SELECT ${first} UNION ALL SELECT n + 1 FROM n WHERE n < ${last})
       INSERT INTO events (seq, id, receipt, source, type, received_at, headers, encoding, size, body, parts)
       SELECT n, printf('evt_%032x', n), printf('%025d', n), '${source}', 't', 0, '{}', 'text', ${size}, printf('%.*c', ${size}, 'x'), 0 FROM n`,
  );

test("pages end with many events and with large ones, and a walk that finds nothing in a stretch goes on", async () => {
  const relay = relayWith(null);
  await send(relay, "k", "{}");
  await ended();
  await copy(2, 450, "acme", 1);
  await copy(451, 5_600, "other", 1);
  await copy(5_601, 5_640, "acme", 250_000);
  const lines = await exported(relay, "source=acme");
  expect(lines).toHaveLength(490);
  expect(new Set(lines.map(({ id }) => id)).size).toBe(490);
});

test("what is kept sealed is opened, and what is deleted is gone", async () => {
  const relay = relayWith(null);
  receiver.behaviour = () => new Response("you sent secret", { status: 200 });
  await send(relay, "k1", '{"secret":1}', "closed");
  const large = `"${"secret".repeat(60_000)}"`;
  await send(relay, "k2", large, "closed");
  const id = await send(relay, "k3", '{"other":1}');
  await carried();
  // The shared relay, which hears the bells, has no key.
  await rows("UPDATE deliveries SET state = 'delivered', look_at = NULL, ended_at = 1 WHERE ended_at IS NULL");
  await relay.api(`/events/${id}/delete`, "POST");
  const [first, second, third] = await exported(relay);
  expect(first).toMatchObject({ body: '{"secret":1}', headers: { "content-type": "application/json" } });
  expect(first).not.toHaveProperty("sealed");
  expect(first?.deliveries[0]?.answer).toBe("you sent secret");
  expect(second?.body === large).toBe(true);
  expect(third).toMatchObject({ body: "", headers: {} });
  expect(third?.gone).toContain("deleted");
});

test("behind the history come the segments of the archive, whole and opened", async () => {
  const relay = relayWith(bucket);
  const old = [await send(relay, "k1", "{}"), await send(relay, "k2", '{"secret":1}', "closed")];
  await grownOld();
  for (let n = 0; n < 2; n += 1) await relayWith(bucket).minute();
  expect(await rows("SELECT id FROM events")).toEqual([]);
  const young = await send(relay, "k3", "{}");
  await ended();
  expect((await exported(relay)).map(({ id }) => id)).toEqual([young]);
  const lines = await exported(relay, "archived=true");
  expect(lines.map(({ id }) => id)).toEqual([young, ...old.toReversed()]);
  expect(lines[1]).toMatchObject({ body: '{"secret":1}' });
  expect(lines[1]).not.toHaveProperty("sealed");
  expect((await exported(relay, `archived=true&cursor=${lines[1]?.cursor}`)).map(({ id }) => id)).toEqual([old[0]]);
});
