// What survives kill -9? Signed traffic, a relay that dies under it again and again, and a count of what arrived in the end.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import * as z from "zod";
import { type Arrival, type Receiver, say, startReceiver } from "../kit/receiver.ts";
import { Relay, relayVars, stateFolder } from "../kit/whole-relay.ts";
import { until } from "../kit/until.ts";

/** docs/adr/0004: what a crash left overdue rings within two minutes of the restart. One more for a slow machine to answer. */
const RESCUED_MS = 180_000;

/** When the relay is killed: so many acknowledged requests after it listens, and then so much later. */
const KILLS = [
  { acked: 1, thenMs: 0, why: "right after its first 200" },
  { acked: 25, thenMs: 0, why: "in the middle of traffic" },
  { acked: 0, thenMs: 200, why: "while it recovers from that" },
  { acked: 25, thenMs: 1_300, why: "while retries are waiting and others run" },
  { acked: 40, thenMs: 150, why: "while the last ones are on their way to D1" },
];

const DESTINATIONS = ["steady", "flaky", "slow"];

test("after kill -9 at any moment every acknowledged event arrives, with nothing triggered by hand", async () => {
  const receiver = await startReceiver(answer);
  const retry = ["1s", "1s", "2s", "2s"];
  const vars = relayVars(
    Object.fromEntries(DESTINATIONS.map((name) => [name, { url: receiver.address(name), retry }])),
  );
  const state = await stateFolder();
  const acked = new Map<string, Buffer>();

  for (const [round, { acked: enough, thenMs, why }] of KILLS.entries()) {
    const relay = await Relay.start(vars, state);
    const traffic = send(relay, round, acked);
    const before = acked.size;
    await until(`${enough} acknowledged, to be killed ${why}`, () => acked.size - before >= enough || undefined);
    await sleep(thenMs);
    await relay.crash();
    await traffic;
  }
  expect(missing(receiver, acked), "something is left for the rescue").not.toEqual([]);

  const relay = await Relay.start(vars, state);
  // No request from here on until everything is there: nobody may lend a hand.
  const restarted = Date.now();
  await until("all arrived", () => missing(receiver, acked).length === 0 || undefined, RESCUED_MS).catch(() => {});
  const tookMs = Date.now() - restarted;
  expect(missing(receiver, acked)).toEqual([]);
  const wrong = receiver.arrivals.filter(({ event, body }) => acked.get(event)?.equals(body) === false);
  expect(wrong, "bodies that are not those that were sent").toEqual([]);

  const duplicates = await countDuplicates(relay, receiver, acked);
  const seconds = Math.round(tookMs / 1000);
  process.stdout.write(
    `${acked.size} events acknowledged under ${KILLS.length} kills, 0 lost, the last one delivered ${seconds} s after the restart; ` +
      `${duplicates} deliveries heard again, each after an attempt that a kill had cut off\n`,
  );
});

/** `flaky` fails its first attempt; `slow` is slow enough to be caught by a kill between its answer and the relay's note of it. */
function answer(arrival: Arrival, response: Parameters<typeof say>[2]): void {
  if (arrival.destination === "flaky" && arrival.attempt === 1) say(503, arrival, response);
  else if (arrival.destination === "slow") setTimeout(() => say(200, arrival, response), 300);
  else say(200, arrival, response);
}

/** Four senders, each with one request at a time, until the connection breaks. */
async function send(relay: Relay, round: number, acked: Map<string, Buffer>): Promise<void> {
  const sender = async (n: number): Promise<void> => {
    for (let serial = 0; ; serial += 1) {
      const name = `${round}-${n}-${serial}`;
      const body = Buffer.from(JSON.stringify({ name, fill: "x".repeat((serial % 4) * 20_000) }));
      try {
        const { status, id } = await relay.post(name, body);
        expect(status).toBe(200);
        acked.set(id, body);
      } catch (error) {
        // What was not acknowledged is not promised: the connection broke, and the sender would try again.
        if (error instanceof TypeError) return;
        throw error;
      }
      await sleep(20);
    }
  };
  await Promise.all([0, 1, 2, 3].map(sender));
}

/** Deliveries that were promised and have not been answered with 200. */
function missing(receiver: Receiver, acked: ReadonlyMap<string, Buffer>): string[] {
  const arrived = new Set(
    receiver.arrivals.filter(({ status }) => status === 200).map(({ event, destination }) => `${event}:${destination}`),
  );
  return [...acked.keys()].flatMap((id) =>
    DESTINATIONS.map((name) => `${id}:${name}`).filter((delivery) => !arrived.has(delivery)),
  );
}

const history = z.object({
  deliveries: z.array(
    z.object({
      destination: z.string(),
      state: z.string(),
      attempts: z.array(z.object({ attempt: z.number(), outcome: z.string() })),
    }),
  ),
});

/** A receiver hears an attempt once, and a further attempt only after one that failed or whose end nobody noted. */
async function countDuplicates(relay: Relay, receiver: Receiver, acked: ReadonlyMap<string, Buffer>): Promise<number> {
  let duplicates = 0;
  for (const id of acked.keys()) {
    const { deliveries } = await until(`${id} has ended`, async () => {
      const event = history.parse(await relay.api(`/api/events/${id}`));
      return event.deliveries.every(({ state }) => state === "delivered") ? event : undefined;
    });
    expect(deliveries.map(({ destination }) => destination).toSorted()).toEqual(DESTINATIONS.toSorted());
    for (const { destination, attempts } of deliveries) {
      const heard = receiver.to(destination).filter(({ event }) => event === id);
      const numbers = heard.map(({ attempt }) => attempt);
      expect(new Set(numbers).size, `${id}:${destination} heard attempts ${numbers.join(", ")}`).toBe(numbers.length);
      const outcomes = new Map(attempts.map(({ attempt, outcome }) => [attempt, outcome]));
      const said200 = heard.filter(({ status }) => status === 200).map(({ attempt }) => attempt);
      const ambiguous = said200.filter((attempt) => outcomes.get(attempt) === "lost");
      // All of its 200s but the one that was noted are attempts that were under way when the relay died.
      expect(said200.length - ambiguous.length, `${id}:${destination} ${JSON.stringify(attempts)}`).toBe(1);
      duplicates += said200.length - 1;
    }
  }
  return duplicates;
}
