// D1: secrets that providers handed over, sealed, for a short time and few of them.
import { rowsOf, type Run } from "./database.ts";

/** How long an offer is kept, in ms: the operator who sets up a webhook is at work just now. */
const OFFER_MS = 60 * 60_000;
/** Offers kept for a source: anybody can make one while the source has no secret. */
const MOST = 3;

/** One offer as it is kept. */
export interface Offer {
  readonly at: number;
  readonly address: string;
  readonly sealed: string;
}

const EXPIRE = "DELETE FROM offered_secrets WHERE at <= ?1";
// An offer that is there is never pushed out:
// whoever floods the source makes a set-up fail, and does not replace a secret.
const KEEP = `
INSERT INTO offered_secrets (source, at, address, sealed)
SELECT ?1, ?2, ?3, ?4 WHERE (SELECT count(*) FROM offered_secrets WHERE source = ?1) < ${MOST} RETURNING seq`;
// Showing them is on record, also where there was nothing to show. Secrets are not kept to be shown again, so that an
// asking that has a name is answered once: the statements of the batch share this condition.
const UNANSWERED = "NOT EXISTS (SELECT 1 FROM marks WHERE name = ?1)";
const AUDIT = `INSERT INTO audit (at, actor, action, target) SELECT ?2, ?3, 'offers.reveal', ?4 WHERE ${UNANSWERED}`;
const FIRST = `SELECT ${UNANSWERED} AS first`;
const TAKE = `DELETE FROM offered_secrets WHERE source = ?2 AND ${UNANSWERED} RETURNING at, address, sealed`;
const REMEMBER =
  "INSERT INTO marks (name, value, at) SELECT ?1, '', ?2 WHERE ?1 IS NOT NULL ON CONFLICT (name) DO NOTHING";

/** The offers in D1. */
export type Offers = ReturnType<typeof openOffers>;

/** @param run D1 with the schema in place */
export function openOffers(run: Run) {
  const all = rowsOf(run);

  return {
    /** Whether there was a place for it. */
    async keep(source: string, { at, address, sealed }: Offer): Promise<boolean> {
      const [, kept] = await run((db) =>
        db.batch([db.prepare(EXPIRE).bind(at - OFFER_MS), db.prepare(KEEP).bind(source, at, address, sealed)]),
      );
      return kept?.results.length === 1;
    },

    /**
     * Hands them out to `actor`, oldest first, and forgets them.
     *
     * @param mark names this asking, `null` where it has no name
     * @returns `null` where an earlier asking had the same name: whoever made it has them
     */
    async take(source: string, now: number, actor: string, mark: string | null): Promise<Offer[] | null> {
      const [, , first, taken] = await run((db) =>
        db.batch<Offer & { first: number }>([
          db.prepare(EXPIRE).bind(now - OFFER_MS),
          db.prepare(AUDIT).bind(mark, now, actor, source),
          db.prepare(FIRST).bind(mark),
          db.prepare(TAKE).bind(mark, source),
          db.prepare(REMEMBER).bind(mark, now),
        ]),
      );
      if (first?.results[0]?.first !== 1) return null;
      return (taken?.results ?? []).toSorted((one, other) => one.at - other.at);
    },

    /** Forgets those whose time is over. */
    async expire(now: number): Promise<void> {
      await all(EXPIRE, now - OFFER_MS);
    },
  };
}
