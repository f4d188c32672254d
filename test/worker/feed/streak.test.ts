// What the last attempts at a destination came to, as the Feed object counts it.
import { expect, test } from "vitest";
import { bindings, setUp, signed, until } from "../kit/relay.ts";

const receiver = setUp();
const HOUR = 60 * 60_000;
const feed = () => bindings.FEED.getByName("feed");

test("what the last attempts came to is told by itself, whatever the day was like", async () => {
  receiver.behaviour = () => new Response("", { status: 410 });
  for (let n = 0; n < 3; n += 1) await signed("acme", "{}", { "x-id": `bad-${n}` });
  const streak = async (name: string) => (await feed().totals(Date.now() - HOUR)).destinations.get(name)?.streak;
  await until(async () => (await streak("first")) === 3);
  receiver.behaviour = () => new Response("");
  await signed("acme", "{}", { "x-id": "good" });
  await until(async () => (await streak("first")) === 0);
  expect((await feed().totals(Date.now() - HOUR)).destinations.get("first")).toMatchObject({
    failed: 3,
    delivered: 1,
    streakSince: null,
  });
});
