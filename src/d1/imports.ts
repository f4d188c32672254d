// D1: events of another relay on their way into the history: which are here already, and what is written of the others.
import { arrive, type Arriving } from "./lines.ts";
import { rowsOf, type Run } from "./database.ts";
import { stays } from "./expiry.ts";
import { LATENESS_MS } from "./moment.ts";

/** An event that may be here, and what the keys of its hour in the archive begin with. */
interface Sought {
  readonly id: string;
  readonly short: string;
  readonly folder: string;
}

/** An event to be written, and what was made from it by hand. */
export interface Coming extends Arriving {
  readonly editions: readonly { readonly event: string; readonly destination: string; readonly at: number }[];
  /** 1 where its retention has come to it already: the next cleanup moves it to the archive. */
  readonly old: 0 | 1;
}

const KNOWN = `
SELECT j.value->>'id' AS id FROM json_each(?1) j
WHERE EXISTS (SELECT 1 FROM events WHERE id = j.value->>'id')
  OR EXISTS (
    SELECT 1 FROM segments WHERE key > j.value->>'folder' AND key < j.value->>'folder' || '~' AND state IN ('kept', 'stale')
      AND instr(ids, j.value->>'short') > 0
  )`;

const WRITTEN = "json_each(?1) j CROSS JOIN events e ON e.id = j.value->>'id' AND e.receipt = j.value->>'receipt'";
// Events are numbered in the order in which they were written. What is imported behind younger ones is out of that
// order, and whoever looks for a time has to know (`isMixed` in moment.ts).
const MARKS = `
INSERT INTO marks (name, value, at)
SELECT 'imported', w.last, ?2 FROM (SELECT min(e.seq) AS first, max(e.seq) AS last, min(e.received_at) AS at FROM ${WRITTEN}) w
WHERE (SELECT received_at FROM events WHERE seq < w.first ORDER BY seq DESC LIMIT 1) > w.at + ${LATENESS_MS}
UNION ALL SELECT ${stays("e.seq")}, '', ?2 FROM ${WRITTEN} WHERE j.value->>'old' = 1
UNION ALL SELECT 'edited:' || e.id || ':' || e.receipt || m.key, json_object('event', m.value->>'event', 'destination', m.value->>'destination'), m.value->>'at'
FROM ${WRITTEN} CROSS JOIN json_each(j.value, '$.editions') m WHERE true
ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at`;
const AUDIT = `
INSERT INTO audit (at, actor, action, target, detail)
SELECT ?2, ?3, 'import', e.source, json_object('events', count(*), 'first', min(e.id), 'received_from', min(e.received_at), 'received_until', max(e.received_at))
FROM ${WRITTEN} GROUP BY e.source`;
const HERE = `SELECT e.id FROM ${WRITTEN}`;

/** @param run D1 with the schema in place */
export function openImports(run: Run) {
  const all = rowsOf(run);
  return {
    /** Those of them that are here, in the history or in the archive. */
    async known(sought: readonly Sought[]): Promise<Set<string>> {
      return new Set((await all<{ id: string }>(KNOWN, JSON.stringify(sought))).map(({ id }) => id));
    },

    /** Writes them in one transaction, with a row in the audit. Returns those that were not here before. */
    async write(events: readonly Coming[], actor: string, now: number): Promise<Set<string>> {
      const rows = JSON.stringify(events.map(({ id, receipt, old, editions }) => ({ id, receipt, old, editions })));
      const results = await run((db) =>
        db.batch<{ id: string }>([
          ...arrive(db, events),
          db.prepare(MARKS).bind(rows, now),
          db.prepare(AUDIT).bind(rows, now, actor),
          db.prepare(HERE).bind(rows),
        ]),
      );
      return new Set((results.at(-1)?.results ?? []).map(({ id }) => id));
    },
  };
}
