// Ways out beside the network, in some worlds: beta behind a service binding, and a bucket that keeps what goes to it.
import { Dice } from "./dice.ts";
import { call } from "./isolate.ts";
import type { Network } from "./network.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Trait } from "./traits.ts";

/** In one world of three. It has dice of its own, so that no other choice moves. */
export function waysOf(seed: number): Trait[] {
  const dice = new Dice(seed, "ways");
  if (!dice.chance(0.33)) return [];
  return (["bound", "kept"] as const).filter(() => dice.chance(0.7));
}

/** Another Worker on the way to the same receiver. */
export function serviceOf(network: Network): object {
  return { fetch: network.reach };
}

/** The objects of a bucket, by their keys. */
export class Bucket {
  readonly objects = new Map<string, Uint8Array>();

  binding(scheduler: Scheduler): object {
    return {
      put: async (key: string, value: Uint8Array) =>
        await call(scheduler, {
          kind: "ring",
          what: "archive",
          error: "put: We encountered an internal error. Please try again. (10001)",
          effect: () => void this.objects.set(key, value.slice()),
          special: (fault) => (fault === "vanish" ? () => {} : null),
        }),
    };
  }
}
