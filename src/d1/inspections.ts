// D1: what arrived at the inspectors.
import { decodeBody } from "../bytes/body.ts";
import type { Encoding } from "../types.ts";
import { isSealed, NO_KEYS, PLACES, type Vault } from "../bytes/vault.ts";
import { openPiece, whyNot } from "./opened.ts";
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
  /** Whether headers and body are kept sealed. */
  readonly sealed?: boolean;
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
       iif(seq = ${WHOLE} OR substr(headers, 1, 1) <> '{', body, substr(body, 1, ${HEAD})) AS body, proven, script
FROM inspections WHERE destination = ?1 ORDER BY seq DESC LIMIT ${MOST}`;

/** What the inspectors keep. */
export type Inspections = ReturnType<typeof openInspections>;

/**
 * @param run D1 with the schema in place
 * @param vault seals and opens what came of sealed events
 */
export function openInspections(run: Run, vault: Vault = NO_KEYS) {
  const all = rowsOf(run);

  return {
    /** Keeps a request, and lets go of the oldest that are too many. Returns the script that is in force. */
    async keep(one: Arrived): Promise<string> {
      const { destination, event, attempt, nth, at, size, encoding, proven, script } = one;
      const { headers, body } = await keptOf(one, vault);
      const values = [destination, event, attempt, nth, at, headers, size, encoding, body];
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
      const rows = await all<InspectionRow>(OF, destination, whole);
      const opened = await Promise.all(rows.map((row) => openInspection(row, vault)));
      // What is sealed cannot be cut before it is opened.
      const shown = opened.find(({ seq }) => seq === whole) ?? opened[0];
      return opened.map((row) => (row === shown ? row : Object.assign(row, { body: row.body.slice(0, HEAD) })));
    },
  };
}

/** Headers and body as they are kept. */
async function keptOf(
  { destination, event, attempt, headers, encoding, body, sealed }: Arrived,
  vault: Vault,
): Promise<{ readonly headers: string; readonly body: string }> {
  const text = JSON.stringify(headers);
  if (sealed !== true) return { headers: text, body };
  const place = (column: "headers" | "body") => PLACES.inspected(event, destination, attempt, column);
  return {
    headers: await vault.seal(text, place("headers")),
    body: await vault.seal(decodeBody(encoding, body), place("body")),
  };
}

/** A request as it arrived at an inspector. */
async function openInspection(row: InspectionRow, vault: Vault): Promise<InspectionRow> {
  if (!isSealed(row.headers)) return row;
  const { event, destination, attempt, encoding, body } = row;
  try {
    const [headers, whole] = await Promise.all([
      vault.openText(row.headers, PLACES.inspected(event, destination, attempt, "headers")),
      openPiece(body, PLACES.inspected(event, destination, attempt, "body"), encoding, vault),
    ]);
    return { ...row, headers, body: whole };
  } catch (error) {
    return { ...row, headers: "{}", encoding: "text", body: whyNot(error) };
  }
}
