// /api: what the operator's programs may ask and do. It speaks HTTP; what can be asked is in question.ts.
import { type Context, Hono } from "hono";
import { authorised } from "./auth.ts";
import type { Records } from "./bindings/records.ts";
import type { Reopen } from "./bindings/reopen.ts";
import { GRACE_MS } from "./deadlines.ts";
import { problem } from "./errors.ts";
import { listDeliveries, listEvents, showEvent } from "./history.ts";
import { deliveryId, hex, parseDeliveryId, receiptId } from "./ids.ts";
import type { Log } from "./log.ts";
import { type Asked, askDeliveries, askEvents } from "./question.ts";
import { sources, type SourcesDeps } from "./sources.ts";
import type { Bell, Secret } from "./types.ts";

export interface ApiDeps {
  readonly sources: SourcesDeps;
  readonly records: Records;
  readonly reopen: Reopen;
  readonly ring: (bells: readonly Bell[]) => Promise<void>;
  /** Has the sweep look at this time, in ms, at the latest. */
  readonly remind: (at: number) => Promise<void>;
  readonly now: () => number;
  /** 32 hexadecimal digits. */
  readonly newId: () => string;
  readonly config: {
    readonly destinations: { has(name: string): boolean };
    /** Opens the API, which is closed while it is `null`. */
    readonly adminToken: Secret | null;
  };
  readonly log: Log;
}

/** Who is written into the audit: there is one token, so there is one name. */
const ACTOR = "admin";

/** The routes under `/api`, all of them behind the token. */
export function api(deps: ApiDeps): Hono {
  const app = new Hono();

  app.use(async (c, next) => {
    if (!(await authorised(c.req.header("authorization"), deps.config.adminToken))) {
      // Whether the token is wrong or was never set is the operator's knowledge.
      return problem({
        status: 401,
        title: "Unauthorized",
        headers: { "www-authenticate": "Bearer", ...GUARDED },
      });
    }
    await next();
    for (const [name, value] of Object.entries(GUARDED)) c.res.headers.set(name, value);
    return undefined;
  });

  app.get("/events", (c) => answer(c, askEvents, (question) => listEvents(deps.records, question)));
  app.get("/deliveries", (c) => answer(c, askDeliveries, (question) => listDeliveries(deps.records, question)));

  app.get("/events/:id", async (c) => {
    const shown = await showEvent(deps.records, c.req.param("id"));
    if (shown === null) return noEvent(c.req.param("id"));
    return new Response(jsonWithBody(shown.event, shown.body), {
      headers: { "content-type": "application/json" },
    });
  });

  app.post("/events/:id/replay", (c) => replay(c, deps, { event: c.req.param("id"), destination: null }));
  app.post("/deliveries/:id/replay", (c) => {
    const id = parseDeliveryId(c.req.param("id"));
    return id === null ? noDelivery(c.req.param("id")) : replay(c, deps, id);
  });

  app.route("/sources", sources(deps.sources));

  for (const path of ["/events", "/events/:id", "/deliveries"]) app.all(path, () => wrongMethod("GET, HEAD"));
  for (const path of ["/events/:id/replay", "/deliveries/:id/replay"]) app.all(path, () => wrongMethod("POST"));
  return app;
}

const GUARDED = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

async function answer<Question>(
  c: Context,
  ask: (parameters: URLSearchParams) => Asked<Question>,
  find: (question: Question) => Promise<object>,
) {
  const asked = ask(new URL(c.req.url).searchParams);
  if (!asked.ok) return problem({ status: 400, title: "Bad Request", detail: asked.detail });
  return c.json(await find(asked.value));
}

/**
 * Opens ended deliveries again. `replayed: 0` says that there was nothing to open, and the states why.
 * With an Idempotency-Key, a repeat of the request gets the answer of the first one and opens nothing, even if the deliveries
 * have ended in the meantime.
 */
async function replay(
  c: Context,
  deps: ApiDeps,
  wanted: { event: string; destination: string | null },
): Promise<Response> {
  const { records, reopen, ring, config, log } = deps;
  const key = c.req.header("idempotency-key") ?? null;
  if (key !== null && !IDEMPOTENCY_KEY.test(key)) {
    return problem({
      status: 400,
      title: "Bad Request",
      detail: "Idempotency-Key: must be 1 to 255 visible ASCII characters",
    });
  }

  const event = await records.event(wanted.event);
  if (event === null) return noEvent(wanted.event);
  const { deliveries } = await records.story(event.event);
  const target = wanted.destination === null ? event.id : deliveryId(event.id, wanted.destination);
  const destinations = deliveries
    .map(({ destination }) => destination)
    .filter((name) => wanted.destination === null || name === wanted.destination);
  if (wanted.destination !== null && destinations.length === 0) return noDelivery(target);
  const [reachable, removed] = [
    destinations.filter((name) => config.destinations.has(name)),
    destinations.filter((name) => !config.destinations.has(name)),
  ];
  if (reachable.length === 0 && removed.length > 0) return noDestination(removed);

  const now = deps.now();
  const receipt = receiptId(now, deps.newId());
  const asking = {
    event: event.event,
    target,
    destinations: reachable,
    actor: ACTOR,
    receipt,
    key: key === null ? null : await fingerprint(target, key),
  };
  const { deliveries: reopened, bells } = await reopen(asking, now);
  log.info("replay.asked", { target, replayed: bells.map(({ delivery }) => delivery), removed });
  if (bells.length > 0) await deps.remind(now + GRACE_MS);
  try {
    await ring(bells);
  } catch (error) {
    // They are open, and overdue in a minute: then the sweep rings.
    log.warn("replay.not_rung", { target, error: String(error) });
  }
  return c.json({
    replayed: reopened.filter(({ replayed }) => replayed).length,
    deliveries: reopened.map(({ destination, replayed, state }) => ({
      id: deliveryId(event.id, destination),
      replayed,
      state,
    })),
    ...(removed.length === 0 ? {} : { not_configured: removed.map((name) => deliveryId(event.id, name)) }),
  });
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** Of fixed length whatever the client sends, and different for each target. */
async function fingerprint(target: string, key: string): Promise<string> {
  return hex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify([target, key]))));
}

/** An object as JSON whose last member, `body`, is written while it is read: 25 MiB are never in memory as a whole. */
function jsonWithBody(object: object, body: AsyncIterable<string>): ReadableStream<Uint8Array> {
  async function* text(): AsyncGenerator<string, void> {
    yield `${JSON.stringify(object).slice(0, -1)},"body":"`;
    for await (const piece of body) yield JSON.stringify(piece).slice(1, -1);
    yield '"}';
  }
  const pieces = text();
  return new ReadableStream<string>({
    async pull(controller) {
      const piece = await pieces.next();
      if (piece.done === true) controller.close();
      else controller.enqueue(piece.value);
    },
  }).pipeThrough(new TextEncoderStream());
}

function noEvent(id: string): Response {
  return problem({
    status: 404,
    title: "Not Found",
    detail: `there is no event ${quoted(id)}: GET /api/events lists them`,
  });
}

function noDelivery(id: string): Response {
  return problem({
    status: 404,
    title: "Not Found",
    detail: `there is no delivery ${quoted(id)}: GET /api/deliveries lists them`,
  });
}

function noDestination(names: readonly string[]): Response {
  const detail = `the configuration has no destination ${names.map(quoted).join(", ")}: put it back under [vars.DESTINATIONS] and deploy, then ask again`;
  return problem({ status: 409, title: "Conflict", detail });
}

function wrongMethod(allow: string): Response {
  return problem({ status: 405, title: "Method Not Allowed", headers: { allow } });
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
