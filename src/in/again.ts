// A stored event as its routes are asked again: its types and what conditions read, from what was kept of it. Pure.
import type { Config, ConfiguredSource } from "../config/configured.ts";
import { OWN_NAME } from "../contract/alerts.ts";
import { OWN } from "../config/own.ts";
import type { Names } from "../filter/condition.ts";
import { namesOf, type Told } from "../filter/names.ts";
import type { Inbound } from "../verify/readings.ts";
import { documentOf, identify, together } from "./identify.ts";

/** What routes are asked about. */
export interface Asked {
  readonly source: string;
  readonly types: readonly string[];
  readonly names: Names;
}

/** A source by its name, the relay's own too. */
export function sourceOf(name: string, sources: Config["sources"]): ConfiguredSource | undefined {
  return name === OWN_NAME ? OWN : sources.get(name);
}

/**
 * Whether a route of the source reads what the body says, so that it has to be at hand.
 * A batch is taken apart for its types.
 */
export function readsBody(
  { routes }: Pick<Config, "routes">,
  { source, type }: Pick<Told, "source" | "type">,
): boolean {
  return type.includes(",") || routes.some(({ when, from }) => when !== undefined && from.includes(source));
}

/**
 * An event as it stands now, for today's routes. What is not kept (its method, its address, the headers that prove it)
 * is no longer known: types that stood there are those that were stored.
 */
export function askedAgain(told: Told, body: Uint8Array, { sources }: Pick<Config, "sources">): Asked {
  const source = sourceOf(told.source, sources);
  const request: Inbound = { method: "POST", url: "https://stored.invalid/", headers: new Headers(told.headers), body };
  const document = () => {
    // Its source is no longer configured: nobody knows where else its document may stand.
    if (source === undefined) throw new Error(`the configuration has no source ${told.source} any more`);
    return documentOf(request, source);
  };
  const types = () => {
    if (!told.type.includes(",") || source === undefined) return [told.type];
    const read = identify(request, source.scheme, source.settings).types;
    return together(read) === told.type ? read : [told.type, ...told.type.split(",")];
  };
  return { source: told.source, types: types(), names: namesOf(told, document) };
}
