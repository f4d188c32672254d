// Queues: rings bells, and nothing else. A bell that is lost is rung again by the sweep.
import type { Bell } from "../types.ts";
import { within } from "../patience.ts";
import { BELL_REACH_MS } from "../deadlines.ts";
import type { Log } from "../log.ts";

/** sendBatch takes at most 100 messages: https://developers.cloudflare.com/queues/platform/limits/ */
const BATCH = 100;
/** `send` can hang; a bell is not worth waiting for, in ms. */
const PATIENCE_MS = 5_000;

/** Rings the bells of the attempts that are due within the queue's reach. Later ones are the sweep's. */
export type Ring = (bells: readonly Bell[]) => Promise<void>;

/**
 * @param queue the queue that the deliver stage consumes
 * @throws when the queue does not take them: the caller decides whether that matters
 */
export function openQueue(queue: Pick<Queue<Bell>, "sendBatch">, now: () => number): Ring {
  return async (bells) => {
    const near = bells.filter((bell) => bell.due - now() <= BELL_REACH_MS);
    for (let at = 0; at < near.length; at += BATCH) {
      const messages = near
        .slice(at, at + BATCH)
        .map((bell) => ({ body: bell, delaySeconds: delaySeconds(bell.due - now()) }));
      await within(PATIENCE_MS, "the queue", queue.sendBatch(messages));
    }
  };
}

/**
 * Rings, and leaves it to the sweep where the queue does not take the bells:
 * the rows say when they are due, so that they are only late.
 *
 * @param about what the log line says of whoever asked
 */
export async function ringOrLeave(bells: readonly Bell[], ring: Ring, log: Log, about: object = {}): Promise<void> {
  try {
    await ring(bells);
  } catch (error) {
    log.warn("queue.ring_failed", { ...about, bells: bells.length, error: String(error) });
  }
}

/** Rounded up: a bell that is early only has to ring again. */
function delaySeconds(ms: number): number {
  return Math.max(0, Math.ceil(ms / 1000));
}
