// Orders to delete a subject that are refused, because they would delete something else than was meant, or nothing.
import { expect, test } from "vitest";
import type { ErasureAnswer } from "../../../src/contract/erasures.ts";
import { bucket, grownOld, relayWith, send } from "../kit/archived.ts";
import { front, TOKEN } from "../kit/front.ts";
import { carried, rows, setUp } from "../kit/relay.ts";

setUp();

type Relay = ReturnType<typeof relayWith>;

const ACME = { provider: "hmac", settings: { header: "X-Signature", id: "{header:X-Id}" } };

/** A form as this relay's own page sends it, from an admin who is signed in. */
async function formOf(relay: Relay) {
  const post = async (path: string, fields: Record<string, string>, cookie: string) =>
    await relay.ask(path, {
      method: "POST",
      redirect: "manual",
      headers: { "sec-fetch-site": "same-origin", cookie, "cf-connecting-ip": "192.0.2.7" },
      body: new URLSearchParams(fields),
    });
  const signedIn = await post("/signin", { secret: TOKEN, to: "/" }, "");
  const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  return async (fields: Record<string, string>) =>
    (await post("/erasures", { source: "acme", ...fields }, cookie)).status;
}

async function order(relay: Relay, path: string, body: object = {}) {
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  const answer = await relay.ask(`/api${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json<ErasureAnswer>() };
}

test("the page orders nothing that is no place of a body or a header, and takes the value as it is", async () => {
  const relay = relayWith(undefined);
  const form = await formOf(relay);
  for (const place of ["order.id", "body", "", "id", "body.a b", "body.a=b", "headers"])
    expect(await form({ place, value: "5" }), place).toBe(400);
  expect(await form({ place: "body.id", value: "" })).toBe(400);
  expect(await rows("SELECT 1 FROM replays")).toEqual([]);

  await send(relay, "k1", JSON.stringify({ id: "cus_1" }));
  await carried();
  expect(await form({ place: "body.id", value: "cus_1 " })).toBe(303);
  await relay.minute();
  await rows("UPDATE replays SET next_at = 0 WHERE next_at IS NOT NULL");
  await relay.minute();
  const [job] = (await relay.api<{ erasures: ErasureAnswer[] }>("/erasures")).erasures;
  expect(job).toMatchObject({ state: "counted", looked: 1, matched: 0 });
});

test("a place that is redacted, however it is written, is refused", async () => {
  const redact = ["body.items.email", "body.lines.*.note", "body.*.token", "headers.x-tenant"];
  const vars = { ACME_SECRET: "acme-secret", ENCRYPTION_KEY: btoa("k".repeat(32)) };
  const relay = front({ acme: { ...ACME, redact } }, vars);
  for (const place of [
    "body.items.email",
    "body.items.*.email",
    "body.items.0.email",
    "body.items.email.domain",
    "body.lines.note",
    "body.lines.3.note",
    "body.card.token",
    "headers.X-Tenant",
  ])
    expect((await order(relay, "/erasures", { source: "acme", where: `${place}=1` })).status, place).toBe(400);
  for (const place of ["body.token", "body.items.name", "body.items", "body.lines", "headers.x-other"])
    expect((await order(relay, "/erasures", { source: "acme", where: `${place}=1` })).status, place).toBe(200);
});

test("what has deleted everything is not cancelled: the audit says that it is done", async () => {
  const put = bucket.put.bind(bucket);
  let locked = false;
  const relay = relayWith({
    put,
    get: bucket.get.bind(bucket),
    delete: async (key: string) => {
      if (locked) throw new Error("locked");
      await bucket.delete(key);
    },
  });
  await send(relay, "k1", JSON.stringify({ id: "cus_1" }));
  await carried();
  await grownOld();
  await relay.minute();
  const { body: job } = await order(relay, "/erasures", { source: "acme", where: "body.id=cus_1" });
  const until = async (state: string) => {
    for (let n = 0; n < 20; n += 1) {
      if ((await relay.api<ErasureAnswer>(`/erasures/${job.id}`)).state === state) return;
      await rows("UPDATE replays SET next_at = 0 WHERE next_at IS NOT NULL");
      await relay.minute();
    }
    throw new Error(`it is not ${state}`);
  };
  await until("counted");
  locked = true;
  await order(relay, `/erasures/${job.id}/confirm`);
  await until("rewriting");
  expect((await order(relay, `/erasures/${job.id}/cancel`)).status).toBe(409);
  locked = false;
  await until("done");
  expect(await rows("SELECT count(*) AS n FROM audit WHERE action = 'erasures.done'")).toEqual([{ n: 1 }]);
});
