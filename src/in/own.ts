// POST /api/events: an app of the operator's own, by its source's token or as an operator. Which source does it mean,
// and the same walk as by that source's own address.
import type { Config, ConfiguredSource } from "../config/configured.ts";
import { problem } from "../errors.ts";
import { toWire } from "../reasons.ts";
import type { Inbound } from "../verify/readings.ts";
import { verify } from "../verify/verify.ts";
import type { After } from "./enter.ts";
import { ingest, type IngestDeps } from "./ingest.ts";

/** The answer to a request that shows the token of a source, and `null` for any other. */
export async function postByToken(request: Request, deps: IngestDeps, after: After): Promise<Response | null> {
  const source = await sourceOfToken(ownSources(deps.config, namedIn(request)), request, deps.now());
  return source === null ? null : await ingest(request, source.name, deps, after);
}

/**
 * The answer to a request that nobody has vouched for: of a source whose proof is no token, or a refusal that leaves a
 * trace. `null` where a stranger hears no more than that nothing opens the relay.
 */
export async function postUnvouched(request: Request, deps: IngestDeps, after: After): Promise<Response | null> {
  if (ownSources(deps.config, null).length === 0) return null;
  const [source, ...others] = ownSources(deps.config, namedIn(request));
  const address = request.headers.get("cf-connecting-ip") ?? "";
  if (source === undefined || others.length > 0)
    return (await deps.flood.guess(address)) ? null : problem(toWire({ reason: "flooding", address }));
  const answer = await ingest(request, source.name, deps, after);
  return UNTOLD.has(answer.status) ? null : answer;
}

/** Statuses by which a stranger would learn that there is such a source. */
const UNTOLD = new Set([401, 403]);

/** @param named the source that the operator names @param actor who they are, for the record */
export async function postAs(
  request: Request,
  named: string | null,
  actor: string,
  deps: IngestDeps,
  after: After,
): Promise<Response> {
  const all = ownSources(deps.config, null).map(({ name }) => name);
  const [source, ...others] = ownSources(deps.config, named);
  if (source === undefined) {
    const there = all.length === 0 ? 'add one to [vars.SOURCES] with provider = "bearer"' : `take ${all.join(" or ")}`;
    const what = named === null ? "there is no source for events of your own" : "source: there is no such one";
    return problem({ status: 404, title: "Not Found", detail: `${what}: ${there}` });
  }
  if (others.length > 0)
    return problem({ status: 400, title: "Bad Request", detail: `source: is missing: take ${all.join(" or ")}` });
  return await ingest(request, source.name, deps, after, actor);
}

function namedIn({ url }: Request): string | null {
  return new URL(url).searchParams.get("source");
}

/** The sources that a request may mean, in file order. @param named the one that it names */
function ownSources({ sources }: Pick<Config, "sources">, named: string | null): ConfiguredSource[] {
  return [...sources.values()].filter(({ name, scheme }) => scheme.message !== undefined && (named ?? name) === name);
}

/**
 * The first of them whose token the request shows. Each of them is compared, so that the time tells nothing of which;
 * a signature over the body is no token, and is looked at where the body is read.
 */
async function sourceOfToken(
  sources: readonly ConfiguredSource[],
  { url, headers }: Pick<Inbound, "url" | "headers">,
  now: number,
): Promise<ConfiguredSource | null> {
  const request: Inbound = { method: "POST", url, headers, body: new Uint8Array() };
  let found: ConfiguredSource | null = null;
  for (const source of sources) {
    const { scheme, secrets, settings } = source;
    if (scheme.algorithm !== "token") continue;
    const verdict = await verify(request, scheme, secrets, settings, now);
    if (verdict.ok) found ??= source;
  }
  return found;
}
