// D1: which events have a text in their bodies. It reads a bounded number of events and bytes, and says how far it got.
import { isSealedSql } from "./opened.ts";
import { IN_BUCKET } from "./parts.ts";
import { rowsOf, type Run } from "./database.ts";
import type { EventRow, Walk } from "./rows.ts";

/**
 * What one page looks at, in events and bytes of bodies, whichever comes first; an event larger than that is looked at
 * alone. The largest page, a body of 25 MiB behind 8 MB of others, takes D1 some 0.2 s here.
 */
export const SEARCHED = 500;
const MOST_BYTES = 8_000_000;

// SQLite's lower() knows ASCII only, on both sides of the comparison. A body in parts is looked at part by part, and
// where two of them meet. Base64 and what is sealed are not looked into: their letters say nothing. What is in
// the bucket is not there to be looked into.
const AWAY = `(e.parts > 0 AND EXISTS (SELECT 1 FROM event_parts p WHERE p.receipt = e.receipt AND p.n = 0 AND p.data = '${IN_BUCKET}'))`;
const HOLDING = `
SELECT e.seq AS event, CASE WHEN ${isSealedSql("e")} THEN 'sealed' WHEN e.encoding = 'base64' THEN 'binary' WHEN ${AWAY} THEN 'away' ELSE 'text' END AS kind
FROM json_each(?1) one CROSS JOIN events e ON e.seq = one.value
WHERE ${isSealedSql("e")} OR e.encoding = 'base64' OR instr(lower(e.body), lower(?2)) > 0 OR (e.parts > 0 AND EXISTS (
  SELECT 1 FROM event_parts p WHERE p.receipt = e.receipt AND p.n < e.parts AND (
    (p.n = 0 AND p.data = '${IN_BUCKET}') OR instr(lower(p.data), lower(?2)) > 0
    OR instr(lower(substr(p.data, -length(?2)) || (
      SELECT substr(next.data, 1, length(?2)) FROM event_parts next WHERE next.receipt = p.receipt AND next.n = p.n + 1
    )), lower(?2)) > 0
  )
))`;

/** @param run D1 with the schema in place */
export function openSearch(run: Run) {
  const all = rowsOf(run);

  /**
   * Out of a walk of `SEARCHED` events at most, those that hold `text` in their bodies;
   * letters of ASCII in either case.
   *
   * @param limit how many are wanted at most
   */
  return async function search(text: string, walk: Walk<EventRow>, limit: number): Promise<Walk<EventRow>> {
    const looked = affordable(walk.rows);
    const seqs = JSON.stringify(looked.map(({ event }) => event));
    const found = looked.length === 0 ? [] : await all<{ event: number; kind: string }>(HOLDING, seqs, text);
    const of = (wanted: string) => found.filter(({ kind }) => kind === wanted);
    const hits = new Set(of("text").map(({ event }) => event));
    const rows = looked.filter(({ event }) => hits.has(event));
    const sealed = of("sealed").length;
    const away = of("away").length;
    const unread = {
      binary: of("binary").length,
      ...(sealed === 0 ? {} : { sealed }),
      ...(away === 0 ? {} : { away }),
    };

    const [shown, last] = [rows.at(limit - 1), looked.at(-1)];
    if (rows.length > limit && shown !== undefined) {
      return { rows: rows.slice(0, limit), next: placeOf(shown), stopped: null, ...unread };
    }
    // Every event that the walk has found was looked at, so that the search has come as far as the walk has.
    if (looked.length === walk.rows.length && (walk.next === null || walk.stopped !== null)) {
      return { ...walk, rows, ...unread };
    }
    if (last === undefined) return { rows, next: null, stopped: null, ...unread };
    return { rows, next: placeOf(last), stopped: { scanned: looked.length, receivedAt: last.receivedAt }, ...unread };
  };
}

/** The first of these events whose bodies are not too much together; the very first one always. */
function affordable(events: readonly EventRow[]): readonly EventRow[] {
  let bytes = 0;
  const end = events.findIndex(({ size }, index) => (bytes += size) > MOST_BYTES && index > 0);
  return end === -1 ? events : events.slice(0, end);
}

function placeOf({ event }: EventRow) {
  return { event, destination: "" };
}
