// API keys and the record of who did what: made, shown once, ended, listed.
import { type ApiKey, keyName } from "../contract/access.ts";
import { hash, newKey } from "../access/secrets.ts";
import type { KeyRow } from "../d1/keys.ts";
import type { Acts, KeyLooks, VerbDeps } from "./operator.ts";
import { askedAs } from "./once.ts";
import { iso } from "../time.ts";
import { badRequest, conflict, notFound, quoted } from "./refuse.ts";

const DAY_MS = 86_400_000;
const AUDIT_PAGE = 100;

/** @see KeyLooks */
export function openKeyLooks({ tables, now }: VerbDeps): KeyLooks {
  return {
    async list() {
      const at = now();
      return (await tables.keys.list()).map((row) => toKey(row, at));
    },

    async audit(cursor) {
      const before =
        cursor === null ? Number.MAX_SAFE_INTEGER : Number(/^a(\d{1,15})$/.exec(cursor)?.[1] ?? Number.NaN);
      if (Number.isNaN(before)) {
        return badRequest('cursor: must be the "next" of an earlier page: leave it out to start with the newest');
      }
      const rows = await tables.audit.before(before, AUDIT_PAGE + 1);
      const shown = rows.slice(0, AUDIT_PAGE);
      const last = shown.at(-1);
      return {
        ok: true,
        value: {
          entries: shown.map(({ at, actor, action, target, detail }) => ({
            at: iso(at),
            actor,
            action,
            target,
            detail,
          })),
          next: rows.length > AUDIT_PAGE && last !== undefined ? `a${last.seq}` : null,
        },
      };
    },
  };
}

/** How keys are made, shown once, and ended. `days` until one expires: `null` for never. */
export function openKeyActs({ tables, now, newId, log }: VerbDeps): Pick<Acts, "key.create" | "key.revoke"> {
  const { keys } = tables;
  return {
    async "key.create"(_, by, { name, role, days }) {
      const named = keyName.safeParse(name);
      if (!named.success) return badRequest(`name: ${named.error.issues[0]?.message ?? "is none"}`);
      const at = now();
      const { id, secret } = newKey(newId);
      const row = {
        id,
        hash: await hash(secret),
        name,
        role,
        createdAt: at,
        createdBy: by.caller.actor,
        expiresAt: days === null ? null : at + days * DAY_MS,
      };
      const outcome = await keys.create(row, await askedAs("key.create", name, by));
      switch (outcome) {
        case "created":
          log.info("key.created", { id, name, role, actor: by.caller.actor });
          return { ok: true, value: { key: toKey({ ...row, revokedAt: null, lastUsedAt: null }, at), secret } };
        case "repeated":
          return conflict(
            `the key ${quoted(name)} was made by an earlier request with this Idempotency-Key, whose answer alone holds its secret: if that was lost, revoke the key and make another one under a new Idempotency-Key`,
          );
        case "taken":
          return conflict(`there is or was a key ${quoted(name)}, and the audit knows it by that: take another name`);
        case "full":
          return conflict("there are as many live keys as there may be: revoke those that nobody uses");
      }
    },

    async "key.revoke"(id, by) {
      if ((await keys.find(id)) === null) return noKey(id);
      await keys.revoke(id, by.caller.actor, now());
      const row = await keys.find(id);
      if (row === null) return noKey(id);
      log.info("key.revoked", { id, actor: by.caller.actor });
      return { ok: true, value: toKey(row, now()) };
    },
  };
}

function toKey(row: Omit<KeyRow, "hash">, now: number): ApiKey {
  const { id, name, role, createdAt, createdBy, expiresAt, revokedAt, lastUsedAt } = row;
  return {
    id,
    name,
    role,
    state: revokedAt !== null ? "revoked" : expiresAt !== null && expiresAt <= now ? "expired" : "live",
    created_at: iso(createdAt),
    created_by: createdBy,
    expires_at: iso(expiresAt),
    revoked_at: iso(revokedAt),
    // Uses are kept by the hour in which they were, and the first hour of a key began before the key was made.
    last_used_at: iso(lastUsedAt === null ? null : Math.max(lastUsedAt, createdAt)),
  };
}

function noKey(id: string) {
  return notFound(`there is no key ${quoted(id)}: GET /api/keys lists them`);
}
