// D1: the audit, read newest first. An action's row is written in the action's own transaction;
// refusals are written here.
import { rowsOf, type Run } from "./database.ts";

export interface AuditRow {
  readonly seq: number;
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly detail: string | null;
}

const PAGE = "SELECT seq, at, actor, action, target, detail FROM audit WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2";

/**
 * Rows that are looked at for those of the last hour.
 * While people and keys do less than this in an hour, the bound below is exact.
 */
const LOOKED_AT = 500;
// ?4 since when, ?5 how many. The last one for which there is room says that there is none for others.
const RECENT = `(SELECT at, action, target FROM audit ORDER BY seq DESC LIMIT ${LOOKED_AT})`;
const OF_LATE = `FROM ${RECENT} WHERE action = 'sign-in.refused' AND at > ?4`;
const REFUSED = `
INSERT INTO audit (at, actor, action, target, detail)
SELECT ?1, 'stranger', 'sign-in.refused', ?2,
       iif((SELECT count(*) ${OF_LATE}) = ?5 - 1, json_insert(?3, '$.further', 'not listed for an hour'), ?3)
WHERE (SELECT count(*) ${OF_LATE}) < ?5 AND NOT EXISTS (SELECT 1 ${OF_LATE} AND target = ?2)`;

/** The record in D1. */
export type Audit = ReturnType<typeof openAudit>;

/** @param run D1 with the schema in place */
export function openAudit(run: Run) {
  const all = rowsOf(run);
  return {
    /** At most `limit` entries before `seq`. */
    async before(seq: number, limit: number): Promise<AuditRow[]> {
      return await all<AuditRow>(PAGE, seq, limit);
    },

    /**
     * Writes down a failed sign-in, unless `most` are there since `since` or
     * one of the same network is. Times are in ms.
     */
    async refused(one: { at: number; network: string; detail: string; since: number; most: number }): Promise<void> {
      await all(REFUSED, one.at, one.network, one.detail, one.since, one.most);
    },
  };
}
