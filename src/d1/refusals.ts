// D1: the last refusals of each source, without bodies and without secrets.
import { EDITED_FROM } from "../ids.ts";
import { rowsOf, type Run } from "./database.ts";

/** Refusals kept for a source, and of these with the same code: a flood of one kind must not wash away the others. */
const MOST = 20;
const MOST_ALIKE = 5;
/** They hold addresses of people, so that not even the last ones are kept for ever, in ms. */
const KEPT_MS = 30 * 24 * 60 * 60_000;
/**
 * How many of the newest events are looked at for the last one of each source:
 * few, because a page that is open asks again and again.
 */
const LOOKED_AT = 200;

/** A refusal as it is kept. */
export interface Refusal {
  readonly source: string;
  readonly at: number;
  /** What the sender was answered. */
  readonly status: number;
  readonly reason: string;
  /** The reason, or a finer one that the diagnosis has found. */
  readonly code: string;
  readonly advice: string;
  readonly address: string;
  /** JSON: what the reason says besides: ages, places, names of secrets. */
  readonly evidence: string;
}

const COLUMNS = "source, at, status, reason, code, advice, address, evidence";
const KEEP = `INSERT INTO refusals (${COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`;
const TRIM = `
DELETE FROM refusals WHERE source = ?1 AND seq NOT IN (
  SELECT seq FROM (
    SELECT seq, row_number() OVER (PARTITION BY code ORDER BY seq DESC) AS nth FROM refusals WHERE source = ?1
  ) WHERE nth <= ${MOST_ALIKE} ORDER BY seq DESC LIMIT ${MOST}
)`;
const FORGET = "DELETE FROM refusals WHERE at < ?1";
const OF = `SELECT ${COLUMNS} FROM refusals WHERE source = ?1 ORDER BY seq DESC`;
const LAST_OF_EACH = `SELECT ${COLUMNS} FROM refusals WHERE seq IN (SELECT max(seq) FROM refusals GROUP BY source)`;
// What an operator has edited was not heard from anybody. In a value, the quotation marks would be escaped.
const LAST_EVENTS = `
SELECT source, max(CASE WHEN instr(headers, '"${EDITED_FROM}":') = 0 THEN received_at END) AS heard, min(received_at) AS since
FROM (SELECT source, received_at, headers FROM events ORDER BY seq DESC LIMIT ${LOOKED_AT}) GROUP BY source`;

/** The refusals in D1, and beside them when a source was last heard. */
export type Refusals = ReturnType<typeof openRefusals>;

/** @param run D1 with the schema in place */
export function openRefusals(run: Run) {
  const all = rowsOf(run);

  return {
    /** Keeps one, and lets go of those that are too many. */
    async keep(refusal: Refusal): Promise<void> {
      const { source, at, status, reason, code, advice, address, evidence } = refusal;
      await run((db) =>
        db.batch([
          db.prepare(KEEP).bind(source, at, status, reason, code, advice, address, evidence),
          db.prepare(TRIM).bind(source),
          db.prepare(FORGET).bind(at - KEPT_MS),
        ]),
      );
    },

    /** Those of a source, newest first. */
    async of(source: string): Promise<Refusal[]> {
      return await all<Refusal>(OF, source);
    },

    /**
     * The last refusal and the last event of each source.
     * Events are looked for as far back as `since`, `null` for all of them.
     */
    async lasts(): Promise<{ refusals: Refusal[]; events: { source: string; at: number }[]; since: number | null }> {
      const [refusals, events] = await run((db) =>
        db.batch<Refusal & { heard: number | null; since: number }>([
          db.prepare(LAST_OF_EACH),
          db.prepare(LAST_EVENTS),
        ]),
      );
      const looked = events?.results ?? [];
      return {
        refusals: refusals?.results ?? [],
        events: looked.flatMap(({ source, heard }) => (heard === null ? [] : [{ source, at: heard }])),
        since: looked.length === 0 ? null : Math.min(...looked.map(({ since }) => since)),
      };
    },
  };
}
