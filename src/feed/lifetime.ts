// Everything that was ever counted, as whoever measures the relay takes it. Pure.
import { boundsOf } from "./histogram.ts";
import type { SourceCount, Tally } from "./tally.ts";
import { acksIn, refusalsIn } from "./use.ts";

/** How many lasted at most so long, and all together: see `boundsOf`. */
export type Bounds = ReturnType<typeof boundsOf>;

/** What was counted since the relay's first event. Each number only ever grows, but for those of a size. */
export interface Lifetime {
  /** When counting began, in ms since 1970. */
  readonly since: number;
  readonly sources: ReadonlyMap<string, SourceCount>;
  readonly refusals: ReturnType<typeof refusalsIn>;
  readonly destinations: ReadonlyMap<
    string,
    { readonly delivered: number; readonly retried: number; readonly failed: number; readonly latency: Bounds }
  >;
  /** How long senders waited for their 2xx. */
  readonly acks: Bounds;
  /** By meter. */
  readonly use: ReadonlyMap<string, number>;
}

/** @param since in ms since 1970 */
export function lifetimeOf(since: number, { sources, destinations, use }: Tally): Lifetime {
  return {
    since,
    sources,
    refusals: refusalsIn(use),
    destinations: new Map(
      [...destinations].map(([name, { delivered, retried, failed, latencies }]) => [
        name,
        { delivered, retried, failed, latency: boundsOf(latencies) },
      ]),
    ),
    acks: boundsOf(acksIn(use)),
    use,
  };
}
