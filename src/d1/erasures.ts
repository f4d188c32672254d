// D1: jobs that delete all of a subject. A job's place moves in the transaction that deletes what it has found, or not
// at all.
import { DELETABLE, deletes } from "./deeds/delete.ts";
import { INLINE_BYTES } from "../bytes/body.ts";
import type { Bell } from "../types.ts";
import { type BellRow, toBell } from "./bell.ts";
import { rowsOf, type Run } from "./database.ts";

/**
 * Events whose rows a step looks at; of these it judges so many, with bodies of so many bytes and so many that are in
 * parts, or one that is larger: an invocation has 50 queries, and a sweep is beside it.
 */
const ROWS = 5_000;
const JUDGED = 500;
const MOST_BYTES = 2_000_000;
const MOST_LARGE = 3;
/** Jobs that are shown, newest first. */
const SHOWN = 100;

/** What a job looks for, and how far it has come. The value that it looks for is nowhere in it. */
export interface Work {
  readonly source: string;
  /** `body.customer.id`. */
  readonly place: string;
  readonly salt: string;
  readonly digest: string;
  readonly phase: "counting" | "counted" | "deleting" | "rewriting";
  /** Names the step that wrote it. */
  readonly step: string;
  /** The number of the last event that was looked at. */
  readonly seq: number;
  /** The last segment that was looked into; `null` while it goes along D1. */
  readonly key: string | null;
  /**
   * The second turn is for what has come or moved since the first one came to the archive, which was at `from`, in ms.
   * At the end, segments that were begun before `from` are waited for.
   */
  readonly turn: 1 | 2;
  readonly from: number;
  /** Ids of what must go and may be archived: what was made of it by hand stands in its line, and is found first. */
  readonly copies?: readonly string[];
  readonly matched: number;
  readonly deleted: number;
  readonly looked: number;
  readonly unreadable: number;
}

export interface Erasure {
  readonly id: string;
  readonly state: "running" | "done" | "cancelled";
  readonly actor: string;
  readonly work: Work;
  readonly nextAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly endedAt: number | null;
}

/** An event that is to be judged. */
export interface Suspect {
  readonly event: number;
  readonly id: string;
  readonly size: number;
}

/** What a step has come to. */
export interface Moved {
  /** As it is from now on, without what it has deleted. */
  readonly work: Work;
  /** Ids of events to be deleted. */
  readonly found: readonly string[];
  /** Names this step. */
  readonly receipt: string;
  readonly now: number;
  /** When the next step is due; `null` where it has ended. */
  readonly nextAt: number | null;
  /** How it ends with this step; `null` where it goes on. */
  readonly ends: "done" | "cancelled" | null;
}

const ERASURE = `id, state, actor, next_at AS nextAt, created_at AS createdAt, updated_at AS updatedAt, ended_at AS endedAt, erasure`;
const ONE = `SELECT ${ERASURE} FROM replays WHERE id = ?1 AND erasure IS NOT NULL`;
const NEWEST = `SELECT ${ERASURE} FROM replays WHERE erasure IS NOT NULL ORDER BY id DESC LIMIT ${SHOWN}`;
const PUT_OFF = "UPDATE replays SET next_at = ?2 WHERE id = ?1 AND next_at < ?2";

// Bodies stand last in their rows, and are not read here.
const SUSPECTS = `
SELECT seq AS event, id, size, source = ?2 AND (gone IS NULL OR ?3) AND coalesce(gone->>'why', '') <> 'deleted' AS mine
FROM (SELECT seq, id, source, size, gone FROM events WHERE seq > ?1 ORDER BY seq LIMIT ${ROWS}) e ORDER BY seq`;
const ARCHIVED = `
SELECT w.value AS id FROM json_each(?1) w WHERE substr(w.value, -16) IN (
  SELECT one.value FROM segments s CROSS JOIN json_each('["' || replace(s.ids, ' ', '","') || '"]') one WHERE s.state IN ('kept', 'stale')
)`;
const OPEN_SEGMENTS = `
SELECT 1 FROM segments INDEXED BY segments_open WHERE state <> 'kept' AND (state <> 'writing' OR at < ?1)
UNION ALL SELECT 1 FROM marks WHERE name > 'bodies/' AND name < 'bodies0' AND at < ?1 LIMIT 1`;

// A step that was made already, by whomever, finds the name of another one.
const AT_STEP = "id = ?1->>'job' AND state = 'running' AND erasure->>'step' = ?1->>'was'";
const MOVE = `
UPDATE replays SET erasure = json_set(?1->'work', '$.deleted', (erasure->>'deleted') + iif(json_array_length(?1, '$.ids') = 0, 0, ${DELETABLE})),
  updated_at = ?1->>'now', next_at = ?1->>'nextAt', state = coalesce(?1->>'ends', state), ended_at = iif(?1->>'ends' IS NULL, NULL, ?1->>'now')
WHERE ${AT_STEP} RETURNING ${ERASURE}`;
const MINE = "EXISTS (SELECT 1 FROM replays WHERE id = ?1->>'job' AND erasure->>'step' = ?1->>'receipt')";
const DELETE = deletes(MINE);
const AUDIT_END = `
INSERT INTO audit (at, actor, action, target, detail)
SELECT ?1->>'now', 'hookline', iif(state = 'done', 'erasures.done', 'erasures.cancel'), id, json_object('source', erasure->>'source', 'place', erasure->>'place',
  'salt', erasure->>'salt', 'digest', erasure->>'digest', 'deleted', erasure->>'deleted', 'unreadable', erasure->>'unreadable', 'by', actor)
FROM replays WHERE id = ?1->>'job' AND state <> 'running' AND ${MINE}`;

export type Erasures = ReturnType<typeof openErasures>;

/** @param run D1 with the schema in place */
export function openErasures(run: Run) {
  const all = rowsOf(run);
  return {
    async one(id: string): Promise<Erasure | null> {
      return (await all<ErasureRow>(ONE, id)).map(erasureOf)[0] ?? null;
    },

    /** The last jobs, newest first. */
    async newest(): Promise<Erasure[]> {
      return (await all<ErasureRow>(NEWEST)).map(erasureOf);
    },

    /**
     * The next events of a source behind `seq` that are to be judged.
     *
     * @param bodiless whether those are meant too whose bodies are gone
     * @returns `to`: the last event that was looked at; `end`: whether there are no more
     */
    async suspects(
      seq: number,
      source: string,
      bodiless: boolean,
    ): Promise<{ rows: Suspect[]; to: number; end: boolean }> {
      const looked = await all<Suspect & { mine: number }>(SUSPECTS, seq, source, Number(bodiless));
      const cut = cutOf(looked);
      const kept = cut === -1 ? looked : looked.slice(0, cut);
      return {
        rows: kept.flatMap(({ mine, ...row }) => (mine === 1 ? [row] : [])),
        to: kept.at(-1)?.event ?? seq,
        end: cut === -1 && looked.length < ROWS,
      };
    },

    /** Those of these events that the archive has. Looks at every segment. */
    async archived(ids: readonly string[]): Promise<Set<string>> {
      return new Set((await all<{ id: string }>(ARCHIVED, JSON.stringify(ids))).map(({ id }) => id));
    },

    /**
     * Whether a segment waits for being written anew, or removed. One that was begun before `before` may hold what was
     * deleted since, whether somebody still writes it or has died over it. Or whether a piece of a body waits for being
     * removed from its bucket.
     */
    async rewriting(before: number): Promise<boolean> {
      return (await all(OPEN_SEGMENTS, before)).length > 0;
    },

    /**
     * Deletes what was found and moves the job on, in one transaction, if it still is where this step began.
     *
     * @returns `null` if it is not: another runner has made this step, or it was cancelled. `bells` of what has waited
     * in an order behind what is deleted
     */
    async move(
      { id, work: { step: was } }: Erasure,
      moved: Moved,
    ): Promise<{ readonly job: Erasure; readonly bells: Bell[] } | null> {
      const { work, found: ids, receipt, now, nextAt, ends } = moved;
      const gone = JSON.stringify({ why: "deleted", at: now });
      const asked = { job: id, was, work: { ...work, step: receipt }, ids, gone, receipt, now, nextAt, ends };
      const value = JSON.stringify(asked);
      const acts = [MOVE, ...(ids.length === 0 ? [] : DELETE), ...(ends === null ? [] : [AUDIT_END])];
      const results = await run((db) => db.batch<ErasureRow | BellRow>(acts.map((sql) => db.prepare(sql).bind(value))));
      const rows = results.flatMap((one) => one.results);
      const [job] = rows.flatMap((row) => ("erasure" in row ? [erasureOf(row)] : []));
      return job === undefined ? null : { job, bells: rows.flatMap((row) => ("due_at" in row ? [toBell(row)] : [])) };
    },

    /** Puts a job's next step off, if it has one that is due sooner. */
    async putOff(id: string, nextAt: number): Promise<void> {
      await all(PUT_OFF, id, nextAt);
    },
  };
}

/** At which event a step ends; -1 where all have room in it. */
function cutOf(looked: readonly (Suspect & { readonly mine: number })[]): number {
  let [count, bytes, large] = [0, 0, 0];
  return looked.findIndex(({ mine, size }) => {
    [count, bytes] = [count + mine, bytes + mine * size];
    if (size > INLINE_BYTES) large += mine;
    return count > JUDGED || (count > 1 && (bytes > MOST_BYTES || large > MOST_LARGE));
  });
}

export interface ErasureRow extends Omit<Erasure, "work"> {
  readonly erasure: string;
}

export function erasureOf({ erasure, ...row }: ErasureRow): Erasure {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay wrote it
  return { ...row, work: JSON.parse(erasure) as Work };
}
