// What may not be kept any longer, removed beside the sweep: a part of it each minute, whatever calls more often.
import type { Keeping } from "../contract/retention.ts";
import type { Archiving } from "../d1/archiving.ts";
import type { Upkeep } from "../d1/upkeep.ts";
import { receiptFloor } from "../ids.ts";
import type { Log } from "../log.ts";
import { type LeavingDeps, removeBodies } from "./bodies.ts";

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

/** What redacted events were before that one look is at: a backlog of them is looked through piece by piece. */
const WHOLES = 500;
/**
 * Where no source redacts any more, what is left of them is looked for in the first minute of so many ms: by the clock,
 * because an isolate may live for one sweep alone.
 */
const WHOLES_MS = 60 * 60_000;

/** Where events go before they are removed, if there is such a place. */
interface ToArchive {
  readonly archiving: Archiving;
  /** Notes why nothing could be moved. Until it can, nothing is removed. */
  failed(error: unknown): Promise<void>;
  /** Removes what is left of what did not come to its end, a little at a time. Never rejects. */
  tidy(): Promise<void>;
}

export interface CleanupDeps extends Pick<LeavingDeps, "bodies"> {
  readonly archive?: ToArchive | null;
  readonly upkeep: Pick<
    Upkeep,
    | "dropWholes"
    | "due"
    | "expire"
    | "release"
    | "expireInspections"
    | "expireAnswers"
    | "dropOrphans"
    | "leaving"
    | "left"
  >;
  /** How long what is kept: every time once, with those of sources that say nothing of their own. */
  readonly keepings: readonly Keeping[];
  /** Whether any source redacts: where none does, nothing is asked for it each minute. */
  readonly redacts?: boolean;
  readonly now: () => number;
  readonly log: Log;
}

/** Removes what is due. Never rejects: what it leaves is removed a minute later. Returns whether there is more. */
export type Cleanup = () => Promise<boolean>;

/** What it returns remembers when it was last called, and is shared by whoever sweeps in an isolate. */
export function openCleanup({
  upkeep,
  keepings,
  redacts = false,
  archive = null,
  bodies = null,
  now,
  log,
}: CleanupDeps): Cleanup {
  const archiving = archive?.archiving ?? null;
  const usual = (of: Keeping["of"]) => keepings.find((one) => one.of === of && one.except)?.ms;
  const eventsMs = usual("events") ?? Number.POSITIVE_INFINITY;
  const copiesMs = usual("bodies") ?? eventsMs;
  const longestMs = Math.max(eventsMs, ...keepings.flatMap(({ of, ms }) => (of === "events" ? ms : [])));
  /** What is still to take its step: one at a time, so that a sweep stays within the free plan's 50 queries. */
  const queue: (Keeping | "stayed")[] = [];
  let dueAt = 0;
  let answersDueAt = 0;
  return async () => {
    const at = now();
    if (at < dueAt) return false;
    dueAt = at + PAUSE_MS;
    try {
      const wholes = (redacts || at % WHOLES_MS < PAUSE_MS) && (await upkeep.dropWholes(WHOLES));
      const expired = await expireOrNote(at);
      const floor = receiptFloor(at - ORPHAN_AGE_MS);
      const orphans = await upkeep.dropOrphans(floor, receiptFloor(at - REPEATED_AGE_MS), at, MOST);
      const removed = { expired: expired.count, orphans: orphans.count };
      if (removed.expired + removed.orphans > 0) log.info("cleanup.done", removed);
      // A relay that takes in more than this a minute would otherwise never get rid of it.
      const leaving = await removeBodies({ bodies, upkeep, log });
      const more = leaving || wholes || expired.cut || orphans.cut || removed.expired + removed.orphans > MOST / 2;
      if (more) dueAt = at;
      await archive?.tidy();
      await upkeep.expireInspections(at - copiesMs, MOST);
      if (at >= answersDueAt) {
        await upkeep.expireAnswers(at - eventsMs, at - longestMs);
        answersDueAt = at + ANSWERS_MS;
      }
      return more;
    } catch (error) {
      log.error("cleanup.failed", { error: String(error) });
      return false;
    }
  };

  async function expireOrNote(at: number): Promise<{ count: number; cut: boolean }> {
    if (archive === null) return await expire(at);
    try {
      return await expire(at);
    } catch (error) {
      // D1 may be what has failed: then it cannot note it either.
      await archive.failed(error);
      return { count: 0, cut: false };
    }
  }

  /** One step: of what had to stay before, or of one retention that has come to something. Each gets its turn. */
  async function expire(at: number): Promise<{ count: number; cut: boolean }> {
    if (queue.length === 0) {
      const due = await upkeep.due(keepings, at, archiving);
      // Whoever begins anew does not begin with the same one each time.
      const first = due.length === 0 ? 0 : Math.floor(at / PAUSE_MS) % due.length;
      queue.push(...due.slice(first), ...due.slice(0, first));
    }
    const one = queue.shift();
    if (one === undefined) return { count: 0, cut: false };
    const { count, cut } =
      one === "stayed"
        ? await upkeep.release(keepings, at, MOST, archiving)
        : await upkeep.expire(one, at, MOST, archiving);
    if (cut) queue.push(one);
    return { count, cut: queue.length > 0 };
  }
}
