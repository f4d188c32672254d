// What a tunnel's object does in D1, and how it delivers: opened once for each object.
import type { Tunnels } from "../d1/tunnels.ts";
import { LEASE_MS } from "../deadlines.ts";
import { deliver, type DeliverDeps } from "../out/deliver.ts";
import { within } from "../patience.ts";
import type { TunnelDeps } from "./tunnel.ts";

/** A question to D1 that has no answer by then is asked anew: the object lives on, and would wait for ever, in ms. */
const D1_MS = 10_000;

const soon = async <T>(work: Promise<T>) => await within(D1_MS, "D1", work);

/** @param newId names each listener */
export function tunnelDeps(tunnels: Tunnels, delivering: DeliverDeps, newId: () => string): Omit<TunnelDeps, "dice"> {
  const { now, log } = delivering;
  return {
    listen: async (destination) => await soon(tunnels.heard(destination, newId(), now())),
    async forget(destination, isEmpty) {
      const session = await soon(tunnels.session(destination));
      if (session !== null && isEmpty()) await soon(tunnels.leave(destination, session));
    },
    release: async (destination) => await soon(tunnels.release(destination, now())),
    // What has not ended by then is the sweep's.
    deliver: async (bells) => {
      const delivered = deliver(bells, delivering).then(async ({ sending }) => await sending);
      await within(LEASE_MS, "a delivery", delivered);
    },
    now,
    log,
  };
}
