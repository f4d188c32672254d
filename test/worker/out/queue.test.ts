// What comes out of the queues: bells of this version are answered, everything else is acknowledged and left to the sweep.
import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import worker from "../../../src/index.ts";
import { openQueue } from "../../../src/out/bells.ts";
import type { Bell } from "../../../src/types.ts";
import { idOf, THEN } from "../kit/hands.ts";
import { bindings, rows, setUp } from "../kit/relay.ts";
import { Round } from "../kit/round.ts";

setUp();

let round = new Round();
beforeEach(() => {
  round = new Round();
});

const state = async () => await rows("SELECT state, attempt FROM deliveries");

const consume = async (queue: string, bodies: readonly unknown[]) => {
  const messages = bodies.map((body, n) => ({ id: String(n), timestamp: new Date(), attempts: 1, body }));
  const batch = createMessageBatch(queue, messages);
  const context = createExecutionContext();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a queue holds is whatever was once put into it
  await worker.queue(batch as MessageBatch<Bell>, bindings, context);
  return await getQueueResult(batch, context);
};

test(
  "a message of another version is acknowledged and left to the sweep, and does not hold up its batch",
  { meta: { provokes: ["queue.unknown_message"] } },
  async () => {
    round.clock = Date.now();
    const bells = await round.accept(1);
    const result = await consume("hookline-deliveries", [{ v: 2, deliveries: [] }, null, "text", ...bells]);
    expect(result).toMatchObject({ outcome: "ok", retryBatch: { retry: false } });
    expect(await state()).toMatchObject([{ state: "delivered" }]);
  },
);

test(
  "the dead-letter consumer takes what it gets and leaves the row as it is",
  { meta: { provokes: ["queue.unknown_message", "queue.dead_letter"] } },
  async () => {
    const bells = await round.accept(1);
    const result = await consume("hookline-dead-letters", [...bells, null, { v: 2 }]);
    expect(result).toMatchObject({ outcome: "ok", retryBatch: { retry: false } });
    expect(await state()).toMatchObject([{ state: "pending", attempt: 0 }]);
  },
);

test("bells are sent a hundred at a time, late rather than early, and only as far as the queue reaches", async () => {
  const sent: { body: Bell; delaySeconds?: number }[][] = [];
  const sendBatch = async (messages: Iterable<{ body: Bell; delaySeconds?: number }>) => {
    sent.push([...messages]);
    await Promise.resolve();
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the relay uses of a queue, and no more
  const ring = openQueue({ sendBatch } as unknown as Queue<Bell>, () => THEN);
  const dues = [-5000, 0, 1, 1000, 1001, 900_000, 900_001, 86_400_000];
  await ring(dues.map((due) => ({ v: 1, delivery: `${idOf(1)}:first`, attempt: 1, due: THEN + due, size: 2 })));
  expect(sent.flat().map(({ delaySeconds }) => delaySeconds)).toEqual([0, 0, 1, 1, 2, 900]);
  sent.length = 0;
  await ring(
    Array.from({ length: 250 }, () => ({ v: 1, delivery: `${idOf(1)}:first`, attempt: 1, due: THEN, size: 2 })),
  );
  expect(sent.map((batch) => batch.length)).toEqual([100, 100, 50]);
});
