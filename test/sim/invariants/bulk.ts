// What a bulk replay promises: each delivery opened once, nothing that ended after it was asked for, nothing left out, and true counts.
import { goneIn } from "../bodiless.ts";
import type { Ledger, Moved } from "../ledger.ts";
import { EPOCH } from "../scheduler.ts";
import { first, type Invariant } from "./invariant.ts";

/** The yield point of the transaction that opens deliveries for a job; see the names in d1.ts. */
export const BULK = "bulk replay";

interface JobRow {
  readonly id: string;
  readonly state: string;
  readonly filter: string;
  readonly replayed: number;
  readonly created_at: number;
}

/** When the deliveries of a world ended, by the relay's own column: the answer to an attempt may reach D1 long after it was heard. */
const endings = new WeakMap<Ledger, Map<string, number>>();

export const bulkReplay: Invariant = {
  id: "I-17",
  says: "a bulk replay opens each delivery once, only what has failed unless it was asked for more, nothing that ended after it was asked for, and every match that had ended before",
  moved({ event, id, destination, by, from, to }, ledger) {
    const { moves, plan, platform, skewed } = ledger;
    const name = `${id}:${destination}`;
    const known = endings.get(ledger) ?? new Map<string, number>();
    endings.set(ledger, known);
    if (by !== BULK) {
      const sql = "SELECT ended_at FROM deliveries WHERE event = ?1 AND destination = ?2 AND ended_at IS NOT NULL";
      const [row] = platform.d1.look<{ ended_at: number }>(sql, event, destination);
      if (row !== undefined && (to === "failed" || to === "delivered")) known.set(name, row.ended_at);
      return null;
    }
    if (moves.some((move) => move.by === BULK && move.id === id && move.destination === destination))
      return `${name} was opened twice by one bulk replay`;
    // As the operator said it, not as the relay has written it down: what is left out must mean what has failed.
    const wanted = plan.steps.flatMap((step) => (step.do === "bulk" ? [step.order.state ?? "failed"] : []));
    if (!wanted.some((state) => state === "both" || state === from))
      return `${name} was ${from ?? "nothing"}, and was opened by a bulk replay of what is ${wanted.join()}`;
    const [job] = jobsOf(ledger);
    if (job === undefined) return `${name} was opened by a bulk replay that nobody has asked for`;
    const late = (known.get(name) ?? Infinity) - job.created_at;
    return late >= 0 && !skewed ? `${name} ended ${late} ms after the bulk replay that opened it was asked for` : null;
  },
  ended(ledger) {
    const jobs = jobsOf(ledger);
    if (jobs.length > 1) return `one bulk replay was asked for, and ${jobs.length} were made`;
    return first(jobs, (job) => wrongCount(job, ledger) ?? leftOut(job, ledger));
  },
};

function jobsOf({ platform }: Ledger): JobRow[] {
  return platform.d1.hasTable("replays") ? platform.d1.look<JobRow>("SELECT * FROM replays WHERE erasure IS NULL") : [];
}

function wrongCount({ id, state, replayed }: JobRow, { moves, platform }: Ledger): string | null {
  const opened = moves.filter(({ by }) => by === BULK).length;
  if (opened !== replayed) return `${id} has opened ${opened} deliveries, and tells of ${replayed}`;
  const sql = "SELECT action FROM audit WHERE target = ?1 ORDER BY seq";
  const told = platform.d1.look<{ action: string }>(sql, id).map(({ action }) => action.replace("replays.", ""));
  return told.join() === `start,${state}` ? null : `${id} is ${state}, and the audit says ${told.join(", ")}`;
}

/** A delivery that had ended before the job was asked for, and that nobody has touched since. */
function leftOut({ id, filter, created_at: createdAt }: JobRow, ledger: Ledger): string | null {
  const { moves, plan, skewed } = ledger;
  if (skewed) return null;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay's own row; the operator asked for no more than this
  const { state, destination } = JSON.parse(filter) as { state: string | null; destination: string | null };
  const removed = plan.steps.some((step) => step.do === "deploy" && step.change === "remove beta") ? "beta" : null;
  const last = new Map<string, Moved>();
  for (const move of moves) last.set(`${move.id}:${move.destination}`, move);
  // What has no body any more cannot be sent again.
  const erased = goneIn(ledger);
  return first(last, ([name, { id: event, to, at, destination: of }]) => {
    if (erased.has(event)) return null;
    const matches = (state === null || state === to) && (destination === null || destination === of) && of !== removed;
    return matches && at < createdAt - EPOCH ? `${name} was ${to} when ${id} was asked for, and still is` : null;
  });
}
