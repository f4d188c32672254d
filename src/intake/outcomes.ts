// The Intake object's own SQLite: how first attempts ended, if D1 did not take it at once. Empty unless D1 is slow,
// unavailable, or refuses an event.
import type { FirstOutcome } from "../d1/settlement.ts";

/** How one first attempt ended. It belongs to one acceptance of its event. */
export interface Ending {
  readonly id: string;
  readonly receipt: string;
  /** Bytes of the event's body, for a bell. */
  readonly size: number;
  readonly outcome: FirstOutcome;
}

/** Which first attempt: of which event, by which acceptance, to which destination. */
export function nameOf({ id, receipt, outcome: { destination } }: Omit<Ending, "size">): string {
  return attemptName(id, receipt, destination);
}

/** The same, from its parts. */
export function attemptName(id: string, receipt: string, destination: string): string {
  return `${id} ${receipt} ${destination}`;
}

export type Outcomes = ReturnType<typeof openOutcomes>;

/** @param sql the object's storage, in which the journal has its tables */
export function openOutcomes(sql: SqlStorage) {
  sql.exec(
    "CREATE TABLE IF NOT EXISTS outcomes (event TEXT NOT NULL, receipt TEXT NOT NULL, destination TEXT NOT NULL, size INTEGER NOT NULL, told TEXT NOT NULL, PRIMARY KEY (event, receipt, destination)) WITHOUT ROWID",
  );
  const read = function* (where: string, ...values: string[]): Generator<Ending> {
    const select = `SELECT event, receipt, size, told FROM outcomes ${where}`;
    for (const row of sql.exec<{ event: string; receipt: string; size: number; told: string }>(select, ...values))
      yield { id: row.event, receipt: row.receipt, size: row.size, outcome: parse(row.told) };
  };

  return {
    /** Keeps outcomes until D1 takes them. The first one that was told of an attempt counts. */
    keep(endings: readonly Ending[]): void {
      for (const { id, receipt, size, outcome } of endings) {
        const told = JSON.stringify(outcome);
        const insert = "INSERT INTO outcomes VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
        sql.exec(insert, id, receipt, outcome.destination, size, told);
      }
    },

    /** Outcomes of one acceptance. */
    of: (id: string, receipt: string): Ending[] => [...read("WHERE event = ? AND receipt = ?", id, receipt)],

    /** Up to `limit` outcomes of events that D1 does not refuse and that pass `isLate`. */
    late(limit: number, isLate: (ending: Ending) => boolean): Ending[] {
      const late: Ending[] = [];
      for (const ending of read("WHERE event NOT IN (SELECT json_extract(bells, '$[0]') FROM stuck)")) {
        if (isLate(ending)) late.push(ending);
        if (late.length >= limit) break;
      }
      return late;
    },

    /** D1 has these. */
    forget(told: readonly Omit<Ending, "size">[]): void {
      const names = told.map(({ id, receipt, outcome }) => [id, receipt, outcome.destination]);
      const these = "SELECT value->>0, value->>1, value->>2 FROM json_each(?)";
      sql.exec(`DELETE FROM outcomes WHERE (event, receipt, destination) IN (${these})`, JSON.stringify(names));
    },

    /** Whether any outcome is kept. */
    any: (): boolean => sql.exec("SELECT 1 FROM outcomes LIMIT 1").toArray().length > 0,
  };
}

function parse(text: string): FirstOutcome {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this file wrote it
  return JSON.parse(text) as FirstOutcome;
}
