// A batch of bells from the queue: delivered, or rung again where the fault is ours.
import type { Use } from "../feed/use.ts";
import type { Log } from "../log.ts";
import { deliver, type DeliverDeps } from "./deliver.ts";
import { bellsOf } from "./rung.ts";

interface BatchDeps {
  readonly deliver: DeliverDeps;
  readonly use: Pick<Use, "add">;
  readonly log: Log;
}

/** @param beside keeps the invocation alive for what goes on after the batch is acknowledged */
export async function answerBatch(
  batch: MessageBatch,
  { deliver: delivering, use, log }: BatchDeps,
  beside: (work: Promise<void>) => void,
): Promise<void> {
  use.add("queue_operations", 2 * batch.messages.length); // read and deleted
  const bells = bellsOf(batch, log);
  if (batch.queue.endsWith("dead-letters")) {
    // Our own faults, ten times over. The rows are untouched: the sweep rings them again.
    for (const { delivery, attempt } of bells) log.error("queue.dead_letter", { delivery, attempt });
    return;
  }
  try {
    const { sending, long } = await deliver(bells, delivering, beside);
    // Sends go on beside the acknowledgement, so that a receiver that hangs does not hold the batch;
    // past the pace's limit, or where one may last longer than `waitUntil`, they do.
    if (long || delivering.pace.full(delivering.now())) await sending;
    else beside(sending);
  } catch (error) {
    log.error("queue.batch_failed", { bells: batch.messages.length, error: String(error) });
    batch.retryAll({ delaySeconds: 10 });
  }
}
