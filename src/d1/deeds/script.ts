// D1: the scripts that operators have put in the place of the configured ones.
import { AUDIT, type Deed, MINE } from "./deed.ts";

const CHANGES = `${MINE} AND (SELECT script FROM scripts WHERE destination = ?1->>'target') IS NOT ?1->>'script'`;
const AUDIT_SCRIPT = `${AUDIT} ?1->>'script' WHERE ${CHANGES}`;
const SET = `
INSERT INTO scripts (destination, script) SELECT ?1->>'target', ?1->>'script' WHERE ?1->>'script' IS NOT NULL AND ${CHANGES}
ON CONFLICT (destination) DO UPDATE SET script = excluded.script`;
const UNSET = `DELETE FROM scripts WHERE destination = ?1->>'target' AND ?1->>'script' IS NULL AND ${CHANGES}`;

/**
 * Puts a script in the place of the configured one, or with `null` the configured one in its place again. The answer
 * holds the script that was asked for first under this name. The target is the inspector.
 */
export const SCRIPT: Deed<{ script: string | null }, [script: string | null]> = {
  action: "script",
  answer: "json_array(?1->>'script')",
  acts: [AUDIT_SCRIPT, SET, UNSET],
};
