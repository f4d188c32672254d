// Which headers of a request are kept beside its event: those that say what it is, and the way that it has come.
import type { Config, ConfiguredSource } from "../config/configured.ts";
import type { Log } from "../log.ts";
import { clean, HOP, wayOf } from "../net/headers.ts";
import { readTrace, traceIn, TRACEPARENT } from "../net/trace.ts";
import { PROOF } from "../ids.ts";
import { namedHeaders, provingHeaders } from "../scheme/passing.ts";
import type { Event } from "../types.ts";
import type { Inbound } from "../verify/readings.ts";
import { keptHeaders } from "./identify.ts";

/** The headers that would be kept of a request that has not come. */
export function keptOf({ headers }: Pick<Inbound, "headers">, { scheme }: ConfiguredSource): Record<string, string> {
  return withTrace(clean(headers, keptHeaders(scheme)).kept, headers);
}

/** The id of the trace that an event belongs to, by the headers that are kept of it; `null` where there is none. */
export const traceOf = traceIn;

/** One that is not valid is as good as none, and nobody is told: strangers' middleware writes it. */
function withTrace(kept: Record<string, string>, headers: Headers): Record<string, string> {
  const trace = readTrace(headers.get(TRACEPARENT));
  return trace === null ? kept : { ...kept, [TRACEPARENT]: trace };
}

/** The headers that are kept, clean and bounded. */
export function keep(
  { headers }: Inbound,
  { name: source, scheme }: ConfiguredSource,
  { log }: { readonly log: Log },
): Record<string, string> {
  const { kept, dropped } = clean(headers, keptHeaders(scheme));
  if (dropped.length > 0) log.warn("ingest.headers_dropped", { source, headers: dropped.join(", ") });
  return withTrace(kept, headers);
}

/**
 * With the way that the event has come, and with what proves it, where a destination that it goes to asks for either.
 * The relay's own host is that of the URL which the source has: its `public_url`, or where the event came in.
 */
export function onItsWay(
  kept: Record<string, string>,
  { headers, url }: Inbound,
  { name: source, scheme }: ConfiguredSource,
  matched: Event["matched"],
  { config, log }: { readonly config: Pick<Config, "destinations">; readonly log: Log },
): Record<string, string> {
  const destinations = matched.map(({ destination }) => config.destinations.get(destination));
  const urls = destinations.map((destination) => destination?.url ?? null);
  const way = wayOf(headers.get(HOP), URL.parse(url)?.host ?? "", urls);
  const passes = destinations.some((destination) => destination?.shape?.format === "passthrough");
  const proof = passes ? proofOf(headers, scheme) : null;
  if (passes && proof === null) log.warn("ingest.proof_too_long", { source });
  if (way === null && proof === null) return kept;
  return {
    ...kept,
    ...(way === null ? {} : { [HOP]: way }),
    ...(proof === null ? {} : { [PROOF]: JSON.stringify(proof) }),
  };
}

/** Longest that the headers of a proof may be together, in characters: what a receiver's server takes of headers. */
const LONGEST_PROOF = 8 * 1024;

/** The headers that prove the request to whoever verifies it after the relay; `null` where they are too long. */
function proofOf(headers: Headers, scheme: ConfiguredSource["scheme"]): Record<string, string> | null {
  const proving = provingHeaders(scheme);
  if (proving.length === 0) return {};
  const names = new Set([...proving, ...namedHeaders(scheme, (name) => headers.get(name))]);
  const proof: Record<string, string> = {};
  let size = 0;
  for (const name of names) {
    const value = headers.get(name);
    if (value === null || !/^[\x20-\x7e]*$/.test(value)) continue;
    proof[name] = value;
    size += name.length + value.length;
  }
  return size <= LONGEST_PROOF ? proof : null;
}
