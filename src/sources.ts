// /api/sources: is each sender set up, when was it last heard, and why was it last turned away? Behind the token, as all of the API.
import { type Context, Hono } from "hono";
import type { KeptList, Lists } from "./bindings/lists.ts";
import type { Offers } from "./bindings/offers.ts";
import type { Refusal, Refusals } from "./bindings/refusals.ts";
import type { Config, ConfiguredSource } from "./config.ts";
import { needsSecret } from "./verify/discover.ts";
import { problem } from "./errors.ts";
import type { Log } from "./log.ts";
import { confidenceLabel } from "./providers/provider.ts";
import { unseal } from "./seal.ts";

export interface SourcesDeps {
  readonly config: Pick<Config, "sources" | "disabled" | "adminToken">;
  readonly refusals: Pick<Refusals, "of" | "lasts">;
  readonly lists: Pick<Lists, "all">;
  readonly offers: Pick<Offers, "take">;
  readonly now: () => number;
  readonly log: Log;
}

/** The routes under `/api/sources`. */
export function sources(deps: SourcesDeps): Hono {
  const app = new Hono();
  app.get("/", (c) => overview(c, deps));

  app.get("/:name/refusals", async (c) => {
    const name = c.req.param("name");
    if (!isNamed(name, deps.config)) return noSource(name);
    return c.json({ source: name, refusals: (await deps.refusals.of(name)).map(toRefusal) });
  });

  app.post("/:name/offers", async (c) => {
    const name = c.req.param("name");
    const source = deps.config.sources.get(name);
    return source === undefined ? noSource(name) : await reveal(c, source, deps);
  });

  for (const path of ["/", "/:name/refusals"]) app.all(path, () => wrongMethod("GET, HEAD"));
  app.all("/:name/offers", () => wrongMethod("POST"));
  return app;
}

async function overview(c: Context, { config, refusals, lists }: SourcesDeps): Promise<Response> {
  const all = [...config.sources.values()];
  const published = all.some(({ allowPublished }) => allowPublished) ? await lists.all() : [];
  const lasts = await refusals.lasts();
  const { origin } = new URL(c.req.url);
  const history = (name: string) => ({
    last_event_at: iso(lasts.events.find(({ source }) => source === name)?.at ?? null),
    last_refusal: lasts.refusals.filter(({ source }) => source === name).map(toRefusal)[0] ?? null,
  });
  return c.json({
    sources: [
      ...all.map((source) => Object.assign(toSource(source, origin, published), history(source.name))),
      ...[...config.disabled].map(([name, why]) => Object.assign(toDisabled(name, why, origin), history(name))),
    ],
    // An event before this time is not looked for.
    events_looked_back_to: iso(lasts.since),
  });
}

function toSource(source: ConfiguredSource, origin: string, published: readonly KeptList[]) {
  const { name, provider, scheme, secrets, secretNames, publicUrl } = source;
  const set = new Set(secrets.map((secret) => secret.name));
  const [first] = secretNames;
  const lacking = secrets.length === 0 && needsSecret(scheme);
  const list = published.find((one) => one.provider === provider);
  return {
    name,
    provider,
    provider_name: scheme.name,
    proven_by: scheme.confidence === undefined ? null : confidenceLabel[scheme.confidence],
    path: `/in/${name}`,
    url: publicUrl ?? `${origin}/in/${name}`,
    state: lacking ? ("secret_missing" as const) : ("ready" as const),
    why: lacking ? `No secret is set: wrangler secret put ${first ?? "NAME"}` : null,
    secrets: secretNames.map((one) => ({ name: one, set: set.has(one) })),
    addresses: source.allowPublished ? toList(list) : null,
  };
}

function toDisabled(name: string, why: string, origin: string) {
  return { name, path: `/in/${name}`, url: `${origin}/in/${name}`, state: "disabled" as const, why };
}

/** What is known of the provider's published addresses. */
function toList(list: KeptList | undefined) {
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by refresh.ts, from a list of strings
    networks: list === undefined || list.networks === null ? [] : (JSON.parse(list.networks) as string[]),
    refreshed_at: iso(list?.refreshedAt ?? null),
    next_refresh_at: iso(list?.nextAt ?? null),
    fault: list?.fault ?? null,
  };
}

function toRefusal({ at, status, reason, code, advice, address, evidence }: Refusal) {
  const seen: unknown = JSON.parse(evidence);
  return { at: iso(at), status, reason, code, advice, address, evidence: seen };
}

/** Shows the secrets that were handed over, once: what was read is gone from D1. */
async function reveal(
  c: Context,
  { name, scheme, secretNames }: ConfiguredSource,
  deps: SourcesDeps,
): Promise<Response> {
  const { adminToken } = deps.config;
  if (adminToken === null) return noSource(name);
  const offers = [];
  for (const { at, address, sealed } of await deps.offers.take(name, deps.now())) {
    const secret = await unseal(sealed, adminToken);
    if (secret !== null) offers.push({ offered_at: iso(at), address, secret });
  }
  deps.log.info("handshake.secret_shown", { source: name, offers: offers.length });
  const put = `wrangler secret put ${secretNames[0] ?? "NAME"}`;
  const advice =
    offers.length === 0
      ? `Nothing was handed over in the last hour. Set up the webhook at ${scheme.name} while the source has no secret, then ask again.`
      : offers.length === 1
        ? `Handed over by whoever called from this address; nothing proves that it was ${scheme.name}. If you were setting up the webhook just then: ${put}`
        : `More than one was handed over, and anybody can do that while no secret is set. Take the one that ${scheme.name} shows, or restrict allow, delete the webhook there and set it up again.`;
  return c.json({ source: name, offers, advice });
}

function isNamed(name: string, { sources: known, disabled }: SourcesDeps["config"]): boolean {
  return known.has(name) || disabled.has(name);
}

function noSource(name: string): Response {
  const detail = `there is no source ${JSON.stringify(name.slice(0, 200))}: GET /api/sources lists them`;
  return problem({ status: 404, title: "Not Found", detail });
}

function wrongMethod(allow: string): Response {
  return problem({ status: 405, title: "Method Not Allowed", headers: { allow } });
}

function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
