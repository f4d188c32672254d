// What a crash leaves behind is found by the next object and by its alarm, with nothing triggered by hand.
import { abortAllDurableObjects } from "cloudflare:test";
import { expect, test } from "vitest";
import { candidate, held, idOf, inObject } from "../kit/hands.ts";
import { carried, deliveries, github, intake, ringAlarm, rows, setUp, until } from "../kit/relay.ts";

const receiver = setUp();

/** Events in the relay's own journal, acknowledged by an object that never got to D1. */
async function acknowledged(...numbers: number[]): Promise<void> {
  // The relay's own object is constructed first, so that it is not the one that finds them.
  await intake().status();
  await inObject(async (hands) => {
    hands.onCommit = () => held<never>().promise;
    const core = await hands.start();
    for (const n of numbers) await core.accept(candidate(n, { receivedAt: Date.now() }));
  }, "intake-0");
  expect((await intake().status()).waiting).toBe(numbers.length);
}

const alarmAt = async () => {
  let at: number | null = null;
  await inObject(async (hands) => {
    at = await hands.storage.getAlarm();
  }, "intake-0");
  return at;
};

test("the next object carries on what the last one acknowledged", async () => {
  await acknowledged(1, 2, 3);
  await abortAllDurableObjects();
  expect([...(await deliveries("delivered")).keys()]).toEqual([1, 2, 3].map((n) => `${idOf(n)}:first`));
  expect(receiver.arrivals).toHaveLength(3);
  expect((await intake().status()).waiting).toBe(0);
});

test("the alarm carries on what an object has forgotten", async () => {
  await acknowledged(1);
  expect(await ringAlarm()).toBe(true);
  expect([...(await deliveries("delivered")).keys()]).toEqual([`${idOf(1)}:first`]);
});

test("an object that dies right after its answers has lost nothing and sends nothing twice", async () => {
  const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => github(`{"n":${n}}`, `delivery-${n}`)));
  await abortAllDurableObjects();
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  const ids = await Promise.all(answers.map(async (answer) => (await answer.json<{ id: string }>()).id));
  await ringAlarm();
  expect(new Set((await deliveries("delivered")).keys())).toEqual(new Set(ids.map((id) => `${id}:first`)));
  expect(receiver.arrivals).toHaveLength(30);
});

test("restarts and further acceptances do not put the alarm off", async () => {
  await github("{}", "first");
  const at = await alarmAt();
  expect(at).toBeGreaterThan(Date.now());
  for (const delivery of ["second", "third"]) {
    await abortAllDurableObjects();
    await github("{}", delivery);
    expect(await alarmAt()).toBe(at);
  }
});

test("an object that finds a journal without an alarm sets one", async () => {
  await acknowledged(1);
  await inObject(async (hands) => {
    await hands.storage.deleteAlarm();
    hands.clock = Date.now() + 1_000_000;
    hands.onCommit = () => held<never>().promise;
    await hands.start();
    expect(await hands.storage.getAlarm()).toBe(hands.clock + 30_000);
  }, "intake-0");
});

test("a delivery that waits keeps an alarm set for the moment at which it must be looked at", async () => {
  receiver.behaviour = () => new Response(null, { status: 503, headers: { "retry-after": "3600" } });
  await github("{}", "waits");
  await carried();
  const [{ far } = { far: 0 }] = await until(async () => {
    const waiting = await rows<{ far: number }>(
      "SELECT look_at AS far FROM deliveries WHERE attempt = 1 AND state = 'pending'",
    );
    return waiting.length === 1 && waiting;
  });
  expect(far).toBeGreaterThan(Date.now() + 3_000_000);
  await ringAlarm();
  // Rung by hand and thus early, which the object takes for a platform whose clock is ahead: by half a minute at most.
  expect(await alarmAt()).toBeGreaterThanOrEqual(far);
  expect(await alarmAt()).toBeLessThanOrEqual(far + 30_000);
});
