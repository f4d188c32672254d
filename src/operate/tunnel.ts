// May somebody listen to a destination? It has to be there, and to be a tunnel.
import type { Config } from "../config/configured.ts";
import type { Done } from "./operator.ts";
import { noDestination, notFound } from "./refuse.ts";

/** The name of a tunnel that is configured, or why there is none. */
export function openTunnel({ config: { destinations } }: { readonly config: Pick<Config, "destinations"> }) {
  return function tunnel(name: string): Done<string> {
    const destination = destinations.get(name);
    if (destination === undefined) return noDestination(name);
    if (destination.binding?.kind === "tunnel") return { ok: true, value: name };
    return notFound(
      `"${name}" is no tunnel: what it gets goes elsewhere. A destination with tunnel = true goes to whoever listens`,
    );
  };
}
