// An event goes to a destination that its routes do not name, because somebody asked.
import type { OpenByHand } from "../d1/hand.ts";
import type { Records } from "../d1/records.ts";
import { type Ring, ringOrLeave } from "../out/bells.ts";
import type { Config } from "../config/configured.ts";
import { GRACE_MS } from "../deadlines.ts";
import { deliveryId } from "../ids.ts";
import type { Log } from "../log.ts";
import type { Acts } from "./operator.ts";
import { type AskingDeps, askingFor } from "./asking.ts";
import { noDestination, noEvent } from "./refuse.ts";

export interface SendToDeps extends AskingDeps {
  readonly config: Pick<Config, "destinations">;
  readonly records: Pick<Records, "event">;
  readonly openByHand: OpenByHand;
  readonly ring: Ring;
  /** Has the sweep look at this time, in ms, at the latest. */
  readonly remind: (at: number) => Promise<void>;
  readonly log: Log;
}

/** @see Acts.sendTo */
export function openSendTo(deps: SendToDeps): Acts["sendTo"] {
  return async (id, destination, by) => {
    const event = await deps.records.event(id);
    if (event === null) return noEvent(id);
    if (!deps.config.destinations.has(destination)) return noDestination(destination);
    const target = deliveryId(event.id, destination);
    const now = deps.now();
    const asking = await askingFor("send", target, by, deps);
    const { created, state, bells } = await deps.openByHand(asking, event.event, destination, now);
    if (state === null) return noEvent(id);
    deps.log.info("send.asked", { target, created });
    if (bells.length > 0) await deps.remind(now + GRACE_MS);
    await ringOrLeave(bells, deps.ring, deps.log, { target });
    return { ok: true, value: { delivery: target, created, state } };
  };
}
