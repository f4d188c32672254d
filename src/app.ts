// The HTTP face of the relay: which path leads to which room.
// What a room needs is handed to it; nothing here knows a binding.
import { type Context, Hono, type Next } from "hono";
import { embedded, looksUp } from "./access/access.ts";
import { api, type ApiDeps } from "./api/api.ts";
import { scraped } from "./api/openmetrics.ts";
import type { Config } from "./config/configured.ts";
import { dashboard, type DashboardDeps } from "./dashboard/dashboard.tsx";
import { Locked } from "./bytes/vault.ts";
import { problem } from "./errors.ts";
import type { Log } from "./log.ts";
import { sourceAt } from "./in/address.ts";
import { inClear } from "./in/clear.ts";
import { publicJwks } from "./out/ed25519.ts";
import { astray, ingest, type IngestDeps } from "./in/ingest.ts";
import { postAs, postByToken, postUnvouched } from "./in/own.ts";
import { mcp, type McpDeps } from "./mcp/mcp.ts";
import { toWire } from "./reasons.ts";

/** Everything that the HTTP handlers are given. */
export interface Deps extends IngestDeps, Omit<ApiDeps, "postAs">, DashboardDeps, McpDeps {
  readonly config: Config;
  readonly access: DashboardDeps["access"];
  /** What those who are signed in are told at `/health`, and whether events are accepted. */
  readonly health: () => Promise<{ readonly accepts: boolean; readonly body: object }>;
}

/** The app has no `Bindings`: `c.env.DB` in a handler does not compile. */
export function createApp(deps: Deps): Hono {
  const app = new Hono();

  app.use(async (c, next) => {
    const answer = inClear(c.req.raw, deps.config.loopback);
    if (answer !== null) return answer;
    await next();
    // The headers of an upgrade cannot be changed.
    if (c.req.url.startsWith("https:") && c.res.status !== 101)
      c.header("strict-transport-security", "max-age=31536000");
    return undefined;
  });

  app.use(async (c, next) => {
    const source = sourceAt(c.req.path);
    return source === null ? await next() : await ingest(c.req.raw, source, deps, c.executionCtx);
  });

  app.post("/api/events", async (c, next) => await ownEvents(c, next, deps));

  // What follows is for people and their programs, who bring credentials and browsers.
  app.use(async (c, next) => {
    const address = c.req.header("cf-connecting-ip") ?? "";
    const asked = looksUp(c.req.raw) && !c.req.path.startsWith("/assets/");
    if (asked && !(await deps.floodGuard(address))) return problem(toWire({ reason: "flooding", address }));
    await next();
    return undefined;
  });
  app.route(
    "/api",
    api({ ...deps, postAs: (request, source, actor, after) => postAs(request, source, actor, deps, after) }),
  );

  app.route("/mcp", mcp(deps));

  app.get("/health", async (c) => {
    const { config } = deps;
    const body = {
      status:
        config.missing.length === 0 && config.findings.every(({ level }) => level === "warning") ? "ok" : "incomplete",
      missing: config.missing,
    };
    c.header("cache-control", "no-store");
    c.header("cross-origin-resource-policy", "same-origin");
    // A D1 that answers nothing cannot say whose a key is, and events are accepted all the same.
    const caller = await deps.access.identify(c.req.raw).catch((error: unknown) => {
      deps.log.error("health.caller_unknown", { error: String(error) });
      return null;
    });
    if (caller === null || embedded(c.req.raw, caller)) return c.json(body);
    const health = await deps.health();
    return c.json({ ...body, ...health.body }, health.accepts ? 200 : 503);
  });

  app.get("/metrics", async (c) => await scraped(c.req.raw, deps));

  // Public keys are for everybody; a relay that has none says nothing of it.
  app.get("/.well-known/jwks.json", async (c) => await publicKeys(c, deps));

  app.route("/", dashboard(deps));
  app.notFound((c) => astray(c.req.raw, c.req.path, deps, c.executionCtx));
  app.onError((error, c) => failed(error, c, deps.log));
  return app;
}

/** Ours, so the log gets all of it and the client nothing: but who may read an event hears why it stays closed. */
function failed(error: Error, c: Context, log: Log): Response {
  const path = new URL(c.req.url).pathname.slice(0, 200);
  log.error("http.failed", { method: c.req.method, path, error: String(error) });
  if (!(error instanceof Locked)) return problem({ status: 500, title: "Internal Server Error" });
  const detail = `The event cannot be opened: ${error.message}`;
  return problem({ status: 503, title: "Service Unavailable", detail });
}

async function publicKeys(c: Context, { config, now: clock }: Pick<Deps, "config" | "now">): Promise<Response> {
  const now = clock();
  const keys = await publicJwks(config.destinations.values(), now);
  if (keys.length === 0) return await c.notFound();
  // No copy of the list outlives a key in it.
  const ends = config.ends.flatMap(({ until }) => (until > now ? [Math.floor((until - now) / 1000)] : []));
  c.header("cache-control", `public, max-age=${Math.min(300, ...ends)}`);
  c.header("access-control-allow-origin", "*");
  return c.json({ keys });
}

/**
 * The walk of `/in/:source` by another address: whoever shows a source's token needs no operator's. What nobody vouches
 * for may still be a source's that signs, and leaves a trace.
 */
async function ownEvents(c: Context, next: Next, deps: IngestDeps): Promise<Response | undefined> {
  const taken = await postByToken(c.req.raw, deps, c.executionCtx);
  if (taken !== null) return taken;
  await next();
  const heard = c.res.status === 401 ? await postUnvouched(c.req.raw, deps, c.executionCtx) : null;
  if (heard === null) return undefined;
  // Set twice, because it would get the headers of what it replaces.
  c.res = undefined;
  c.res = heard;
  return undefined;
}
