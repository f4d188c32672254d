// What is said of attempts once D1 has their end:
// a log line each, a word to the feed, and a bell where another is planned.
import type { Settled } from "../d1/settlement.ts";
import type { FeedDoor } from "../feed/door.ts";
import type { Log } from "../log.ts";
import type { Bell } from "../types.ts";
import { type Ring, ringOrLeave } from "./bells.ts";
import { deliveryId } from "../ids.ts";
import { writeAttempt } from "./lines.ts";

export interface AnnounceDeps {
  readonly ring: Ring;
  readonly feed: Pick<FeedDoor, "settled">;
  readonly log: Log;
}

/** Keeps the invocation alive for work that nobody waits for. */
export type Beside = (work: Promise<void>) => void;

/**
 * @param beside is given what the feed is told, which must not hold up anything
 * @param next bells of what has waited for these
 */
export async function announce(
  settled: readonly Settled[],
  { ring, feed, log }: AnnounceDeps,
  beside: Beside,
  next: readonly Bell[] = [],
): Promise<void> {
  const telling = feed.settled(settled);
  if (telling !== null) beside(telling);
  for (const one of settled) writeAttempt(one, log);
  const pending = settled.filter(({ state }) => state === "pending");
  await ringOrLeave([...pending.map(nextBell), ...settled.flatMap(deadLetterBell), ...next], ring, log);
}

/** Of what has failed and goes to another destination now. */
function deadLetterBell({ id, onFailed, size }: Settled): Bell[] {
  return onFailed === undefined ? [] : [{ v: 1, delivery: deliveryId(id, onFailed), attempt: 1, due: 0, size }];
}

function nextBell({ id, destination, attempt: n, dueAt, size }: Settled): Bell {
  return { v: 1, delivery: deliveryId(id, destination), attempt: n + 1, due: dueAt, size };
}
