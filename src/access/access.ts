// Who is asking, by token, key, session or Cloudflare Access, and may they? The only file that judges credentials.
import type { Caller, Role } from "../contract/access.ts";
import type { KeyRow, Keys } from "../d1/keys.ts";
import type { Audit } from "../d1/audit.ts";
import type { Sessions } from "../d1/sessions.ts";
import type { Config } from "../config/configured.ts";
import type { Log } from "../log.ts";
import type { FetchText } from "../net/send.ts";
import { Assertions } from "./assertions.ts";
import { expiredCookie, readCookie, writeCookie } from "./cookie.ts";
import { RefusedSignIns, type WhyNot } from "./refused.ts";
import { hash, keyId, proofOf, same } from "./secrets.ts";

export interface AccessDeps {
  readonly config: Pick<Config, "adminToken" | "access">;
  readonly keys: Pick<Keys, "find" | "used">;
  readonly sessions: Sessions;
  readonly audit: Pick<Audit, "refused">;
  /** Asks Cloudflare Access for its public keys. */
  readonly fetchText: FetchText;
  /** The platform's `waitUntil`: the promise may outlive the response. */
  readonly later: (work: Promise<unknown>) => void;
  /** What the audit calls the address of somebody who was refused. */
  readonly networkOf: (address: string) => string;
  readonly now: () => number;
  /** 32 hexadecimal digits. */
  readonly newId: () => string;
  readonly log: Log;
}

export interface Access {
  /** `null` for everything that opens nothing, whatever the reason. */
  identify(request: Request): Promise<Caller | null>;
  /**
   * Opens a session for a caller with ADMIN_TOKEN or an API key, and ends the session that the request came with.
   * `null` where the secret opens nothing. The attempts are the caller's to limit.
   */
  signIn(request: Request, secret: string): Promise<{ cookie: string; caller: Caller } | null>;
  /** Ends the session, and gives the cookie that makes the browser forget it. */
  signOut(request: Request): Promise<string>;
  /** Whether a page of this relay sent the request. Browsers say so, and no page can make them lie. */
  sameOrigin(request: Request): boolean;
  /** Whether the caller's role includes what is needed. */
  allows(caller: Caller, needed: Role): boolean;
}

/** How long a browser stays signed in, in ms. */
const SESSION_MS = 12 * 60 * 60_000;
const HOUR_MS = 60 * 60_000;
const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };
const BEARER = /^Bearer +([^ ]+)$/i;

/** What opened the relay: a session lives no longer than it, and is tied to `seal`. */
interface Opener {
  readonly actor: string;
  readonly role: Role;
  /** `null` for ADMIN_TOKEN. */
  readonly key: string | null;
  readonly seal: string;
}

export function openAccess(deps: AccessDeps): Access {
  const assertions = new Assertions(deps);
  const refused = new RefusedSignIns(deps);
  return {
    async identify(request) {
      // A credential that was written into the request on purpose counts alone, even if it opens nothing.
      const header = request.headers.get("authorization");
      if (header !== null) {
        const given = BEARER.exec(header)?.[1];
        if (given === undefined) return null;
        const opener = await opens(given, deps);
        if ("why" in opener) {
          refused.note(request, { ...opener, at: "authorization" });
          return null;
        }
        return { actor: opener.actor, role: opener.role, how: opener.key === null ? "token" : "key" };
      }
      return (await inSession(request, deps)) ?? (await assertions.identify(request));
    },

    async signIn(request, secret) {
      const opener = await opens(secret, deps);
      if ("why" in opener) {
        refused.note(request, { ...opener, at: "form" });
        return null;
      }
      const { actor, role, key, seal } = opener;
      const now = deps.now();
      const session = deps.newId() + deps.newId();
      const earlier = readCookie(request);
      await deps.sessions.open({
        hash: await hash(session),
        key,
        proof: await proofOf(session, seal),
        now,
        expiresAt: now + SESSION_MS,
        actor,
        instead: earlier === null ? null : await hash(earlier),
      });
      deps.log.info("access.signed_in", { actor });
      return { cookie: writeCookie(request, session, SESSION_MS), caller: { actor, role, how: "session" } };
    },

    async signOut(request) {
      const [session, caller] = [readCookie(request), await inSession(request, deps)];
      if (session !== null && caller !== null) await deps.sessions.end(await hash(session), caller.actor, deps.now());
      return expiredCookie(request);
    },

    sameOrigin,
    allows,
  };
}

/** Whether a role includes another. */
export function allows({ role }: Pick<Caller, "role">, needed: Role): boolean {
  return RANK[role] >= RANK[needed];
}

/** Whether a browser adds the credential of its own accord, so that another site's page can have it sent. */
export function ambient({ how }: Pick<Caller, "how">): boolean {
  return how === "session" || how === "access";
}

/**
 * Whether another site's page had a browser ask this for it, with a credential that browsers add. A link that leads a
 * person here from elsewhere is none of these.
 */
export function embedded({ headers }: Request, caller: Pick<Caller, "how">): boolean {
  const site = headers.get("sec-fetch-site");
  if (!ambient(caller) || site === null || site === "same-origin" || site === "none") return false;
  return headers.get("sec-fetch-mode") !== "navigate" || headers.get("sec-fetch-dest") !== "document";
}

/** Whether D1 would have to be asked about what a request carries: anybody can make such things up. */
export function looksUp(request: Request): boolean {
  const header = request.headers.get("authorization");
  return header === null ? readCookie(request) !== null : keyId(BEARER.exec(header)?.[1] ?? "") !== null;
}

function sameOrigin(request: Request): boolean {
  const site = request.headers.get("sec-fetch-site");
  // An upgrade always has an Origin, and not all browsers say more.
  if (site !== null && request.headers.get("upgrade") === null) return site === "same-origin";
  return request.headers.get("origin") === new URL(request.url).origin;
}

/** What a secret opens, or why it opens nothing. */
async function opens(
  secret: string,
  { config, keys, later, now }: AccessDeps,
): Promise<Opener | { readonly why: WhyNot; readonly key: string | null }> {
  const id = keyId(secret);
  if (id === null) {
    const token = config.adminToken;
    if (token === null || !(await same(secret, token.value))) return { why: "wrong_secret", key: null };
    return { actor: "admin", role: "admin", key: null, seal: token.value };
  }
  const [row, given] = [await keys.find(id), await hash(secret)];
  if (row === null || !(await same(given, row.hash))) return { why: "no_such_key", key: null };
  if (!lives(row, now())) return { why: row.revokedAt === null ? "key_expired" : "key_revoked", key: row.name };
  const hour = Math.floor(now() / HOUR_MS) * HOUR_MS;
  if ((row.lastUsedAt ?? 0) < hour) later(keys.used(id, hour));
  return ofKey(row);
}

/**
 * Looks a session up, and whether what opened it still opens:
 * a key's role may have ended with the key, and a token been replaced.
 */
async function inSession(request: Request, { config, sessions, now }: AccessDeps): Promise<Caller | null> {
  const secret = readCookie(request);
  if (secret === null) return null;
  const found = await sessions.find(await hash(secret));
  if (found === null || found.session.expiresAt <= now()) return null;
  const { session, key } = found;
  const opener =
    session.key === null
      ? config.adminToken && { actor: "admin", role: "admin" as const, seal: config.adminToken.value }
      : key !== null && lives(key, now())
        ? ofKey(key)
        : null;
  if (opener === null || !(await same(session.proof, await proofOf(secret, opener.seal)))) return null;
  return { actor: opener.actor, role: opener.role, how: "session" };
}

function ofKey({ id, name, role, hash: seal }: KeyRow): Opener {
  return { actor: `key:${name}`, role, key: id, seal };
}

/** Neither revoked nor expired. */
function lives({ revokedAt, expiresAt }: KeyRow, now: number): boolean {
  return revokedAt === null && (expiresAt === null || expiresAt > now);
}
