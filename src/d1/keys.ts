// D1: the API keys. Their secrets are not here, only the hashes by which they are recognised.
import type { Role } from "../contract/access.ts";
import { rowsOf, type Run } from "./database.ts";

/** A key as it is kept. Times are in ms. */
export interface KeyRow {
  readonly id: string;
  readonly hash: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  /** To the hour. */
  readonly lastUsedAt: number | null;
}

/** Live keys that may exist, so that the list is one page. */
const MOST_KEYS = 200;

const COLUMNS = `id, hash, name, role, created_at AS createdAt, created_by AS createdBy, expires_at AS expiresAt,
  revoked_at AS revokedAt, last_used_at AS lastUsedAt`;
const FIND = `SELECT ${COLUMNS} FROM api_keys WHERE id = ?1`;
const LIST = `SELECT ${COLUMNS} FROM api_keys ORDER BY revoked_at IS NOT NULL, created_at DESC, id LIMIT ${2 * MOST_KEYS}`;
const USED = "UPDATE api_keys SET last_used_at = ?2 WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)";

// ?1 id, new at each asking, so that what hangs on it hangs on this transaction; ?8 mark.
const CREATE = `
INSERT INTO api_keys (id, hash, name, role, created_at, created_by, expires_at) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
WHERE NOT EXISTS (SELECT 1 FROM marks WHERE name = ?8)
  AND NOT EXISTS (SELECT 1 FROM api_keys WHERE name = ?3)
  AND (SELECT count(*) FROM api_keys WHERE revoked_at IS NULL) < ${MOST_KEYS}`;
const AUDIT_CREATE = `
INSERT INTO audit (at, actor, action, target, detail)
SELECT created_at, created_by, 'key.create', name, json_object('id', id, 'role', role, 'expires_at', expires_at) FROM api_keys WHERE id = ?1`;
const REMEMBER = `
INSERT INTO marks (name, value, at) SELECT ?2, id, created_at FROM api_keys WHERE id = ?1 AND ?2 IS NOT NULL ON CONFLICT (name) DO NOTHING`;
const OUTCOME = `
SELECT CASE
  WHEN EXISTS (SELECT 1 FROM api_keys WHERE id = ?1) THEN 'created'
  WHEN EXISTS (SELECT 1 FROM marks WHERE name = ?2) THEN 'repeated'
  WHEN EXISTS (SELECT 1 FROM api_keys WHERE name = ?3) THEN 'taken'
  ELSE 'full' END AS outcome`;

const LIVE = "id = ?1 AND revoked_at IS NULL";
const AUDIT_REVOKE = `
INSERT INTO audit (at, actor, action, target, detail)
SELECT ?2, ?3, 'key.revoke', name, json_object('id', id) FROM api_keys WHERE ${LIVE}`;
const REVOKE = `UPDATE api_keys SET revoked_at = ?2 WHERE ${LIVE}`;
const END_SESSIONS = "DELETE FROM sessions WHERE key = ?1";

/**
 * What became of a new key. `repeated`: an earlier asking with the same Idempotency-Key made it;
 * `taken`: a key has the name, or had it.
 */
export type Creation = "created" | "repeated" | "taken" | "full";

/** The keys in D1. */
export type Keys = ReturnType<typeof openKeys>;

/** @param run D1 with the schema in place */
export function openKeys(run: Run) {
  const all = rowsOf(run);

  return {
    async find(id: string): Promise<KeyRow | null> {
      return (await all<KeyRow>(FIND, id))[0] ?? null;
    },

    /** Live ones first, then the newest. */
    async list(): Promise<KeyRow[]> {
      return await all<KeyRow>(LIST);
    },

    /** Notes that a key was used in the hour that began at `hour`. */
    async used(id: string, hour: number): Promise<void> {
      await all(USED, id, hour);
    },

    /** @param mark names this asking; `null` where it has no name */
    async create(key: Omit<KeyRow, "revokedAt" | "lastUsedAt">, mark: string | null): Promise<Creation> {
      const { id, hash, name, role, createdAt, createdBy, expiresAt } = key;
      const results = await run((db) =>
        db.batch<{ outcome: Creation }>([
          db.prepare(CREATE).bind(id, hash, name, role, createdAt, createdBy, expiresAt, mark),
          db.prepare(AUDIT_CREATE).bind(id),
          db.prepare(REMEMBER).bind(id, mark),
          db.prepare(OUTCOME).bind(id, mark, name),
        ]),
      );
      return results.at(-1)?.results[0]?.outcome ?? "full";
    },

    /** Ends a key and every session that was opened with it. Once it is revoked, nothing changes. */
    async revoke(id: string, actor: string, now: number): Promise<void> {
      await run((db) =>
        db.batch([
          db.prepare(AUDIT_REVOKE).bind(id, now, actor),
          db.prepare(REVOKE).bind(id, now),
          db.prepare(END_SESSIONS).bind(id),
        ]),
      );
    },
  };
}
