// Ways out beside the network, in some worlds: beta behind a service binding, and a bucket that keeps what goes to it.
import { Dice } from "./dice.ts";
import { call } from "./isolate.ts";
import type { Network, Reach } from "./network.ts";
import type { Scheduler } from "./scheduler.ts";
import { PAGER } from "./alerted.ts";
import { ARCHIVE, RESOLVER, type Trait } from "./traits.ts";

/** In one world of three. It has dice of its own, so that no other choice moves. */
export function waysOf(seed: number): Trait[] {
  const dice = new Dice(seed, "ways");
  if (!dice.chance(0.33)) return [];
  return (["bound", "kept"] as const).filter(() => dice.chance(0.7));
}

/** Names are looked up in one world of four, and alpha's leads inwards in some of these. */
export function lookUpsOf(seed: number): Trait[] {
  const dice = new Dice(seed, "look-ups");
  if (!dice.chance(0.25)) return [];
  return dice.chance(0.3) ? ["looked", "inward"] : ["looked"];
}

/** A resolver that is out of order now and then, and the names that it has answered for. */
export class Resolver {
  readonly known = new Set<string>();
  /** A name that leads inwards, if there is one. */
  inward: string | null = null;

  /** The way to the resolver, and to all others. */
  before(scheduler: Scheduler, reach: Reach): Reach {
    return (url, init) => (url.startsWith(RESOLVER) ? this.#answer(scheduler, url) : reach(url, init));
  }

  async #answer(scheduler: Scheduler, url: string): Promise<Response> {
    const { searchParams: asked } = new URL(url);
    const name = asked.get("name") ?? "";
    return await call<Response>(scheduler, {
      kind: "flood",
      what: "resolver",
      error: "Network connection lost.",
      effect: () => {
        this.known.add(name);
        const data = name === this.inward ? "10.0.0.7" : "93.184.215.14";
        return Response.json({
          Status: 0,
          TC: false,
          ...(asked.get("type") === "A" ? { Answer: [{ type: 1, TTL: 5, data }] } : {}),
        });
      },
      special: (fault) => (fault === "say no" ? () => Response.json({ Status: 2, TC: false }) : null),
    });
  }
}

/** The rate limit binding. */
export function guardOf(scheduler: Scheduler): object {
  return {
    limit: () =>
      call(scheduler, {
        kind: "flood",
        what: "guard",
        error: "internal error",
        effect: () => ({ success: true }),
        special: (fault) => (fault === "say no" ? () => ({ success: false }) : null),
      }),
  };
}

/** Another Worker on the way to the same receiver. */
export function serviceOf(network: Network): object {
  return { fetch: network.reach };
}

/** Destinations that are a bucket: nothing arrives there by the network. */
export const BUCKETS: ReadonlySet<string> = new Set([ARCHIVE, PAGER]);

/** The objects of a bucket, by their keys. */
export class Bucket {
  readonly objects = new Map<string, Uint8Array>();

  binding(scheduler: Scheduler): object {
    return {
      // A message may vanish from a queue; what a bucket has said yes to is there (https://developers.cloudflare.com/r2/reference/consistency/).
      put: async (key: string, value: Uint8Array) =>
        await call(scheduler, {
          kind: "ring",
          what: "archive",
          error: "put: We encountered an internal error. Please try again. (10001)",
          effect: () => void this.objects.set(key, value.slice()),
          special: (fault) => (fault === "vanish" ? () => void this.objects.set(key, value.slice()) : null),
        }),
    };
  }
}
