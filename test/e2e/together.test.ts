// Events that are accepted together on a real runtime, while some senders hang up. That an invocation dies with its call is the simulation's:
// no plant made this test fail for it, since the local runtime lets such an invocation end its work.
import { expect, test } from "vitest";
import { say, startReceiver } from "../kit/receiver.ts";
import { Relay, relayVars, stateFolder } from "../kit/whole-relay.ts";
import { until } from "../kit/until.ts";

const EVENTS = 400;

/** Posts them all at once. Every fourth goes away within some milliseconds: before the call, during it, or after its answer. */
async function storm(relay: Relay) {
  await relay.post("warm", Buffer.from("{}"));
  const posts = Array.from({ length: EVENTS }, async (_, n) => {
    const leaves = n % 4 === 0;
    const gone = new AbortController();
    if (leaves) setTimeout(() => gone.abort(), n % 40);
    try {
      return { n, leaves, ...(await relay.post(`${n}`, Buffer.from(`{"n":${n}}`), "test", gone.signal)) };
    } catch (error) {
      if (!leaves) throw error;
      return { n, leaves, status: null, id: "" };
    }
  });
  const answers = await Promise.all(posts);
  const stayed = answers.filter(({ leaves }) => !leaves);
  expect(new Set(stayed.map(({ status }) => status))).toEqual(new Set([200]));
  expect(answers.some(({ status }) => status === null)).toBe(true);
  // Nobody has needed a second try.
  expect(relay.log.filter(({ event }) => event === "intake.unreachable")).toEqual([]);
  return answers.filter(({ status }) => status === 200);
}

test("whoever asked together with others hears the name of the own event, which is sent once", async () => {
  const receiver = await startReceiver((arrival, response) => say(200, arrival, response));
  const relay = await Relay.start(relayVars({ all: { url: receiver.address("all") } }), await stateFolder());
  const acked = await storm(relay);
  expect(new Set(acked.map(({ id }) => id)).size).toBe(acked.length);

  const sent = () => new Map(receiver.to("all").map(({ event, body }) => [event, String(body)]));
  await until("everything acknowledged is delivered", () => acked.every(({ id }) => sent().has(id)) || undefined);
  for (const { id, n } of acked) expect(sent().get(id)).toBe(`{"n":${n}}`);
  await relay.carried();
  const heard = receiver.to("all").map(({ event }) => event);
  expect(new Set(heard).size).toBe(heard.length);
});
