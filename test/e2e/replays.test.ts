// Does a bulk replay survive kill -9? A job over two hundred failed deliveries, a relay that dies while it runs, and a count of what arrived.
import { expect, test } from "vitest";
import * as z from "zod";
import { say, startReceiver } from "../kit/receiver.ts";
import { Relay, relayVars, SECRETS, stateFolder } from "../kit/whole-relay.ts";
import { until } from "../kit/until.ts";

const DELIVERIES = 200;
/** Deliveries a minute: five steps of forty. */
const RATE = 240;
/** The steps take most of a minute, and what the crash left overdue rings within two minutes of it. */
const PATIENCE_MS = 360_000;

const job = z.object({ id: z.string(), state: z.string(), expected: z.number(), replayed: z.number() });
const history = z.object({ deliveries: z.array(z.object({ attempts: z.array(z.object({ outcome: z.string() })) })) });
const page = z.object({ deliveries: z.array(z.object({ event: z.string() })), next: z.string().nullable() });

test(
  "a bulk replay goes on after kill -9 and opens each delivery once, with nothing triggered by hand",
  { timeout: 900_000 },
  async () => {
    let fixed = false;
    const receiver = await startReceiver((arrival, response) => say(fixed ? 200 : 410, arrival, response));
    const vars = relayVars({ billing: { url: receiver.address("billing") } });
    const state = await stateFolder();
    let relay = await Relay.start(vars, state);

    const ids: string[] = [];
    for (let n = 0; n < DELIVERIES; n += 10) {
      const posted = Array.from({ length: 10 }, (_, at) => relay.post(`${n + at}`, Buffer.from(`{"n":${n + at}}`)));
      ids.push(...(await Promise.all(posted)).map(({ id }) => id));
    }
    const failed = async () => (await events(relay, "failed")).length === DELIVERIES || undefined;
    await until("all have failed", failed, PATIENCE_MS);
    fixed = true;

    const { id, expected } = job.parse(await order(relay));
    expect(expected).toBe(DELIVERIES);
    await until("some are replayed", () => replayed().length >= DELIVERIES / 4 || undefined, PATIENCE_MS);
    await relay.crash();
    expect(replayed().length, "something is left to be done").toBeLessThan(DELIVERIES);
    relay = await Relay.start(vars, state);

    const look = async () => job.parse(await relay.api(`/api/replays/${id}`));
    const done = async () => ((await look()).state === "done" ? await look() : undefined);
    expect(await until("the job is done", done, PATIENCE_MS)).toMatchObject({
      expected: DELIVERIES,
      replayed: DELIVERIES,
    });
    const delivered = async () => (await events(relay, "delivered")).length === DELIVERIES || undefined;
    await until("all are delivered", delivered, PATIENCE_MS);

    expect(new Set(replayed().map(({ event }) => event))).toEqual(new Set(ids));
    for (const event of ids) {
      const [delivery] = history.parse(await relay.api(`/api/events/${event}`)).deliveries;
      const outcomes = delivery?.attempts.map(({ outcome }) => outcome) ?? [];
      // A kill may cut an attempt off, which makes one more of the same replay; a second replay would end a second time.
      expect(
        outcomes.filter((outcome) => outcome !== "lost"),
        event,
      ).toEqual(["failed", "delivered"]);
    }

    function replayed() {
      return receiver.arrivals.filter(({ attempt }) => attempt > 1);
    }
  },
);

async function order(relay: Relay): Promise<unknown> {
  const response = await fetch(`${relay.url}/api/replays`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${SECRETS.ADMIN_TOKEN}`,
      "content-type": "application/json",
      "idempotency-key": "after-the-fix",
    },
    body: JSON.stringify({ filter: { state: "failed", destination: "billing" }, rate: RATE }),
  });
  expect(response.status).toBe(200);
  return await response.json();
}

/** The events whose deliveries are in this state. */
async function events(relay: Relay, state: string): Promise<string[]> {
  const found: string[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const path = `/api/deliveries?limit=200&state=${state}${cursor === "" ? "" : `&cursor=${cursor}`}`;
    const { deliveries, next } = page.parse(await relay.api(path));
    found.push(...deliveries.map(({ event }) => event));
    cursor = next;
  }
  return found;
}
