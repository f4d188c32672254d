// D1: events past their retention, and bodies past theirs, a few rows at a time: which have come to it, and what goes.
import { type Gone, type Keeping, keptFor } from "../contract/retention.ts";
import { type Archiving, beforeFor, fittingTogether, type Move } from "./archiving.ts";
import { rowsOf, type Run } from "./database.ts";
import { PLACES } from "./places.ts";
import { fitting, type Removed } from "./retention.ts";

/** Survivors that a look may read again before its place is written down, and how long at most, in ms. */
const PASSED = 10;
const PLACE_MS = 60 * 60_000;
/**
 * For so long after its end a delivery counts as open, in ms: an attempt whose lease has ended may still tell what it
 * was answered, or an inspector what it was sent.
 */
const QUIET_MS = 3 * 60_000;

/** Of an event `e`; ?1 is now. */
const OPEN = `EXISTS (
  SELECT 1 FROM deliveries d WHERE d.event = e.seq
  AND (d.state IN ('pending', 'delivering', 'held') OR d.ended_at > ?1 - ${QUIET_MS})
)`;
// received_at has no index, and every index costs a row per event. So each retention goes along the events from the
// oldest on, and its place is kept: what stays, because it is another source's or a delivery is open, is passed once.
// Where the first behind the place is young, so are those behind it, and no more is read: that is each minute of an
// ordinary day.
const placeOf = (name: string) => `coalesce((SELECT CAST(value AS INTEGER) FROM marks WHERE name = ${name}), 0)`;
/** A mark for each event that was old enough and had to stay, in the order of their numbers. */
const STAYED = "name > 'stays:' AND name < 'stays;'";
export const stays = (event: string) => `printf('stays:%016d', ${event})`;
const DUE = `
SELECT c.value->>'name' AS name FROM json_each(?1) c
WHERE (SELECT received_at FROM events WHERE seq > ${placeOf("c.value->>'name'")} ORDER BY seq LIMIT 1) < c.value->>'before'
UNION ALL SELECT 'stayed' WHERE EXISTS (SELECT 1 FROM marks WHERE ${STAYED})`;
// ?2 the time before which an event is old, ?3 how many, ?4 the name of the place, ?5 and ?6 of which sources.
const OLD_AND_MINE = "received_at < ?2 AND (source IN (SELECT value FROM json_each(?5))) <> ?6";
const aged = (done: string) => `
SELECT seq, parts, size, received_at AS receivedAt, received_at < ?2 AS old, ${OLD_AND_MINE} AS mine, iif(${OLD_AND_MINE}, ${OPEN}, 0) AS open,
  iif(${OLD_AND_MINE}, ${done}, 0) AS done
FROM (SELECT seq, source, received_at, size, parts, gone FROM events WHERE seq > ${placeOf("?4")} ORDER BY seq LIMIT ?3) e`;
const AGED = { events: aged("0"), bodies: aged("gone IS NOT NULL") };
const MARK_AGED = `
INSERT INTO marks (name, value, at) VALUES (?1, ?2, ?3)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at
WHERE value <> excluded.value AND (?4 = 1 OR marks.at < ?3 - ${PLACE_MS})`;

const LOOK_AGAIN = `
SELECT m.event AS seq, e.source, e.received_at AS receivedAt, e.size, e.parts, e.gone, iif(e.seq IS NULL, 0, ${OPEN}) AS open
FROM (
  SELECT CAST(substr(name, 7) AS INTEGER) AS event FROM marks
  WHERE ${STAYED} AND name > ${stays(placeOf("'stayed'"))} ORDER BY name LIMIT ?2
) m
LEFT JOIN events e ON e.seq = m.event`;
/** Of an event `e` that was to be removed: it is still here, because it has changed since the archive took it. */
const KEPT = (list: string) => `e.seq IN (SELECT value FROM json_each(${list}))`;
// The place and those that stay, in one statement: an invocation has few of them. ?3 to ?5 are those of `MARK_AGED`.
// ?6 are those that the same transaction has removed, unless they had changed.
const PASS = `
INSERT INTO marks (name, value, at)
SELECT ${stays("seq")}, '', ?1 FROM events e WHERE seq IN (SELECT value FROM json_each(?2)) AND (${OPEN} OR ${KEPT("?6")})
UNION ALL SELECT ?3, ?4, ?1 WHERE true
ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at
WHERE value <> excluded.value AND (?5 = 1 OR marks.at < ?1 - ${PLACE_MS})`;
const LEAVE = `
DELETE FROM marks WHERE name IN (
  SELECT ${stays("value")} FROM json_each(?2) WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.seq = value AND (${OPEN} OR ${KEPT("?3")}))
)`;

// Asked once more, in the transaction that deletes: since it was looked, somebody may have opened a delivery again.
const goingOf = (list: string) => (column: string) =>
  `SELECT ${column} FROM events e WHERE seq IN (SELECT value FROM json_each(${list})) AND NOT ${OPEN}`;
const EMPTY = PLACES.map(({ empties }) => empties(goingOf("?3"), "?2"));
// Where the newest events are gone, their numbers are given again.
const RENUMBERED = `
UPDATE marks SET value = '0' WHERE name > 'expiry:' AND name < 'expiry;'
AND CAST(value AS INTEGER) > coalesce((SELECT max(seq) FROM events), 0)`;
// A job that deletes everything about a subject has met whatever has a number up to its place: what comes anew is
// behind it, and a step that has looked already looks again.
const RENUMBERED_JOBS = `
UPDATE replays SET erasure = json_set(erasure, '$.step', erasure->>'step' || '.',
  '$.seq', min(erasure->>'seq', coalesce((SELECT max(seq) FROM events), 0)))
WHERE next_at IS NOT NULL AND erasure IS NOT NULL`;

/** An event that a retention has come to: whether it is old enough, one of its sources', and open. */
interface Aged {
  readonly seq: number;
  readonly receivedAt: number;
  readonly size: number;
  readonly parts: number;
  readonly old: number;
  readonly mine: number;
  readonly open: number;
  /** 1 where its body is gone already. */
  readonly done: number;
}

/** An event that had to stay; without a source it is gone. */
interface Stayed extends Pick<Aged, "seq" | "open" | "receivedAt" | "size"> {
  readonly source: string | null;
  readonly parts: number;
  readonly gone: string | null;
}

/**
 * Where there is an archive, events are written there before they are removed, a segment at a time.
 *
 * @param run D1 with the schema in place
 */
export function openExpiry(run: Run) {
  return {
    due: async (keepings: readonly Keeping[], now: number, archive: Archiving | null = null) =>
      await due(run, keepings, now, archive),
    expire: async (keeping: Keeping, now: number, limit: number, archive: Archiving | null = null) =>
      await expire(run, keeping, now, limit, archive),
    release: async (keepings: readonly Keeping[], now: number, limit: number, archive: Archiving | null = null) =>
      await release(run, keepings, now, limit, archive),
  };
}

/** Which of the retentions have come to an event that is old enough, and whether any had to stay. */
async function due(
  run: Run,
  keepings: readonly Keeping[],
  now: number,
  archive: Archiving | null,
): Promise<(Keeping | "stayed")[]> {
  const asked = keepings.map((one) => ({ name: nameOf(one), before: beforeFor(now - one.ms, one.of, archive) }));
  const found = new Set((await rowsOf(run)<{ name: string }>(DUE, JSON.stringify(asked))).map(({ name }) => name));
  return [...(found.has("stayed") ? ["stayed" as const] : []), ...keepings.filter((one) => found.has(nameOf(one)))];
}

/**
 * Lets go what one retention has come to: events that have ended, with all that hangs on them, or their bodies.
 * Looks at `limit` events, from the place on where the last look ended.
 */
async function expire(
  run: Run,
  keeping: Keeping,
  now: number,
  limit: number,
  archive: Archiving | null,
): Promise<Removed> {
  const { of, ms, sources, except } = keeping;
  const name = nameOf(keeping);
  const before = beforeFor(now - ms, of, archive);
  const looked = await rowsOf(run)<Aged>(AGED[of], now, before, limit, name, JSON.stringify(sources), Number(except));
  const young = looked.findIndex(({ old }) => old === 0);
  const old = young === -1 ? looked : looked.slice(0, young);
  const goes = ({ mine, open, done }: Aged) => mine === 1 && open === 0 && done === 0;
  const { kept } = fitting(old, (row) => (goes(row) ? row.parts : 0));
  const rows = of === "events" ? fittingTogether(kept, goes, archive) : kept;
  const cut = rows.length < old.length;
  if (rows.length === 0) return { count: 0, cut };
  const going = rows.filter(goes).map(({ seq }) => seq);
  const passed = of === "bodies" ? rows.length : rows.length - going.length;
  const further = cut || looked.length === limit;
  const mine = JSON.stringify(rows.filter((row) => row.mine === 1).map(({ seq }) => seq));
  const gone = of === "bodies" ? { why: "retention" as const, at: now, after: ms } : null;
  const place = String(rows.at(-1)?.seq ?? 0);
  // What stays is passed, so that its place is kept, and the events themselves are noted that have to be met again.
  const removed = gone === null ? going : [];
  const values = [now, mine, name, place, Number(further || passed >= PASSED), JSON.stringify(removed)];
  const move = await moveOf(removed, archive);
  await run((db) =>
    db.batch([
      ...letGo(db, now, going, gone, move),
      ...(passed === 0 ? [] : [db.prepare(PASS).bind(...values)]),
      ...(gone === null && !further && young === -1 ? renumbered(db) : []),
    ]),
  );
  return { count: going.length, cut: further };
}

/** The same for those that had to stay when their time had come. */
async function release(
  run: Run,
  keepings: readonly Keeping[],
  now: number,
  limit: number,
  archive: Archiving | null,
): Promise<Removed> {
  const looked = await rowsOf(run)<Stayed>(LOOK_AGAIN, now, limit);
  const { kept: rows, cut } = fitting(looked, ({ parts }) => parts ?? 0);
  const past = (row: Stayed, of: Keeping["of"]) => {
    const ms = row.source === null ? null : keptFor(keepings, of, row.source);
    return ms !== null && row.receivedAt < beforeFor(now - ms, of, archive);
  };
  const over = rows.filter(({ open }) => open === 0);
  const old = over.filter((row) => past(row, "events"));
  const removed = fittingTogether(old, () => true, archive);
  // What does not fit into this segment is met again.
  const ended = over.filter((row) => !old.includes(row) || removed.includes(row));
  const emptied = ended.filter((row) => !removed.includes(row) && (row.gone !== null || past(row, "bodies")));
  const bodiesOf = ({ source }: Stayed) => keptFor(keepings, "bodies", source ?? "") ?? 0;
  const times = [...new Set(emptied.map(bodiesOf))];
  // Behind the last of them it begins with the first one again.
  const further = cut || looked.length === limit;
  const place = further ? (rows.at(-1)?.seq ?? 0) : 0;
  const left = JSON.stringify(ended.map(({ seq }) => seq));
  const going = removed.map(({ seq }) => seq);
  const move = await moveOf(going, archive);
  await run((db) =>
    db.batch([
      ...letGo(db, now, going, null, move),
      // Each says how long those of its source are kept.
      ...times.flatMap((after) =>
        letGo(
          db,
          now,
          emptied.filter((row) => bodiesOf(row) === after).map(({ seq }) => seq),
          {
            why: "retention",
            at: now,
            after,
          },
          null,
        ),
      ),
      ...(ended.length === 0 ? [] : [db.prepare(LEAVE).bind(now, left, JSON.stringify(going))]),
      db.prepare(MARK_AGED).bind("stayed", String(place), now, 1),
      ...(removed.length === 0 ? [] : renumbered(db)),
    ]),
  );
  return { count: removed.length + emptied.length, cut: further && ended.length > 0 };
}

function renumbered(db: D1Database): D1PreparedStatement[] {
  return [db.prepare(RENUMBERED), db.prepare(RENUMBERED_JOBS)];
}

/** Where a retention keeps its place. One that is for others than before begins anew. */
function nameOf({ of, ms, sources, except }: Keeping): string {
  return `expiry:${of}:${ms}:${except ? "all but " : ""}${sources.join(",")}`;
}

/** Writes into the archive what is about to be removed, if there is one. */
async function moveOf(seqs: readonly number[], archive: Archiving | null): Promise<Move | null> {
  return archive === null || seqs.length === 0 ? null : await archive.write(seqs);
}

/** The statements that remove these events, or with a reason empty them. */
function letGo(
  db: D1Database,
  now: number,
  seqs: readonly number[],
  gone: Gone | null,
  move: Move | null,
): D1PreparedStatement[] {
  if (seqs.length === 0) return [];
  const rows = JSON.stringify(seqs);
  if (gone !== null) return EMPTY.map((sql) => db.prepare(sql).bind(now, JSON.stringify(gone), rows));
  const forget = (list: string, value: string) =>
    PLACES.map(({ removes }) => db.prepare(removes(goingOf(list))).bind(now, null, value));
  return move === null ? forget("?3", rows) : move(db, forget);
}
