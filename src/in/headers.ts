// Which headers of a request are kept beside its event: those that say what it is, and the way that it has come.
import type { Config, ConfiguredSource } from "../config/configured.ts";
import type { Log } from "../log.ts";
import { clean, HOP, wayOf } from "../net/headers.ts";
import type { Event } from "../types.ts";
import type { Inbound } from "../verify/readings.ts";
import { keptHeaders } from "./identify.ts";

/** The headers that are kept, clean and bounded. */
export function keep(
  { headers }: Inbound,
  { name: source, scheme }: ConfiguredSource,
  { log }: { readonly log: Log },
): Record<string, string> {
  const { kept, dropped } = clean(headers, keptHeaders(scheme));
  if (dropped.length > 0) log.warn("ingest.headers_dropped", { source, headers: dropped.join(", ") });
  return kept;
}

/**
 * With the way that the event has come, where that matters. The relay's own host is that of the URL which the source
 * has: its `public_url`, or where the event came in.
 */
export function onItsWay(
  kept: Record<string, string>,
  { headers, url }: Inbound,
  matched: Event["matched"],
  { config }: { readonly config: Pick<Config, "destinations"> },
): Record<string, string> {
  const urls = matched.map(({ destination }) => config.destinations.get(destination)?.url ?? null);
  const way = wayOf(headers.get(HOP), URL.parse(url)?.host ?? "", urls);
  return way === null ? kept : { ...kept, [HOP]: way };
}
