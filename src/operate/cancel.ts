// Deliveries that wait are ended because somebody asked.
import { CANCEL } from "../d1/deeds/cancel.ts";
import { deliveryId } from "../ids.ts";
import { openOnce } from "./once.ts";
import { ringOrLeave } from "../out/bells.ts";
import type { By, VerbDeps } from "./operator.ts";
import { noDelivery, noEvent } from "./refuse.ts";

/** Ends what is waiting or held of an event, or its delivery to `destination`. What is under way goes on. */
export function openCancel(deps: VerbDeps) {
  const { records } = deps.tables;
  const once = openOnce(deps);
  return async (wanted: { readonly event: string; readonly destination?: string | null }, by: By) => {
    const { destination: only = null } = wanted;
    const event = await records.event(wanted.event);
    if (event === null) return noEvent(wanted.event);
    const target = only === null ? event.id : deliveryId(event.id, only);
    const { deliveries } = await records.story(event.event);
    const destinations = deliveries
      .map(({ destination }) => destination)
      .filter((name) => only === null || name === only);
    if (only !== null && destinations.length === 0) return noDelivery(target);
    const { answer: ended } = await once(CANCEL, target, { event: event.event, destinations }, by);
    if (destinations.some((name) => deps.config.destinations.get(name)?.order !== undefined))
      await ringOrLeave(await deps.tables.next(event.event, deps.now()), deps.ring, deps.log, { target });
    const count = ended.filter(({ cancelled }) => cancelled).length;
    deps.log.info("cancel.asked", { target, cancelled: count });
    return {
      ok: true as const,
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
