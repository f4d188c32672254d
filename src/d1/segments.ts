// D1: which segments the archive has, and which events are to be found in each. One row for some two hundred events.
import { type Arriving, arrive, PRINT } from "./lines.ts";
import { shortId } from "../ids.ts";
import { rowsOf, type Run } from "./database.ts";
import { stays } from "./expiry.ts";
import type { Move } from "./archiving.ts";

/** As `shortId` has it. */
const SHORT = 16;

/** A segment as it is found again. */
export interface Segment {
  readonly key: string;
  readonly events: number;
  readonly size: number;
  /** Short ids, with spaces between them: what is not named here is not in it, whatever the object still holds. */
  readonly ids: string;
}

/** A segment whose object was written, and the events that it holds, each as it was. */
interface Written {
  readonly key: string;
  readonly holds: readonly { readonly seq: number; readonly print: string }[];
}

/** What begins to be written. */
interface Beginning {
  readonly key: string;
  readonly sources: readonly string[];
  readonly size: number;
}

const BEGIN = `
INSERT INTO segments (key, state, at, events, size, sources, ids) VALUES (?1, 'writing', ?2, 0, ?3, ?4, '') ON CONFLICT (key) DO NOTHING`;

/** Where a statement finds the rows of the events that leave D1 for the segment ?3. */
const LEAVING = "(SELECT going FROM segments WHERE key = ?3)";

// Only what is as it was written goes: what somebody has opened again meanwhile stays in D1, ended or not.
const CHOOSE = `
UPDATE segments SET going = (
  SELECT json_group_array(e.seq) FROM json_each(?2) w CROSS JOIN events e ON e.seq = w.value->>'seq'
  WHERE ${PRINT} = w.value->>'print'
) WHERE key = ?1 AND state = 'writing'`;
// Another may have taken them all: then its segment has them, and this one is nobody's. Where some of the ?3 that the
// object holds have stayed, opened again or deleted meanwhile, it is written anew without them.
const KEEP = `
UPDATE segments SET state = CASE json_array_length(going) WHEN 0 THEN 'leaving' WHEN ?3 THEN 'kept' ELSE 'stale' END, at = ?2, events = json_array_length(going),
  ids = coalesce((SELECT group_concat(substr(id, -${SHORT}), ' ') FROM events WHERE seq IN (SELECT value FROM json_each(going))), '')
WHERE key = ?1 AND going IS NOT NULL`;
const WORKS = "DELETE FROM marks WHERE name = 'archive'";
const FAILED = `
INSERT INTO marks (name, value, at) VALUES ('archive', ?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value`;
const DONE = "UPDATE segments SET going = NULL WHERE key = ?1 AND going IS NOT NULL";

/** Statements that move events from D1 to a segment, in one transaction. */
function moveTo({ key, holds }: Written, now: number): Move {
  return (db, forget) => [
    db.prepare(CHOOSE).bind(key, JSON.stringify(holds)),
    db.prepare(KEEP).bind(key, now, holds.length),
    ...forget(LEAVING, key),
    db.prepare(DONE).bind(key),
    db.prepare(WORKS),
  ];
}

const COLUMNS = "key, events, size, ids";
const THERE = "state IN ('kept', 'stale')";
const PAGE = `
SELECT ${COLUMNS} FROM segments
WHERE key <= ?1 AND key >= ?2 AND ${THERE} AND (?3 IS NULL OR instr(sources, ?3) > 0) ORDER BY key DESC LIMIT ?4`;
// ?3: those that were noted since; without an index, so that it is asked for in the second turn of a walk alone.
const BEHIND = `
SELECT ${COLUMNS} FROM segments WHERE key > ?1 AND ${THERE} AND instr(sources, ?2) > 0 AND at >= ?3 ORDER BY key LIMIT ?4`;
const FIND = `SELECT ${COLUMNS} FROM segments WHERE instr(ids, ?1) > 0 AND ${THERE} ORDER BY key DESC LIMIT 5`;

// Left in the object until it is written anew; read by nobody from now on.
const TAKE_OUT = (there: string) => `
UPDATE segments SET ids = trim(replace(' ' || ids || ' ', ' ' || ?2 || ' ', ' ')), events = events - 1, state = 'stale'
WHERE key = ?1 AND ${THERE} AND instr(ids, ?2) > 0 AND ${there}`;
// What was made from it by hand is found by these, and by nothing else where it is to be deleted.
const EDITIONS = `
INSERT INTO marks (name, value, at)
SELECT 'edited:' || e.id || ':' || e.receipt || printf('%04d', m.key), json_object('event', m.value->>'event', 'destination', m.value->>'destination'), m.value->>'at'
FROM events e CROSS JOIN json_each(?1, '$.editions') m
WHERE e.id = ?1->>'id' AND e.receipt = ?1->>'receipt' AND NOT EXISTS (
  SELECT 1 FROM marks k WHERE k.name > 'edited:' || e.id || ':' AND k.name < 'edited:' || e.id || ';' AND k.value->>'event' = m.value->>'event'
) ON CONFLICT (name) DO NOTHING`;
// A restored event is numbered behind younger ones: without a mark, retention would not reach it before they are old.
const MET_AGAIN = `
INSERT INTO marks (name, value, at) SELECT ${stays("seq")}, '', ?3 FROM events WHERE id = ?1 AND receipt = ?2
ON CONFLICT (name) DO NOTHING`;
const AUDIT = `
INSERT INTO audit (at, actor, action, target, detail)
SELECT ?1, ?2, 'restore', ?3, json_object('segment', ?4) WHERE EXISTS (SELECT 1 FROM events WHERE id = ?3 AND receipt = ?5)`;

const OPENED =
  "SELECT key, state, events, sources, ids, size FROM segments INDEXED BY segments_open WHERE state <> 'kept'";

/** A segment to which something is still to be done. */
export interface OpenSegment extends Segment {
  readonly state: "writing" | "stale" | "leaving";
  readonly sources: string;
}

export type Segments = ReturnType<typeof openSegments>;

/** @param run D1 with the schema in place */
export function openSegments(run: Run) {
  const all = rowsOf(run);
  return {
    /** Notes what is about to be written: an object that nobody comes back for is found by this, and removed. */
    async begin({ key, sources, size }: Beginning, now: number): Promise<void> {
      await all(BEGIN, key, now, size, JSON.stringify(sources));
    },

    /** Moves events to a segment whose object was written. */
    move: moveTo,

    /** Segments from this key back to that one, newest first. */
    async page(from: string, to: string, source: string | null, limit: number): Promise<Segment[]> {
      return await all<Segment>(PAGE, from, to, source === null ? null : JSON.stringify(source), limit);
    },

    /** Segments behind this key that have events of a source, and were noted since a time, in ms; oldest first. */
    async behind(key: string, source: string, since: number, limit: number): Promise<Segment[]> {
      return await all<Segment>(BEHIND, key, JSON.stringify(source), since, limit);
    },

    /** Those that may hold this event, newest first. Looks at every row: there is one for some two hundred events. */
    async find(id: string): Promise<Segment[]> {
      return await all<Segment>(FIND, shortId(id));
    },

    /**
     * Writes an archived event into the history again, and takes it out of its segment.
     *
     * @returns whether the history has it: not where it has left that segment since it was read
     */
    async restore(key: string, event: Arriving, actor: string, now: number): Promise<boolean> {
      const back = "EXISTS (SELECT 1 FROM events WHERE id = ?3 AND receipt = ?4)";
      const results = await run((db) =>
        db.batch([
          ...arrive(db, [{ ...event, segment: key }]),
          db.prepare(EDITIONS).bind(JSON.stringify(event)),
          db.prepare(MET_AGAIN).bind(event.id, event.receipt, now),
          db.prepare(TAKE_OUT(back)).bind(key, shortId(event.id), event.id, event.receipt),
          db.prepare(AUDIT).bind(now, actor, event.id, key, event.receipt),
          db.prepare("SELECT 1 FROM events WHERE id = ?1").bind(event.id),
        ]),
      );
      return results.at(-1)?.results.length === 1;
    },

    /** Notes why nothing could be written; since when stays. */
    async failed(error: string, now: number): Promise<void> {
      await all(FAILED, error, now);
    },

    /** Since when nothing can be written, in ms, and why; `null` while it can. */
    async fault(): Promise<{ since: number; error: string } | null> {
      const [row] = await all<{ since: number; error: string }>(
        "SELECT at AS since, value AS error FROM marks WHERE name = 'archive'",
      );
      return row ?? null;
    },

    ...openTidying(run),
  };
}

function openTidying(run: Run) {
  const all = rowsOf(run);
  return {
    /** Those to which something is still to be done; of the unfinished ones such as were begun before `before`. */
    async open(before: number, limit: number): Promise<OpenSegment[]> {
      return await all<OpenSegment>(`${OPENED} AND (state <> 'writing' OR at < ?1) LIMIT ?2`, before, limit);
    },

    /** Whoever still writes it finds that it is given up: nothing leaves D1 for it. */
    async giveUp(key: string): Promise<void> {
      await all("UPDATE segments SET state = 'leaving' WHERE key = ?1 AND state = 'writing'", key);
    },

    /** What was written anew takes the old one's place, unless that has changed since it was read. */
    async replace(old: OpenSegment, key: string, now: number): Promise<void> {
      const same = "EXISTS (SELECT 1 FROM segments WHERE key = ?2 AND state = 'stale' AND ids = ?3)";
      await run((db) =>
        db.batch([
          db
            .prepare(
              `UPDATE segments SET state = 'kept', ids = ?3, events = ?4, at = ?5 WHERE key = ?1 AND state = 'writing' AND ${same}`,
            )
            .bind(key, old.key, old.ids, old.events, now),
          db
            .prepare(
              "UPDATE segments SET state = 'leaving', ids = '', events = 0 WHERE key = ?1 AND EXISTS (SELECT 1 FROM segments WHERE key = ?2 AND state = 'kept')",
            )
            .bind(old.key, key),
        ]),
      );
    },

    /** A segment of which nothing is left to be found. */
    async empty(key: string): Promise<void> {
      await all("UPDATE segments SET state = 'leaving' WHERE key = ?1 AND state = 'stale' AND ids = ''", key);
    },

    /** One that was to be written anew, and whose object is gone. Returns whether it still was. */
    async lost(key: string): Promise<boolean> {
      const given =
        "UPDATE segments SET state = 'leaving', ids = '', events = 0 WHERE key = ?1 AND state = 'stale' RETURNING 1";
      return (await all(given, key)).length > 0;
    },

    /** Its object is gone. */
    async forget(key: string): Promise<void> {
      await all("DELETE FROM segments WHERE key = ?1 AND state = 'leaving'", key);
    },
  };
}
