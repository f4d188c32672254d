// D1: every place that holds something of an event's payload, once: what empties it when the body has to go, and what
// removes it when the whole event goes. Whoever keeps payload in another place adds it here, and nowhere else.

/** SQL that gives a column of the events that it is about; those are there until the last place has had its turn. */
type Chosen = (column: "seq" | "id" | "receipt") => string;

interface Place {
  readonly table: string;
  /** The statement that leaves nothing of the payload, and what is known of the event where it is; `why` is SQL. */
  readonly empties: (chosen: Chosen, why: string) => string;
  /** The statement that leaves nothing of the event. */
  readonly removes: (chosen: Chosen) => string;
}

// An answer may say back what was sent, so that what is kept of it goes with the body.
const answersIn = (table: string): Place => ({
  table,
  empties: (chosen) => `UPDATE ${table} SET excerpt = NULL WHERE excerpt <> '' AND event IN (${chosen("seq")})`,
  removes: (chosen) => `DELETE FROM ${table} WHERE event IN (${chosen("seq")})`,
});
/** Where all that there is is a copy. */
const copiesIn = (table: string, ofEvents: (chosen: Chosen) => string): Place => {
  const removes = (chosen: Chosen) => `DELETE FROM ${table} WHERE ${ofEvents(chosen)}`;
  return { table, empties: removes, removes };
};

/** The events themselves come last: what hangs on them is found through them. */
export const PLACES: readonly Place[] = [
  answersIn("attempts"),
  copiesIn("inspections", (chosen) => `event IN (${chosen("id")})`),
  // What a redacted event was before stands there too, although its own body may be in its row.
  copiesIn(
    "event_parts",
    (chosen) =>
      `receipt IN (${chosen("receipt")} AND (parts > 0 OR EXISTS (SELECT 1 FROM marks WHERE name = 'whole:' || receipt)))`,
  ),
  answersIn("deliveries"),
  {
    table: "events",
    // What a condition could not decide may name a value of the body. Without one, no route can take it any more.
    empties: (chosen, why) => `
UPDATE events SET body = NULL, parts = 0, object = NULL, unrouted = NULL, undecided = NULL, gone = ${why}
WHERE gone IS NULL AND seq IN (${chosen("seq")})`,
    removes: (chosen) => `DELETE FROM events WHERE seq IN (${chosen("seq")})`,
  },
];
