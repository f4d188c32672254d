// Ended deliveries are opened again because somebody asked. D1 through `reopen`, and the bells.
import type { Records } from "../d1/records.ts";
import type { Reopen } from "../d1/reopen.ts";
import { GRACE_MS } from "../deadlines.ts";
import { deliveryId } from "../ids.ts";
import type { Log } from "../log.ts";
import type { Acts } from "./operator.ts";
import { type Ring, ringOrLeave } from "../out/bells.ts";
import { askingFor } from "./asking.ts";
import { conflict, noDelivery, noEvent, quoted } from "./refuse.ts";

export interface ReplayDeps {
  readonly records: Pick<Records, "event" | "story">;
  readonly reopen: Reopen;
  readonly ring: Ring;
  /** Has the sweep look at this time, in ms, at the latest. */
  readonly remind: (at: number) => Promise<void>;
  readonly config: { readonly destinations: { has(name: string): boolean } };
  readonly now: () => number;
  /** 32 hexadecimal digits. */
  readonly newId: () => string;
  readonly log: Log;
}

/** @see Acts.replay */
export function openReplay(deps: ReplayDeps): Acts["replay"] {
  const { records, reopen, config, log } = deps;
  return async (wanted, by) => {
    const event = await records.event(wanted.event);
    if (event === null) return noEvent(wanted.event);
    const { deliveries } = await records.story(event.event);
    const target = wanted.destination === null ? event.id : deliveryId(event.id, wanted.destination);
    const destinations = deliveries
      .filter(({ state }) => wanted.failed !== true || state === "failed")
      .map(({ destination }) => destination)
      .filter((name) => wanted.destination === null || name === wanted.destination);
    if (wanted.destination !== null && destinations.length === 0) return noDelivery(target);
    const [reachable, removed] = [
      destinations.filter((name) => config.destinations.has(name)),
      destinations.filter((name) => !config.destinations.has(name)),
    ];
    if (reachable.length === 0 && removed.length > 0) return notConfigured(removed);

    const now = deps.now();
    const asking = await askingFor("replay", target, by, deps);
    const { deliveries: reopened, bells } = await reopen(asking, event.event, reachable, now);
    log.info("replay.asked", { target, replayed: bells.map(({ delivery }) => delivery), removed });
    if (bells.length > 0) await deps.remind(now + GRACE_MS);
    await ringOrLeave(bells, deps.ring, deps.log, { target });
    const value = {
      replayed: reopened.filter(({ replayed }) => replayed).length,
      deliveries: reopened.map(({ destination, replayed, state }) => ({
        id: deliveryId(event.id, destination),
        replayed,
        state,
      })),
      ...(removed.length === 0 ? {} : { not_configured: removed.map((name) => deliveryId(event.id, name)) }),
    };
    return { ok: true, value };
  };
}

function notConfigured(names: readonly string[]) {
  return conflict(
    `the configuration has no destination ${names.map(quoted).join(", ")}: put it back under [vars.DESTINATIONS] and deploy, then ask again`,
  );
}
