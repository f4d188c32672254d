// The Intake object's own SQLite: how first attempts ended, where D1 did not take it at once. Empty unless D1 is out of reach.
import type { FirstOutcome } from "../d1/settlement.ts";

/** An outcome as it is kept. */
export interface KeptOutcome {
  readonly receipt: string;
  /** Bytes of the event's body, for a bell. */
  readonly size: number;
  readonly outcome: FirstOutcome;
}

export type Outcomes = ReturnType<typeof openOutcomes>;

/** @param sql the object's storage, in which the journal has its tables */
export function openOutcomes(sql: SqlStorage) {
  sql.exec(
    "CREATE TABLE IF NOT EXISTS outcomes (event TEXT NOT NULL, destination TEXT NOT NULL, told TEXT NOT NULL, PRIMARY KEY (event, destination)) WITHOUT ROWID",
  );

  return {
    /** Keeps outcomes of one event until D1 takes them. The first one that was told of an attempt counts. */
    keep(id: string, receipt: string, size: number, outcomes: readonly FirstOutcome[]): void {
      for (const outcome of outcomes) {
        const told = JSON.stringify({ receipt, size, outcome } satisfies KeptOutcome);
        sql.exec("INSERT INTO outcomes VALUES (?, ?, ?) ON CONFLICT DO NOTHING", id, outcome.destination, told);
      }
    },

    /** Outcomes of one event. */
    of(id: string): FirstOutcome[] {
      const rows = sql.exec<{ told: string }>("SELECT told FROM outcomes WHERE event = ?", id).toArray();
      return rows.map(({ told }) => parse(told).outcome);
    },

    /** Up to `limit` outcomes of events that D1 has. To be called while no event waits for D1. */
    late(limit: number): { id: string; kept: KeptOutcome }[] {
      const rows = sql.exec<{ event: string; told: string }>(
        "SELECT event, told FROM outcomes WHERE event NOT IN (SELECT json_extract(bells, '$[0]') FROM stuck) LIMIT ?",
        limit,
      );
      return rows.toArray().map(({ event, told }) => ({ id: event, kept: parse(told) }));
    },

    /** D1 has these. */
    forget(told: readonly { id: string; destination: string }[]): void {
      const names = told.map(({ id, destination }) => [id, destination]);
      const these = "SELECT value->>0, value->>1 FROM json_each(?)";
      sql.exec(`DELETE FROM outcomes WHERE (event, destination) IN (${these})`, JSON.stringify(names));
    },

    /** Whether any outcome is kept. */
    any: (): boolean => sql.exec("SELECT 1 FROM outcomes LIMIT 1").toArray().length > 0,
  };
}

function parse(text: string): KeptOutcome {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this file wrote it
  return JSON.parse(text) as KeptOutcome;
}
