// Objects of the archive that are gone or damaged stop neither the others nor a deletion that has nothing left to do.
import { expect, test } from "vitest";
import { openDatabase } from "../../../src/d1/database.ts";
import { openErasures } from "../../../src/d1/erasures.ts";
import { bucket, grownOld, keys, relayWith, segments, send } from "../kit/archived.ts";
import { TOKEN } from "../kit/front.ts";
import { bindings, rows, setUp } from "../kit/relay.ts";

setUp();

/** Two segments of which something was taken out; the first one's object becomes what is given, or is removed. */
async function broken(bytes: Uint8Array | null): Promise<string> {
  const relay = relayWith(bucket);
  for (const key of ["k1", "k2"]) await send(relay, key, '{"n":1}');
  await grownOld();
  await relay.minute();
  for (const key of ["k3", "k4"]) await send(relay, key, '{"n":2}');
  await grownOld();
  await relayWith(bucket).minute();
  const [first = ""] = await keys();
  expect(await keys()).toHaveLength(2);
  await (bytes === null ? bucket.delete(first) : bucket.put(first, bytes));
  await rows("UPDATE segments SET state = 'stale', ids = substr(ids, 1, 16), events = 1");
  return first;
}
const rewriting = async () => await openErasures(openDatabase(bindings.DB)).rewriting(0);

test("a segment whose object is gone is given up, is told of once, and the others are written anew", async ({
  task,
}) => {
  task.meta.provokes = ["archive.lost"];
  const first = await broken(null);
  for (let n = 0; n < 3; n += 1) await relayWith(bucket).minute();
  expect(await rewriting()).toBe(false);
  const left = await segments();
  expect(left).toMatchObject([{ state: "kept" }]);
  expect(left[0]?.key).not.toBe(first);
});

test("a segment that is damaged keeps no other from being written anew, and goes once its object is removed", async ({
  task,
}) => {
  task.meta.provokes = ["archive.not_tidied", "archive.lost"];
  const first = await broken(new TextEncoder().encode("no gzip"));
  for (let n = 0; n < 3; n += 1) await relayWith(bucket).minute();
  expect(await segments()).toMatchObject([{ key: first, state: "stale" }, { state: "kept" }]);
  await bucket.delete(first);
  for (let n = 0; n < 2; n += 1) await relayWith(bucket).minute();
  expect(await rewriting()).toBe(false);
});

test("a deletion counts what a damaged segment has as unreadable, and goes on", async ({ task }) => {
  task.meta.provokes = ["archive.damaged"];
  const relay = relayWith(bucket);
  for (const key of ["k1", "k2"]) await send(relay, key, '{"n":1}');
  await grownOld();
  await relay.minute();
  const [key = ""] = await keys();
  await bucket.put(key, new TextEncoder().encode("no gzip"));
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  const body = JSON.stringify({ source: "acme", where: "body.n=1" });
  const { id } = await (await relay.ask("/api/erasures", { method: "POST", headers, body })).json<{ id: string }>();
  for (let n = 0; n < 4; n += 1) {
    await rows("UPDATE replays SET next_at = 0 WHERE next_at IS NOT NULL");
    await relay.minute();
  }
  expect(await relay.api(`/erasures/${id}`)).toMatchObject({ state: "counted", matched: 0, unreadable: 2 });
});
