// D1: what arrived at the inspectors.
import type { Encoding } from "../types.ts";
import { rowsOf, type Run } from "./database.ts";

/** Requests that are kept of each inspector. */
const MOST = 100;

/** Of a request that has no signature of the relay's. */
const NOTHING = 2;

/** Of the body of one that is only listed, in characters; whole groups of base64. */
const HEAD = 2_048;

/** A request as it is kept. */
export interface InspectionRow {
  readonly seq: number;
  readonly destination: string;
  /** The event's public id. */
  readonly event: string;
  readonly attempt: number;
  /** Which attempt of its round. */
  readonly nth: number;
  readonly at: number;
  /** JSON. */
  readonly headers: string;
  readonly size: number;
  readonly encoding: Encoding;
  readonly body: string;
  /** 1 or 0; 2 where there was nothing to prove. */
  readonly proven: number;
  /** The script that was in force. */
  readonly script: string;
}

export interface Arrived extends Omit<InspectionRow, "seq" | "headers" | "proven"> {
  readonly headers: Readonly<Record<string, string>>;
  readonly proven: boolean | null;
}

const KEEP = `
INSERT INTO inspections (destination, event, attempt, nth, at, headers, size, encoding, body, proven, script)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, coalesce((SELECT script FROM scripts WHERE destination = ?1), ?11))
RETURNING script`;
const TRIM = `
DELETE FROM inspections WHERE destination = ?1
  AND seq <= (SELECT seq FROM inspections WHERE destination = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ${MOST})`;
// ?2 the one whose body comes whole: the newest, where there is none of that number.
const WHOLE = `coalesce((SELECT seq FROM inspections WHERE destination = ?1 AND seq = ?2),
  (SELECT max(seq) FROM inspections WHERE destination = ?1))`;
const OF = `
SELECT seq, destination, event, attempt, nth, at, headers, size, encoding,
       iif(seq = ${WHOLE}, body, substr(body, 1, ${HEAD})) AS body, proven, script
FROM inspections WHERE destination = ?1 ORDER BY seq DESC LIMIT ${MOST}`;

/** What the inspectors keep. */
export type Inspections = ReturnType<typeof openInspections>;

/** @param run D1 with the schema in place */
export function openInspections(run: Run) {
  const all = rowsOf(run);

  return {
    /** Keeps a request, and lets go of the oldest that are too many. Returns the script that is in force. */
    async keep(one: Arrived): Promise<string> {
      const { destination, event, attempt, nth, at, headers, size, encoding, body, proven, script } = one;
      const values = [destination, event, attempt, nth, at, JSON.stringify(headers), size, encoding, body];
      const [kept] = await run((db) =>
        db.batch<{ script: string }>([
          db.prepare(KEEP).bind(...values, proven === null ? NOTHING : Number(proven), script),
          db.prepare(TRIM).bind(destination),
        ]),
      );
      return kept?.results[0]?.script ?? script;
    },

    /**
     * Newest first. The body of the one numbered `whole` is whole, or the newest one's where there is none;
     * of the others comes the beginning.
     */
    async of(destination: string, whole: number | null): Promise<InspectionRow[]> {
      return await all<InspectionRow>(OF, destination, whole);
    },
  };
}
