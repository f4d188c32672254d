// D1: the record of who did what, read newest first. It is written where things are done, in the same transaction.
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
  };
}
