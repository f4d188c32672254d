// Another body for an event on its way out, by the transform of its route, from what was kept of it. Pure.
import type { Config } from "../config/configured.ts";
import { EDITED_FROM, PROOF, REDACTED } from "../ids.ts";
import { HOP } from "../net/headers.ts";
import { type Transform, transformFor } from "../transform/transform.ts";
import type { Destination, Event } from "../types.ts";
import { askedAgain } from "./again.ts";
import { type openHydrate, type Thin, withObject } from "./hydrated.ts";

type Kept = Pick<Event, "id" | "source" | "type" | "receivedAt" | "headers">;

/** What goes out in the place of the body, with the headers that say what it is; or why nothing can. */
export type Reshaped =
  | { readonly ok: true; readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array }
  | { readonly ok: false; readonly error: string };

/** By which route a delivery goes, and whether that route transformed when the event was routed. */
export interface Way {
  readonly route?: string;
  readonly transform?: number | null;
}

/**
 * The transform of a delivery by the configuration of today: `null` where its route has none, or nothing has routed it;
 * a sentence where there should be one and is none.
 */
function transformOf(
  { route: name, transform: had }: Way,
  destination: Pick<Destination, "name" | "version">,
  { routes }: Pick<Config, "routes">,
): Transform | string | null {
  const route = routes.find((one) => one.name === name);
  // Without it the body as it came may be what this receiver must not see.
  if (route === undefined)
    return had === 1 ? `the route ${name}, which transformed it, is not in the configuration any more` : null;
  if (route.transform === undefined) return null;
  const own = transformFor(route.transform, destination);
  return own ?? `the route ${name} has no transform for the version of ${destination.name}`;
}

/** What a transform makes of an event; `object` is what its `hydrate` has fetched. */
function transformed(
  event: Kept,
  transform: Transform,
  body: Uint8Array,
  config: Pick<Config, "sources">,
  object?: unknown,
): Reshaped {
  // What the relay keeps for itself: the proof is for receivers that verify it, and no expression reads it.
  const { [HOP]: _way, [EDITED_FROM]: _original, [PROOF]: _proof, [REDACTED]: _taken, ...headers } = event.headers;
  const { names } = askedAgain({ ...event, headers }, body, config);
  const made = transform.apply(object === undefined ? names : withObject(names, object));
  if (!made.ok) return made;
  const { "content-encoding": _coding, ...kept } = event.headers;
  return {
    ok: true,
    headers: { ...kept, "content-type": made.kind === "json" ? "application/json" : "text/plain; charset=utf-8" },
    body: new TextEncoder().encode(made.body),
  };
}

/** For the attempts of this isolate. */
export function openReshape(config: Pick<Config, "routes" | "sources">, hydrate?: ReturnType<typeof openHydrate>) {
  return async (event: Kept & Thin, destination: Pick<Destination, "name" | "version">, way: Way, body: Uint8Array) => {
    const transform = transformOf(way, destination, config);
    if (transform === null) return null;
    if (typeof transform === "string") return untransformed(transform);
    const how = transform.reads.has("object") ? config.sources.get(event.source)?.hydrate : undefined;
    let object: unknown;
    if (how !== undefined && hydrate !== undefined) {
      const found = await hydrate(event, how, () => askedAgain(event, body, config).names.body);
      if (!found.ok) return { ok: false as const, fault: "unhydrated" as const, error: found.error };
      ({ object } = found);
    }
    const made = transformed(event, transform, body, config, object);
    if (!made.ok) return untransformed(made.error);
    return { ok: true as const, event: { ...event, headers: made.headers }, body: made.body };
  };
}

function untransformed(why: string) {
  return { ok: false as const, fault: "untransformed" as const, error: why };
}
