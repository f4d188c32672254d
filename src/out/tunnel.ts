// What becomes of deliveries for which nobody listened: they are held, and whoever has come meanwhile gets them.
import type { Tunnels, UnheardClaim } from "../d1/tunnels.ts";
import type { Log } from "../log.ts";

export interface TunnelDeps {
  readonly tunnels?: {
    readonly hold: Tunnels["hold"];
    /** Tells a tunnel's object that something is held, though somebody listens. Never rejects. */
    wake(destination: string): Promise<void>;
  };
  readonly log: Log;
}

/** Gives back claims that nobody has heard of. Never rejects: a lease that ends brings back what is not held. */
export async function holdUnheard(claims: readonly UnheardClaim[], deps: TunnelDeps): Promise<void> {
  const { tunnels, log } = deps;
  if (claims.length === 0 || tunnels === undefined) return;
  try {
    const told = claims.map(({ event, destination, attempt, waits }) => ({ event, destination, attempt, waits }));
    await wakeAll(await tunnels.hold(told), deps);
  } catch (error) {
    log.warn("delivery.hold_failed", { claims: claims.length, error: String(error) });
  }
}

/** Tells the objects of these. Never rejects. */
export async function wakeAll(heard: readonly string[], { tunnels }: TunnelDeps): Promise<void> {
  await Promise.all(heard.map(async (destination) => await tunnels?.wake(destination)));
}
