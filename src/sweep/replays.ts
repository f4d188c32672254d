// Jobs, step by step. A bulk replay opens no more than its rate allows, and moves on in the same transaction; a job
// that deletes all of a subject has its step in erasures.ts.
import type { Ended, Look } from "../d1/ended.ts";
import type { Erasure } from "../d1/erasures.ts";
import type { Job, Jobs } from "../d1/replays.ts";
import { ringOrLeave } from "../out/bells.ts";
import type { Config } from "../config/configured.ts";
import { GRACE_MS } from "../deadlines.ts";
import { receiptId } from "../ids.ts";
import { earlier, within } from "../patience.ts";
import { erase, type ErasingDeps } from "./erasures.ts";

/** From one step of a job to the next, in ms; longer where the rate is less than one in this time. */
const STEP_MS = 10_000;
/** Looks at the history in one step: where matches are rare, a step ends with fewer than the rate allows. */
const LOOKS = 2;
/** A step that takes longer is left to itself, in ms: what it still does is safe beside the next one. */
const PATIENCE_MS = 30_000;

export interface ReplaysDeps extends ErasingDeps {
  readonly jobs: Pick<Jobs, "waiting" | "move" | "putOff">;
  readonly ended: Pick<Ended, "look">;
  readonly config: Pick<Config, "destinations">;
  readonly retentionMs: number;
}

/**
 * Takes the step that has been due longest: one of one job, so that a sweep beside it stays within the free plan's 50
 * queries. Safe to run twice at once, late, or never:
 * of two runners at the same place one opens nothing. Never rejects.
 *
 * @returns when to look again (milliseconds since 1970), for the next step or for what this one has opened;
 * `null` while there is neither
 */
export async function runReplays(deps: ReplaysDeps): Promise<number | null> {
  const { jobs, now, retentionMs, log } = deps;
  try {
    const [job, other] = await within(PATIENCE_MS, "D1", jobs.waiting(2, now() - retentionMs));
    if (job === undefined) return null;
    const due = job.nextAt ?? 0;
    const at = due <= now() ? await stepOrPutOff(job, deps) : due;
    return earlier(at, other?.nextAt ?? null);
  } catch (error) {
    log.error("replays.failed", { error: String(error) });
    return now() + STEP_MS;
  }
}

/** A job whose step fails goes to the end of the line: it must not keep the others from having their turn. */
async function stepOrPutOff(job: Job | Erasure, deps: ReplaysDeps): Promise<number | null> {
  const { jobs, now, log } = deps;
  try {
    return await within(PATIENCE_MS, "D1", "work" in job ? erase(job, deps) : step(job, deps));
  } catch (error) {
    log.error("replays.failed", { job: job.id, error: String(error) });
    const again = now() + STEP_MS;
    await within(PATIENCE_MS, "D1", jobs.putOff(job.id, again));
    return again;
  }
}

/**
 * When the job's next step is due, or what its last one has opened is overdue;
 * `null` if it has ended and opened nothing.
 */
async function step(job: Job, deps: ReplaysDeps): Promise<number | null> {
  const { jobs, ended, now, newId, log } = deps;
  const began = now();
  const each = 60_000 / job.rate;
  const room = Math.ceil(STEP_MS / each);
  let { place } = job;
  let nextAt = began + STEP_MS;
  for (let [looks, taken] = [0, 0]; looks < LOOKS && taken < room; looks += 1) {
    const look = await ended.look(job.filter, job.createdAt, place, room - taken);
    const { chosen, skipped } = choose(look, deps.config);
    const dueFrom = taken;
    const due = chosen.map((match, n) => ({ ...match, due: began + Math.floor((dueFrom + n) * each) }));
    taken += chosen.length;
    nextAt = began + Math.max(STEP_MS, Math.ceil(taken * each));
    const receipt = receiptId(now(), newId());
    const moved = await jobs.move(job, place, { chosen: due, skipped, look, receipt, now: now(), nextAt });
    // Somebody else is at it, or it was cancelled.
    if (moved === null) return nextAt;
    const { replayed, skipped: left, state } = moved.job;
    log.info("replays.step", { job: job.id, state, opened: moved.bells.length, replayed, skipped: left });
    await ringOrLeave(moved.bells, deps.ring, deps.log, { job: job.id });
    if (look.next === null) return taken > 0 ? began + GRACE_MS : null;
    place = look.next;
  }
  return nextAt;
}

/** A destination that is no longer configured would only fail as cancelled. */
function choose({ found }: Look, { destinations }: ReplaysDeps["config"]) {
  const chosen = found.filter(({ destination }) => destinations.has(destination));
  return { chosen, skipped: found.length - chosen.length };
}
