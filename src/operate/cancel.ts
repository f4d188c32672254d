// Deliveries that wait are ended because somebody asked.
import type { Cancel } from "../d1/cancel.ts";
import type { Records } from "../d1/records.ts";
import { deliveryId } from "../ids.ts";
import type { Log } from "../log.ts";
import type { Acts } from "./operator.ts";
import { type AskingDeps, askingFor } from "./asking.ts";
import { noDelivery, noEvent } from "./refuse.ts";

export interface CancelDeps extends AskingDeps {
  readonly records: Pick<Records, "event" | "story">;
  readonly cancel: Cancel;
  readonly log: Log;
}

/** @see Acts.cancel */
export function openCancelling(deps: CancelDeps): Acts["cancel"] {
  return async (wanted, by) => {
    const event = await deps.records.event(wanted.event);
    if (event === null) return noEvent(wanted.event);
    const target = wanted.destination === null ? event.id : deliveryId(event.id, wanted.destination);
    const { deliveries } = await deps.records.story(event.event);
    const destinations = deliveries
      .map(({ destination }) => destination)
      .filter((name) => wanted.destination === null || name === wanted.destination);
    if (wanted.destination !== null && destinations.length === 0) return noDelivery(target);
    const ended = await deps.cancel(await askingFor("cancel", target, by, deps), event.event, destinations, deps.now());
    const count = ended.filter(({ cancelled }) => cancelled).length;
    deps.log.info("cancel.asked", { target, cancelled: count });
    return {
      ok: true,
      value: {
        cancelled: count,
        deliveries: ended.map(({ destination, cancelled, state }) => ({
          id: deliveryId(event.id, destination),
          cancelled,
          state,
        })),
      },
    };
  };
}
