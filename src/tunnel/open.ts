// What a tunnel's object does in D1, and how it delivers: opened once for each object.
import type { Tunnels } from "../d1/tunnels.ts";
import { deliver, type DeliverDeps } from "../out/deliver.ts";
import type { TunnelDeps } from "./tunnel.ts";

/** @param newId names each listener */
export function tunnelDeps(tunnels: Tunnels, delivering: DeliverDeps, newId: () => string): Omit<TunnelDeps, "dice"> {
  const { now, log } = delivering;
  return {
    listen: async (destination) => await tunnels.heard(destination, newId(), now()),
    async forget(destination, isEmpty) {
      const session = await tunnels.session(destination);
      if (session !== null && isEmpty()) await tunnels.leave(destination, session);
    },
    release: async (destination) => await tunnels.release(destination, now()),
    deliver: async (bells) => await (await deliver(bells, delivering)).sending,
    now,
    log,
  };
}
