// Does a destination lead back to the relay? As far as a source tells the relay's own address. Pure.
import { leadsTo } from "../net/headers.ts";
import type { Destination } from "../types.ts";
import type { ConfiguredSource } from "./configured.ts";
import { error, type Finding } from "./findings.ts";

/**
 * A destination that is an address of this relay: what comes in goes out to it, and comes in.
 * The attempt refuses it too.
 */
export function checkLoops(
  sources: Iterable<ConfiguredSource>,
  destinations: Iterable<Destination>,
  findings: Finding[],
): void {
  const hosts = new Set([...sources].flatMap(({ publicUrl }) => URL.parse(publicUrl ?? "")?.host ?? []));
  for (const { name, url } of destinations) {
    if (url === null || ![...hosts].some((host) => leadsTo(url, host))) continue;
    const says =
      "is an address of this relay itself, by the public_url of a source: what is sent there comes in again. Write the URL of a receiver";
    findings.push(error(`DESTINATIONS.${name}.url`, says));
  }
}
