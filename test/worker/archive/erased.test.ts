// An event that is deleted while somebody brings it back from the archive, and copies of one that was brought back.
import { expect, test } from "vitest";
import { bucket, ended, grownOld, inHistory, kept, relayWith, send } from "../kit/archived.ts";
import { TOKEN } from "../kit/front.ts";
import { carried, rows, setUp } from "../kit/relay.ts";

setUp();

type Relay = ReturnType<typeof relayWith>;

async function order<T>(relay: Relay, path: string, body: object): Promise<T> {
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  const answer = await relay.ask(`/api${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  expect(answer.status).toBeLessThan(300);
  return await answer.json<T>();
}

async function edit(relay: Relay, id: string): Promise<string> {
  const path = `/events/${id}/edit`;
  return (await order<{ event: string }>(relay, path, { destination: "first", body: '{"canary":"edited"}' })).event;
}

/** All that acme holds of `cus_1` is deleted. */
async function deleteAll(relay: Relay): Promise<void> {
  const { id } = await order<{ id: string }>(relay, "/erasures", { source: "acme", where: "body.customer=cus_1" });
  for (let n = 0; n < 60; n += 1) {
    await rows("UPDATE replays SET next_at = 0 WHERE next_at IS NOT NULL");
    await relay.minute();
    const { state } = await relay.api<{ state: string }>(`/erasures/${id}`);
    if (state === "counted") await order(relay, `/erasures/${id}/confirm`, {});
    if (state === "done") return;
  }
  throw new Error("the deletion does not end");
}

test("what was deleted since its line was read does not come back", async () => {
  const id = await send(relayWith(bucket), "k1", '{"secret":"canary"}');
  await grownOld();
  await relayWith(bucket).minute();
  const slow = relayWith({
    put: bucket.put.bind(bucket),
    delete: bucket.delete.bind(bucket),
    get: async (key: string) => {
      const object = await bucket.get(key);
      await rows("UPDATE segments SET ids = '', events = 0, state = 'stale'");
      return object;
    },
  });
  await expect(slow.api(`/events/${id}/replay`, "POST")).rejects.toThrow("404");
  expect(await inHistory()).toEqual([]);
  expect(await rows("SELECT 1 FROM audit WHERE action = 'restore'")).toEqual([]);
});

test("what was brought back while its segment is written anew comes from the new one", async () => {
  const relay = relayWith(bucket);
  const ids = [await send(relay, "k1", '{"n":1}'), await send(relay, "k2", '{"n":2}')];
  await grownOld();
  await relay.minute();
  let isFirst = true;
  const slow = relayWith({
    put: bucket.put.bind(bucket),
    delete: bucket.delete.bind(bucket),
    get: async (key: string) => {
      const object = await bucket.get(key);
      if (isFirst) {
        isFirst = false;
        await rows("UPDATE segments SET state = 'stale'");
        await relayWith(bucket).minute();
      }
      return object;
    },
  });
  await slow.api(`/events/${ids[0]}/replay`, "POST");
  expect(await inHistory()).toEqual([ids[0]]);
  expect(await rows("SELECT ids FROM segments WHERE state IN ('kept', 'stale')")).toEqual([
    { ids: ids[1]?.slice(-16) },
  ]);
});

test("what was made by hand of an event that was brought back from the archive is deleted with it", async () => {
  const relay = relayWith(bucket);
  const id = await send(relay, "k1", '{"secret":"canary"}');
  await carried();
  await edit(relay, id);
  await grownOld();
  await relay.minute();
  await rows("DELETE FROM marks WHERE name LIKE 'edited:%'");
  await relay.api(`/events/${id}/replay`, "POST");
  await carried();
  await ended();
  expect(await rows("SELECT value->>'destination' AS destination FROM marks WHERE name LIKE 'edited:%'")).toEqual([
    { destination: "first" },
  ]);
  await relayWith(bucket).api(`/events/${id}/delete`, "POST");
  for (let n = 0; n < 3; n += 1) await relayWith(bucket).minute();
  expect(await kept()).not.toContain("canary");
});

test("copies of all of a subject go from the archive, however many events one segment has of it, and copies of copies", async () => {
  const relay = relayWith(bucket);
  const ids: string[] = [];
  for (let n = 0; n < 101; n += 1) ids.push(await send(relay, `k${n}`, `{"customer":"cus_1","n":${n}}`));
  await carried();
  for (let n = 0; n < 6; n += 1) await edit(relay, ids[n * 10] ?? "");
  await carried();
  await edit(relay, await edit(relay, ids[99] ?? ""));
  await grownOld();
  for (let n = 0; n < 4; n += 1) await relayWith(bucket).minute();
  expect(await kept()).toContain("canary");
  await rows("DELETE FROM marks WHERE name LIKE 'edited:%'");
  await deleteAll(relay);
  expect(await inHistory()).toEqual([]);
  expect(await kept()).toBe("[]");
});

test("copies go from the archive, though their event was sent once more and stands in D1 and in the archive", async () => {
  const relay = relayWith(bucket);
  const id = await send(relay, "k1", '{"customer":"cus_1"}');
  await carried();
  await edit(relay, id);
  await grownOld();
  for (let n = 0; n < 2; n += 1) await relayWith(bucket).minute();
  await rows("DELETE FROM marks WHERE name LIKE 'edited:%'");
  expect(await send(relay, "k1", '{"customer":"cus_1"}')).toBe(id);
  await carried();
  await deleteAll(relay);
  expect(await kept()).toBe("[]");
});

test("a deletion has not ended while an object that was begun before may hold what it has deleted", async () => {
  const relay = relayWith(bucket);
  await send(relay, "k1", '{"customer":"cus_1"}');
  await carried();
  const begin =
    "INSERT INTO segments (key, state, at, events, size, sources, ids) VALUES ('events/x', 'writing', ?1, 0, 1, '[]', '')";
  await rows(begin, Date.now());
  await bucket.put("events/x", "what has died over it had written");
  await expect(deleteAll(relay)).rejects.toThrow("does not end");
  expect((await relay.api<{ erasures: object[] }>("/erasures")).erasures).toMatchObject([{ state: "rewriting" }]);
  await rows("UPDATE segments SET at = 0");
  await deleteAll(relay);
  expect(await bucket.list()).toMatchObject({ objects: [] });
});
