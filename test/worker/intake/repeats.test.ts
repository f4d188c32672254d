// What a sender's repeat may open again, how often, and what it leaves behind: a captured request is one that anybody can repeat.
import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { carried, deliveries, github, rows, setUp, signed, until } from "../kit/relay.ts";

const receiver = setUp();

/** An event whose delivery has failed for this reason: the receiver ended it, and the record is then told otherwise. */
async function failedAs(reason: string): Promise<string> {
  receiver.behaviour = () => new Response(null, { status: 410 });
  const { id } = await (await github("{}", "one")).json<{ id: string }>();
  await deliveries("failed");
  await rows(`UPDATE deliveries SET reason = '${reason}' RETURNING event`);
  return id;
}

/** What the sender's requests have put into the audit. */
const audited = async () =>
  await rows("SELECT actor, action, target, detail FROM audit WHERE action = 'repeat' ORDER BY seq");

test.each(["cancelled", "gone", "blocked", "refused"])(
  "a repeat does not open what ended as %s, and leaves no trace",
  async (reason) => {
    await failedAs(reason);
    const before = await rows("SELECT * FROM deliveries");
    for (let n = 0; n < 3; n += 1) expect((await github("{}", "one")).status).toBe(200);
    await carried();
    expect(await rows("SELECT * FROM deliveries")).toEqual(before);
    expect(await audited()).toEqual([]);
    expect(receiver.arrivals).toHaveLength(1);
  },
);

/** A repeat, and the end of what it may have opened. */
async function again(): Promise<void> {
  expect((await github("{}", "one")).status).toBe(200);
  await carried();
  await deliveries("failed");
  await rows("UPDATE deliveries SET reason = 'exhausted' RETURNING event");
}

const attempts = async () => (await rows("SELECT attempt FROM deliveries")).map((row) => row["attempt"]);

test("a repeat opens what is exhausted three times, each in the audit; then only an operator does, who begins the count anew", async () => {
  const id = await failedAs("exhausted");
  for (let n = 0; n < 5; n += 1) await again();
  expect(await attempts()).toEqual([4]);
  const row = { actor: "source:github", action: "repeat", target: id, detail: '["first"]' };
  expect(await audited()).toEqual([row, row, row]);

  const order = { method: "POST", headers: { authorization: "Bearer test-admin-token-0123456789abcdef" } };
  const replay = new Request(`https://relay.example.com/api/events/${id}/replay`, order);
  expect((await exports.default.fetch(replay)).status).toBe(200);
  await until(() => receiver.arrivals.length === 5);
  await deliveries("failed");
  await rows("UPDATE deliveries SET reason = 'exhausted' RETURNING event");
  await again();
  expect(await attempts()).toEqual([6]);
  expect(await audited()).toHaveLength(4);
});

const parts = async () => await rows("SELECT receipt, n FROM event_parts ORDER BY receipt, n");

// Sixty megabytes through one isolate take longer than the others are given, where the machine is busy.
test("sixty repeats of a body of 1 MiB leave no part in D1 beside the event's own", async () => {
  const body = "x".repeat(1024 * 1024);
  const send = async () => await signed("acme", body, { "x-id": "large" });
  expect(await (await send()).json()).toMatchObject({ status: "accepted" });
  await carried();
  const own = await parts();
  expect(own.length).toBeGreaterThan(1);
  for (let n = 0; n < 6; n += 1) {
    const answers = await Promise.all(Array.from({ length: 10 }, async () => await (await send()).json<object>()));
    for (const answer of answers) expect(answer).toMatchObject({ status: "duplicate" });
  }
  expect(await parts()).toEqual(own);
  expect(await rows("SELECT count(*) AS n FROM events")).toEqual([{ n: 1 }]);
}, 180_000);
