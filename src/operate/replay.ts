// Ended deliveries are opened again because somebody asked.
import { REPLAY } from "../d1/deeds/replay.ts";
import { deliveryId } from "../ids.ts";
import { openOnce } from "./once.ts";
import type { By, VerbDeps } from "./operator.ts";
import { conflict, noBody, noDelivery, noEvent, quoted } from "./refuse.ts";

/** What is to be opened: all ended deliveries of an event, or the one to `destination`. */
interface Wanted {
  readonly event: string;
  readonly destination?: string | null;
  /** What was delivered stays as it is. */
  readonly failed?: boolean;
}

/** Opens ended deliveries again. */
export function openReplay(deps: VerbDeps) {
  const { config, log } = deps;
  const { records } = deps.tables;
  const once = openOnce(deps);
  return async (wanted: Wanted, by: By) => {
    const { destination: only = null } = wanted;
    const event = await records.event(wanted.event);
    if (event === null) return noEvent(wanted.event);
    const gone = noBody(event);
    if (gone !== null) return gone;
    const { deliveries } = await records.story(event.event);
    const target = only === null ? event.id : deliveryId(event.id, only);
    const destinations = deliveries
      .filter(({ state }) => wanted.failed !== true || state === "failed")
      .map(({ destination }) => destination)
      .filter((name) => only === null || name === only);
    if (only !== null && destinations.length === 0) return noDelivery(target);
    const [reachable, removed] = [
      destinations.filter((name) => config.destinations.has(name)),
      destinations.filter((name) => !config.destinations.has(name)),
    ];
    if (reachable.length === 0 && removed.length > 0) return notConfigured(removed);

    const facts = { event: event.event, destinations: reachable };
    const { answer: reopened, rung } = await once(REPLAY, target, facts, by);
    log.info("replay.asked", { target, replayed: rung, removed });
    const value = {
      replayed: reopened.filter(({ replayed }) => replayed).length,
      deliveries: reopened.map(({ destination, replayed, state }) => ({
        id: deliveryId(event.id, destination),
        replayed,
        state,
      })),
      ...(removed.length === 0 ? {} : { not_configured: removed.map((name) => deliveryId(event.id, name)) }),
    };
    return { ok: true as const, value };
  };
}

function notConfigured(names: readonly string[]) {
  return conflict(
    `the configuration has no destination ${names.map(quoted).join(", ")}: put it back under [vars.DESTINATIONS] and deploy, then ask again`,
  );
}
