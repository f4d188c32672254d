// What is held for tunnels: whoever listens gets it though a word was lost, and what nobody has asked for ends with the
// retention.
import type { Keeping } from "../contract/retention.ts";
import type { Tunnels } from "../d1/tunnels.ts";
import { deliveryId } from "../ids.ts";
import type { BreakerDeps } from "../out/breaker.ts";
import { tunnelsAmong } from "../out/order.ts";

export interface TunnelSweepDeps {
  readonly tunnels?: Pick<Tunnels, "held" | "expire"> & {
    wake(destination: string): Promise<void>;
    /** How long the events of which sources are kept. */
    readonly keepings: readonly Keeping[];
  };
}

/** Where there is no tunnel, D1 is not asked. */
export async function tendTunnels({
  tunnels,
  config,
  now,
  log,
}: TunnelSweepDeps & Pick<BreakerDeps, "config" | "now" | "log">): Promise<void> {
  const names = tunnelsAmong(config.destinations);
  if (names.length === 0 || tunnels === undefined) return;
  const held = await tunnels.held(names);
  if (held.length === 0) return;
  for (const { id, destination, attempt } of await tunnels.expire(held, tunnels.keepings, now())) {
    const delivery = deliveryId(id, destination);
    log.error("delivery.failed", { delivery, attempt, state: "failed", reason: "expired" });
  }
  for (const { destination, heard } of held) if (heard) await tunnels.wake(destination);
}
