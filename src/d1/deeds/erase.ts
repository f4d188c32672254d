// D1: everything about a subject is deleted: counted first, begun once somebody has confirmed it, or ended before
// its time.
import { AUDIT, type Deed, MINE } from "./deed.ts";

/** What is ordered; `erasure` is the job's work as JSON. */
interface Ordered {
  readonly erasure: string;
}

const DETAIL = `json_object('source', erasure->>'source', 'place', erasure->>'place', 'salt', erasure->>'salt',
  'digest', erasure->>'digest', 'matched', erasure->>'matched', 'deleted', erasure->>'deleted')`;
const CHOSEN = "FROM replays WHERE id = ?1->>'target' AND state = 'running' AND erasure IS NOT NULL";

/** The target is the source; the job's id is made of the receipt, which a repeat is told. */
export const START: Deed<Ordered, { id: string }> = {
  action: "erasures.start",
  answer: "SELECT json_object('id', 'era_' || (?1->>'receipt'))",
  acts: [
    `INSERT INTO replays (id, state, filter, actor, rate, expected, expected_complete, at_event, at_destination, next_at, created_at, updated_at, erasure)
     SELECT 'era_' || (?1->>'receipt'), 'running', '{}', ?1->>'actor', 0, 0, 0, 0, '', ?1->>'now', ?1->>'now', ?1->>'now', ?1->>'erasure' WHERE ${MINE}`,
    `${AUDIT} json_object('job', 'era_' || (?1->>'receipt'), 'place', ?1->'erasure'->>'place', 'salt', ?1->'erasure'->>'salt',
       'digest', ?1->'erasure'->>'digest') WHERE ${MINE}`,
  ],
};

/** The target is the job. */
export const CONFIRM: Deed<object, { done: 0 | 1 }> = {
  action: "erasures.confirm",
  answer: `SELECT json_object('done', EXISTS (SELECT 1 ${CHOSEN} AND erasure->>'phase' = 'counted'))`,
  acts: [
    `${AUDIT} ${DETAIL} ${CHOSEN} AND erasure->>'phase' = 'counted' AND ${MINE}`,
    `UPDATE replays SET next_at = ?1->>'now', updated_at = ?1->>'now',
       erasure = json_set(erasure, '$.phase', 'deleting', '$.step', ?1->>'receipt', '$.seq', 0, '$.key', NULL, '$.turn', 1, '$.from', 0, '$.looked', 0, '$.unreadable', 0)
     WHERE id IN (SELECT id ${CHOSEN} AND erasure->>'phase' = 'counted') AND ${MINE}`,
  ],
};

// One that has deleted everything has to say so in the audit.
const CANCELLABLE = `${CHOSEN} AND erasure->>'phase' <> 'rewriting'`;

export const CANCEL_ERASURE: Deed<object, { done: 0 | 1 }> = {
  action: "erasures.cancel",
  answer: `SELECT json_object('done', EXISTS (SELECT 1 ${CANCELLABLE}))`,
  acts: [
    `${AUDIT} ${DETAIL} ${CANCELLABLE} AND ${MINE}`,
    `UPDATE replays SET state = 'cancelled', next_at = NULL, ended_at = ?1->>'now', updated_at = ?1->>'now'
     WHERE id IN (SELECT id ${CANCELLABLE}) AND ${MINE}`,
  ],
};
