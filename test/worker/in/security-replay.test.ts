// A captured request buys nothing: sent again it is the event that it was, for as long as that is kept; and nobody uses up another's key.
import { abortAllDurableObjects } from "cloudflare:test";
import { expect, test } from "vitest";
import { carried, deliveries, github, hmac, post, rows, setUp, signed, until } from "../kit/relay.ts";

const receiver = setUp();

const told = async (answer: Promise<Response>) => await (await answer).json<{ id: string; status: string }>();
const events = async () => (await rows<{ n: number }>("SELECT count(*) AS n FROM events"))[0]?.n;

const captured = () => github('{"paid":true}', "72d3162e");

test("a captured request is the same event hours later: after its delivery, an eviction of Intake and a restart", async () => {
  const { id } = await told(captured());
  await deliveries("delivered");
  for (let n = 0; n < 3; n += 1) {
    await abortAllDurableObjects();
    expect((await told(captured())).id).toBe(id);
    await carried();
  }
  expect(await events()).toBe(1);
  expect(receiver.arrivals).toHaveLength(1);
});

test("what was captured is body and id together: either of them changed is another event, and takes the first's place nowhere", async () => {
  const first = await told(github('{"n":1}', "a"));
  const freshId = await told(github('{"n":1}', "b"));
  const otherBody = await told(github('{"n":2}', "a"));
  expect(new Set([first.id, freshId.id, otherBody.id]).size).toBe(3);
  expect(await told(github('{"n":1}', "a"))).toMatchObject({ id: first.id });
  expect(await told(github('{"n":1}', "b"))).toMatchObject({ id: freshId.id });
  await until(() => receiver.arrivals.length === 3);
  await carried();
  expect(await events()).toBe(3);
});

test("headers that no signature covers do not make a captured request a new event", async () => {
  const body = '{"id":"evt_captured","type":"charge.succeeded"}';
  const t = Math.floor(Date.now() / 1000);
  const proof = { "stripe-signature": `t=${t},v1=${await hmac("whsec_stripe_secret", `${t}.${body}`)}` };
  const { id } = await told(post("/in/stripe", body, proof));
  for (const extra of [
    { "content-type": "application/x-www-form-urlencoded" },
    { "content-type": "multipart/form-data; boundary=x" },
    { "content-encoding": "gzip" },
    { "x-request-id": "fresh", "idempotency-key": "fresh", "webhook-id": "fresh" },
    { "cf-connecting-ip": "198.51.100.20" },
  ])
    expect((await told(post("/in/stripe", body, { ...proof, ...extra }))).id).toBe(id);
  expect((await told(post("/in/stripe?retry=1#again", body, proof))).id).toBe(id);
  await deliveries("delivered");
  expect(await events()).toBe(1);
});

test("a slash command that is captured with another content type is still the same command", async () => {
  const body = "command=%2Fdeploy&trigger_id=13345224609.738474920";
  const t = String(Math.floor(Date.now() / 1000));
  const slack = (type: string) =>
    hmac("slack-secret", `v0:${t}:${body}`).then((code) =>
      post("/in/slack", body, {
        "content-type": type,
        "x-slack-request-timestamp": t,
        "x-slack-signature": `v0=${code}`,
      }),
    );
  const { id } = await told(slack("application/x-www-form-urlencoded"));
  expect((await told(slack("application/json"))).id).toBe(id);
  expect((await told(slack("text/plain"))).id).toBe(id);
});

test("dedupe poisoning: a forged request with a victim's id consumes nothing, and the victim's is then accepted", async () => {
  const forged = await Promise.all(Array.from({ length: 20 }, (_, n) => github("{}", "victim", "push", `guess ${n}`)));
  expect(new Set(forged.map(({ status }) => status))).toEqual(new Set([401]));
  expect(await told(github("{}", "victim"))).toMatchObject({ status: "accepted" });
  await deliveries("delivered");
  expect(await events()).toBe(1);
});

test("dedupe poisoning: a source that is its sender's own cannot use up another source's ids", async () => {
  const key = { "x-id": "victim" };
  const ids = new Set<string>();
  for (const source of ["acme", "lone", "fenced"]) {
    const { id, status } = await told(signed(source, "{}", key));
    expect(status).toBe("accepted");
    ids.add(id);
  }
  expect(ids.size).toBe(3);
});

test("dedupe poisoning: names and keys cannot be cut differently to meet in one id", async () => {
  const ids = new Set<string>();
  for (const key of ["a", 'a"', 'a","', "a\\", "a,b", "ab", "a b", "A", "a\u00e9", "a\u0065\u0301"])
    ids.add((await told(signed("lone", "{}", { "x-id": encodeURI(key) }))).id);
  expect(ids.size).toBe(10);
});

test("dedupe poisoning: a key longer than any id is nobody's, and does not meet another that begins like it", async () => {
  const long = "x".repeat(600);
  const [one, other] = [
    await told(signed("lone", "{}", { "x-id": `${long}1` })),
    await told(signed("lone", "{}", { "x-id": `${long}2` })),
  ];
  expect(one.id).not.toBe(other.id);
});
