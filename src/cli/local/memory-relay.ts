// The relay's front door with nothing but memory behind it:
// what a request would be told, without D1, without a clock and without a network.

import { NO_KEYS } from "../../bytes/vault.ts";
import type { IngestDeps } from "../../in/ingest.ts";
import { BodyReader } from "../../in/read.ts";
import { UNCOUNTED } from "../../in/flood.ts";

const silent = () => {};

/**
 * Everything that the front door asks for. Nobody is limited, every event is new, a source's own secrets stand in for
 * published keys, and whoever confirms a subscription is believed.
 *
 * @param now milliseconds since 1970
 */
export function memoryRelay(config: IngestDeps["config"], now: number): IngestDeps {
  return {
    config,
    intake: {
      accept: ({ id }) => Promise.resolve({ kind: "accepted", id }),
      status: () => Promise.resolve({ waiting: 0, stuck: 0, bytes: 0, unreachable: [], seenAt: now }),
      remind: () => Promise.resolve(),
      grant: () => Promise.resolve(null),
      ended: () => Promise.resolve(),
      pause: () => Promise.resolve([]),
    },
    first: { offers: () => [], make: () => Promise.resolve() },
    parts: { put: () => Promise.resolve(), drop: () => Promise.resolve() },
    repeats: () => Promise.resolve([]),
    // Nothing is written, and what it has no key for is refused as it would be.
    vault: NO_KEYS,
    namesake: () => Promise.resolve(false),
    flood: { enter: () => UNCOUNTED, guess: () => Promise.resolve(true) },
    published: { bar: () => Promise.resolve(null) },
    bodies: new BodyReader(() => now),
    keys: { keysFor: (_request, { secrets }) => Promise.resolve({ ok: true, secrets, vouch: silent }) },
    offers: { keep: () => Promise.resolve(true) },
    fetchText: () => Promise.resolve(""),
    refusals: { wants: () => false, reads: () => false, keep: () => Promise.resolve() },
    acked: silent,
    feed: { refused: () => null },
    now: () => now,
    newId: () => "0".repeat(32),
    log: { info: silent, warn: silent, error: silent },
  };
}
