// D1: the address lists that providers publish. Only a complete list replaces another, and each change is recorded.
import { rowsOf, type Run } from "./database.ts";

/** A list as it is kept. */
export interface KeptList {
  readonly provider: string;
  /** JSON, an array of networks; `null` until it was first had. */
  readonly networks: string | null;
  /** When the last good answer came, in ms. */
  readonly refreshedAt: number | null;
  /** When it is to be asked for again, in ms. */
  readonly nextAt: number;
  readonly failures: number;
  /** Why the last answer was not taken. */
  readonly fault: string | null;
}

const KEPT = `provider, networks, refreshed_at AS refreshedAt, next_at AS nextAt, failures, fault`;

// Takes what is due and puts it off in one statement, so that of two that ask at once one fetches.
const TAKE_DUE = `
INSERT INTO address_lists (provider, next_at) SELECT value, ?3 FROM json_each(?1) WHERE true
ON CONFLICT (provider) DO UPDATE SET next_at = excluded.next_at WHERE next_at <= ?2
RETURNING ${KEPT}`;

const AUDIT = `
INSERT INTO audit (at, actor, action, target, detail)
SELECT ?3, 'hookline', 'addresses', provider, ?4 FROM address_lists WHERE provider = ?1 AND networks IS NOT ?2`;
const REPLACE = `
UPDATE address_lists SET networks = ?2, refreshed_at = ?3, next_at = ?4, failures = 0, fault = NULL WHERE provider = ?1`;
const KEEP = `UPDATE address_lists SET failures = failures + 1, fault = ?2, next_at = ?3 WHERE provider = ?1`;

/** The lists in D1. */
export type Lists = ReturnType<typeof openLists>;

/** @param run D1 with the schema in place */
export function openLists(run: Run) {
  const all = rowsOf(run);

  return {
    /** Every list that was ever asked for. */
    async all(): Promise<KeptList[]> {
      return await all<KeptList>(`SELECT ${KEPT} FROM address_lists`);
    },

    /** Those of these providers that are due. Until `lease` nobody else gets them. */
    async takeDue(providers: readonly string[], now: number, lease: number): Promise<KeptList[]> {
      const names = JSON.stringify(providers);
      return await all<KeptList>(TAKE_DUE, names, now, lease);
    },

    /** Puts a good list in the place of the one before; `change` is written into the audit if it differs. */
    async replace(provider: string, networks: string, change: string, now: number, nextAt: number): Promise<void> {
      await run((db) =>
        db.batch([
          db.prepare(AUDIT).bind(provider, networks, now, change),
          db.prepare(REPLACE).bind(provider, networks, now, nextAt),
        ]),
      );
    },

    /** Keeps the list as it is, and notes why. */
    async keep(provider: string, fault: string, nextAt: number): Promise<void> {
      await all(KEEP, provider, fault, nextAt);
    },
  };
}
