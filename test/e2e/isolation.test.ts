// Does one bad receiver hold up a good one? Three that misbehave in their ways, and one that must not notice.
import { expect, test } from "vitest";
import { type Arrival, say, startReceiver } from "../kit/receiver.ts";
import { Relay, relayVars, stateFolder } from "../kit/whole-relay.ts";
import { until } from "../kit/until.ts";

/** Enough to fill an isolate with sends that hang, were they let in. */
const EVENTS = 60;

/** When an attempt that hangs has timed out: nothing healthy may wait that long (docs/adr/0005). */
const TIMEOUT_MS = 15_000;

/** What each destination does with a request. */
const BEHAVIOUR: Record<string, (arrival: Arrival, response: Parameters<typeof say>[2]) => void> = {
  hangs: () => {},
  floods: (_, response) => response.writeHead(200).end(Buffer.alloc(10_000_000, "x")),
  trickles: (_, response) => {
    response.writeHead(200);
    const drip = setInterval(() => response.write("."), 1000);
    response.once("close", () => clearInterval(drip));
  },
  healthy: (arrival, response) => say(200, arrival, response),
};

/** The destinations that these lines are about. */
const ways = (lines: readonly Record<string, unknown>[]) =>
  new Set(lines.map(({ delivery }) => String(delivery).split(":")[1]));

test("receivers that hang, flood and trickle do not hold up a healthy one, and their attempts end by themselves", async () => {
  const heard = new Map<string, number>();
  const receiver = await startReceiver((arrival, response) => {
    if (arrival.destination === "healthy") heard.set(arrival.event, Date.now());
    BEHAVIOUR[arrival.destination]?.(arrival, response);
  });
  const destinations = Object.keys(BEHAVIOUR).map(
    (name) => [name, { url: receiver.address(name), retry: ["1h"] }] as [string, { url: string; retry: string[] }],
  );
  const relay = await Relay.start(relayVars(Object.fromEntries(destinations)), await stateFolder());
  const ended = (fault: string | null) =>
    relay.log.filter((line) => String(line["event"]).startsWith("delivery.") && line["fault"] === fault);

  const acked = new Map<string, number>();
  for (let n = 0; n < EVENTS; n += 1) {
    const { id } = await relay.post(`${n}`, Buffer.from(`{"n":${n}}`));
    acked.set(id, Date.now());
  }

  await until("the healthy receiver has everything", () => receiver.to("healthy").length >= EVENTS || undefined);
  expect(
    receiver
      .to("healthy")
      .map(({ event }) => event)
      .toSorted(),
  ).toEqual([...acked.keys()].toSorted());
  // From the acceptance of each: how long this machine takes to post them all is no matter.
  const waits = [...acked].map(([id, at]) => (heard.get(id) ?? Infinity) - at);
  expect(Math.max(...waits), "ms that a healthy delivery has waited").toBeLessThan(TIMEOUT_MS);
  expect(receiver.to("hangs").length, "attempts that hang meanwhile").toBeGreaterThan(0);
  expect(receiver.to("trickles").length, "attempts that trickle meanwhile").toBeGreaterThan(0);

  // Answers whose rest nobody reads, or whose rest never comes, are a yes: their status has come. Silence is none.
  await until("the flood is through", () => receiver.to("floods").length >= EVENTS || undefined);
  await until("what trickles comes to its end", () => (ways(ended(null)).has("trickles") ? true : undefined));
  await until("silence times out", () => (ways(ended("timeout")).has("hangs") ? true : undefined));
  expect(ways(ended("timeout"))).toEqual(new Set(["hangs"]));
});
