// An event that is deleted while somebody brings it back from the archive, and copies of one that was brought back.
import { expect, test } from "vitest";
import { bucket, ended, grownOld, inHistory, kept, relayWith, send } from "../kit/archived.ts";
import { TOKEN } from "../kit/front.ts";
import { carried, rows, setUp } from "../kit/relay.ts";

setUp();

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
  const edited = await relay.ask(`/api/events/${id}/edit`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ destination: "first", body: '{"canary":"edited"}' }),
  });
  expect(edited.status).toBeLessThan(300);
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
