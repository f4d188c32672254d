// All of a subject is deleted: counted first, then everywhere, in the history and in the archive, with what was made of it by hand.
import { expect, test } from "vitest";
import type { ErasureAnswer } from "../../../src/contract/erasures.ts";
import { bucket, grownOld, kept, relayWith, send } from "../kit/archived.ts";
import { TOKEN } from "../kit/front.ts";
import { carried, rows, setUp } from "../kit/relay.ts";

setUp();

type Relay = ReturnType<typeof relayWith>;

async function order(relay: Relay, path: string, body: object = {}, key?: string) {
  const headers = {
    authorization: `Bearer ${TOKEN}`,
    "content-type": "application/json",
    ...(key === undefined ? {} : { "idempotency-key": key }),
  };
  const answer = await relay.ask(`/api${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json<ErasureAnswer>() };
}

/** Steps of the clock, until it waits for somebody or has ended. */
async function run(relay: Relay, id: string): Promise<ErasureAnswer> {
  for (let n = 0; n < 20; n += 1) {
    const job = await relay.api<ErasureAnswer>(`/erasures/${id}`);
    if (["counted", "done", "cancelled"].includes(job.state)) return job;
    await rows("UPDATE replays SET next_at = 0 WHERE next_at IS NOT NULL");
    await relay.minute();
  }
  throw new Error(`${id} has not come to an end`);
}

const of = (customer: string, more = "") => JSON.stringify({ customer: { id: customer }, more });
const bodyOf = async (relay: Relay, id: string) =>
  await relay.api<{ body: string; headers: object; body_gone?: { why: string } }>(`/events/${id}`);

test("what holds the value is counted, and deleted once that is confirmed; nothing else is", async () => {
  const relay = relayWith(undefined);
  const mine = [await send(relay, "k1", of("cus_123")), await send(relay, "k2", of("cus_123", "x".repeat(300_000)))];
  const sealed = await send(relay, "k3", of("cus_123"), "closed");
  const others = [
    await send(relay, "k4", of("cus_1234")),
    await send(relay, "k5", JSON.stringify({ customer: { name: "cus_123" } })),
    await send(relay, "k6", of("cus_123"), "other"),
  ];
  await send(relay, "k7", "<customer>cus_123</customer>");
  await carried();
  const wanted = { source: "acme", where: "body.customer.id=cus_123" };
  const { body: asked } = await order(relay, "/erasures", wanted);
  expect(asked).toMatchObject({ state: "counting", source: "acme", place: "body.customer.id", matched: 0, deleted: 0 });
  expect(JSON.stringify(await rows("SELECT * FROM replays"))).not.toContain("cus_123");
  expect((await order(relay, `/erasures/${asked.id}/confirm`)).status).toBe(409);
  const counted = await run(relay, asked.id);
  expect(counted).toMatchObject({ state: "counted", matched: 2, deleted: 0, looked: 5, unreadable: 1 });
  expect((await bodyOf(relay, mine[0] ?? "")).body).toBe(of("cus_123"));

  // One more comes while it is still to be confirmed.
  const late = await send(relay, "k8", of("cus_123", "late"));
  await carried();
  expect((await order(relay, `/erasures/${asked.id}/confirm`)).body).toMatchObject({ state: "deleting" });
  expect(await run(relay, asked.id)).toMatchObject({ state: "done", matched: 2, deleted: 3, unreadable: 1 });
  for (const id of [...mine, late])
    expect(await bodyOf(relay, id)).toMatchObject({ body: "", headers: {}, body_gone: { why: "deleted" } });
  for (const id of others) expect((await bodyOf(relay, id)).body).toContain("cus_123");
  expect(await rows("SELECT 1 FROM event_parts")).toEqual([]);

  const ofClosed = await order(relay, "/erasures", { ...wanted, source: "closed" });
  expect(await run(relay, ofClosed.body.id)).toMatchObject({ matched: 1 });
  await order(relay, `/erasures/${ofClosed.body.id}/confirm`);
  await run(relay, ofClosed.body.id);
  expect(await bodyOf(relay, sealed)).toMatchObject({ body: "", body_gone: { why: "deleted" } });
  const audit = await rows<{ action: string; detail: string }>(
    "SELECT action, detail FROM audit WHERE action LIKE 'erasures.%' ORDER BY seq LIMIT 3",
  );
  expect(audit.map(({ action }) => action)).toEqual(["erasures.start", "erasures.confirm", "erasures.done"]);
  expect(JSON.parse(audit[2]?.detail ?? "")).toMatchObject({ source: "acme", place: "body.customer.id", deleted: 3 });
  expect(JSON.stringify(audit)).not.toContain("cus_123");
});

test("what is archived is deleted from its segments, without being written into the history again, and so are edited copies that no longer say whose they are", async () => {
  const relay = relayWith(bucket);
  const edit = async (id: string) =>
    await order(relay, `/events/${id}/edit`, { destination: "first", body: '{"canary":"edited"}' });
  await send(relay, "k1", of("cus_9", "canary"));
  const edited = await send(relay, "k2", of("cus_9", "canary too"));
  await send(relay, "k3", of("cus_8", "another's"));
  const sealed = await send(relay, "k4", of("cus_9", "sealed"), "closed");
  await carried();
  await edit(edited);
  await grownOld();
  await relay.minute();
  expect(await kept()).toContain("canary");
  // One more of them in D1, whose copy was archived.
  const inD1 = await send(relay, "k5", of("cus_9", "here"));
  await carried();
  await edit(inD1);
  await carried();
  const { body: asked } = await order(relay, "/erasures", { source: "acme", where: "body.customer.id=cus_9" });
  expect(await run(relay, asked.id)).toMatchObject({ state: "counted", matched: 3 });
  await order(relay, `/erasures/${asked.id}/confirm`);
  expect(await run(relay, asked.id)).toMatchObject({ state: "done", deleted: 5 });
  expect(await kept()).not.toContain("canary");
  expect(await kept()).toContain("another's");
  expect(await rows("SELECT 1 FROM events WHERE gone IS NULL")).toEqual([]);
  expect(await rows("SELECT 1 FROM audit WHERE action = 'restore'")).toEqual([]);

  const { body: ofClosed } = await order(relay, "/erasures", { source: "closed", where: "body.customer.id=cus_9" });
  expect(await run(relay, ofClosed.id)).toMatchObject({ matched: 1 });
  await order(relay, `/erasures/${ofClosed.id}/confirm`);
  await run(relay, ofClosed.id);
  const answer = await relay.ask(`/api/events/${sealed}`, { headers: { authorization: `Bearer ${TOKEN}` } });
  expect(answer.status).toBe(404);
});

test("a step that is taken twice at once deletes and counts once, and a job that is cancelled deletes no more", async () => {
  const relay = relayWith(undefined);
  for (let n = 0; n < 3; n += 1) await send(relay, `k${n}`, of("cus_5"));
  await carried();
  const wanted = { source: "acme", where: "body.customer.id=cus_5" };
  const first = await order(relay, "/erasures", wanted, "once");
  expect((await order(relay, "/erasures", wanted, "once")).body.id).toBe(first.body.id);
  expect((await order(relay, "/erasures", { ...wanted, where: "body.customer.id=cus_6" }, "once")).status).toBe(422);
  await run(relay, first.body.id);
  await order(relay, `/erasures/${first.body.id}/cancel`);
  expect((await order(relay, `/erasures/${first.body.id}/confirm`)).status).toBe(409);
  expect(await rows("SELECT 1 FROM events WHERE gone IS NOT NULL")).toEqual([]);

  const second = await order(relay, "/erasures", wanted);
  await run(relay, second.body.id);
  await order(relay, `/erasures/${second.body.id}/confirm`);
  await rows("UPDATE replays SET next_at = 0 WHERE next_at IS NOT NULL");
  await Promise.all([relay.minute(), relayWith(undefined).minute()]);
  expect(await run(relay, second.body.id)).toMatchObject({ state: "done", deleted: 3 });
  expect(await rows("SELECT count(*) AS n FROM audit WHERE action = 'erasures.done'")).toEqual([{ n: 1 }]);
});

test("what cannot be found is refused with what to do", async () => {
  const relay = relayWith(undefined);
  expect((await order(relay, "/erasures", { source: "nobody", where: "body.id=1" })).status).toBe(404);
  for (const where of ["body=1", "id=1", "body.id=", "body.id"])
    expect((await order(relay, "/erasures", { source: "acme", where })).status, where).toBe(400);
});
