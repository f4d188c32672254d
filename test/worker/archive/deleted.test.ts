// What is deleted is gone from the archive too, whenever it went there.
import { expect, test } from "vitest";
import { archived, bucket, grownOld, inHistory, kept, relayWith, send, withPut } from "../kit/archived.ts";
import { carried, rows, setUp } from "../kit/relay.ts";

setUp();

test("what is deleted while it is being written stays deleted", async () => {
  const id = await send(relayWith(bucket), "k1", '{"secret":"canary"}');
  await grownOld();
  const other = relayWith(bucket);
  const slow = relayWith(
    withPut(async (key, value) => {
      await bucket.put(key, value);
      if ((await rows("SELECT 1 FROM events WHERE gone IS NULL")).length > 0)
        await other.api(`/events/${id}/delete`, "POST");
    }),
  );
  await slow.minute();
  expect(await other.api(`/events/${id}`)).toMatchObject({ body_gone: { why: "deleted" }, body: "" });
  expect(
    await rows("SELECT 1 FROM segments WHERE state IN ('kept', 'stale') AND instr(ids, ?1) > 0", id.slice(-16)),
  ).toEqual([]);
});

test("what is deleted while it is being written with others is in no object once that was written anew", async () => {
  const relay = relayWith(bucket);
  const id = await send(relay, "k1", '{"secret":"canary"}');
  await send(relay, "k2", '{"other":"stays"}');
  await grownOld();
  const slow = relayWith(
    withPut(async (key, value) => {
      await bucket.put(key, value);
      if ((await rows("SELECT 1 FROM events WHERE gone IS NULL")).length === 2)
        await relay.api(`/events/${id}/delete`, "POST");
    }),
  );
  await slow.minute();
  for (let n = 0; n < 3; n += 1) await relayWith(bucket).minute();
  expect(await kept()).not.toContain("canary");
  expect(await kept()).toContain("stays");
});

test("an event whose sender has repeated it after it was archived is deleted in both places", async () => {
  const relay = relayWith(bucket);
  const id = await send(relay, "k1", '{"secret":"canary"}');
  await grownOld();
  await relay.minute();
  expect(await kept()).toContain("canary");
  expect(await send(relay, "k1", '{"secret":"canary"}')).toBe(id);
  await carried();
  expect(await relay.api(`/events/${id}/delete`, "POST")).toMatchObject({ event: id });
  expect(await archived(relay)).toEqual([]);
  for (let n = 0; n < 3; n += 1) await relayWith(bucket).minute();
  expect(await kept()).not.toContain("canary");
});

/** A bucket that takes each object, and in whose course the delivery of this event is noted otherwise, once. */
function changing(id: string) {
  let done = false;
  return withPut(async (key, value) => {
    await bucket.put(key, value);
    if (done) return;
    done = true;
    await rows("UPDATE deliveries SET attempt = 2 WHERE event = (SELECT seq FROM events WHERE id = ?1)", id);
  });
}

test("what had to stay, and was changed while it was written, is met again", async () => {
  const [first, second] = [await send(relayWith(bucket), "k1", "{}"), await send(relayWith(bucket), "k2", "{}")];
  await grownOld();
  await rows("UPDATE deliveries SET state = 'pending', ended_at = NULL");
  const young = await send(relayWith(bucket), "k3", "{}");
  await carried();
  await relayWith(bucket).minute();
  expect(await inHistory()).toEqual([first, second, young]);
  await rows("UPDATE deliveries SET state = 'delivered', ended_at = 1 WHERE state = 'pending'");
  await relayWith(changing(first)).minute();
  expect(await inHistory()).toEqual([first, young]);
  for (let n = 0; n < 3; n += 1) await relayWith(bucket).minute();
  expect(await inHistory()).toEqual([young]);
});

test("what was changed while it was written beside one that is open is met again", async () => {
  const ids = [await send(relayWith(bucket), "k1", "{}"), await send(relayWith(bucket), "k2", "{}")];
  await grownOld();
  await rows(
    "UPDATE deliveries SET state = 'pending', ended_at = NULL WHERE event = (SELECT seq FROM events WHERE id = ?1)",
    ids[1],
  );
  const young = await send(relayWith(bucket), "k3", "{}");
  await carried();
  await relayWith(changing(ids[0] ?? "")).minute();
  expect(await inHistory()).toEqual([...ids, young]);
  await rows("UPDATE deliveries SET state = 'delivered', ended_at = 1 WHERE state = 'pending'");
  for (let n = 0; n < 4; n += 1) await relayWith(bucket).minute();
  expect(await inHistory()).toEqual([young]);
});
