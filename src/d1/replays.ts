// D1: the statements of bulk replays, and what is due of all jobs. A job's place moves in the
// transaction that opens what it has found, or not at all.
import type { Bell } from "../types.ts";
import { rowsOf, type Run } from "./database.ts";
import { type Erasure, erasureOf } from "./erasures.ts";
import type { EndedFilter, Look, Match } from "./ended.ts";
import { walkFrom } from "./records.ts";
import { keepFirstTry, openAgain } from "./deeds/replay.ts";
import { type BellRow, toBell } from "./bell.ts";
import type { Place } from "../contract/filter.ts";

/** Jobs that are shown, newest first. */
const SHOWN = 100;
/** Jobs that are looked at for retention in one sweep. */
const EXPIRE = 1_000;

/** What was asked for. */
export interface NewJob {
  /** Sorts by time. */
  readonly id: string;
  readonly filter: EndedFilter;
  readonly actor: string;
  /** Deliveries a minute. */
  readonly rate: number;
  readonly expected: number;
  readonly expectedComplete: boolean;
  readonly createdAt: number;
}

/** A bulk replay, and how far it has come. */
export interface Job extends NewJob {
  readonly state: "running" | "done" | "cancelled";
  readonly replayed: number;
  readonly skipped: number;
  /** The last delivery that was looked at. */
  readonly place: Place;
  readonly lookedBackTo: number | null;
  /** When the next step is due; `null` once the job has ended. */
  readonly nextAt: number | null;
  readonly updatedAt: number;
  readonly endedAt: number | null;
}

/** What a step does with what was found. */
export interface Step {
  /** What it opens, each due at its own time. */
  readonly chosen: readonly (Match & { readonly due: number })[];
  readonly skipped: number;
  readonly look: Look;
  /** The receipt that the opened deliveries get. */
  readonly receipt: string;
  readonly now: number;
  readonly nextAt: number;
}

// ?1 job, ?2 what is chosen, ?3 and ?4 its place. A step that was made already, by whomever, finds another place.
const CHOSEN =
  "SELECT value->>'event' AS event, value->>'destination' AS destination, value->>'due' AS due FROM json_each(?2)";
const AT_PLACE = "id = ?1 AND state = 'running' AND at_event = ?3 AND at_destination = ?4";
const BEFORE_JOB = `deliveries.ended_at < (SELECT created_at FROM replays WHERE ${AT_PLACE})`;
const KEEP = keepFirstTry(CHOSEN, BEFORE_JOB);
const OPEN = openAgain(CHOSEN, BEFORE_JOB);
// What this step has opened carries its receipt, ?5.
const OPENED = `(
  SELECT count(*) FROM (${CHOSEN}) c CROSS JOIN deliveries d WHERE d.event = c.event AND d.destination = c.destination AND d.receipt = ?5
)`;

const AUDIT_DONE = `
INSERT INTO audit (at, actor, action, target, detail)
SELECT ?6, 'hookline', 'replays.done', id, json_object('replayed', replayed + ${OPENED}, 'skipped', skipped + CAST(?7 AS INTEGER))
FROM replays WHERE ${AT_PLACE}`;

const COLUMNS = `id, state, filter, actor, rate, expected, expected_complete AS expectedComplete, replayed, skipped,
  at_event AS atEvent, at_destination AS atDestination, looked_back_to AS lookedBackTo, next_at AS nextAt,
  created_at AS createdAt, updated_at AS updatedAt, ended_at AS endedAt`;

// ?8, ?9 the next place, of which an end has none.
const MOVE = `
UPDATE replays
SET replayed = replayed + ${OPENED}, skipped = skipped + ?7, at_event = coalesce(?8, at_event), at_destination = coalesce(?9, at_destination),
    looked_back_to = coalesce(?10, looked_back_to), updated_at = ?6, state = iif(?8 IS NULL, 'done', state),
    next_at = iif(?8 IS NULL, NULL, ?11), ended_at = iif(?8 IS NULL, ?6, NULL)
WHERE ${AT_PLACE}
RETURNING ${COLUMNS}`;

const REMEMBER = "INSERT INTO marks (name, value, at) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO NOTHING";
// ?1 job, ?2 mark.
const FIRST_ASKED = "?2 IS NULL OR ?1 = (SELECT value FROM marks WHERE name = ?2)";
const CREATE = `
INSERT INTO replays (id, state, filter, actor, rate, expected, expected_complete, at_event, at_destination, next_at, created_at, updated_at)
SELECT ?1, 'running', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?10 WHERE ${FIRST_ASKED}`;
const AUDIT_START = `
INSERT INTO audit (at, actor, action, target, detail) SELECT ?3, ?4, 'replays.start', ?1, ?5 WHERE ${FIRST_ASKED}`;
const RECALL = `SELECT ${COLUMNS} FROM replays WHERE id = coalesce((SELECT value FROM marks WHERE name = ?2), ?1)`;

const AUDIT_CANCEL = `
INSERT INTO audit (at, actor, action, target, detail)
SELECT ?2, ?3, 'replays.cancel', id, json_object('replayed', replayed, 'skipped', skipped) FROM replays WHERE id = ?1 AND state = 'running' AND erasure IS NULL`;
const CANCEL = `
UPDATE replays SET state = 'cancelled', next_at = NULL, ended_at = ?2, updated_at = ?2 WHERE id = ?1 AND state = 'running' AND erasure IS NULL`;

const ONE = `SELECT ${COLUMNS} FROM replays WHERE id = ?1 AND erasure IS NULL`;
const NEWEST = `SELECT ${COLUMNS} FROM replays WHERE erasure IS NULL ORDER BY id DESC LIMIT ${SHOWN}`;
// Jobs that delete all of a subject take turns with them: one look finds both.
const WAITING = `SELECT ${COLUMNS}, erasure FROM replays WHERE next_at IS NOT NULL ORDER BY next_at LIMIT ?1`;
const PUT_OFF = "UPDATE replays SET next_at = ?2 WHERE id = ?1 AND next_at < ?2";
// Ids of a kind are in the order of time, and one kind stands before the other: so many that neither hides the other's,
// and an empty table is one row.
const EXPIRED = `
DELETE FROM replays WHERE id IN (
  SELECT id FROM (SELECT id, ended_at FROM replays ORDER BY id LIMIT ${EXPIRE}) WHERE ended_at < ?1
)`;

/** The jobs in D1. */
export type Jobs = ReturnType<typeof openJobs>;

/** @param run D1 with the schema in place */
export function openJobs(run: Run) {
  const all = rowsOf(run);
  const one = async (id: string) => (await all<JobRow>(ONE, id)).map(jobOf)[0] ?? null;

  return {
    one,

    /** Writes a job down, with one row in the audit; under a mark that is taken, gives the job that took it. */
    async create(job: NewJob, mark: string | null): Promise<Job | null> {
      const { id, filter, actor, rate, expected, expectedComplete, createdAt: now } = job;
      const { event, destination } = await walkFrom(filter.until, run);
      const text = JSON.stringify(filter);
      const values = [id, mark, text, actor, rate, expected, Number(expectedComplete), event, destination, now];
      const results = await run((db) =>
        db.batch<JobRow>([
          ...(mark === null ? [] : [db.prepare(REMEMBER).bind(mark, id, now)]),
          db.prepare(AUDIT_START).bind(id, mark, now, actor, JSON.stringify({ filter, rate, expected })),
          db.prepare(CREATE).bind(...values),
          db.prepare(RECALL).bind(id, mark),
        ]),
      );
      return (results.at(-1)?.results ?? []).map(jobOf)[0] ?? null;
    },

    move: async (job: Job, place: Place, step: Step) => await move(job, place, step, run),

    /** Puts a job's next step off, if it has one that is due sooner. */
    async putOff(id: string, nextAt: number): Promise<void> {
      await all(PUT_OFF, id, nextAt);
    },

    /** Ends a job that runs, with one row in the audit. Any other stays as it is. */
    async cancel(id: string, actor: string, now: number): Promise<Job | null> {
      await run((db) => db.batch([db.prepare(AUDIT_CANCEL).bind(id, now, actor), db.prepare(CANCEL).bind(id, now)]));
      return await one(id);
    },

    /** The last jobs, newest first. */
    async newest(): Promise<Job[]> {
      return (await all<JobRow>(NEWEST)).map(jobOf);
    },

    /**
     * The running jobs of both kinds whose next steps are due first, at most `limit`. Jobs that ended before `before`
     * are forgotten.
     */
    async waiting(limit: number, before: number): Promise<(Job | Erasure)[]> {
      const statements = (db: D1Database) => [db.prepare(WAITING).bind(limit), db.prepare(EXPIRED).bind(before)];
      const [waiting] = await run((db) => db.batch<JobRow & { erasure: string | null }>(statements(db)));
      return (waiting?.results ?? []).map(({ erasure, ...row }) =>
        erasure === null ? jobOf(row) : erasureOf({ ...row, erasure }),
      );
    },
  };
}

/**
 * Opens what was chosen and moves the job on, in one transaction, if the job is still running and at `place`.
 *
 * @returns `null` if it is not: another runner has made this step, or the job was cancelled
 */
async function move({ id }: Job, place: Place, step: Step, run: Run): Promise<{ job: Job; bells: Bell[] } | null> {
  const { chosen, skipped, look: seen, receipt, now, nextAt } = step;
  const at = [id, JSON.stringify(chosen), place.event, place.destination];
  const counts = [...at, receipt, now, skipped];
  const next = [seen.next?.event ?? null, seen.next?.destination ?? null, seen.lookedBackTo, nextAt];
  const results = await run((db) =>
    db.batch<BellRow | JobRow>([
      db.prepare(KEEP).bind(...at),
      db.prepare(OPEN).bind(...at, receipt),
      ...(seen.next === null ? [db.prepare(AUDIT_DONE).bind(...counts)] : []),
      db.prepare(MOVE).bind(...counts, ...next),
    ]),
  );
  const [row] = results.at(-1)?.results ?? [];
  if (row === undefined || !("filter" in row)) return null;
  const bells = (results[1]?.results ?? []).flatMap((opened) => ("due_at" in opened ? [toBell(opened)] : []));
  return { job: jobOf(row), bells: bells.toSorted((one, other) => one.due - other.due) };
}

interface JobRow extends Omit<Job, "filter" | "expectedComplete" | "place"> {
  readonly filter: string;
  readonly expectedComplete: number;
  readonly atEvent: number;
  readonly atDestination: string;
}

function jobOf({ filter, expectedComplete, atEvent, atDestination, ...row }: JobRow): Job {
  return {
    ...row,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `create` wrote it
    filter: JSON.parse(filter) as EndedFilter,
    expectedComplete: expectedComplete === 1,
    place: { event: atEvent, destination: atDestination },
  };
}
