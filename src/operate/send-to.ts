// An event goes to a destination that its routes do not name, because somebody asked.
import { SEND_TO } from "../d1/deeds/send-to.ts";
import { deliveryId } from "../ids.ts";
import { openOnce } from "./once.ts";
import type { Verb, VerbDeps } from "./operator.ts";
import { noBody, noDestination, noEvent } from "./refuse.ts";

/** Sends an event to a destination that its routes do not name. */
export function openSendTo(deps: VerbDeps): Verb<"send"> {
  const { config, tables, log } = deps;
  const once = openOnce(deps);
  return async ({ event: id }, by, { destination }) => {
    const event = await tables.records.event(id);
    if (event === null) return noEvent(id);
    const gone = noBody(event);
    if (gone !== null) return gone;
    if (!config.destinations.has(destination)) return noDestination(destination);
    const target = deliveryId(event.id, destination);
    const { answer } = await once(SEND_TO, target, { event: event.event, destination }, by);
    const { created, state } = answer;
    if (state === null) return noEvent(id);
    log.info("send.asked", { target, created });
    return { ok: true, value: { delivery: target, created, state } };
  };
}
