// D1: what redacted events were before, sealed: kept while their deliveries are open,
// and removed by the sweep behind the last of them.
import { WHOLE_PARTS } from "../bytes/body.ts";
import { rowsOf, type Run } from "./database.ts";
import { fitting } from "./retention.ts";

const OPEN = (event: string) =>
  `EXISTS (SELECT 1 FROM deliveries d WHERE d.event = ${event} AND d.state IN ('pending', 'delivering', 'held'))`;
const ACCEPTED = `json_each(?1) j JOIN events e ON e.id = j.value->>'id' AND e.receipt = j.value->>'receipt'`;

const KEEP = `
INSERT INTO event_parts (receipt, n, event, data)
SELECT e.receipt, ${WHOLE_PARTS} + w.key, e.id, w.value FROM ${ACCEPTED} JOIN json_each(j.value, '$.whole') w WHERE ${OPEN("e.seq")}
ON CONFLICT DO NOTHING`;
// A mark for each, because no index of parts says which of them are a whole: its name is found by its beginning.
const MARK = `
INSERT INTO marks (name, value, at) SELECT 'whole:' || e.receipt, e.id, ?2 FROM ${ACCEPTED} WHERE j.value->'whole' IS NOT NULL
ON CONFLICT DO NOTHING`;

// ?1 the place of the last look: marks are in the order of time, and each look goes on where the last one ended.
const LOOK = `
SELECT m.name, iif(m.over, (SELECT count(*) FROM event_parts p WHERE p.receipt = substr(m.name, 7) AND p.n >= ${WHOLE_PARTS}), 0) AS parts, m.over
FROM (
  SELECT name, NOT EXISTS (SELECT 1 FROM events e WHERE e.id = marks.value AND ${OPEN("e.seq")}) AS over
  FROM marks WHERE name > ?1 AND name < 'whole;' ORDER BY name LIMIT ?2
) m ORDER BY m.name`;
// Asked once more in the transaction that removes: a delivery that was opened since gets what was sent before.
const OVER = `
FROM json_each(?1) j CROSS JOIN marks m ON m.name = j.value
WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.id = m.value AND ${OPEN("e.seq")})`;
const DROP = `DELETE FROM event_parts WHERE n >= ${WHOLE_PARTS} AND receipt IN (SELECT substr(m.name, 7) ${OVER})`;
const UNMARK = `DELETE FROM marks WHERE name IN (SELECT m.name ${OVER})`;

const FIRST = "whole:";

/** Statements for the commit of events of which some are redacted: behind those that open their deliveries. */
export function wholesKept(
  db: D1Database,
  rows: string,
  events: readonly { readonly whole?: unknown }[],
  now: number,
): D1PreparedStatement[] {
  if (!events.some(({ whole }) => whole !== undefined)) return [];
  return [db.prepare(KEEP).bind(rows), db.prepare(MARK).bind(rows, now)];
}

/** @param run D1 with the schema in place */
export function openWholes(run: Run) {
  const all = rowsOf(run);
  let place = FIRST;
  return {
    /** Removes what events were whose deliveries have all ended: looks at `limit` of them. Returns whether there are more. */
    async dropWholes(limit: number): Promise<boolean> {
      const looked = await all<{ name: string; parts: number; over: number }>(LOOK, place, limit);
      const { kept: rows, cut } = fitting(looked, ({ parts }) => parts);
      const over = JSON.stringify(rows.filter((row) => row.over === 1).map(({ name }) => name));
      if (over !== "[]") await run((db) => db.batch([DROP, UNMARK].map((sql) => db.prepare(sql).bind(over))));
      const more = cut || looked.length === limit;
      place = more ? (rows.at(-1)?.name ?? FIRST) : FIRST;
      return more;
    },
  };
}
