// D1: which browsers have signed in. The cookies are not here, only their hashes.
import { rowsOf, type Run } from "./database.ts";
import type { KeyRow } from "./keys.ts";

/** Sessions of one opener at once. */
const MOST = 20;

/** A session as it is kept. */
export interface Session {
  readonly hash: string;
  /** The API key that it was opened with; `null` for ADMIN_TOKEN. */
  readonly key: string | null;
  readonly proof: string;
  readonly expiresAt: number;
}

/** A session that begins. */
export interface NewSession extends Session {
  readonly now: number;
  readonly actor: string;
  /** Hash of the one that ends with it. */
  readonly instead: string | null;
}

// Each sign-in removes those that are over, and nothing else does.
// It reads the table, which has MOST rows for each key.
const FORGET = "DELETE FROM sessions WHERE expires_at <= ?1";
// Of one opener, ADMIN_TOKEN or a key. The newest but the one that is about to begin.
const TRIM = `
DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions WHERE key IS ?1 ORDER BY created_at DESC LIMIT -1 OFFSET ${MOST - 1})`;
const OPEN = "INSERT INTO sessions (hash, key, proof, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)";
const AUDIT = "INSERT INTO audit (at, actor, action, target) VALUES (?1, ?2, ?3, 'dashboard')";
const END = "DELETE FROM sessions WHERE hash = ?1";
const FIND = `
SELECT s.hash AS session, s.key, s.proof, s.expires_at AS sessionExpiresAt, k.hash, k.name, k.role, k.created_at AS createdAt,
  k.created_by AS createdBy, k.expires_at AS expiresAt, k.revoked_at AS revokedAt, k.last_used_at AS lastUsedAt
FROM sessions s LEFT JOIN api_keys k ON k.id = s.key WHERE s.hash = ?1`;

type Found = Omit<KeyRow, "id" | "name"> & {
  readonly session: string;
  readonly key: string | null;
  readonly proof: string;
  readonly sessionExpiresAt: number;
  readonly name: string | null;
};

/** The sessions in D1. */
export type Sessions = ReturnType<typeof openSessions>;

/** @param run D1 with the schema in place */
export function openSessions(run: Run) {
  const all = rowsOf(run);

  return {
    async open({ hash, key, proof, now, expiresAt, actor, instead }: NewSession): Promise<void> {
      await run((db) =>
        db.batch([
          db.prepare(FORGET).bind(now),
          db.prepare(END).bind(instead),
          db.prepare(TRIM).bind(key),
          db.prepare(OPEN).bind(hash, key, proof, now, expiresAt),
          db.prepare(AUDIT).bind(now, actor, "sign-in"),
        ]),
      );
    },

    /**
     * The session and the key that it was opened with, as the key is now; `key` is `null` too where the key is gone.
     */
    async find(hash: string): Promise<{ session: Session; key: KeyRow | null } | null> {
      const [row] = await all<Found>(FIND, hash);
      if (row === undefined) return null;
      const { session, key, proof, sessionExpiresAt, name, ...rest } = row;
      return {
        session: { hash: session, key, proof, expiresAt: sessionExpiresAt },
        key: key === null || name === null ? null : { ...rest, id: key, name },
      };
    },

    async end(hash: string, actor: string, now: number): Promise<void> {
      await run((db) => db.batch([db.prepare(END).bind(hash), db.prepare(AUDIT).bind(now, actor, "sign-out")]));
    },
  };
}
