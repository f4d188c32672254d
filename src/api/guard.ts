// The door of the API: who asks, may they, did they mean to, and under which key? Every route is behind it.
import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { type Access, allows, ambient, embedded } from "../access/access.ts";
import type { Role } from "../contract/access.ts";
import { type Problem, problem } from "../errors.ts";
import type { ApiEnv } from "./env.ts";
import { BASE, type Route, routeOf } from "./routes.ts";

const GUARDED = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
};
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** @param access weighs the credentials */
export function guard(access: Pick<Access, "identify" | "sameOrigin">): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const caller = await access.identify(c.req.raw);
    // Whether a credential is wrong, has ended or was never there is the operator's knowledge.
    if (caller === null)
      return refuse({ status: 401, title: "Unauthorized", headers: { "www-authenticate": "Bearer" } });

    const matched = matchedRoutes(c)
      .filter(({ method, path }) => method !== "ALL" && path.startsWith(`${BASE}/`))
      .map(({ method, path }) => routeOf(method, path));
    const needed = neededFor(matched);
    if (!allows(caller, needed)) return refuse(forbidden(`this takes the role ${needed}, and yours is ${caller.role}`));
    const forged = changes(c.req.raw) && ambient(caller) && !access.sameOrigin(c.req.raw);
    if (forged || embedded(c.req.raw, caller)) {
      return refuse(
        forbidden("a page of another site sent this: programs take an API key instead of a browser's session"),
      );
    }
    const { search } = new URL(c.req.url);
    if (search !== "" && matched[0] !== undefined && matched[0].query === undefined) {
      return refuse({
        status: 400,
        title: "Bad Request",
        detail: "there are no parameters here: leave out what follows the ?",
      });
    }
    const key = c.req.header("idempotency-key") ?? null;
    if (key !== null && !IDEMPOTENCY_KEY.test(key)) {
      const detail = "Idempotency-Key: must be 1 to 255 visible ASCII characters";
      return refuse({ status: 400, title: "Bad Request", detail });
    }
    c.set("caller", caller);
    c.set("by", { caller, key });
    await next();
    // The headers of an upgrade cannot be changed, and need not.
    if (c.res.status === 101) return undefined;
    for (const [name, value] of Object.entries(GUARDED)) {
      if (name !== "content-security-policy" || !c.res.headers.has(name)) c.res.headers.set(name, value);
    }
    return undefined;
  };
}

/** The highest role of all routes that the path matches, so that none is reached by the name of another. */
function neededFor(matched: readonly Route[]): Role {
  return (["admin", "operator"] as const).find((one) => matched.some(({ role }) => role === one)) ?? "viewer";
}

/** Whether a request may change something, or opens a way on which more is said. */
function changes({ method, headers }: Request): boolean {
  return !["GET", "HEAD"].includes(method) || headers.has("upgrade");
}

function forbidden(detail: string): Problem {
  return { status: 403, title: "Forbidden", detail };
}

function refuse(why: Problem): Response {
  return problem({ ...why, headers: { ...GUARDED, ...why.headers } });
}
