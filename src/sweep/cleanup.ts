// What may not be kept any longer, removed beside the sweep: a part of it each minute, whatever calls more often.
import type { Upkeep } from "../d1/upkeep.ts";
import { receiptFloor } from "../ids.ts";
import type { Log } from "../log.ts";

/** Rows of a kind that are removed at once. */
const MOST = 200;
/** From one removal to the next, in ms, unless there is more of it. */
const PAUSE_MS = 60_000;
/** From one reading of all answers to idempotency keys to the next, in ms. */
const ANSWERS_MS = 60 * 60_000;
/**
 * Parts of a repeat are kept this long, in ms, where its request has not dropped them itself:
 * it may still be under way.
 */
const REPEATED_AGE_MS = 10 * 60_000;
/**
 * Body parts without an event are kept this long, in ms:
 * D1 may have been gone for days while the journal held their event.
 */
const ORPHAN_AGE_MS = 7 * 24 * 60 * 60_000;

export interface CleanupDeps {
  readonly upkeep: Pick<Upkeep, "expire" | "expireInspections" | "expireAnswers" | "dropOrphans">;
  readonly retentionMs: number;
  readonly now: () => number;
  readonly log: Log;
}

/** Removes what is due. Never rejects: what it leaves is removed a minute later. Returns whether there is more. */
export type Cleanup = () => Promise<boolean>;

/** What it returns remembers when it was last called, and is shared by whoever sweeps in an isolate. */
export function openCleanup({ upkeep, retentionMs, now, log }: CleanupDeps): Cleanup {
  let dueAt = 0;
  let answersDueAt = 0;
  return async () => {
    const at = now();
    if (at < dueAt) return false;
    dueAt = at + PAUSE_MS;
    try {
      const before = at - retentionMs;
      const expired = await upkeep.expire(before, at, MOST);
      const floor = receiptFloor(at - ORPHAN_AGE_MS);
      const orphans = await upkeep.dropOrphans(floor, receiptFloor(at - REPEATED_AGE_MS), at, MOST);
      const removed = { expired: expired.count, orphans: orphans.count };
      if (removed.expired + removed.orphans > 0) log.info("cleanup.done", removed);
      // A relay that takes in more than this a minute would otherwise never get rid of it.
      const more = expired.cut || orphans.cut || removed.expired + removed.orphans > MOST / 2;
      if (more) dueAt = at;
      await upkeep.expireInspections(before, MOST);
      if (at >= answersDueAt) {
        await upkeep.expireAnswers(before);
        answersDueAt = at + ANSWERS_MS;
      }
      return more;
    } catch (error) {
      log.error("cleanup.failed", { error: String(error) });
      return false;
    }
  };
}
